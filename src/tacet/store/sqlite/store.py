"""One SQLite database, in a file or in memory: opening, locking, migrating, closing."""

import asyncio
import contextlib
import os
import sqlite3
from pathlib import Path
from typing import IO

from tacet.observing.meters import BATCH_BOUNDS, Meters
from tacet.store.base import Part, Store, StoreError
from tacet.store.queries import upkeep as queries
from tacet.store.rows import revisions_of
from tacet.store.sqlite.accounts import SqliteAccounts
from tacet.store.sqlite.checkpointer import Checkpointer, leave_log_alone
from tacet.store.sqlite.consents import SqliteConsents
from tacet.store.sqlite.credentials import SqliteCredentials
from tacet.store.sqlite.dialect import adapt, translated
from tacet.store.sqlite.directory import SqliteDirectory
from tacet.store.sqlite.locking import PRIVATE_MODE, take_lock
from tacet.store.sqlite.messages import SqliteMessages
from tacet.store.sqlite.migrating import check_finished, check_ours, migrate
from tacet.store.sqlite.nonces import SqliteNonces
from tacet.store.sqlite.posts import SqlitePosts
from tacet.store.sqlite.reader import Reader
from tacet.store.sqlite.relations import SqliteRelations
from tacet.store.sqlite.writer import BUSY_TIMEOUT_MS, GroupWriter

CACHED_STATEMENTS = 256
"""Prepared statements kept per connection: more than there are kinds of query."""

PAGE_CACHE_KIB = 16 * 1024
"""SQLite's own cache per connection; the operating system caches the file behind it."""

MMAP_BYTES = 1 << 30
"""How much of the file is read through memory mapping, which spares a copy of each page."""

_REVISIONS = adapt(queries.REVISIONS)


class SqliteStore(Store):
    """All parts in one SQLite database.

    Args:
        path: the file; None keeps everything in memory.
        queue_length: writes that may wait for the disk.
        server: take the lock that keeps a second server away; admin commands run beside a server without it.
    """

    shared = False

    def __init__(self, path: Path | None, queue_length: int, server: bool = True) -> None:
        self._path = path
        self._queue_length = queue_length
        self._server = server
        self._lock_file: IO[str] | None = None
        self._alone = asyncio.Lock()
        self._connections: list[sqlite3.Connection] = []
        self._checkpointer: Checkpointer | None = None
        self._writer: GroupWriter | None = None

    async def open(self) -> None:
        try:
            self._lock()
            self._create()
            writing = self._connect()
            if self._path is not None:
                check_finished(writing, self._path)
            migrate(writing)
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
        self.nonces = SqliteNonces(self._writer)

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

    def observe(self, meters: Meters) -> None:
        writer, checkpointer = self._writer, self._checkpointer
        if writer is None:
            return
        writer.batches = meters.histogram("write_batch_size", BATCH_BOUNDS, unit=1)
        meters.watch("write_queue_length", lambda: writer.waiting)
        meters.watch("write_queue_limit", lambda: self._queue_length)
        if checkpointer is not None:
            meters.watch("write_log_bytes", checkpointer.log_bytes)

    async def check(self) -> None:
        self._reader.rows(_REVISIONS)

    def alone(self, what: str, id_: int) -> contextlib.AbstractAsyncContextManager[None]:
        # One lock for everything that needs one: each is held for a commit or two.
        return self._alone

    async def revisions(self) -> dict[Part, int]:
        return revisions_of(self._reader.rows(_REVISIONS))

    def _lock(self) -> None:
        if self._path is not None and self._server:
            self._lock_file = take_lock(self._path)

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
            check_ours(connection, self._path)
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
