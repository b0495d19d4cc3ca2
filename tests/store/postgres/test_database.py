"""What a PostgreSQL database does when it is asked, when it is slow, and when it is gone."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import asyncpg
import pytest

from tacet.store.base import Conflict, StoreAway, StoreBusy, StoreClosed, StoreError
from tacet.store.postgres import connections, pool
from tacet.store.postgres.database import Database, Transaction
from tests.databases import Postgres
from tests.redis.waiting import until

TIMEOUT_S = 10.0
"""For a statement: more than any takes here, however busy the machine is."""

RECOVERY_S = 10.0
"""How soon after its return a database is found, however busy the machine is; `tests/faults` has the promise."""

MINE = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"

SLOW = "SELECT pg_sleep(30)"


@pytest.fixture
def address(postgres_address: str) -> str:
    return postgres_address


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    async with opened(address) as database:
        await database.write("CREATE TABLE note (id BIGINT PRIMARY KEY, text TEXT NOT NULL DEFAULT '')")
        yield database


@pytest.fixture
async def admin(address: str) -> AsyncIterator[Any]:
    """A session beside the database's own."""
    connection = await asyncpg.connect(address)
    yield connection
    await connection.close()


@asynccontextmanager
async def opened(address: str, size: int = 3, timeout_s: float = TIMEOUT_S) -> AsyncIterator[Database]:
    database = Database(address, size, 100, timeout_s)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def end_all(admin: Any) -> int:
    """End every other session with the database, as an administrator may; return how many."""
    return len(await admin.fetch(f"SELECT pg_terminate_backend(pid) FROM ({MINE}) AS mine"))


async def until_asked(admin: Any, text: str) -> None:
    """Wait until somebody's statement with this text is under way."""
    for _ in range(1_000):
        if await admin.fetch(f"{MINE} AND state = 'active' AND query LIKE $1", f"%{text}%"):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never was")


async def back(database: Database) -> float:
    """Seconds until it answers."""
    began_at = time.monotonic()
    for _ in range(500):
        with suppress(StoreAway):
            await database.rows("SELECT 1")
            return time.monotonic() - began_at
        await asyncio.sleep(0.02)
    raise AssertionError("it never came back")


async def ended(found: Callable[[], Awaitable[list[Any]]]) -> bool:
    """Whether nothing is found any more before a statement's limit has passed."""
    for _ in range(50):
        if not await found():
            return True
        await asyncio.sleep(TIMEOUT_S / 100)
    return False


async def ids(database: Database) -> list[int]:
    return [id_ for (id_,) in await database.rows("SELECT id FROM note ORDER BY id")]


