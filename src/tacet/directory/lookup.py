"""Finding people and posts, and what one account is to another. People come from a bounded cache."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from tacet.cache import Hits, TwoGenerations
from tacet.clock import Clock
from tacet.records.people import Person, Post, State
from tacet.records.relations import Kind
from tacet.store.base import DirectoryStore, RelationStore
from tacet.store.messages import MessageStore
from tacet.store.posts import PostStore


class People:
    """The directory's people, by id and by username.

    Attributes:
        generation: counts up whenever cached people may have changed: what was rendered from them is stale then.
        hits: of the cache.
    """

    def __init__(self, directory: DirectoryStore, max_cached: int) -> None:
        self._directory = directory
        self._max_cached = max_cached
        self._cache: TwoGenerations[int, Person] = TwoGenerations(max_cached)
        self.generation = 0
        self.hits = Hits()

    async def one(self, person_id: int) -> Person | None:
        """The person with this id, whatever their state."""
        return self._cache.get(person_id) or (await self.by_ids((person_id,))).get(person_id)

    async def may_act(self, person_id: int) -> bool:
        """Whether requests in this person's name may be answered: not while they are suspended or deactivated."""
        person = await self.one(person_id)
        return person is None or is_shown(person)

    async def by_ids(self, ids: Iterable[int]) -> dict[int, Person]:
        """People by id, whatever their state; unknown ids are left out. Misses cost one query together."""
        cache = self._cache
        found: dict[int, Person] = {}
        missing: list[int] = []
        for id_ in ids:
            person = cache.get(id_)
            if person is None:
                missing.append(id_)
            else:
                found[id_] = person
        self.hits.found += len(found)
        self.hits.missed += len(missing)
        if missing:
            for person in await self._directory.people(missing):
                cache.put(person.id, person)
                found[person.id] = person
        return found

    async def by_usernames(self, usernames: Iterable[str]) -> dict[str, Person]:
        """People by lower-cased username, whatever their state; unknown ones are left out."""
        ids = await self._directory.ids_of(usernames)
        people = await self.by_ids(ids.values())
        return {key: people[id_] for key, id_ in ids.items() if id_ in people}

    async def first(self, limit: int) -> list[Person]:
        """The `limit` people with the lowest ids, in order, whatever their state."""
        ids = await self._directory.first_person_ids(limit)
        people = await self.by_ids(ids)
        return [people[id_] for id_ in ids if id_ in people]

    @property
    def kept(self) -> int:
        """How many people are cached."""
        return len(self._cache)

    def forget(self) -> None:
        """Drop everything cached: somebody changed the directory."""
        # A new cache, so that a look-up under way puts what it read before the change into the old one.
        self._cache = TwoGenerations(self._max_cached)
        self.generation += 1


class Posts:
    """The directory's posts."""

    def __init__(self, posts: PostStore) -> None:
        self._posts = posts

    async def by_ids(self, ids: Iterable[int]) -> dict[int, Post]:
        """Posts by id; unknown and deleted ones are left out."""
        wanted = list(ids)
        return {post.id: post for post in await self._posts.by_ids(wanted)} if wanted else {}

    async def latest_of(self, author_ids: Iterable[int]) -> dict[int, int]:
        """Id of each author's most recent post, by author."""
        return await self._posts.latest(author_ids)


NOBODY: AbstractSet[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Connections:
    """What a viewer is to some people, and they to the viewer; of each set only those who were asked for.

    Attributes:
        requested, requested_by: who is protected and was asked by the viewer to be let in, and who asked the viewer.
        blocked_by, written_by: who blocks the viewer, and who has ever written to the viewer; only with `messages`.
    """

    viewer_id: int
    muting: AbstractSet[int] = NOBODY
    following: AbstractSet[int] = NOBODY
    blocking: AbstractSet[int] = NOBODY
    followed_by: AbstractSet[int] = NOBODY
    requested: AbstractSet[int] = NOBODY
    requested_by: AbstractSet[int] = NOBODY
    blocked_by: AbstractSet[int] = NOBODY
    written_by: AbstractSet[int] = NOBODY

    def may_write_to(self, person: Person) -> bool:
        """Whether the viewer may send this person direct messages; only known with `messages`.

        To those who take them from anyone, who follow the viewer, or who have written to the viewer before, unless
        either blocks the other. Who mutes whom does not matter.

        Source: X's help centre, "About Direct Messages".
        """
        if person.id == self.viewer_id or person.id in self.blocking or person.id in self.blocked_by:
            return False
        known = person.id in self.followed_by or person.id in self.written_by
        return known or person.profile.receives_dm_from_anyone


class Acquaintance:
    """What a viewer is to others. Nobody ever learns who mutes them; who blocks them, only by what they may not do."""

    def __init__(self, relations: RelationStore, messages: MessageStore, clock: Clock) -> None:
        self._relations = relations
        self._messages = messages
        self._clock = clock

    async def between(
        self, viewer_id: int, ids: Sequence[int], *, statuses: bool = True, messages: bool = False
    ) -> Connections:
        """The viewer's connections with these people, each with one query whatever their number.

        Args:
            statuses: ask for what a connection status says; False leaves it out.
            messages: ask for what decides about direct messages.
        """
        now_ms, relations = self._clock.now_ms(), self._relations
        found: dict[str, set[int]] = {}
        if statuses:
            found["muting"] = await relations.which(Kind.MUTE, viewer_id, ids, now_ms)
            found["following"] = await relations.which(Kind.FOLLOW, viewer_id, ids, now_ms)
            found["requested"] = await relations.which(Kind.REQUEST, viewer_id, ids, now_ms)
            found["requested_by"] = await relations.who(Kind.REQUEST, ids, viewer_id, now_ms)
        if statuses or messages:
            found["blocking"] = await relations.which(Kind.BLOCK, viewer_id, ids, now_ms)
            found["followed_by"] = await relations.who(Kind.FOLLOW, ids, viewer_id, now_ms)
        if messages:
            found["blocked_by"] = await relations.who(Kind.BLOCK, ids, viewer_id, now_ms)
            found["written_by"] = await self._messages.writers(ids, viewer_id)
        return Connections(viewer_id, **found)

    async def followed(self, viewer_id: int, ids: Sequence[int]) -> set[int]:
        """Those of `ids` that the viewer follows."""
        return await self._relations.which(Kind.FOLLOW, viewer_id, ids, self._clock.now_ms())


def is_shown(person: Person) -> bool:
    """Suspended and deactivated accounts are in no answer."""
    return person.state is State.ACTIVE
