"""The graph in PostgreSQL: a read is one round trip, and so is a batch of writes."""

from collections.abc import Sequence

from tacet.observing.meters import BATCH_BOUNDS, Meters
from tacet.records.people import MAX_ID
from tacet.records.relations import MAX_POSITION, Change, Edge, Kind, Relation
from tacet.store.base import Conflict, NoFreePosition, Packed, Prevented, RelationStore, Row, StoreClosed
from tacet.store.postgres.aside import Key
from tacet.store.postgres.database import Database, LockName, Transaction
from tacet.store.postgres.dialect import adapt, id_list
from tacet.store.postgres.writer import GroupWriter
from tacet.store.queries import relations as queries

MAX_POSITION_ATTEMPTS = 64
"""How many taken positions are stepped over: they only collide when the clock was set back, and then only a few."""

_ADD = adapt(queries.ADD_RELATION)
_ADD_QUIETLY = adapt(queries.ADD_RELATION_QUIETLY) + " RETURNING source_id"
_REMOVE = adapt(queries.REMOVE_RELATION)
_POSITION = adapt(queries.POSITION)
_OLDER = adapt(queries.OLDER)
_PACKED = adapt(queries.PACKED)
_NEWER = adapt(queries.NEWER)
_WHICH = adapt(queries.WHICH)
_WHO = adapt(queries.WHO)
_ENDED = adapt(queries.ENDED)
_REMOVE_ENDED = adapt(queries.REMOVE_ENDED) + " RETURNING source_id"

_NO_FREE_POSITION = "no free position was found: the clock was set back by a lot; correct it, then try again"


