"""A request as a whole has so much time: past it nothing new is begun in the database, and what was begun is undone or
ends as ever."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextvars import Context
from math import inf
from typing import Any

import pytest

from tacet.began import BEGAN_S, has_written
from tacet.records.people import Post, PostDetails, Reference
from tacet.store.base import StoreBusy
from tacet.store.postgres import accounts, posts
from tacet.store.postgres import database as database_module
from tacet.store.postgres.database import REQUEST_STATEMENTS, TOO_LONG, Database, Transaction, check_time
from tacet.store.postgres.session import Connection
from tacet.store.postgres.store import PostgresStore
from tests.store.building import NOW, app, token

TIMEOUT_S = 10.0
"""For a statement: more than any takes here, however busy the machine is."""

LIMIT_S = REQUEST_STATEMENTS * TIMEOUT_S


@pytest.fixture
async def database(postgres_address: str) -> AsyncIterator[Database]:
    opened = Database(postgres_address, 2, 100, TIMEOUT_S)
    await opened.open()
    await opened.write("CREATE TABLE note (id BIGINT PRIMARY KEY)")
    yield opened
    await opened.close()


async def asked(work: Coroutine[Any, Any, Any], ago_s: float) -> Any:
    """Do this as a part of a request that began so long ago."""
    context = Context()
    context.run(BEGAN_S.set, asyncio.get_running_loop().time() - ago_s)
    return await asyncio.get_running_loop().create_task(work, context=context)


async def insert(transaction: Transaction) -> None:
    await transaction.run("INSERT INTO note (id) VALUES (1)")


def two_past(until_s: float) -> Callable[[Transaction], Awaitable[None]]:
    """A transaction of two statements, the second of them when the time is up."""

    async def work(transaction: Transaction) -> None:
        await insert(transaction)
        await asyncio.sleep(until_s - asyncio.get_running_loop().time() + 0.01)
        await transaction.run("INSERT INTO note (id) VALUES (2)")

    return work


async def test_a_request_that_has_time_is_answered(database: Database) -> None:
    assert await asked(database.rows("SELECT 1"), 0) == [(1,)]
    assert await asked(database.write("INSERT INTO note (id) VALUES (7) RETURNING id"), 0) == [(7,)]
    await asked(database.transaction(insert), 0)
    assert len(await database.rows("SELECT id FROM note")) == 2


async def test_one_whose_time_is_up_begins_nothing(database: Database) -> None:
    many = database.write_many("INSERT INTO note (id) VALUES ($1) RETURNING id", [(3,)])
    one = database.write("INSERT INTO note (id) VALUES (2)")
    for work in (database.rows("SELECT 1"), one, many, database.transaction(insert)):
        with pytest.raises(StoreBusy, match=TOO_LONG):
            await asked(work, LIMIT_S)
    assert await database.rows("SELECT id FROM note") == []
    assert database.pool.used == 0


async def test_outside_of_requests_there_is_all_the_time(database: Database) -> None:
    assert database.until_s() == inf
    check_time(database.until_s())


async def test_nobody_waits_for_a_session_past_the_end_of_the_request(database: Database) -> None:
    held = [await database.pool.take() for _ in range(2)]
    waiting = asyncio.create_task(asked(database.rows("SELECT 1"), LIMIT_S - 0.5))
    # The patience of the pool is twenty times as long; whoever waits for that waits in vain.
    with pytest.raises(StoreBusy):
        await waiting
    for each in held:
        database.pool.give(each)
    assert await database.rows("SELECT 1") == [(1,)]


class Slow(Connection):
    """Every statement takes until a time has come."""

    def __init__(self, until_s: float) -> None:
        super().__init__(None, 1.0)
        self.until_s = until_s
        self.said: list[str] = []

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        self.said.append(sql)
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self.until_s - loop.time() + 0.01)
        return []

    async def begin(self, script: str = "") -> str:
        self.said.append("BEGIN")
        return ""

    async def execute(self, script: str) -> str:
        self.said.append(script)
        return script


class TestTransactions:
    async def test_time_that_is_up_in_the_middle_lets_no_other_statement_begin(self) -> None:
        until_s = asyncio.get_running_loop().time() + 0.1
        connection = Slow(until_s)
        transaction = Transaction(connection, until_s)
        await transaction.rows("SELECT 1")
        for step in (transaction.rows("SELECT 2"), transaction.lock(("pair", 1)), transaction.script("SELECT 3")):
            with pytest.raises(StoreBusy, match=TOO_LONG):
                await step
        assert connection.said == ["BEGIN", "SELECT 1"]

    async def test_what_is_complete_is_committed_however_long_it_took(self) -> None:
        until_s = asyncio.get_running_loop().time() + 0.1
        connection = Slow(until_s)
        transaction = Transaction(connection, until_s)
        await transaction.rows("INSERT")
        await transaction.commit()
        assert connection.said == ["BEGIN", "INSERT", "COMMIT"]

    async def test_what_is_not_complete_is_undone(self, database: Database) -> None:
        loop = asyncio.get_running_loop()
        # Two seconds are left, of which the first statement needs some milliseconds.
        until_s = loop.time() + 2

        with pytest.raises(StoreBusy, match=TOO_LONG):
            await asked(database.transaction(two_past(until_s)), LIMIT_S - 2)
        assert await database.rows("SELECT id FROM note") == []
        assert database.pool.used == 0

    async def test_one_of_any_size_goes_to_its_end_once_it_has_begun(self, database: Database) -> None:
        loop = asyncio.get_running_loop()
        until_s = loop.time() + 2

        await asked(database.transaction(two_past(until_s), of_any_size=True), LIMIT_S - 2)
        assert await database.rows("SELECT id FROM note ORDER BY id") == [(1,), (2,)]

    async def test_one_of_any_size_does_not_begin_too_late(self, database: Database) -> None:
        with pytest.raises(StoreBusy, match=TOO_LONG):
            await asked(database.transaction(insert, of_any_size=True), LIMIT_S)
        assert await database.rows("SELECT id FROM note") == []


class TestOfAnySize:
    """What has as many statements as there is to do is not stopped between two of them, or it could never be done."""

    @pytest.fixture
    async def store(self, migrated_address: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PostgresStore]:
        for module, limit in ((accounts, "DELETED_AT_ONCE"), (posts, "REPOSTS_AT_ONCE")):
            monkeypatch.setattr(module, limit, 1)
        opened = PostgresStore(migrated_address, 100, 2, TIMEOUT_S)
        await opened.open()
        yield opened
        await opened.close()

    async def in_no_time(self, monkeypatch: pytest.MonkeyPatch, work: Coroutine[Any, Any, Any]) -> Any:
        """Do this as a request that has its time to begin something, and has had it ever after."""
        times = iter([asyncio.get_running_loop().time()])
        monkeypatch.setattr(database_module, "_now_s", lambda: next(times, 1e12))
        return await asked(work, 0)

    async def test_an_app_goes_with_all_its_tokens(self, store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
        await store.credentials.put_app(app(1))
        for name in (b"one", b"two", b"three"):
            assert await store.credentials.put_token(token(name, app_id=1))
        assert await self.in_no_time(monkeypatch, store.accounts.delete_app(1))
        assert await store.credentials.app(1) is None

    async def test_a_post_goes_with_all_its_reposts(
        self, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reposts = [Post(n, n, "RT", NOW, PostDetails(references=(Reference("retweeted", 1),))) for n in (2, 3, 4)]
        await store.posts.put([Post(1, 1, "Hello", NOW), *reposts])
        assert await self.in_no_time(monkeypatch, store.posts.delete(1))
        assert await store.posts.by_ids([1, 2, 3, 4]) == []


class TestWhatIsStored:
    """Whoever has stored something gets as much time again: what belongs to it must not be left half done."""

    WAYS: Mapping[str, Callable[[Database], Coroutine[Any, Any, Any]]] = {
        "one statement": lambda database: database.write("INSERT INTO note (id) VALUES (1)"),
        "many": lambda database: database.write_many("INSERT INTO note (id) VALUES ($1) RETURNING id", [(1,)]),
        "a transaction": lambda database: database.transaction(insert),
    }

    @pytest.mark.parametrize("write", WAYS.values(), ids=WAYS.keys())
    async def test_gives_time(self, database: Database, write: Callable[[Database], Coroutine[Any, Any, Any]]) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time() - LIMIT_S + 2

        async def request() -> list[Any]:
            BEGAN_S.set(began_s)
            await write(database)
            await asyncio.sleep(began_s + LIMIT_S - loop.time() + 0.01)
            return await database.rows("SELECT id FROM note")

        assert await loop.create_task(request(), context=Context()) == [(1,)]

    async def test_reading_gives_none(self, database: Database) -> None:
        async def request() -> float:
            BEGAN_S.set(1.0)
            with pytest.raises(StoreBusy, match=TOO_LONG):
                await database.rows("SELECT 1")
            return BEGAN_S.get()

        assert await asyncio.get_running_loop().create_task(request(), context=Context()) == 1.0

    async def test_outside_of_requests_it_changes_nothing(self) -> None:
        has_written(1.0)
        assert BEGAN_S.get() == inf
