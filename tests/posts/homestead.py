"""A store in memory with a few people who post, follow, mute and block, and the homes over it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tacet.clock import ManualClock
from tacet.directory.lookup import People
from tacet.ids import SeededRandomness, Snowflakes
from tacet.mutes.actions import Mutes
from tacet.mutes.positions import Positions
from tacet.posts.changes import PostChanges
from tacet.posts.home import HomePage, Homes
from tacet.posts.timelines import Timelines
from tacet.posts.visibility import Visibility
from tacet.records.people import MAX_ID, Person, Post, PostDetails, PostHead, Profile, Reference, Shape, State, Stretch
from tacet.records.relations import Edge, Kind, Relation
from tacet.store.base import Store
from tests import worlds

NOW = 1_795_311_129_000
ALICE, BOB, CAROL, DAVE, ERIN = 1, 2, 3, 4, 5
PEOPLE = (ALICE, BOB, CAROL, DAVE, ERIN)


class Homestead:
    """What happens here happens as in a server: in the store first, then whoever keeps something is told.

    Args:
        keeps: False is a server beside which others change posts and relations too.
    """

    def __init__(self, store: Store, keeps: bool) -> None:
        self.store = store
        self._keeps = keeps
        self.clock = ManualClock(NOW)
        self.people = People(store.directory, max_cached=1_000)
        self.positions = Positions(self.clock, SeededRandomness(7))
        self.mutes = Mutes(store.relations, self.people, self.clock, self.positions)
        self.visibility = Visibility(self.people, store.relations, self.clock)
        self.changes = PostChanges()
        self.timelines = Timelines(store.posts, self.visibility, self.clock)
        self.homes = self.new_homes()
        self._ids = Snowflakes(self.clock, SeededRandomness(8))

    def new_homes(self) -> Homes:
        """Homes of which nothing is kept yet."""
        return Homes(
            self.store.posts,
            self.store.relations,
            self.people,
            self.visibility,
            self.mutes,
            self.clock,
            self.changes if self._keeps else None,
        )

    async def move(self, person_id: int, state: State = State.ACTIVE, protected: bool = False) -> None:
        person = Person(person_id, f"user_{person_id}", "Someone", state, Profile(protected=protected))
        await self.store.directory.put_people([person])
        self.people.forget()

    async def follow(self, source_id: int, target_id: int) -> None:
        place = self.positions.next_position()
        await self.store.relations.change(
            [
                Relation(Kind.FOLLOW, source_id, target_id, place),
                Relation(Kind.FOLLOWED_BY, target_id, source_id, place),
            ],
            self.clock.now_ms(),
        )
        self.homes.forget(source_id)

    async def unfollow(self, source_id: int, target_id: int) -> None:
        await self.store.relations.change(
            [Edge(Kind.FOLLOW, source_id, target_id), Edge(Kind.FOLLOWED_BY, target_id, source_id)], self.clock.now_ms()
        )
        self.homes.forget(source_id)

    async def block(self, source_id: int, target_id: int) -> None:
        await self.unfollow(source_id, target_id)
        await self.unfollow(target_id, source_id)
        relation = Relation(Kind.BLOCK, source_id, target_id, self.positions.next_position())
        await self.store.relations.add(relation, self.clock.now_ms())
        for each in (source_id, target_id):
            self.homes.forget(each)

    async def unblock(self, source_id: int, target_id: int) -> None:
        await self.store.relations.remove(Kind.BLOCK, source_id, target_id, self.clock.now_ms())
        for each in (source_id, target_id):
            self.homes.forget(each)

    async def post(self, author_id: int, *, reply_to: int = 0, quoting: int = 0, mentions: Sequence[int] = ()) -> int:
        """A new post; its id."""
        asked = [Reference("replied_to", reply_to)] if reply_to else []
        asked += [Reference("quoted", quoting)] if quoting else []
        return await self._add(author_id, references=tuple(asked), mentioned_ids=tuple(mentions))

    async def repost(self, author_id: int, post_id: int) -> int:
        """A repost; its id."""
        (original,) = await self.store.posts.by_ids([post_id])
        references = (Reference("retweeted", post_id),)
        return await self._add(author_id, references=references, reposted_author_id=original.author_id)

    async def delete(self, post_id: int) -> None:
        for post in await self.store.posts.by_ids([post_id]):
            await self.store.posts.delete(post_id)
            self.changes.deleted(post_id, post.author_id)

    async def _add(self, author_id: int, **details: Any) -> int:
        id_ = self._ids.next_id()
        post = Post(id_, author_id, "hi", self.clock.now_ms(), PostDetails(**details))
        assert await self.store.posts.add(post)
        self.changes.added(PostHead(id_, author_id, post.details.reposted_author_id))
        return id_

    async def home(self, viewer_id: int, limit: int = 100, **stretch: Any) -> list[int]:
        """Ids of the posts on one page."""
        return (await self.page(viewer_id, limit, **stretch)).post_ids

    async def page(self, viewer_id: int, limit: int = 100, **stretch: Any) -> HomePage:
        return await self.homes.page(viewer_id, Stretch(**stretch), limit)

    async def walk(self, viewer_id: int, limit: int, without: Shape = Shape.PLAIN) -> list[list[int]]:
        """All pages, from the newest post to the oldest."""
        pages = []
        older_than: int | None = MAX_ID
        while older_than is not None:
            page = await self.page(viewer_id, limit, older_than=older_than, without=without)
            pages.append(page.post_ids)
            older_than = page.older_than
        return pages

    async def climb(self, viewer_id: int, limit: int) -> list[list[int]]:
        """All pages, from the oldest post to the newest."""
        pages = []
        newer_than: int | None = 0
        while newer_than is not None:
            page = await self.page(viewer_id, limit, newer_than=newer_than, upwards=True)
            pages.append(page.post_ids)
            newer_than = page.newer_than
        return pages


@asynccontextmanager
async def settled(people: Sequence[int] = PEOPLE, keeps: bool = True) -> AsyncIterator[Homestead]:
    """A homestead with these people, who do not know each other yet."""
    async with worlds.empty_store() as store:
        homestead = Homestead(store, keeps)
        for person_id in people:
            await homestead.move(person_id)
        yield homestead
