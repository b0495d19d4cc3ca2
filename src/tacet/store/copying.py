"""One database copied into another, of the same kind or not.

Tables are read in the order of a key, a stretch at a time; a stretch and the mark of how far it reaches become durable
together. So whenever a copy ends early, the next run goes on where it stopped. In the end both sides are read anew, and
compared with what was copied: by the number of rows and by a checksum that does not depend on their order.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import msgspec

from tacet.store.base import Conflict, StoreError
from tacet.store.queries.copying import KEYS

STRETCH_ROWS = 5_000
"""Rows a transaction: about a megabyte, and a fraction of a second's work is lost by an interruption."""

CHECKSUM_BYTES = 16
"""Of each row; these are added up, so it takes more bits than a plain comparison would."""

EMPTY = (
    "an empty database (of PostgreSQL drop TO with `dropdb` and make it again with `createdb`, of SQLite remove its "
    "file with those ending in -wal and -shm)"
)

_CHECKSUM_RANGE = 1 << (8 * CHECKSUM_BYTES)

Row = tuple[Any, ...]
Key = tuple[Any, ...]

Progress = Callable[[int, int], None]
"""Told after each stretch how many rows are done, and how many there are."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


class Differs(StoreError):
    """What is in the destination is no copy, and never will be: something else wrote there."""


class Changed(Differs):
    """The source was written to while it was copied."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of the rows of a table: of all of them, or of those up to a key.

    Attributes:
        rows: how many.
        checksum: of all of them, in any order.
        reached: the key of the last one; None before the first.
    """

    rows: int = 0
    checksum: int = 0
    reached: Key | None = None

    def grown(self, table: "Table", rows: Sequence[Row]) -> "Mark":
        """With the next rows of the table, which are at least one."""
        return Mark(self.rows + len(rows), (self.checksum + checksum(rows)) % _CHECKSUM_RANGE, table.key_of(rows[-1]))

    def packed(self) -> tuple[int, str, str]:
        """As it is stored."""
        return self.rows, f"{self.checksum:x}", _encode(self.reached).hex()

    @staticmethod
    def unpacked(rows: int, total: str, reached: str) -> "Mark":
        key = _decode(bytes.fromhex(reached))
        return Mark(rows, int(total, 16), None if key is None else tuple(key))


@dataclass(frozen=True, slots=True)
class Table:
    """A table of both sides.

    Attributes:
        columns: all of them, in the order in which rows are read and written.
    """

    name: str
    columns: tuple[str, ...]

    @property
    def key(self) -> tuple[str, ...]:
        return KEYS[self.name]

    def key_of(self, row: Row) -> Key:
        return tuple(row[self.columns.index(column)] for column in self.key)


class Side(ABC):
    """One end of a copy. Used by nobody else meanwhile, as far as that can be seen to.

    Raises in every method:
        StoreError: the database failed.
    """

    name: str
    """What it is called where people read it, without secrets."""

    @abstractmethod
    async def open_source(self) -> None:
        """Start reading.

        Raises:
            StoreLocked: a server serves it.
            StoreError: it is not there, is no database of ours, or its schema is not this version's.
        """

    @abstractmethod
    async def open_destination(self) -> None:
        """Start writing; make the schema where there is none.

        Raises:
            StoreLocked: a server serves it, or another copy is under way.
            StoreError: it is another program's.
        """

    @abstractmethod
    async def close(self) -> None:
        """Release everything."""

    @abstractmethod
    async def columns(self, name: str) -> set[str]:
        """Of a table."""

    @abstractmethod
    async def filled(self) -> list[str]:
        """The tables that hold rows, of those that are copied."""

    @abstractmethod
    async def count(self, name: str) -> int:
        """Rows of a table."""

    @abstractmethod
    async def read(self, table: Table, after: Key | None, limit: int) -> Sequence[Row]:
        """The next rows, in the order of the table's key."""

    @abstractmethod
    async def marks(self) -> tuple[str, dict[str, Mark]] | None:
        """The source of the copy that is under way here, and how far each table is; None where there is none."""

    @abstractmethod
    async def begin(self, source: str) -> None:
        """Mark a copy as under way."""

    @abstractmethod
    async def write(self, table: Table, rows: Sequence[Row], mark: Mark) -> None:
        """Add rows and set the mark, both or neither, durably.

        Raises:
            Conflict: a row is there already.
        """

    async def hold(self) -> None:
        """Keep others from writing until `close`; opening has done so where a database is one process's own.

        Raises:
            StoreError: somebody writes there, and goes on.
        """
        return

    async def wanted(self) -> bool:
        """Whether somebody waits to write to what is held."""
        return False

    @abstractmethod
    async def revisions(self) -> Mapping[str, int]:
        """The revision numbers."""

    @abstractmethod
    async def finish(self, revisions: Mapping[str, int]) -> None:
        """Raise each revision above what it is here and there, and remove the marks."""


def old_schema(name: str, pending: int) -> StoreError:
    """What to say of a side that an older version made."""
    return StoreError(f"the schema of {name} lacks {pending} migrations: run `tacet database migrate` on it")


