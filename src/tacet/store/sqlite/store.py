"""One SQLite database, in a file or in memory: opening, locking, migrating, closing."""

import contextlib
import fcntl
import os
import sqlite3
import threading
from importlib import resources
from pathlib import Path
from typing import IO

from tacet.store import queries
from tacet.store.base import Part, Store, StoreError, StoreLocked
from tacet.store.sqlite.credentials import SqliteCredentials
from tacet.store.sqlite.dialect import adapt, translated
from tacet.store.sqlite.directory import SqliteDirectory
from tacet.store.sqlite.relations import SqliteRelations
from tacet.store.sqlite.writer import BUSY_TIMEOUT_MS, GroupWriter

CACHED_STATEMENTS = 128
"""Prepared statements kept per connection: more than there are kinds of query."""

PAGE_CACHE_KIB = 16 * 1024
"""SQLite's own cache per connection; the operating system caches the file behind it."""

MMAP_BYTES = 1 << 30
"""How much of the file is read through memory mapping, which spares a copy of each page."""

CHECKPOINT_BYTES = 8 << 20
"""Size of the write-ahead log from which it is copied back into the file, beside the writer."""

CHECKPOINT_STOP_BYTES = 256 << 20
"""Size at which the writer waits for that: a log that only grows fills the disk and slows reads."""


class SqliteStore(Store):
    """Relations, people and credentials in one SQLite database.

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
        self._checkpointer: sqlite3.Connection | None = None
        self._checkpoint_thread: threading.Thread | None = None

    async def open(self) -> None:
        try:
            self._lock()
            writing = self._connect()
            _migrate(writing)
            # A database in memory lives in one connection; it never waits, so one serves reads and writes.
            self._reader = writing if self._path is None else self._connect()
            if self._path is not None:
                # Checkpoints run beside the writer; once one is complete the log starts over at this size.
                writing.execute("PRAGMA wal_autocheckpoint = 0")
                writing.execute(f"PRAGMA journal_size_limit = {CHECKPOINT_BYTES}")
                writing.execute("PRAGMA busy_timeout = 0")
                self._checkpointer = self._connect()
        except sqlite3.Error as error:
            await self.close()
            raise translated(error) from None
        except StoreError:
            await self.close()
            raise
        self._writer = GroupWriter(writing, self._queue_length, self._path is not None, self._after_commit)
        self.relations = SqliteRelations(self._reader, self._writer)
        self.directory = SqliteDirectory(self._reader, self._writer)
        self.credentials = SqliteCredentials(self._reader, self._writer)

    async def close(self) -> None:
        if hasattr(self, "_writer"):
            await self._writer.close()
        if self._checkpoint_thread is not None:
            self._checkpoint_thread.join()
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

    async def revisions(self) -> dict[Part, int]:
        rows = self._reader.execute(adapt(queries.REVISIONS)).fetchall()
        return {Part(part): number for part, number in rows}

    def _lock(self) -> None:
        """The kernel gives the lock back when the process ends, however it ends; the file itself stays."""
        if self._path is None or not self._server:
            return
        path = self._path.with_name(self._path.name + ".lock")
        try:
            lock_file = path.open("a+", encoding="ascii")
        except OSError as error:
            raise StoreError(f"the lock file {path} cannot be opened: {error.strerror}") from None
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

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path or ":memory:",
            timeout=BUSY_TIMEOUT_MS / 1000,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=CACHED_STATEMENTS,
        )
        self._connections.append(connection)
        connection.execute(f"PRAGMA cache_size = -{PAGE_CACHE_KIB}")
        if self._path is not None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA mmap_size = {MMAP_BYTES}")
        return connection

    def _after_commit(self) -> None:
        """On the writer's thread: have a long log copied back by another thread, wait only when it is far too long."""
        wal_bytes = self._wal_bytes()
        if wal_bytes <= CHECKPOINT_BYTES:
            return
        thread = self._checkpoint_thread
        if thread is not None and thread.is_alive():
            if wal_bytes > CHECKPOINT_STOP_BYTES:
                thread.join()
            return
        mode = "TRUNCATE" if wal_bytes > CHECKPOINT_STOP_BYTES else "PASSIVE"
        self._checkpoint_thread = threading.Thread(target=self._checkpoint, args=(mode,), daemon=True)
        self._checkpoint_thread.start()

    def _wal_bytes(self) -> int:
        try:
            return Path(f"{self._path}-wal").stat().st_size
        except OSError:
            return 0

    def _checkpoint(self, mode: str) -> None:
        # Nothing is lost by a checkpoint that did not happen: the next commit asks again.
        with contextlib.suppress(sqlite3.Error):
            if self._checkpointer is not None:
                self._checkpointer.execute(f"PRAGMA wal_checkpoint({mode})")


def _migrations() -> list[tuple[int, str, str]]:
    """(number, name, SQL) of every migration, in order."""
    folder = resources.files("tacet.store.sqlite") / "migrations"
    found = [(int(f.name[:4]), f.name, f.read_text("utf-8")) for f in folder.iterdir() if f.name.endswith(".sql")]
    return sorted(found)


def _migrate(connection: sqlite3.Connection) -> None:
    """Run what has not run yet, each migration in a transaction of its own.

    Raises:
        StoreError: the database was made by a newer version of this program.
    """
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
    done = {number for (number,) in connection.execute(adapt(queries.MIGRATIONS_DONE))}
    known = _migrations()
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
