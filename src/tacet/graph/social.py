"""What follows and blocks have in common."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tacet.cancellation import to_the_end
from tacet.clock import Clock
from tacet.directory.lookup import People, is_shown
from tacet.graph.errors import TargetMissing, TargetUnavailable
from tacet.mutes.paging import Lists
from tacet.mutes.positions import Positions
from tacet.records.people import Person
from tacet.records.relations import Change, Edge, Kind, Relation
from tacet.store.base import RelationStore


@dataclass(frozen=True, slots=True)
class SocialGraph:
    """Who is what to whom, and what it takes to change that.

    Attributes:
        changed: told the id of whoever sees other posts than before: they follow more people, or fewer, or a block
            that they are part of began or ended.
    """

    relations: RelationStore
    people: People
    clock: Clock
    positions: Positions
    lists: Lists
    changed: Callable[[int], None]

    async def available(self, target_id: int) -> Person:
        """The target, whose account is there to be followed or blocked.

        Raises:
            TargetMissing, TargetUnavailable: it is not.
        """
        target = await self.people.one(target_id)
        if target is None:
            raise TargetMissing
        if not is_shown(target):
            raise TargetUnavailable
        return target

    async def change(
        self, changes: Sequence[Change], concerned: Sequence[int], unless: Sequence[Edge] = ()
    ) -> list[bool]:
        """Change relations durably, all or none, and tell whoever is concerned if anything changed.

        Raises:
            Prevented, StoreBusy: as `RelationStore.change`; nothing was written.
        """
        return await to_the_end(self._change(changes, concerned, unless))

    async def _change(self, changes: Sequence[Change], concerned: Sequence[int], unless: Sequence[Edge]) -> list[bool]:
        changed = await self.relations.change(changes, self.clock.now_ms(), unless)
        if any(changed):
            for person_id in concerned:
                self.changed(person_id)
        return changed

    def new(self, kind: Kind, source_id: int, target_id: int) -> Relation:
        """A relation in the newest place of the source's list."""
        return Relation(kind, source_id, target_id, self.positions.next_position())
