import asyncio
import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tacet.store.base import Conflict, StoreBusy, StoreClosed, StoreError
from tacet.store.sqlite import writer as writer_module
from tacet.store.sqlite.writer import MAX_BATCH, GroupWriter, Size, Write

QUEUE_LENGTH = 2_000
PATIENCE_S = 30


class Database:
    """A file with one table, what its writer's connection executed, and what is on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.executed: list[str] = []
        self.at_commit: Callable[[], None] = lambda: None
        self.connection = self.connect()
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = FULL")
        self.connection.execute("CREATE TABLE entry (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
        self.connection.execute("PRAGMA busy_timeout = 0")
        self.connection.set_trace_callback(self._note)

    def _note(self, statement: str) -> None:
        self.executed.append(statement)
        if statement == "COMMIT":
            self.at_commit()

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)

    def ids(self) -> set[int]:
        with contextlib.closing(self.connect()) as connection:
            return {id_ for (id_,) in connection.execute("SELECT id FROM entry")}

    @property
    def commits(self) -> int:
        return self.executed.count("COMMIT")

    @asynccontextmanager
    async def writer(
        self,
        queue_length: int = QUEUE_LENGTH,
        after_commit: Callable[[], None] = lambda: None,
        now_s: Callable[[], float] | None = None,
    ) -> AsyncIterator[GroupWriter]:
        writer = GroupWriter(self.connection, queue_length, threaded=True, after_commit=after_commit, now_s=now_s)
        try:
            yield writer
        finally:
            await writer.close()


class Pause:
    """Something to do at or after a commit: nothing, until it is told to end."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._ended = threading.Event()

    def __call__(self) -> None:
        self._reached.set()
        self._ended.wait(PATIENCE_S)

    async def reached(self) -> None:
        assert await asyncio.to_thread(self._reached.wait, PATIENCE_S)

    def end(self) -> None:
        self._ended.set()


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    made = Database(path)
    yield made
    made.connection.close()


