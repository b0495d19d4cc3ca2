"""A SQLite file as one end of a copy."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from tacet.store.base import Part, StoreError
from tacet.store.queries import copying as queries
from tacet.store.queries import upkeep
from tacet.store.sides import Key, Mark, Row, Side, Table, old_schema
from tacet.store.sqlite.dialect import adapt, translated
from tacet.store.sqlite.locking import PRIVATE_MODE, take_lock
from tacet.store.sqlite.migrating import check_ours, is_unfinished, migrate, migrations, pending
from tacet.store.sqlite.writer import BUSY_TIMEOUT_MS


class SqliteSide(Side):
    """One file, locked as a server locks it.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = f"sqlite:///{path.resolve()}"
        self._lock_file: IO[str] | None = None
        self._open: sqlite3.Connection | None = None
        self._opened: os.stat_result | None = None
        self._held_version = 0

    async def open_source(self) -> None:
        if not self._path.is_file():
            raise StoreError(f"{self._path} does not exist: there is nothing to copy")
        self._lock_file = take_lock(self._path, "copy")
        with _translated():
            self._connect()
            if is_unfinished(self._connection):
                raise StoreError(f"{self._path} is itself an unfinished copy: finish that one first")
            if due := pending(self._connection):
                raise old_schema(self.name, len(due))

    async def open_destination(self) -> None:
        self._lock_file = take_lock(self._path, "copy")
        with contextlib.suppress(OSError):
            # Where it cannot be made, connecting to it says why.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, PRIVATE_MODE))
        with _translated():
            self._connect()
            if 0 < len(due := pending(self._connection)) < len(migrations()):
                raise old_schema(self.name, len(due), is_unfinished(self._connection))
            self._connection.execute("PRAGMA journal_mode = WAL")
            # What is committed may be lost with the machine's power until `finish`, but only together with its marks.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            migrate(self._connection)

    async def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

    async def columns(self, name: str) -> set[str]:
        return {column for (column,) in self._rows("SELECT name FROM pragma_table_info($1)", name)}

    async def filled(self) -> list[str]:
        return [name for name in queries.KEYS if self._rows(queries.is_filled(name))]

    async def count(self, name: str) -> int:
        return int(self._rows(queries.count(name))[0][0])

    async def read(self, table: Table, after: Key | None, limit: int) -> Sequence[Row]:
        return self._rows(queries.read(table.name, table.columns, first=after is None), limit, *(after or ()))

    async def marks(self) -> tuple[str, dict[str, Mark]] | None:
        if not is_unfinished(self._connection):
            return None
        rows = {name: rest for name, *rest in self._rows(queries.MARKS)}
        source = rows.pop("")[-1]
        return source, {name: Mark.unpacked(*rest) for name, rest in rows.items()}

    async def begin(self, source: str) -> None:
        with self._transaction():
            self._connection.execute(queries.CREATE_MARKS)
            self._rows(queries.PUT_MARK, "", 0, "", source)

    async def write(self, table: Table, rows: Sequence[Row], mark: Mark) -> None:
        with self._transaction():
            self._connection.executemany(adapt(queries.insert(table.name, table.columns)), rows)
            self._rows(queries.PUT_MARK, table.name, *mark.packed())

    async def hold(self) -> None:
        # Commands that work beside a server need no lock of it.
        self._held_version = self._version()

    async def disturbed(self) -> str:
        return "another program wrote" if self._version() != self._held_version else ""

    async def revisions(self) -> Mapping[str, int]:
        return dict(self._rows(upkeep.REVISIONS))

    async def finish(self, revisions: Mapping[str, int]) -> None:
        self._rows("PRAGMA synchronous = FULL")
        with self._transaction():
            for part in Part:
                self._rows(queries.RAISE_REVISION, part, revisions.get(part, 0) + 1)
            self._connection.execute(queries.DROP_MARKS)
        self._rows("PRAGMA wal_checkpoint(TRUNCATE)")

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._open is None:
            raise StoreError(f"{self.name} is not open")
        return self._open

    def _connect(self) -> None:
        self._open = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)
        check_ours(self._open, self._path)
        self._opened = self._path.stat()

    def _version(self) -> int:
        """Another one whenever another connection has written."""
        self._check_still_there()
        ((version,),) = self._rows("PRAGMA data_version")
        return int(version)

    def _check_still_there(self) -> None:
        """SQLite goes on with a file that has no name any more.

        Raises:
            StoreError: the file was removed, or another one put in its place.
        """
        with contextlib.suppress(OSError):
            if self._opened is not None and os.path.samestat(self._opened, self._path.stat()):
                return
        raise StoreError(f"{self._path} was removed or replaced meanwhile: see what did that, then run this again")

    def _rows(self, sql: str, *parameters: object) -> list[Row]:
        with _translated():
            return self._connection.execute(adapt(sql), parameters).fetchall()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with _translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._check_still_there()
            except BaseException:
                # A full disk ends the transaction by itself.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise translated(error) from None
