"""Whose posts somebody may see."""

from collections.abc import Iterable

from tacet.clock import Clock
from tacet.directory.lookup import People, is_shown
from tacet.records.relations import Kind
from tacet.store.base import RelationStore


class Visibility:
    """Decides it by author: one may see all posts of somebody, or none. What one mutes does not matter here."""

    def __init__(self, people: People, relations: RelationStore, clock: Clock) -> None:
        self._people = people
        self._relations = relations
        self._clock = clock

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