def insert(id_: int, text: str = "") -> Write[int]:
    def write(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO entry (id, text) VALUES (?, ?)", (id_, text))
        return id_

    return write


def insert_and_fail(*ids: int) -> Write[int]:
    def write(connection: sqlite3.Connection) -> int:
        for id_ in ids:
            insert(id_)(connection)
        raise ZeroDivisionError

    return write


def roll_back(connection: sqlite3.Connection) -> int:
    connection.execute("ROLLBACK")
    raise sqlite3.OperationalError("as a full disk does it")


async def submitted(writer: GroupWriter, *writes: Write[int]) -> list[int | BaseException]:
    return await asyncio.gather(*(writer.submit(write) for write in writes), return_exceptions=True)


class TestSharing:
    async def test_writes_that_arrive_together_share_one_commit(self, database: Database) -> None:
        async with database.writer() as writer:
            assert await submitted(writer, *map(insert, range(100))) == list(range(100))
            assert database.commits == 1
            assert database.ids() == set(range(100))

    async def test_a_batch_is_cut_at_its_limit(self, database: Database) -> None:
        async with database.writer() as writer:
            await submitted(writer, *map(insert, range(2 * MAX_BATCH + 1)))
            assert database.commits == 3

    async def test_writes_that_arrive_during_a_commit_share_the_next(self, database: Database) -> None:
        pause = database.at_commit = Pause()
        async with database.writer() as writer:
            first = asyncio.create_task(writer.submit(insert(0)))
            await pause.reached()
            later = [asyncio.create_task(writer.submit(insert(id_))) for id_ in range(1, 51)]
            await asyncio.sleep(0.01)
            assert not first.done()
            assert database.commits == 1
            pause.end()
            assert await asyncio.gather(first, *later) == list(range(51))
            assert database.commits == 2

    async def test_an_answer_does_not_wait_for_what_follows_its_commit(self, database: Database) -> None:
        pause = Pause()
        async with database.writer(after_commit=pause) as writer:
            assert await asyncio.wait_for(writer.submit(insert(1)), PATIENCE_S / 2) == 1
            await pause.reached()
            later = asyncio.create_task(writer.submit(insert(2)))
            await asyncio.sleep(0.01)
            # What follows a commit has the log to itself.
            assert [statement.split()[0] for statement in database.executed].count("BEGIN") == 1
            pause.end()
            assert await later == 2

    async def test_a_write_is_answered_after_its_commit(self, database: Database) -> None:
        async with database.writer() as writer:
            for id_ in range(50):
                await writer.submit(insert(id_))
                assert id_ in database.ids()

    async def test_writes_happen_in_the_order_they_were_submitted(self, database: Database) -> None:
        order: list[int] = []

        def note(id_: int) -> Write[None]:
            return lambda _connection: order.append(id_)

        async with database.writer() as writer:
            await asyncio.gather(
                *(writer.submit(note(id_), Size.LONG if id_ % 7 == 0 else Size.ONE) for id_ in range(300))
            )
        assert order == list(range(300))

    async def test_an_idle_writer_writes_nothing(self, database: Database) -> None:
        async with database.writer() as writer:
            await writer.submit(insert(1))
            database.executed.clear()
            await asyncio.sleep(0.02)
            assert database.executed == []


class TestLongWrites:
    async def test_a_long_write_shares_its_commit_with_nobody(self, database: Database) -> None:
        async with database.writer() as writer:
            await asyncio.gather(
                *(writer.submit(insert(id_), Size.LONG if id_ in {2, 3} else Size.ONE) for id_ in range(6)),
            )
        shape = [statement.split()[0] for statement in database.executed if not statement.startswith("PRAGMA")]
        alone = ["BEGIN", "INSERT", "COMMIT"]
        assert shape == ["BEGIN", "INSERT", "INSERT", "COMMIT", *alone, *alone, "BEGIN", "INSERT", "INSERT", "COMMIT"]

    async def test_a_long_write_leaves_the_loop_alone(self, database: Database) -> None:
        async with database.writer() as writer:
            turned = threading.Event()
            writing = asyncio.create_task(writer.submit(lambda _: turned.wait(PATIENCE_S), Size.LONG))
            for _ in range(20):
                await asyncio.sleep(0.001)
            assert not writing.done()
            turned.set()
            assert await writing

    async def test_a_failed_long_write_takes_back_everything_it_did(self, database: Database) -> None:
        async with database.writer() as writer:
            with pytest.raises(ZeroDivisionError):
                await writer.submit(insert_and_fail(1, 2, 3), Size.LONG)
            assert await writer.submit(insert(2)) == 2
        assert database.ids() == {2}


class TestFewStatements:
    async def test_a_write_of_a_few_statements_shares_its_commit(self, database: Database) -> None:
        async with database.writer() as writer:
            await asyncio.gather(*(writer.submit(insert(id_), Size.FEW if id_ == 1 else Size.ONE) for id_ in range(3)))
        shape = [statement.split()[0] for statement in database.executed if not statement.startswith("PRAGMA")]
        assert shape == ["BEGIN", "INSERT", "SAVEPOINT", "INSERT", "RELEASE", "INSERT", "COMMIT"]

    async def test_a_failed_one_takes_back_what_it_did_and_harms_no_neighbour(self, database: Database) -> None:
        async with database.writer() as writer:
            answers = await asyncio.gather(
                writer.submit(insert(1)),
                writer.submit(insert_and_fail(2, 3), Size.FEW),
                writer.submit(insert(4), Size.FEW),
                writer.submit(insert(5)),
                return_exceptions=True,
            )
        assert [type(answer) for answer in answers] == [int, ZeroDivisionError, int, int]
        assert database.ids() == {1, 4, 5}

    async def test_a_refused_statement_takes_back_those_before_it(self, database: Database) -> None:
        def insert_twice(connection: sqlite3.Connection) -> None:
            insert(2)(connection)
            insert(1)(connection)

        async with database.writer() as writer:
            await writer.submit(insert(1))
            answers = await asyncio.gather(
                writer.submit(insert_twice, Size.FEW), writer.submit(insert(3)), return_exceptions=True
            )
        assert isinstance(answers[0], Conflict)
        assert database.ids() == {1, 3}


class TestFailures:
    async def test_a_failing_write_harms_none_of_its_neighbours(self, database: Database) -> None:
        async with database.writer() as writer:
            await writer.submit(insert(5))
            answers = await submitted(writer, *map(insert, range(10)), insert_and_fail())
        assert database.ids() == set(range(10))
        assert isinstance(answers[5], Conflict)
        assert isinstance(answers[10], ZeroDivisionError)
        assert [answers[id_] for id_ in range(10) if id_ != 5] == [id_ for id_ in range(10) if id_ != 5]
        assert database.commits == 2

    async def test_wrong_sql_is_told_to_whoever_submitted_it(self, database: Database) -> None:
        async with database.writer() as writer:
            with pytest.raises(StoreError, match="SQLITE_ERROR"):
                await writer.submit(lambda connection: connection.execute("INSERT INTO nowhere VALUES (1)"))
            assert await writer.submit(insert(1)) == 1

    async def test_one_refused_commit_is_an_error_of_its_own_for_each(self, database: Database) -> None:
        async with database.writer() as writer:
            answers = await submitted(writer, insert(1), roll_back, insert(2))
            assert all(isinstance(answer, StoreError) for answer in answers)
            assert len(set(map(id, answers))) == 3
            assert database.ids() == set()
            assert await writer.submit(insert(3)) == 3
        assert database.ids() == {3}

    async def test_commits_that_are_refused_for_one_reason_are_logged_at_once_and_then_once_a_second(
        self, database: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        moments_s = iter((0.0, 0.5, 0.9, 1.0))
        async with database.writer(now_s=lambda: next(moments_s)) as writer:
            for count in (1, 2, 3, 4):
                await submitted(writer, *map(insert, range(count)), roll_back)
        first, last = caplog.messages
        assert first.startswith("a batch of 2 writes was not committed: ")
        assert last.startswith("a batch of 5 writes was not committed: ")
        assert last.endswith("(2 more like it within 1.0 s)")

    @pytest.mark.parametrize("error", [RuntimeError, MemoryError, SystemExit], ids=lambda error: error.__name__)
    async def test_a_batch_that_fails_as_none_should_is_refused_and_the_next_ones_go_on(
        self,
        database: Database,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        error: type[BaseException],
        threads: Callable[[], list[threading.Thread]],
    ) -> None:
        async with database.writer() as writer:
            await writer.submit(insert(1))

            def fail(_: object) -> None:
                raise error("nobody thought of this")

            with monkeypatch.context() as patched:
                patched.setattr(writer, "_commit", fail)
                refused = await submitted(writer, insert(2), insert(3))
                refused += await asyncio.gather(writer.submit(insert(4), Size.LONG), return_exceptions=True)
            assert [str(answer) for answer in refused] == [f"the writer failed ({error.__name__})"] * 3
            assert all(isinstance(answer, StoreError) for answer in refused)
            assert await writer.submit(insert(5)) == 5
            assert len(threads()) == 1
        assert database.ids() == {1, 5}
        assert "a batch failed as none should" in caplog.text

    async def test_what_follows_a_commit_may_fail_without_harm(
        self, database: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail() -> None:
            raise ZeroDivisionError

        async with database.writer(after_commit=fail) as writer:
            assert await submitted(writer, *map(insert, range(3))) == [0, 1, 2]
            assert await writer.submit(insert(3)) == 3
        assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2


class TestQueue:
    async def test_one_write_more_than_the_queue_holds_is_refused_and_not_written(self, database: Database) -> None:
        async with database.writer(queue_length=3) as writer:
            answers = await submitted(writer, *map(insert, range(5)))
            assert answers[:3] == [0, 1, 2]
            assert [type(answer) for answer in answers[3:]] == [StoreBusy, StoreBusy]
            assert database.ids() == {0, 1, 2}
            assert await writer.submit(insert(4)) == 4

    async def test_a_cancelled_write_harms_none_of_its_neighbours(self, database: Database) -> None:
        async with database.writer() as writer:
            writes = [asyncio.create_task(writer.submit(insert(id_))) for id_ in range(10)]
            await asyncio.sleep(0)
            writes[3].cancel()
            answers = await asyncio.gather(*writes, return_exceptions=True)
            assert isinstance(answers[3], asyncio.CancelledError)
            assert [id_ for id_ in range(10) if answers[id_] == id_] == [0, 1, 2, 4, 5, 6, 7, 8, 9]
            assert await writer.submit(insert(10)) == 10

    async def test_a_write_can_be_cancelled_during_its_commit(self, database: Database) -> None:
        pause = database.at_commit = Pause()
        async with database.writer() as writer:
            writing = asyncio.create_task(writer.submit(insert(1)))
            await pause.reached()
            writing.cancel()
            await asyncio.wait([writing])
            pause.end()
            assert await writer.submit(insert(2)) == 2
        assert database.ids() == {1, 2}


class TestClosing:
    async def test_accepted_writes_are_finished_and_new_ones_refused(self, database: Database) -> None:
        async with database.writer() as writer:
            writes = [asyncio.create_task(writer.submit(insert(id_))) for id_ in range(2 * MAX_BATCH)]
            await asyncio.sleep(0)
            closing = asyncio.create_task(writer.close())
            await asyncio.sleep(0)
            with pytest.raises(StoreClosed):
                await writer.submit(insert(9_999))
            await closing
            assert await asyncio.gather(*writes) == list(range(2 * MAX_BATCH))
        assert database.ids() == set(range(2 * MAX_BATCH))

    async def test_the_thread_ends(self, database: Database, threads: Callable[[], list[threading.Thread]]) -> None:
        async with database.writer() as writer:
            await writer.submit(insert(1))
            assert threads() != []
        assert threads() == []

    def test_a_loop_that_is_gone_costs_nothing_but_the_answer(
        self, database: Database, threads: Callable[[], list[threading.Thread]]
    ) -> None:
        pause = database.at_commit = Pause()
        committed = threading.Event()

        async def walk_away() -> None:
            writer = GroupWriter(database.connection, QUEUE_LENGTH, threaded=True, after_commit=committed.set)
            writing = asyncio.ensure_future(writer.submit(insert(1)))
            await pause.reached()
            writing.cancel()

        asyncio.run(walk_away())
        [thread] = threads()
        pause.end()
        assert committed.wait(PATIENCE_S)
        thread.join(0.1)
        # An exception in the thread would have ended it, and fails this test as a warning besides.
        assert thread.is_alive()
        assert database.ids() == {1}


@pytest.fixture
def threads() -> Callable[[], list[threading.Thread]]:
    """Lists the writers' threads that are there since the test began: other tests may have left some."""
    before = set(threading.enumerate())
    return lambda: [
        thread for thread in threading.enumerate() if thread.name == "tacet-writer" and thread not in before
    ]


class TestOtherPrograms:
    async def test_a_lock_held_for_a_while_delays_writes_and_nothing_else(self, database: Database) -> None:
        with contextlib.closing(database.connect()) as other:
            async with database.writer() as writer:
                for round_ in (0, 1):
                    other.execute("BEGIN IMMEDIATE")
                    writing = asyncio.gather(*(writer.submit(insert(2 * id_ + round_)) for id_ in range(10)))
                    for _ in range(50):
                        started = time.monotonic()
                        await asyncio.sleep(0.002)
                        # Who waits for the lock does so for five seconds.
                        assert time.monotonic() - started < 4
                    assert not writing.done()
                    other.execute("ROLLBACK")
                    assert len(await writing) == 10
        assert database.ids() == set(range(20))

    async def test_a_lock_held_for_too_long_fails_the_writes_of_that_time(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(writer_module, "BUSY_TIMEOUT_MS", 50)
        with contextlib.closing(database.connect()) as other:
            async with database.writer() as writer:
                other.execute("BEGIN IMMEDIATE")
                answers = await submitted(writer, insert(1), insert(2))
                assert all("another program holds" in str(answer) for answer in answers)
                other.execute("ROLLBACK")
                assert await writer.submit(insert(3)) == 3
        assert database.ids() == {3}
