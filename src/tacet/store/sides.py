"""One end of a copy, whatever kind of database it is: what it can do, and what is known of its tables."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import msgspec

from tacet.store.base import StoreError
from tacet.store.queries.copying import KEYS

CHECKSUM_BYTES = 16
"""Of each row; these are added up, so it takes more bits than a plain comparison would."""

EMPTY = (
    "an empty database (of PostgreSQL drop TO with `dropdb` and make it again with `createdb`, of SQLite remove its "
    "file with those ending in -wal and -shm)"
)

_CHECKSUM_RANGE = 1 << (8 * CHECKSUM_BYTES)

Row = tuple[Any, ...]
Key = tuple[Any, ...]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


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

    def is_same(self, other: "Mark") -> bool:
        """Whether they are of the same rows, each read as a whole."""
        return (self.rows, self.checksum) == (other.rows, other.checksum)

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

    @abstractmethod
    async def hold(self) -> None:
        """Keep others from writing until `close`, or notice from now on that they do.

        Raises:
            StoreError: somebody writes there, and goes on.
        """

    @abstractmethod
    async def disturbed(self) -> str:
        """Who wrote to what is held, or waits to; "" for nobody."""

    @abstractmethod
    async def revisions(self) -> Mapping[str, int]:
        """The revision numbers."""

    @abstractmethod
    async def finish(self, revisions: Mapping[str, int]) -> None:
        """Raise each revision above what it is here and there, and remove the marks."""


def old_schema(name: str, pending: int, unfinished: bool = False) -> StoreError:
    """What to say of a side that an older version made, or began to copy into."""
    if unfinished:
        return StoreError(
            f"the copy into {name} was begun by an older version: finish it with that one, or copy into {EMPTY}"
        )
    return StoreError(f"the schema of {name} lacks {pending} migrations: run `tacet database migrate` on it")


def checksum(rows: Sequence[Row]) -> int:
    """Of some rows in any order; the same on every database."""
    digests = [blake2b(_encode(row), digest_size=CHECKSUM_BYTES).digest() for row in rows]
    return sum(int.from_bytes(digest, "big") for digest in digests) % _CHECKSUM_RANGE