class TestAsking:
    async def test_rows_unpack_like_tuples(self, database: Database) -> None:
        [(number, text)] = await database.rows("SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT)", (1, "a"))
        assert (number, text) == (1, "a")

    @pytest.mark.parametrize("number", [1 << 63, -(1 << 63) - 1, 10**40], ids=["above", "below", "far above"])
    async def test_a_number_that_cannot_be_stored_is_in_no_row(self, database: Database, number: int) -> None:
        assert await database.rows("SELECT id FROM note WHERE id = $1", (number,)) == []
        assert await database.rows("SELECT 1") != []

    @pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "a\udfff"], ids=ascii)
    async def test_a_text_that_cannot_be_stored_is_in_no_row(self, database: Database, text: str) -> None:
        assert await database.rows("SELECT id FROM note WHERE text = $1", (text,)) == []
        assert await database.rows("SELECT 1") != []

    @pytest.mark.parametrize("row", [(1 << 63, ""), (1, "a\0"), (1, "\ud800")], ids=["number", "nul", "surrogate"])
    async def test_what_cannot_be_stored_is_refused_without_being_repeated(
        self, database: Database, row: tuple[int, str]
    ) -> None:
        with pytest.raises(StoreError) as caught:
            await database.write("INSERT INTO note VALUES ($1, $2)", row)
        assert str(1 << 63) not in str(caught.value)
        assert await ids(database) == []

    async def test_a_unique_value_that_is_taken_is_a_conflict_that_names_nothing_stored(
        self, database: Database
    ) -> None:
        await database.write("INSERT INTO note VALUES ($1, 'secret')", (7,))
        with pytest.raises(Conflict) as caught:
            await database.write("INSERT INTO note VALUES ($1, 'secret')", (7,))
        assert "7" not in str(caught.value)
        assert "secret" not in str(caught.value)
        assert database.pool.open == 1

    async def test_many_rows_at_once_are_all_or_none(self, database: Database) -> None:
        sql = "INSERT INTO note (id) VALUES ($1) RETURNING id"
        assert [*map(tuple, await database.write_many(sql, [(3,), (1,)]))] == [(3,), (1,)]
        with pytest.raises(Conflict):
            await database.write_many(sql, [(4,), (1,)])
        assert await ids(database) == [1, 3]

    async def test_a_table_that_changes_under_a_prepared_statement(self, database: Database, admin: Any) -> None:
        assert await database.rows("SELECT * FROM note") == []
        await admin.execute("ALTER TABLE note ADD COLUMN more INTEGER DEFAULT 5")
        await database.write("INSERT INTO note (id) VALUES (1)")
        [(id_, text, more)] = await database.rows("SELECT * FROM note")
        assert (id_, text, more) == (1, "", 5)

    async def test_what_is_not_supported_is_not_tried_again(self, database: Database, admin: Any) -> None:
        """Its state of SQL is that of a table that has changed under a statement."""
        await admin.execute(
            "CREATE SEQUENCE tries; CREATE FUNCTION try() RETURNS BIGINT LANGUAGE plpgsql AS $$ BEGIN "
            "PERFORM nextval('tries'); RAISE EXCEPTION 'no' USING ERRCODE = '0A000'; END $$"
        )
        with pytest.raises(StoreError):
            await database.rows("SELECT try()")
        with pytest.raises(StoreError):
            await database.transaction(lambda transaction: transaction.rows("SELECT try()"))
        assert await admin.fetchval("SELECT last_value FROM tries") == 2
        assert database.pool.open == 1

    async def test_what_is_acknowledged_is_durable_whatever_the_server_would_rather(
        self, address: str, admin: Any
    ) -> None:
        name = address.rpartition("/")[2]
        for chosen, expected in [("off", "on"), ("on", "on"), ("local", "local"), ("remote_apply", "remote_apply")]:
            await admin.execute(f"ALTER DATABASE {name} SET synchronous_commit = {chosen}")
            async with opened(address) as database:
                assert [*map(tuple, await database.rows("SHOW synchronous_commit"))] == [(expected,)]


@pytest.fixture
async def spread(address: str, postgres: Postgres) -> AsyncIterator[Database]:
    """A database that says it has Citus."""
    postgres.run(
        "INSERT INTO pg_extension VALUES (99999, 'citus', 10, 11, false, '0', NULL, NULL)",
        database=address.rpartition("/")[2],
    )
    async with opened(address) as database:
        yield database


class TestWithCitus:
    async def test_each_statement_is_planned_for_its_parameters(self, spread: Database) -> None:
        assert [*map(tuple, await spread.rows("SHOW plan_cache_mode"))] == [("force_custom_plan",)]

    async def test_elsewhere_one_plan_serves_all(self, database: Database) -> None:
        assert [*map(tuple, await database.rows("SHOW plan_cache_mode"))] == [("force_generic_plan",)]

    async def test_writes_that_go_together_are_a_transaction_that_is_begun(self, spread: Database) -> None:
        # Only where one was begun can this be run.
        await spread.write_many("LOCK TABLE pg_am IN ACCESS SHARE MODE", [(), ()])

    async def test_elsewhere_none_is_begun(self, database: Database) -> None:
        with pytest.raises(StoreError):
            await database.write_many("LOCK TABLE pg_am IN ACCESS SHARE MODE", [(), ()])

    async def test_many_rows_at_once_are_all_or_none(self, spread: Database) -> None:
        await spread.write("CREATE TABLE note (id BIGINT PRIMARY KEY)")
        sql = "INSERT INTO note (id) VALUES ($1) RETURNING id"
        assert [*map(tuple, await spread.write_many(sql, [(3,), (1,)]))] == [(3,), (1,)]
        with pytest.raises(Conflict):
            await spread.write_many(sql, [(4,), (1,)])
        assert await ids(spread) == [1, 3]
        assert spread.pool.open == 1


