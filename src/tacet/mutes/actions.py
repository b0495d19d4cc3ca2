"""Everything one can do with mutes. Each action owns its consequences; none knows HTTP or SQL."""

from collections.abc import Sequence

from tacet.clock import Clock
from tacet.directory.lookup import People
from tacet.mutes.errors import CannotMuteSelf, TargetMissing, TargetUnavailable
from tacet.mutes.paging import Lists, Page
from tacet.mutes.positions import Cursor, Positions
from tacet.records.people import MAX_ID, State
from tacet.records.relations import Kind, Relation
from tacet.store.base import NoFreePosition, RelationStore


class Mutes:
    """Mute, unmute, page, which-of-these."""

    def __init__(self, relations: RelationStore, people: People, clock: Clock, positions: Positions) -> None:
        self._relations = relations
        self._people = people
        self._clock = clock
        self._positions = positions
        self._lists = Lists(relations, clock)

    async def mute(self, source_id: int, target_id: int, end_at_ms: int | None = None) -> bool:
        """Mute durably; return True if it did not hold before.

        Muting again keeps the position, and the end unless another is given.

        Raises:
            CannotMuteSelf, TargetMissing, TargetUnavailable: nothing was written.
            StoreBusy: too many writes are waiting; nothing was written.
        """
        if source_id == target_id:
            raise CannotMuteSelf
        target = await self._people.one(target_id)
        if target is None:
            raise TargetMissing
        if target.state is not State.ACTIVE:
            raise TargetUnavailable
        relation = Relation(Kind.MUTE, source_id, target_id, self._positions.next_position(), end_at_ms)
        return await self._relations.add(relation, self._clock.now_ms())

    async def restore(self, source_id: int, target_id: int, position: int) -> bool:
        """Undo an unmute durably: mute for good, back at its old place; return True if it did not hold before.

        Suspended accounts are muted again as well: they were before.

        Args:
            position: what `position` returned before the unmute. One that no mute can have had by now means the newest;
                so does one that is taken, where none of the next ones is free.

        Raises:
            CannotMuteSelf, TargetMissing: nothing was written.
            StoreBusy: too many writes are waiting; nothing was written.
        """
        if source_id == target_id:
            raise CannotMuteSelf
        if await self._people.one(target_id) is None:
            raise TargetMissing
        newest = self._positions.next_position()
        if position & 1 or not 0 < position < newest:
            position = newest
        now_ms = self._clock.now_ms()
        try:
            return await self._relations.add(Relation(Kind.MUTE, source_id, target_id, position), now_ms)
        except NoFreePosition:
            # Whoever sends the form can name any place, also one among many that are taken.
            return await self._relations.add(Relation(Kind.MUTE, source_id, target_id, newest), now_ms)

    async def unmute(self, source_id: int, target_id: int) -> bool:
        """Unmute durably; return True if the mute held until now. Unmuting somebody not muted is no error."""
        if target_id > MAX_ID:
            return False
        return await self._relations.remove(Kind.MUTE, source_id, target_id, self._clock.now_ms())

    async def page(self, source_id: int, cursor: Cursor, limit: int) -> Page:
        """At most `limit` muted accounts from the cursor on, newest first."""
        return await self._lists.page(Kind.MUTE, source_id, cursor, limit)

    async def position(self, source_id: int, target_id: int) -> int | None:
        """Where in the source's list the target stands, which also says since when; None where it is not muted."""
        return await self._relations.position(Kind.MUTE, source_id, target_id, self._clock.now_ms())

    async def which(self, source_id: int, target_ids: Sequence[int]) -> set[int]:
        """Those of `target_ids` that the source mutes, suspended ones too."""
        return await self._relations.which(Kind.MUTE, source_id, target_ids, self._clock.now_ms())
