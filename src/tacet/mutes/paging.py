"""Pages of any list of relations, by position and both ways. Only for lists that are their source's to show."""

from collections.abc import Awaitable

import msgspec

from tacet.clock import Clock
from tacet.mutes.positions import NEWEST, Cursor
from tacet.records.relations import Kind
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


class Lists:
    """The lists of a source, one for each kind of relation."""

    def __init__(self, relations: RelationStore, clock: Clock) -> None:
        self._relations = relations
        self._clock = clock

    def page(self, kind: Kind, source_id: int, cursor: Cursor, limit: int) -> Awaitable[Page]:
        """At most `limit` targets from the cursor on, newest first."""
        # No coroutine of its own: pages of mutes are asked for more often than anything else.
        page = self._page_newer if cursor.newer else self._page_older
        return page(kind, source_id, cursor.position, limit)

    async def _page_older(self, kind: Kind, source_id: int, position: int, limit: int) -> Page:
        now_ms = self._clock.now_ms()
        packed = await self._relations.packed(kind, source_id, position, limit, now_ms)
        way_back = await self._way_back(kind, source_id, position, now_ms) if position != NEWEST else None
        return Page(packed.target_ids, packed.older_than, way_back)

    async def _page_newer(self, kind: Kind, source_id: int, position: int, limit: int) -> Page:
        now_ms = self._clock.now_ms()
        rows = await self._relations.newer(kind, source_id, position, limit, now_ms)
        rows.reverse()
        oldest = rows[-1][1] if rows else (position | 1) + 1
        older = await self._has_older(kind, source_id, oldest, now_ms)
        newer = await self._has_newer(kind, source_id, rows[0][1], now_ms) if len(rows) == limit else False
        return Page([target_id for target_id, _ in rows], oldest if older else None, rows[0][1] if newer else None)

    async def _way_back(self, kind: Kind, source_id: int, position: int, now_ms: int) -> int | None:
        """Where a page older than `position` continues towards newer ones: its first row, if others are newer."""
        first = await self._relations.older(kind, source_id, position, 1, now_ms)
        # Without rows the way back starts just below the cursor, so that the row at the cursor itself is found.
        start = first[0][1] if first else max(position - 2, 0)
        return start if await self._has_newer(kind, source_id, start, now_ms) else None

    async def _has_older(self, kind: Kind, source_id: int, position: int, now_ms: int) -> bool:
        return bool(await self._relations.older(kind, source_id, position, 1, now_ms))

    async def _has_newer(self, kind: Kind, source_id: int, position: int, now_ms: int) -> bool:
        return bool(await self._relations.newer(kind, source_id, position, 1, now_ms))