class TestTransactions:
    async def test_all_of_it_is_written(self, database: Database) -> None:
        async def work(transaction: Transaction) -> int:
            await transaction.many("INSERT INTO note (id) VALUES ($1)", [(n,) for n in range(2_500)])
            changed = await transaction.run("DELETE FROM note WHERE id >= $1", (3,))
            assert len(await transaction.rows_of_many("DELETE FROM note WHERE id = $1 RETURNING id", [(0,), (9,)])) == 1
            return changed

        assert await database.transaction(work) == 2_497
        assert await ids(database) == [1, 2]

    async def test_where_it_raises_nothing_is_written(self, database: Database) -> None:
        async def work(transaction: Transaction) -> None:
            await transaction.run("INSERT INTO note (id) VALUES (1)")
            raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            await database.transaction(work)
        assert await ids(database) == []
        assert database.pool.used == 0

    async def test_a_failure_that_is_swallowed_does_not_pass_for_success(self, database: Database) -> None:
        async def work(transaction: Transaction) -> None:
            await transaction.run("INSERT INTO note (id) VALUES (1)")
            try:
                await transaction.run("INSERT INTO note (id) VALUES (1)")
            except Conflict:
                return

        with pytest.raises(StoreError, match="nothing was written"):
            await database.transaction(work)
        assert await ids(database) == []

    async def test_two_that_wait_for_each_other_both_succeed(self, database: Database) -> None:
        await database.write("INSERT INTO note VALUES (1, ''), (2, '')")
        both = asyncio.Barrier(2)
        attempts = 0

        async def change(first: int, second: int) -> None:
            async def work(transaction: Transaction) -> None:
                nonlocal attempts
                attempts += 1
                await transaction.run("UPDATE note SET text = text || 'x' WHERE id = $1", (first,))
                if attempts <= 2:
                    await both.wait()
                await transaction.run("UPDATE note SET text = text || 'x' WHERE id = $1", (second,))

            await database.transaction(work)

        await asyncio.gather(change(1, 2), change(2, 1))
        assert attempts == 3
        assert [text for _, text in await database.rows("SELECT id, text FROM note")] == ["xx", "xx"]

    async def test_a_named_lock_is_held_by_one_until_its_end(self, database: Database) -> None:
        held: list[str] = []

        async def work(transaction: Transaction) -> None:
            await transaction.lock(("pair", 1, 2), ("people",))
            held.append("begin")
            await asyncio.sleep(0.02)
            held.append("end")

        await asyncio.gather(*(database.transaction(work) for _ in range(3)))
        assert held == ["begin", "end"] * 3

    async def test_locks_of_other_names_do_not_wait(self, database: Database) -> None:
        both = asyncio.Barrier(2)

        async def work(number: int, transaction: Transaction) -> None:
            await transaction.lock(("pair", number))
            async with asyncio.timeout(TIMEOUT_S / 2):
                await both.wait()

        await asyncio.gather(*(database.transaction(partial(work, n)) for n in range(2)))

    async def test_locks_asked_for_in_any_order_never_wait_for_each_other(self, database: Database) -> None:
        names = [("pair", number) for number in range(5)]
        attempts = 0

        async def work(turn: int, transaction: Transaction) -> None:
            nonlocal attempts
            attempts += 1
            await transaction.lock(*(names if turn % 2 else reversed(names)))

        await asyncio.gather(*(database.transaction(partial(work, n)) for n in range(40)))
        assert attempts == 40


