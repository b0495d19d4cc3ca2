import asyncio
import contextlib
import sqlite3
import threading
import time
from pathlib import Path
from typing import cast

import pytest

from tacet.records.relations import MAX_POSITION, Kind
from tacet.store.sqlite import checkpointer as checkpointer_module
from tacet.store.sqlite.checkpointer import Checkpointer, leave_log_alone
from tacet.store.sqlite.store import SqliteStore
from tests.store.building import NOW, SOURCE, mute
from tests.store.sqlite.files import opened

KIB = 1024
CHECKPOINT_BYTES = 256 * KIB
STOP_BYTES = 1024 * KIB
TASKS = 32

LOCKED_S = 4.5
"""A writer and a copy that wait for each other do so for the five seconds that SQLite waits for a lock."""


@pytest.fixture
def short_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpointer_module, "CHECKPOINT_BYTES", CHECKPOINT_BYTES)
    monkeypatch.setattr(checkpointer_module, "CHECKPOINT_STOP_BYTES", STOP_BYTES)


class Load:
    """Writes without a pause, and how long the log and the longest wait became."""

    def __init__(self, store: SqliteStore, path: Path) -> None:
        self._store = store
        self._log = path.with_name(path.name + "-wal")
        self.longest_log = 0
        self.longest_wait_s = 0.0

    def log_bytes(self) -> int:
        return self._log.stat().st_size

    async def run(self, round_: int, writes: int) -> None:
        await asyncio.gather(*(self._write(round_, task, writes) for task in range(TASKS)))

    async def _write(self, round_: int, task: int, writes: int) -> None:
        for number in range(writes):
            target_id = (round_ * TASKS + task) * writes + number
            # Sources all over the table, so that each write touches pages of its own.
            source_id = target_id * 7_919 % 5_000
            started = time.monotonic()
            await self._store.relations.add(mute(target_id, 2 * target_id, source_id=source_id), NOW)
            self.longest_wait_s = max(self.longest_wait_s, time.monotonic() - started)
            self.longest_log = max(self.longest_log, self.log_bytes())


@pytest.mark.usefixtures("short_log")
async def test_the_log_stays_short_under_sustained_writes_and_reads(path: Path) -> None:
    async with opened(path) as store:
        load = Load(store, path)
        await load.run(0, writes=10)
        writing = asyncio.create_task(load.run(1, writes=100))
        while not writing.done():
            for source_id in range(50):
                await store.relations.older(Kind.MUTE, source_id, MAX_POSITION, 100, NOW)
            await asyncio.sleep(0)
        await writing
        assert load.longest_log < 4 * STOP_BYTES
        assert load.log_bytes() < 2 * STOP_BYTES
        assert load.longest_wait_s < LOCKED_S
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM relation").fetchall() == [(TASKS * 110,)]
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.usefixtures("short_log")
async def test_the_log_stays_short_though_the_database_is_opened_by_a_link(path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.db"
    link.symlink_to(path)
    async with opened(link) as store:
        load = Load(store, path)
        await load.run(0, writes=100)
        assert load.longest_log < 4 * STOP_BYTES


@pytest.mark.usefixtures("short_log")
async def test_a_long_read_of_another_program_lets_the_log_grow_and_writes_go_on(path: Path) -> None:
    async with opened(path) as store:
        load = Load(store, path)
        await load.run(0, writes=10)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM relation").fetchall()
            await load.run(1, writes=60)
            grown = load.log_bytes()
            assert grown > STOP_BYTES
        await load.run(2, writes=10)
        assert load.log_bytes() < grown
        assert load.longest_wait_s < LOCKED_S


async def test_a_short_log_is_left_alone(path: Path) -> None:
    async with opened(path) as store:
        for target_id in range(20):
            await store.relations.add(mute(target_id, 2 * target_id), NOW)
        before = file_size(path)
        await store.relations.add(mute(99, 198), NOW)
        assert file_size(path) == before


def file_size(path: Path) -> int:
    return path.stat().st_size


class Interrupted:
    """A connection during whose every copy of the log, but those of the writer's own thread, a write is under way."""

    def __init__(self, connection: sqlite3.Connection, writing: sqlite3.Connection) -> None:
        self._connection = connection
        self._writing = writing
        self._writer = threading.current_thread()

    def execute(self, sql: str) -> None:
        if threading.current_thread() is self._writer:
            self._connection.execute(sql).fetchall()
            return
        self._writing.execute("BEGIN IMMEDIATE")
        add_entry(self._writing)
        self._connection.execute(sql).fetchall()
        self._writing.execute("COMMIT")


@pytest.mark.usefixtures("short_log")
def test_a_log_starts_over_though_a_write_is_under_way_during_every_copy(path: Path) -> None:
    with contextlib.ExitStack() as stack:
        writing, meanwhile, copying = (
            stack.enter_context(
                contextlib.closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False))
            )
            for _ in range(3)
        )
        writing.execute("PRAGMA journal_mode = WAL")
        writing.execute("CREATE TABLE entry (text TEXT)")
        leave_log_alone(writing)
        leave_log_alone(meanwhile)
        interrupted = Interrupted(copying, meanwhile)
        checkpointer = Checkpointer(cast("sqlite3.Connection", interrupted), path)
        log = path.with_name(path.name + "-wal")
        longest = 0
        for _ in range(1_000):
            add_entry(writing)
            checkpointer.after_commit()
            longest = max(longest, log.stat().st_size)
        checkpointer.close()
        # Some 1,000 pages and more of four kilobytes were written.
        assert longest < 2 * STOP_BYTES


def add_entry(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO entry VALUES (?)", ("x" * 4_000,))


def test_without_a_log_there_is_nothing_to_do(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        checkpointer = Checkpointer(connection, path)
        checkpointer.after_commit()
        checkpointer.close()


@pytest.mark.usefixtures("short_log")
async def test_a_store_closed_right_after_heavy_writes_keeps_them_all(path: Path) -> None:
    async with opened(path) as store:
        await Load(store, path).run(0, writes=20)
    async with opened(path) as store:
        sources = [target_id * 7_919 % 5_000 for target_id in range(TASKS * 20)]
        for target_id, source_id in enumerate(sources):
            assert await store.relations.which(Kind.MUTE, source_id, [target_id], NOW) == {target_id}
        assert await store.relations.which(Kind.MUTE, SOURCE, [0], NOW) == set()
