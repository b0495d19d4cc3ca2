"""The graph in SQLite: reads on the caller's thread (microseconds each), writes through the group writer."""

import sqlite3
from collections.abc import Sequence

import msgspec

from tacet.records.relations import MAX_POSITION, Change, Edge, Kind, Relation
from tacet.store.base import NoFreePosition, Packed, Prevented, RelationStore, Row
from tacet.store.queries import relations as queries
from tacet.store.sqlite import own
from tacet.store.sqlite.dialect import adapt, id_list
from tacet.store.sqlite.reader import Reader
from tacet.store.sqlite.writer import GroupWriter, Size

MAX_POSITION_ATTEMPTS = 64
"""How many taken positions are stepped over: they only collide when the clock was set back, and then only a few."""

_ADD = adapt(queries.ADD_RELATION)
_ADD_QUIETLY = adapt(queries.ADD_RELATION_QUIETLY)
_REMOVE = adapt(queries.REMOVE_RELATION)
_decode_ids = msgspec.json.Decoder(list[int]).decode

_POSITION = adapt(queries.POSITION)
_OLDER = adapt(queries.OLDER)
_NEWER = adapt(queries.NEWER)
_WHO = adapt(queries.WHO)
_ENDED = adapt(queries.ENDED)
_REMOVE_ENDED = adapt(queries.REMOVE_ENDED)


class SqliteRelations(RelationStore):
    """Relations of one SQLite database.

    Args:
        reader: reads it.
        writer: the one writer of this database.
    """

    def __init__(self, reader: Reader, writer: GroupWriter) -> None:
        self._rows = reader.rows
        self._writer = writer

    async def add(self, relation: Relation, now_ms: int) -> bool:
        return await self._writer.submit(lambda connection: _add(connection, relation, now_ms))

    async def add_many(self, relations: Sequence[Relation]) -> int:
        rows = [(r.source_id, int(r.kind), r.position, r.target_id, r.end_at_ms) for r in relations]

        def write(connection: sqlite3.Connection) -> int:
            before = connection.total_changes
            connection.executemany(_ADD_QUIETLY, rows)
            return connection.total_changes - before

        return await self._writer.submit(write, Size.LONG)

    async def remove(self, kind: Kind, source_id: int, target_id: int, now_ms: int) -> bool:
        edge = Edge(kind, source_id, target_id)
        return await self._writer.submit(lambda connection: _remove(connection, edge, now_ms))

    async def change(self, changes: Sequence[Change], now_ms: int, unless: Sequence[Edge] = ()) -> list[bool]:
        def write(connection: sqlite3.Connection) -> list[bool]:
            for edge in unless:
                if connection.execute(_POSITION, (*_key(edge), now_ms)).fetchall():
                    raise Prevented(edge)
            return [_apply(connection, change, now_ms) for change in changes]

        return await self._writer.submit(write, Size.FEW)

    async def position(self, kind: Kind, source_id: int, target_id: int, now_ms: int) -> int | None:
        for (position,) in self._rows(_POSITION, (source_id, int(kind), target_id, now_ms)):
            return int(position)
        return None

    async def older(self, kind: Kind, source_id: int, position: int, limit: int, now_ms: int) -> list[Row]:
        return self._rows(_OLDER, (source_id, int(kind), position, now_ms, limit))

    async def packed(self, kind: Kind, source_id: int, position: int, limit: int, now_ms: int) -> Packed:
        for target_ids, older_than in self._rows(own.PACKED, (source_id, int(kind), position, now_ms, limit)):
            packed = Packed(_decode_ids(target_ids), older_than)
            if older_than is not None:
                packed.target_ids.pop()
            return packed
        return Packed([], None)

    async def newer(self, kind: Kind, source_id: int, position: int, limit: int, now_ms: int) -> list[Row]:
        return self._rows(_NEWER, (source_id, int(kind), position, now_ms, limit))

    async def which(self, kind: Kind, source_id: int, target_ids: Sequence[int], now_ms: int) -> set[int]:
        for (found,) in self._rows(own.WHICH, (source_id, int(kind), id_list(target_ids), now_ms)):
            return set(_decode_ids(found))
        return set()

    async def who(self, kind: Kind, source_ids: Sequence[int], target_id: int, now_ms: int) -> set[int]:
        if kind is Kind.MUTE:
            raise ValueError("who mutes somebody is never asked")
        for (found,) in self._rows(_WHO, (id_list(source_ids), int(kind), target_id, now_ms)):
            return set(_decode_ids(found))
        return set()

    async def sweep(self, now_ms: int, limit: int) -> int:
        def write(connection: sqlite3.Connection) -> int:
            before = connection.total_changes
            ended = connection.execute(_ENDED, (now_ms, limit)).fetchall()
            connection.executemany(_REMOVE_ENDED, [(*key, now_ms) for key in ended])
            return connection.total_changes - before

        return await self._writer.submit(write, Size.LONG)


def _key(edge: Edge) -> tuple[int, int, int]:
    return edge.source_id, int(edge.kind), edge.target_id


def _apply(connection: sqlite3.Connection, change: Change, now_ms: int) -> bool:
    if isinstance(change, Edge):
        return _remove(connection, change, now_ms)
    return _add(connection, change, now_ms)


def _remove(connection: sqlite3.Connection, edge: Edge, now_ms: int) -> bool:
    gone = connection.execute(_REMOVE, _key(edge)).fetchall()
    return any(end_at_ms is None or end_at_ms > now_ms for *_, end_at_ms in gone)


def _add(connection: sqlite3.Connection, relation: Relation, now_ms: int) -> bool:
    for attempt in range(MAX_POSITION_ATTEMPTS):
        position = min(relation.position + 2 * attempt, MAX_POSITION - 1)
        row = (relation.source_id, int(relation.kind), position, relation.target_id, relation.end_at_ms, now_ms)
        try:
            written = connection.execute(_ADD, row).fetchall()
        except sqlite3.IntegrityError:
            continue
        return [found for *_, found in written] == [position]
    raise NoFreePosition("no free position was found: the clock was set back by a lot; correct it, then try again")