class TestPatience:
    async def test_a_statement_that_takes_too_long_is_given_up(self, address: str) -> None:
        async with opened(address, timeout_s=0.5) as database:
            with pytest.raises(StoreBusy, match="too long"):
                await database.rows(SLOW)
            assert await database.rows("SELECT 1") != []
            assert database.pool.open == 1
            assert not database.pool.away

    async def test_the_wait_for_a_lock_has_the_same_limit(self, address: str, admin: Any) -> None:
        async with opened(address, timeout_s=0.5) as database:
            await database.write("CREATE TABLE held (id INTEGER)")
            async with admin.transaction():
                await admin.execute("LOCK TABLE held")
                with pytest.raises(StoreBusy):
                    await database.write("INSERT INTO held VALUES (1)")
            await database.write("INSERT INTO held VALUES (1)")

    async def test_who_is_called_off_gets_nobody_elses_answer_mixed_up(self, database: Database, admin: Any) -> None:
        for turn in range(5):
            asking = asyncio.create_task(database.rows(f"{SLOW}, {turn}"))
            await until_asked(admin, f"pg_sleep(30), {turn}")
            asking.cancel()
            await asyncio.wait([asking])
            assert [*map(tuple, await database.rows("SELECT CAST($1 AS INTEGER)", (turn,)))] == [(turn,)]
        assert database.pool.used == 0
        assert database.pool.open <= 3

    async def test_a_transaction_that_is_called_off_leaves_nothing(self, database: Database, admin: Any) -> None:
        async def work(transaction: Transaction) -> None:
            await transaction.run("INSERT INTO note (id) VALUES (1)")
            await transaction.rows(SLOW)

        working = asyncio.create_task(database.transaction(work))
        await until_asked(admin, "pg_sleep")
        working.cancel()
        await asyncio.wait([working])
        await database.write("INSERT INTO note (id) VALUES (2)")
        assert await ids(database) == [2]

    async def test_what_nobody_waits_for_any_more_is_ended_on_the_server(self, database: Database, admin: Any) -> None:
        asking = asyncio.create_task(database.rows(SLOW))
        await until_asked(admin, "pg_sleep")
        asking.cancel()
        assert await ended(lambda: admin.fetch(f"{MINE} AND query LIKE '%pg_sleep%'"))

    async def test_a_commit_that_waits_for_a_replica_takes_neither_reads_nor_sessions_away(
        self, harmed: Postgres
    ) -> None:
        waits, address = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'", harmed.database()
        async with opened(address, timeout_s=0.3) as database:
            await database.write("CREATE TABLE note (id BIGINT)")
            harmed.run("ALTER SYSTEM SET synchronous_standby_names = 'gone'", "SELECT pg_reload_conf()")
            try:
                while True:
                    with suppress(StoreAway):
                        await database.write("INSERT INTO note VALUES (1)")
                        continue
                    break
                assert not database.pool.away
                assert await database.rows("SELECT 1") != []
                async with opened(address) as admin:
                    assert await ended(lambda: admin.rows(waits))
            finally:
                harmed.run("ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")

    async def test_more_than_there_are_sessions_take_turns(self, database: Database) -> None:
        answers = await asyncio.gather(
            *(database.rows("SELECT CAST($1 AS INTEGER), pg_sleep(0.01)", (n,)) for n in range(50))
        )
        assert [row[0][0] for row in answers] == [*range(50)]
        assert database.pool.open <= 3


