"""Everything one can do with mutes. Each action owns its consequences; none knows HTTP or SQL."""

from collections.abc import Sequence

import msgspec

from tacet.clock import Clock
from tacet.directory.lookup import People
from tacet.mutes.errors import CannotMuteSelf, TargetMissing, TargetUnavailable
from tacet.mutes.positions import NEWEST, Cursor, Positions
from tacet.records.people import MAX_ID, State
from tacet.records.relations import Kind, Relation
from tacet.store.base import RelationStore


class Page(msgspec.Struct, frozen=True):
    """One page of a list, newest first.

    Attributes:
        target_ids: whether or not their accounts can be shown.
        older_than: the position to continue from towards older ones; None on the last page.
        newer_than: the position to continue from towards newer ones; None on the first page.
    """

    target_ids: list[int]
    older_than: int | None
    newer_than: int | None


class Mutes:
    """Mute, unmute, page, which-of-these."""

    def __init__(self, relations: RelationStore, people: People, clock: Clock, positions: Positions) -> None:
        self._relations = relations
        self._people = people
        self._clock = clock
        self._positions = positions

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

    async def unmute(self, source_id: int, target_id: int) -> bool:
        """Unmute durably; return True if the mute held until now. Unmuting somebody not muted is no error."""
        if target_id > MAX_ID:
            return False
        return await self._relations.remove(Kind.MUTE, source_id, target_id, self._clock.now_ms())

    async def page(self, source_id: int, cursor: Cursor, limit: int) -> Page:
        """At most `limit` muted accounts from the cursor on, newest first."""
        if cursor.newer:
            return await self._page_newer(source_id, cursor.position, limit)
        return await self._page_older(source_id, cursor.position, limit)

    async def which(self, source_id: int, target_ids: Sequence[int]) -> set[int]:
        """Those of `target_ids` that the source mutes, suspended ones too."""
        return await self._relations.which(Kind.MUTE, source_id, target_ids, self._clock.now_ms())

    async def _page_older(self, source_id: int, position: int, limit: int) -> Page:
        now_ms = self._clock.now_ms()
        packed = await self._relations.packed(Kind.MUTE, source_id, position, limit, now_ms)
        full = len(packed.target_ids) == limit
        older = await self._has_older(source_id, packed.oldest, now_ms) if full else False
        way_back = await self._way_back(source_id, position, now_ms) if position != NEWEST else None
        return Page(packed.target_ids, packed.oldest if older else None, way_back)

    async def _page_newer(self, source_id: int, position: int, limit: int) -> Page:
        now_ms = self._clock.now_ms()
        rows = await self._relations.newer(Kind.MUTE, source_id, position, limit, now_ms)
        rows.reverse()
        oldest = rows[-1][1] if rows else (position | 1) + 1
        older = await self._has_older(source_id, oldest, now_ms)
        newer = await self._has_newer(source_id, rows[0][1], now_ms) if len(rows) == limit else False
        return Page([target_id for target_id, _ in rows], oldest if older else None, rows[0][1] if newer else None)

    async def _way_back(self, source_id: int, position: int, now_ms: int) -> int | None:
        """Where a page older than `position` continues towards newer ones: its first row, if others are newer."""
        first = await self._relations.older(Kind.MUTE, source_id, position, 1, now_ms)
        # Without rows the way back starts just below the cursor, so that the row at the cursor itself is found.
        start = first[0][1] if first else max(position - 2, 0)
        return start if await self._has_newer(source_id, start, now_ms) else None

    async def _has_older(self, source_id: int, position: int, now_ms: int) -> bool:
        return bool(await self._relations.older(Kind.MUTE, source_id, position, 1, now_ms))

    async def _has_newer(self, source_id: int, position: int, now_ms: int) -> bool:
        return bool(await self._relations.newer(Kind.MUTE, source_id, position, 1, now_ms))
