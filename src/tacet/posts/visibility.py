"""Whose posts somebody may see, and which."""

from collections.abc import Iterable, Sequence

from tacet.clock import Clock
from tacet.directory.lookup import People, is_shown
from tacet.records.people import Post, PostHead
from tacet.records.relations import Kind
from tacet.store.base import RelationStore


class Visibility:
    """Decides it by author: one may see all posts of somebody, or none. What one mutes does not matter here.

    A repost shows the text that it repeats, so whoever may not see that may not see the repost either: not even when it
    is their own, made before they were blocked.
    """

    def __init__(self, people: People, relations: RelationStore, clock: Clock) -> None:
        self._people = people
        self._relations = relations
        self._clock = clock

    async def visible_posts(self, posts: Iterable[Post], viewer_id: int | None) -> list[Post]:
        """Those that the viewer may see, in order; see `visible_authors`.

        Reposts that are not whole are left out.
        """
        known = [post for post in posts if is_whole(post)]
        heads = [PostHead(post.id, post.author_id, post.details.reposted_author_id) for post in known]
        return [known[place] for place in await self.visible_places(heads, viewer_id)]

    async def visible_places(self, heads: Sequence[PostHead], viewer_id: int | None) -> list[int]:
        """The places of those posts that the viewer may see, in order; see `visible_authors`."""
        authors = {id_ for head in heads for id_ in (head.author_id, head.reposted_author_id)} - {0}
        seen = {*await self.visible_authors(authors, viewer_id), 0}
        return [place for place, head in enumerate(heads) if head.author_id in seen and head.reposted_author_id in seen]

    async def visible_authors(self, author_ids: Iterable[int], viewer_id: int | None) -> set[int]:
        """Those whose posts the viewer may see, in at most three queries beside looking up people.

        They are active, neither blocks the other, and those who are protected have the viewer as a follower. Everybody
        sees their own posts.

        Args:
            viewer_id: None for an App on its own, which sees what everybody sees.
        """
        people = await self._people.by_ids(set(author_ids))
        active = [person for person in people.values() if is_shown(person)]
        if viewer_id is None:
            return {person.id for person in active if not person.profile.protected}
        others = [person.id for person in active if person.id != viewer_id]
        apart = await self._apart(viewer_id, others)
        locked = [
            person.id
            for person in active
            if person.profile.protected and person.id != viewer_id and person.id not in apart
        ]
        return {person.id for person in active} - apart - await self._outside(viewer_id, locked)

    async def _apart(self, viewer_id: int, ids: list[int]) -> set[int]:
        """Those whom the viewer blocks, or who block the viewer."""
        if not ids:
            return set()
        now_ms = self._clock.now_ms()
        blocked = await self._relations.which(Kind.BLOCK, viewer_id, ids, now_ms)
        return blocked | await self._relations.who(Kind.BLOCK, ids, viewer_id, now_ms)

    async def _outside(self, viewer_id: int, protected_ids: list[int]) -> set[int]:
        """Those of some protected accounts whom the viewer does not follow."""
        if not protected_ids:
            return set()
        followed = await self._relations.which(Kind.FOLLOW, viewer_id, protected_ids, self._clock.now_ms())
        return set(protected_ids) - followed


def is_whole(post: Post) -> bool:
    """Whether it is known whose post a repost repeats. If not, that was never here: an import brought the repost alone.

    Whether its text may be shown cannot be told then, so it is shown to nobody, like a post that is gone.
    """
    return not post.reposted_id or post.details.reposted_author_id != 0