def checksum(rows: Sequence[Row]) -> int:
    """Of some rows in any order; the same on every database."""
    digests = [blake2b(_encode(row), digest_size=CHECKSUM_BYTES).digest() for row in rows]
    return sum(int.from_bytes(digest, "big") for digest in digests) % _CHECKSUM_RANGE


class Copy:
    """Copies one database into another.

    Args:
        source: not open yet, nor the destination.
        destination: what a copy of the same source has begun, or empty.
    """

    def __init__(self, source: Side, destination: Side) -> None:
        self._source = source
        self._destination = destination
        self._tables: list[Table] = []
        self._marks: dict[str, Mark] = {}

    async def open(self) -> int:
        """Open both sides; return how many rows an earlier run had copied.

        Raises:
            StoreError: one of them cannot be used, or the destination holds something else.
        """
        await self._source.open_source()
        await self._destination.open_destination()
        self._tables = [await self._table(name) for name in KEYS]
        begun = await self._destination.marks()
        if begun is None:
            await self._begin()
            return 0
        if begun[0] != self._source.name:
            raise StoreError(
                f"a copy of {begun[0]} into {self._destination.name} is under way: go on with that one, or copy into "
                f"{EMPTY}"
            )
        self._marks = begun[1]
        return sum(mark.rows for mark in self._marks.values())

    async def close(self) -> None:
        """Release both sides."""
        await self._destination.close()
        await self._source.close()

    async def run(self, progress: Progress) -> None:
        """Copy what is not copied yet.

        Raises:
            Changed: the source was written to meanwhile.
            StoreError: a database failed; what was copied stays, and another run goes on from there.
        """
        total = sum([await self._source.count(table.name) for table in self._tables])
        done = sum(mark.rows for mark in self._marks.values())
        for table in self._tables:
            mark = self._marks.get(table.name, Mark())
            while rows := await self._source.read(table, mark.reached, STRETCH_ROWS):
                mark = mark.grown(table, rows)
                await self._write(table, rows, mark)
                done += len(rows)
                progress(done, max(done, total))

    async def verify(self, progress: Progress) -> Mapping[str, int]:
        """Compare both sides with what was copied, and finish; return how many rows each table has.

        Raises:
            Changed: the source was written to meanwhile.
            Differs: the destination is not what was written there.
            StoreError: a database failed.
        """
        total, done = 2 * sum(mark.rows for mark in self._marks.values()), 0

        def told(rows: int) -> None:
            nonlocal done
            done += rows
            progress(done, max(done, total))

        # A table that was compared already could be written to while others are.
        await self._source.hold()
        for table in self._tables:
            copied = self._marks.get(table.name, Mark())
            for side in (self._source, self._destination):
                found = await _scanned(side, table, told)
                if (found.rows, found.checksum) != (copied.rows, copied.checksum):
                    raise self._differing(side, table, found, copied)
            if await self._source.wanted():
                raise self._changed(table, "a server waits to write")
        await self._destination.finish(await self._source.revisions())
        return {table.name: self._marks.get(table.name, Mark()).rows for table in self._tables}

    async def _table(self, name: str) -> Table:
        columns, others = await self._source.columns(name), await self._destination.columns(name)
        if columns != others:
            raise StoreError(f"the table {name} is not the same on both sides: run `tacet database migrate` on both")
        return Table(name, tuple(sorted(columns)))

    async def _begin(self) -> None:
        if filled := await self._destination.filled():
            raise StoreError(
                f"TO, {self._destination.name}, is not empty (it has rows in {', '.join(filled)}), and no copy into it "
                f"is under way: a copy that was finished there is complete; otherwise give {EMPTY}"
            )
        await self._destination.begin(self._source.name)

    async def _write(self, table: Table, rows: Sequence[Row], mark: Mark) -> None:
        try:
            await self._destination.write(table, rows, mark)
        except Conflict:
            # A row that moved behind what was copied already is met a second time.
            raise self._changed(table, "rows moved") from None
        self._marks[table.name] = mark
        # Where no side ever waits, Ctrl-C would not be heard.
        await asyncio.sleep(0)

    def _differing(self, side: Side, table: Table, found: Mark, copied: Mark) -> Differs:
        rows = f"{found.rows:,} rows, {copied.rows:,} were copied"
        if found.rows == copied.rows:
            rows = f"{found.rows:,} rows, not all as they were copied"
        if side is self._source:
            return self._changed(table, rows)
        return Differs(
            f"TO, {side.name}, does not hold what was copied into it (table {table.name}: {rows}): something else "
            f"wrote there; copy again into {EMPTY}"
        )

    def _changed(self, table: Table, how: str) -> Changed:
        return Changed(
            f"FROM, {self._source.name}, was written to while it was copied (table {table.name}: {how}): stop whatever "
            f"writes to it, and copy again into {EMPTY}"
        )


async def _scanned(side: Side, table: Table, told: Callable[[int], None]) -> Mark:
    """All of a table."""
    mark = Mark()
    while rows := await side.read(table, mark.reached, STRETCH_ROWS):
        mark = mark.grown(table, rows)
        told(len(rows))
        await asyncio.sleep(0)
    return mark
