"""One SQLite database, in a file or in memory: opening, locking, migrating, closing."""

import contextlib
import fcntl
import os
import sqlite3
from importlib import resources
from pathlib import Path
from typing import IO

from tacet.store.base import Part, Store, StoreError, StoreLocked
from tacet.store.queries import upkeep as queries
from tacet.store.sqlite.accounts import SqliteAccounts
from tacet.store.sqlite.checkpointer import Checkpointer, leave_log_alone
from tacet.store.sqlite.consents import SqliteConsents
from tacet.store.sqlite.credentials import SqliteCredentials
from tacet.store.sqlite.dialect import adapt, translated
from tacet.store.sqlite.directory import SqliteDirectory
from tacet.store.sqlite.messages import SqliteMessages
from tacet.store.sqlite.posts import SqlitePosts
from tacet.store.sqlite.reader import Reader
from tacet.store.sqlite.relations import SqliteRelations
from tacet.store.sqlite.writer import BUSY_TIMEOUT_MS, GroupWriter

CACHED_STATEMENTS = 128
"""Prepared statements kept per connection: more than there are kinds of query."""

PAGE_CACHE_KIB = 16 * 1024
"""SQLite's own cache per connection; the operating system caches the file behind it."""

MMAP_BYTES = 1 << 30
"""How much of the file is read through memory mapping, which spares a copy of each page."""

PRIVATE_MODE = 0o600
"""Of the files of a new database: what people mute is theirs, and no other user of the machine may hold the lock."""

TABLES = {"migration", "relation"}
"""Tables that every database of ours has, so that another program's is left alone."""

_REVISIONS = adapt(queries.REVISIONS)


class SqliteStore(Store):
    """All parts in one SQLite database.

    Args:
        path: the file; None keeps everything in memory.
        queue_length: writes that may wait for the disk.
        server: take the lock that keeps a second server away; admin commands run beside a server without it.
    """

    def __init__(self, path: Path | None, queue_length: int, server: bool = True) -> None:
        self._path = path
        self._queue_length = queue_length
        self._server = server
        self._lock_file: IO[str] | None = None
        self._connections: list[sqlite3.Connection] = []
        self._checkpointer: Checkpointer | None = None
        self._writer: GroupWriter | None = None

    async def open(self) -> None:
        try:
            self._lock()
            self._create()
            writing = self._connect()
            _migrate(writing)
            # A database in memory lives in one connection; it never waits, so one serves reads and writes.
            reading = writing
            if self._path is not None:
                self._prepare(writing)
                reading = self._connect()
                self._checkpointer = Checkpointer(self._connect(), self._path.resolve())
        except sqlite3.Error as error:
            await self.close()
            raise translated(error) from None
        except StoreError:
            await self.close()
            raise
        self._reader = Reader(reading)
        self._writer = GroupWriter(writing, self._queue_length, self._path is not None, self._after_commit)
        self.relations = SqliteRelations(self._reader, self._writer)
        self.directory = SqliteDirectory(self._reader, self._writer)
        self.posts = SqlitePosts(self._reader, self._writer)
        self.messages = SqliteMessages(self._reader, self._writer)
        self.credentials = SqliteCredentials(self._reader, self._writer)
        self.consents = SqliteConsents(self._reader, self._writer)
        self.accounts = SqliteAccounts(self._reader, self._writer)

    async def close(self) -> None:
        if self._writer is not None:
            await self._writer.close()
        if self._checkpointer is not None:
            self._checkpointer.close()
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

    async def revisions(self) -> dict[Part, int]:
        return {Part(part): number for part, number in self._reader.rows(_REVISIONS)}

    def _lock(self) -> None:
        """The kernel gives the lock back when the process ends, however it ends; the file itself stays."""
        if self._path is None or not self._server:
            return
        # Where the path is a link, the file it leads to is what must not be served twice.
        file = self._path.resolve()
        path = file.with_name(file.name + ".lock")
        try:
            lock_file = os.fdopen(
                os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, PRIVATE_MODE), "a+", encoding="ascii"
            )
        except OSError as error:
            raise StoreError(
                f"{self._path} cannot be served: its lock file {path} cannot be opened: {error.strerror}; "
                "check that its folder exists and is writable"
            ) from None
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock_file.seek(0)
            holder = lock_file.read(20).strip()
            lock_file.close()
            raise StoreLocked(
                f"another server (process {holder}) already serves {self._path}: stop it, or give this one another file"
            ) from None
        lock_file.truncate(0)
        lock_file.write(str(os.getpid()))
        lock_file.flush()
        self._lock_file = lock_file

    def _create(self) -> None:
        """SQLite gives the files beside the database the mode of the database."""
        if self._path is not None:
            # Where it cannot be made, connecting to it says why.
            with contextlib.suppress(OSError):
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, PRIVATE_MODE))

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path or ":memory:",
            timeout=BUSY_TIMEOUT_MS / 1000,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=CACHED_STATEMENTS,
        )
        self._connections.append(connection)
        if self._path is not None:
            _check_ours(connection, self._path)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            # macOS's own fsync leaves the data in the drive's cache; elsewhere this changes nothing.
            connection.execute("PRAGMA fullfsync = ON")
            connection.execute(f"PRAGMA mmap_size = {MMAP_BYTES}")
        connection.execute(f"PRAGMA cache_size = -{PAGE_CACHE_KIB}")
        return connection

    def _prepare(self, writing: sqlite3.Connection) -> None:
        """Settings of the connection that writes."""
        if writing.execute("PRAGMA journal_mode").fetchall() != [("wal",)]:
            raise StoreError(f"{self._path} is on a file system without shared memory: put it on a local disk")
        leave_log_alone(writing)
        writing.execute("PRAGMA busy_timeout = 0")

    def _after_commit(self) -> None:
        if self._checkpointer is not None:
            self._checkpointer.after_commit()


def _check_ours(connection: sqlite3.Connection, path: Path) -> None:
    """Before anything is changed in it.

    Raises:
        StoreError: the file belongs to another program.
    """
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables and not tables >= TABLES:
        raise StoreError(f"{path} is another program's database: give another file")


def _migrations() -> list[tuple[int, str, str]]:
    """(number, name, SQL) of every migration, in order."""
    folder = resources.files("tacet.store.sqlite") / "migrations"
    found = [(int(f.name[:4]), f.name, f.read_text("utf-8")) for f in folder.iterdir() if f.name.endswith(".sql")]
    return sorted(found)


def _migrate(connection: sqlite3.Connection) -> None:
    """Run what has not run yet, all of it in one transaction: a start that fails leaves the old schema.

    Raises:
        StoreError: the database was made by a newer version of this program.
    """
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
    done = {number for (number,) in connection.execute(adapt(queries.MIGRATIONS_DONE))}
    known = _migrations()
    # Where the file is read-only, and only a write would tell, this fails now and not at the first mute.
    connection.execute("DELETE FROM migration WHERE number < 0")
    if done and max(done) > known[-1][0]:
        connection.execute("ROLLBACK")
        raise StoreError("the database was made by a newer version of tacet: run that version, or restore a backup")
    for number, name, sql in known:
        if number not in done:
            for statement in _statements(sql):
                connection.execute(statement)
            connection.execute(adapt(queries.RECORD_MIGRATION), (number, name))
    connection.execute("COMMIT")


def _statements(sql: str) -> list[str]:
    """The single statements of a migration: `executescript` would commit before each."""
    statements, gathered = [], ""
    for line in sql.splitlines(keepends=True):
        gathered += line
        if sqlite3.complete_statement(gathered):
            statements.append(gathered)
            gathered = ""
    return statements