class PostgresRelations(RelationStore):
    """Relations of one PostgreSQL database.

    Args:
        database: where.
        queue_length: writes that may wait.
    """

    def __init__(self, database: Database, queue_length: int) -> None:
        self._database = database
        self._rows = database.rows
        self._adding = GroupWriter(database, _ADD, queue_length)
        self._removing = GroupWriter(database, _REMOVE, queue_length)
        self._closing = False

    def observe(self, meters: Meters) -> None:
        """Have batches and waiting writes counted."""
        self._adding.batches = self._removing.batches = meters.histogram("write_batch_size", BATCH_BOUNDS, unit=1)
        meters.watch("write_queue_length", lambda: self.waiting)

    @property
    def waiting(self) -> int:
        """How many writes are in no batch yet."""
        return self._adding.waiting + self._removing.waiting

    async def close(self) -> None:
        """Finish the writes that were accepted."""
        self._closing = True
        await self._adding.close()
        await self._removing.close()

    async def add(self, relation: Relation, now_ms: int) -> bool:
        key = _storable(relation)
        for attempt in range(MAX_POSITION_ATTEMPTS):
            position = _stepped(relation.position, attempt)
            row = (relation.source_id, int(relation.kind), position, relation.target_id, relation.end_at_ms, now_ms)
            try:
                if attempt:
                    written = await self._database.write(_ADD, row)
                    return [found for *_, found in written] == [position]
                return await self._adding.submit(key, row) == [position]
            except Conflict:
                continue
        raise NoFreePosition(_NO_FREE_POSITION)

    async def add_many(self, relations: Sequence[Relation]) -> int:
        ordered = sorted(relations, key=_storable)
        rows = [(r.source_id, int(r.kind), r.position, r.target_id, r.end_at_ms) for r in ordered]

        async def work(transaction: Transaction) -> int:
            # Two imports of one relation at the same moment would find its position taken, not the relation there.
            await transaction.lock(("relations",))
            return len(await transaction.rows_of_many(_ADD_QUIETLY, rows))

        return await self._database.transaction(work)

    async def remove(self, kind: Kind, source_id: int, target_id: int, now_ms: int) -> bool:
        key = _storable(Edge(kind, source_id, target_id))
        return any(end_at_ms is None or end_at_ms > now_ms for end_at_ms in await self._removing.submit(key, key))

    async def change(self, changes: Sequence[Change], now_ms: int, unless: Sequence[Edge] = ()) -> list[bool]:
        if self._closing:
            raise StoreClosed("the store is closed")
        locks = [_pair(each) for each in (*changes, *unless)]
        steps = [0] * len(changes)

        async def work(transaction: Transaction) -> list[bool]:
            await transaction.lock(*locks)
            for edge in unless:
                if await transaction.rows(_POSITION, (*_storable(edge), now_ms)):
                    raise Prevented(edge)
            return [await _apply(transaction, each, steps, nth, now_ms) for nth, each in enumerate(changes)]

        for _ in range(MAX_POSITION_ATTEMPTS):
            try:
                return await self._database.transaction(work)
            except _Taken as taken:
                steps[taken.nth] += 1
        raise NoFreePosition(_NO_FREE_POSITION)

    async def position(self, kind: Kind, source_id: int, target_id: int, now_ms: int) -> int | None:
        for (position,) in await self._rows(_POSITION, (source_id, int(kind), target_id, now_ms)):
            return int(position)
        return None

    async def older(self, kind: Kind, source_id: int, position: int, limit: int, now_ms: int) -> list[Row]:
        return [*map(tuple, await self._rows(_OLDER, (source_id, int(kind), position, now_ms, limit)))]

    async def packed(self, kind: Kind, source_id: int, position: int, limit: int, now_ms: int) -> Packed:
        for target_ids, oldest, more in await self._rows(_PACKED, (source_id, int(kind), position, now_ms, limit)):
            if oldest is not None:
                return Packed(target_ids, oldest if more is not None else None)
        return Packed([], None)

    async def newer(self, kind: Kind, source_id: int, position: int, limit: int, now_ms: int) -> list[Row]:
        return [*map(tuple, await self._rows(_NEWER, (source_id, int(kind), position, now_ms, limit)))]

    async def which(self, kind: Kind, source_id: int, target_ids: Sequence[int], now_ms: int) -> set[int]:
        for (found,) in await self._rows(_WHICH, (source_id, int(kind), id_list(target_ids), now_ms)):
            return set(found or ())
        return set()

    async def who(self, kind: Kind, source_ids: Sequence[int], target_id: int, now_ms: int) -> set[int]:
        if kind is Kind.MUTE:
            raise ValueError("who mutes somebody is never asked")
        for (found,) in await self._rows(_WHO, (id_list(source_ids), int(kind), target_id, now_ms)):
            return set(found or ())
        return set()

    async def sweep(self, now_ms: int, limit: int) -> int:
        ended = await self._rows(_ENDED, (now_ms, limit))
        rows = [(*key, now_ms) for key in sorted(map(tuple, ended))]
        return len(await self._database.write_many(_REMOVE_ENDED, rows)) if rows else 0


class _Taken(Exception):
    """The position of the `nth` change is taken within its source."""

    def __init__(self, nth: int) -> None:
        super().__init__(nth)
        self.nth = nth


async def _apply(transaction: Transaction, change: Change, steps: list[int], nth: int, now_ms: int) -> bool:
    source_id, kind, target_id = key = _storable(change)
    if isinstance(change, Edge):
        gone = await transaction.rows(_REMOVE, key)
        return any(end_at_ms is None or end_at_ms > now_ms for *_, end_at_ms in gone)
    position = _stepped(change.position, steps[nth])
    try:
        written = await transaction.rows(_ADD, (source_id, kind, position, target_id, change.end_at_ms, now_ms))
    except Conflict:
        raise _Taken(nth) from None
    return [found for *_, found in written] == [position]


def _stepped(position: int, attempt: int) -> int:
    return min(position + 2 * attempt, MAX_POSITION - 1)


def _pair(change: Change) -> LockName:
    """The lock of two people, whichever of them it is about."""
    return "pair", *sorted((change.source_id, change.target_id))


def _storable(change: Change) -> Key:
    """Which relation it is.

    Raises:
        OverflowError: a number is larger than any that can be stored. In a batch others would be refused with it.
    """
    if max(change.source_id, change.target_id) > MAX_ID:
        raise OverflowError("no database holds so large an id")
    if isinstance(change, Relation) and max(change.position, change.end_at_ms or 0) > MAX_POSITION:
        raise OverflowError("no database holds so large a position, or so late an end")
    return change.source_id, int(change.kind), change.target_id