class TestLostSessions:
    async def test_one_that_was_ended_while_idle_is_replaced_unnoticed(self, database: Database, admin: Any) -> None:
        for number in range(5):
            assert await end_all(admin) >= 1
            await asyncio.sleep(0.05)
            await database.write("INSERT INTO note (id) VALUES ($1)", (number,))
        assert await ids(database) == [*range(5)]

    async def test_a_question_is_asked_again(self, database: Database, admin: Any) -> None:
        asking = asyncio.create_task(database.rows("SELECT 7 FROM (SELECT pg_sleep(0.5)) AS nap"))
        await until_asked(admin, "nap")
        await end_all(admin)
        assert [*map(tuple, await asking)] == [(7,)]

    async def test_a_write_is_not_made_twice(self, database: Database, admin: Any) -> None:
        sql = "INSERT INTO note (id) SELECT 1 FROM (SELECT pg_sleep(5)) AS nap"
        writing = asyncio.create_task(database.write(sql))
        await until_asked(admin, "nap")
        await end_all(admin)
        with pytest.raises(StoreAway, match="may or may not"):
            await writing
        assert await ids(database) == []

    async def test_one_that_was_ended_at_work_is_told_of_in_the_log_without_what_it_did(
        self, database: Database, admin: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        writing = asyncio.create_task(
            database.write("INSERT INTO note (id) SELECT $1 FROM (SELECT pg_sleep(60)) AS nap", (4711,))
        )
        await until_asked(admin, "nap")
        await end_all(admin)
        with pytest.raises(StoreAway):
            await writing
        (line,) = caplog.messages
        told = r"a session with the database was ended while it worked: \w+, SQLSTATE (57P01|08003)"
        assert re.fullmatch(told, line)

    async def test_a_transaction_that_had_not_begun_to_end_is_done_again(self, database: Database, admin: Any) -> None:
        attempts = 0

        async def work(transaction: Transaction) -> None:
            nonlocal attempts
            attempts += 1
            await transaction.run("INSERT INTO note (id) VALUES (1)")
            if attempts == 1:
                await end_all(admin)
            await transaction.run("INSERT INTO note (id) VALUES (2)")

        await database.transaction(work)
        assert attempts == 2
        assert await ids(database) == [1, 2]

    async def test_many_are_lost_at_once_under_load(self, database: Database, admin: Any) -> None:
        async def ask() -> int:
            answered = 0
            for _ in range(60):
                [(number,)] = await database.rows("SELECT 7")
                answered += number == 7
            return answered

        asking = [asyncio.create_task(ask()) for _ in range(4)]
        ended = 0
        while not all(each.done() for each in asking):
            ended += await end_all(admin)
            await asyncio.sleep(0.02)
        answers = await asyncio.gather(*asking, return_exceptions=True)
        assert ended > 0
        # Twice in a row is told; nothing else may happen.
        assert {type(answer) for answer in answers} <= {int, StoreAway}
        assert await back(database) < RECOVERY_S
        assert database.pool.used == 0


@pytest.fixture(scope="module")
def harmed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server that is stopped, killed and held up."""
    with Postgres.started(tmp_path_factory.mktemp("harmed")) as server:
        yield server


class TestGone:
    @pytest.fixture
    def address(self, harmed: Postgres) -> str:
        return harmed.database()

    async def refused_at_once(self, database: Database) -> None:
        """Everybody is told, and nobody waits: each would do so for a third of a second and more."""
        began_at = time.monotonic()
        for _ in range(20):
            with pytest.raises(StoreAway):
                await database.rows("SELECT 1")
            with pytest.raises(StoreAway):
                await database.transaction(lambda transaction: transaction.run("DELETE FROM note"))
        assert time.monotonic() - began_at < 5

    @pytest.mark.parametrize("how", ["stopped", "killed"])
    async def test_a_server_that_ends_is_found_when_it_is_back(
        self, harmed: Postgres, database: Database, how: str
    ) -> None:
        await database.write("INSERT INTO note (id) VALUES (1)")
        await asyncio.to_thread(harmed.stop if how == "stopped" else harmed.kill)
        try:
            await self.refused_at_once(database)
            await asyncio.sleep(1)
            await self.refused_at_once(database)
        finally:
            await asyncio.to_thread(harmed.start)
        assert await back(database) < RECOVERY_S
        assert await ids(database) == [1]

    async def test_a_server_that_falls_silent_is_given_up_and_found_again(self, harmed: Postgres, address: str) -> None:
        async with opened(address, timeout_s=0.3) as database:
            harmed.pause()
            try:
                began_at = time.monotonic()
                with pytest.raises(StoreAway, match=r"may or may not|does not answer"):
                    await database.rows("SELECT 1")
                assert time.monotonic() - began_at < 0.3 + connections.MARGIN_S + RECOVERY_S
                # A new session is tried before it is taken for away.
                await until(lambda: bool(database.pool.away))
                await self.refused_at_once(database)
                await asyncio.sleep(1)
                await self.refused_at_once(database)
            finally:
                harmed.resume()
            assert await back(database) < RECOVERY_S

    async def test_a_primary_that_becomes_a_replica_is_left_for_one_that_can_be_written(
        self, harmed: Postgres, database: Database
    ) -> None:
        harmed.run("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
        try:
            assert "can only be read" in await self.refusal(database)
            with pytest.raises(StoreAway, match=r"written|read"):
                await database.write("INSERT INTO note (id) VALUES (2)")
        finally:
            harmed.run(
                "SET default_transaction_read_only = off",
                "ALTER SYSTEM RESET default_transaction_read_only",
                "SELECT pg_reload_conf()",
            )
        assert await back(database) < RECOVERY_S
        await database.write("INSERT INTO note (id) VALUES (3)")

    async def refusal(self, database: Database) -> str:
        """What it says once it refuses to write."""
        async with asyncio.timeout(30):
            while True:
                try:
                    await database.write("INSERT INTO note (id) VALUES (1) ON CONFLICT DO NOTHING")
                except StoreAway as error:
                    return str(error)
                await asyncio.sleep(0.02)


class TestOpening:
    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            pytest.param(lambda address: address + "_not_there", "no such database", id="no database"),
            pytest.param(lambda address: address.replace("tacet@", "nobody:hunter2@"), "refuses", id="no user"),
            pytest.param(lambda address: f"{address}?sslmode=require", "cannot be reached", id="no TLS"),
            pytest.param(lambda _: "postgresql://t:hunter2@127.0.0.1:1/x", "cannot be reached", id="no server"),
            pytest.param(lambda _: "postgresql://t:hunter2@no.invalid/x", "cannot be reached", id="no host"),
        ],
    )
    async def test_what_cannot_be_opened_says_why_and_keeps_the_password(
        self, address: str, change: Any, reason: str
    ) -> None:
        with pytest.raises(StoreError, match=reason) as caught:
            async with opened(change(address)):
                pass
        # Whoever asks for a server's health reads it.
        assert not [part for part in ("hunter2", "127.0.0.1", "no.invalid") if part in str(caught.value)]

    async def test_an_old_server_is_refused(self, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connections, "MIN_VERSION", 99)
        with pytest.raises(StoreError, match="99 or later is needed"):
            async with opened(address):
                pass

    async def test_of_several_hosts_the_one_that_answers_is_used(self, postgres: Postgres, address: str) -> None:
        there = f"127.0.0.1:{postgres.port}"
        async with opened(address.replace(there, f"127.0.0.1:1,{there}")) as database:
            assert await database.rows("SELECT 1") != []

    async def test_a_host_that_is_silent_keeps_nobody_from_the_next(self, postgres: Postgres, address: str) -> None:
        over = asyncio.Event()

        async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await over.wait()
            writer.close()

        async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            there = f"127.0.0.1:{postgres.port}"
            several = address.replace(there, f"127.0.0.1:{port},{there}")
            began_at = time.monotonic()
            async with opened(several) as database, opened(address) as admin:
                assert await database.rows("SELECT 1") != []
                await admin.rows(f"SELECT pg_terminate_backend(pid) FROM ({MINE}) AS mine")
                assert await back(database) < RECOVERY_S
            assert time.monotonic() - began_at < TIMEOUT_S
            over.set()

    async def test_a_schema_of_its_own_can_be_named(self, address: str, admin: Any) -> None:
        await admin.execute("CREATE SCHEMA apart")
        async with opened(f"{address}?search_path=apart") as database:
            await database.write("CREATE TABLE note (id INTEGER)")
        assert await admin.fetch("SELECT * FROM apart.note") == []

    async def test_closed_it_refuses_everything(self, address: str) -> None:
        async with opened(address) as database:
            await database.close()
            with pytest.raises(StoreClosed):
                await database.rows("SELECT 1")
            with pytest.raises(StoreClosed):
                await database.write_many("SELECT $1", [])
            with pytest.raises(StoreClosed):
                await database.transaction(lambda transaction: transaction.run("SELECT 1"))

    async def test_closing_waits_for_what_has_begun(
        self, address: str, admin: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pool, "CLOSE_S", TIMEOUT_S)
        async with opened(address) as database:
            asking = asyncio.create_task(database.rows("SELECT 7 FROM (SELECT pg_sleep(0.3)) AS nap"))
            await until_asked(admin, "nap")
            await database.close()
            assert [*map(tuple, await asking)] == [(7,)]
