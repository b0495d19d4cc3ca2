"""Which servers may have one database at the same time."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import psutil
import pytest

from tacet.store.base import Serving, Store, StoreLocked
from tacet.store.opening import open_store
from tacet.store.postgres import serving as serving_module
from tacet.store.postgres.migrating import migrate
from tacet.store.postgres.serving import CONFLICT, COPIED, RETRY_S, TAKE, TAKE_COPYING, Claim
from tests.databases import Postgres
from tests.redis.waiting import until

QUEUE_LENGTH = 10
TIMEOUT_S = 0.5
LOOK_S = 0.05
HOLDER = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
END = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"


FOR_EVER_S = 3_600.0


@asynccontextmanager
async def server(address: str, serving: Serving | None, patience_s: float = 30.0) -> AsyncIterator[Store]:
    store = open_store(address, QUEUE_LENGTH, timeout_s=TIMEOUT_S, serving=serving)
    with pytest.MonkeyPatch.context() as patient:
        patient.setattr(serving_module, "PATIENCE_S", patience_s)
        await store.open()
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What attempts to have the database found, one after the other in quick succession."""
    found: list[str] = []
    attempt = Claim._try

    async def noted(claim: Claim) -> str:
        found.append(await attempt(claim))
        return found[-1]

    monkeypatch.setattr(serving_module, "RETRY_S", 0.05)
    monkeypatch.setattr(serving_module, "REFUSED_S", 0.05)
    monkeypatch.setattr(Claim, "_try", noted)
    return found


async def refuses(address: str, serving: Serving, why: str) -> None:
    """See that no such server starts there."""
    with pytest.raises(StoreLocked, match=why):
        await server(address, serving, patience_s=0.3).__aenter__()


@asynccontextmanager
async def in_its_place(address: str, postgres: Postgres, *locks: str) -> AsyncIterator[None]:
    """End the session with which a server has the database, while somebody waits to have it, and these locks."""
    holder = postgres.run(HOLDER).strip()
    other = await asyncpg.connect(address)
    try:
        for lock in locks:
            await other.execute(lock)
        taking = asyncio.ensure_future(other.execute(TAKE[Serving.ALONE].replace("pg_try_", "pg_")))
        await until(lambda: postgres.run(WAITING).strip() == "1")
        postgres.run(f"SELECT pg_terminate_backend({holder})")
        await taking
        yield
    finally:
        await other.close()


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("later", Serving)
async def test_beside_a_server_without_redis_there_is_no_other(migrated_address: str, later: Serving) -> None:
    async with server(migrated_address, Serving.ALONE):
        await refuses(migrated_address, later, "give all of them --redis, or stop it")
    async with server(migrated_address, later):
        pass


async def test_a_server_without_redis_does_not_start_beside_others(migrated_address: str) -> None:
    async with server(migrated_address, Serving.TOGETHER), server(migrated_address, Serving.TOGETHER):
        await refuses(migrated_address, Serving.ALONE, "another server serves this database")


async def test_commands_work_beside_any_server_and_take_nothing(migrated_address: str, postgres: Postgres) -> None:
    database = migrated_address.rpartition("/")[2]
    async with server(migrated_address, None) as command:
        assert postgres.run(LOCKS, database=database).strip() == "0"
        async with server(migrated_address, Serving.ALONE):
            await command.revisions()
            async with server(migrated_address, None) as another:
                await another.revisions()


async def test_services_in_schemas_of_their_own_do_not_know_each_other(
    postgres_address: str, postgres: Postgres
) -> None:
    database = postgres_address.rpartition("/")[2]
    addresses = [f"{postgres_address}?options=-c%20search_path%3D{name}" for name in ("one", "two")]
    for name, address in zip(("one", "two"), addresses, strict=True):
        postgres.run(f"CREATE SCHEMA {name} AUTHORIZATION tacet", database=database)
        await migrate(address)
    async with server(addresses[0], Serving.ALONE), server(addresses[1], Serving.ALONE):
        pass


async def test_a_start_waits_for_the_end_of_whoever_was_there(migrated_address: str) -> None:
    async with server(migrated_address, Serving.ALONE) as one:
        starting = asyncio.ensure_future(server(migrated_address, Serving.ALONE).__aenter__())
        await asyncio.sleep(2 * RETRY_S)
        assert not starting.done()
        await one.close()
        await (await starting).close()


async def test_a_session_that_is_lost_is_taken_again(
    migrated_address: str, postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    database = migrated_address.rpartition("/")[2]
    async with server(migrated_address, Serving.ALONE) as one:
        postgres.run(END, database=database)
        await one.revisions()
        await until(lambda: postgres.run(LOCKS, database=database).strip() == "1")
        await refuses(migrated_address, Serving.ALONE, "another server serves this database")
    assert errors(caplog) == []


async def test_where_another_took_it_meanwhile_that_is_one_error_in_the_log(
    migrated_address: str,
    postgres: Postgres,
    caplog: pytest.LogCaptureFixture,
    answers: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serving_module, "OWN_SESSION_S", 0.2)
    async with server(migrated_address, Serving.ALONE) as one, in_its_place(migrated_address, postgres):
        await until(lambda: errors(caplog) != [])
        told_after = answers.count(CONFLICT[Serving.ALONE])
        await until(lambda: answers.count(CONFLICT[Serving.ALONE]) >= told_after + 3)
        await one.revisions()
    (error,) = errors(caplog)
    assert error.endswith("another server serves this database: give all of them --redis, or stop it")
    # Not at the first time.
    assert told_after >= 2


async def test_what_may_be_its_own_lost_session_is_waited_for_without_a_word(
    migrated_address: str,
    postgres: Postgres,
    caplog: pytest.LogCaptureFixture,
    answers: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serving_module, "OWN_SESSION_S", FOR_EVER_S)
    async with server(migrated_address, Serving.ALONE):
        async with in_its_place(migrated_address, postgres):
            await until(lambda: answers.count(CONFLICT[Serving.ALONE]) >= 5)
        await until(lambda: answers[-1] == "")
    assert errors(caplog) == []


def test_a_lost_session_of_its_own_is_gone_before_it_is_taken_for_somebody_elses() -> None:
    keepalives = {
        name: int(value) for name, value in re.findall(r"SET tcp_keepalives_(\w+) = (\d+)", serving_module._SESSION)
    }
    longest_s = keepalives["idle"] + keepalives["interval"] * keepalives["count"]
    assert longest_s + keepalives["interval"] <= serving_module.OWN_SESSION_S


async def test_a_copy_that_took_it_meanwhile_is_waited_for_without_a_word(
    migrated_address: str, postgres: Postgres, caplog: pytest.LogCaptureFixture, answers: list[str]
) -> None:
    async with server(migrated_address, Serving.ALONE):
        async with in_its_place(migrated_address, postgres, TAKE_COPYING):
            await until(lambda: answers.count(COPIED) >= 3)
        await until(lambda: answers[-1] == "")
    assert errors(caplog) == []


@pytest.mark.parametrize("serving", Serving)
async def test_beside_a_copy_no_server_starts(migrated_address: str, serving: Serving) -> None:
    copying = await asyncpg.connect(migrated_address)
    for lock in (TAKE_COPYING, TAKE[Serving.ALONE]):
        await copying.execute(lock)
    await refuses(migrated_address, serving, "`tacet database copy` is under way from or into this database: wait for")
    await copying.close()
    async with server(migrated_address, serving):
        pass


async def test_a_session_that_does_not_answer_is_given_up_for_another(
    migrated_address: str, postgres: Postgres, monkeypatch: pytest.MonkeyPatch, answers: list[str]
) -> None:
    monkeypatch.setattr(serving_module, "LOOK_S", LOOK_S)
    database = migrated_address.rpartition("/")[2]
    async with server(migrated_address, Serving.ALONE):
        first = int(postgres.run(HOLDER, database=database))
        process = psutil.Process(first)
        process.suspend()
        try:
            await until(lambda: CONFLICT[Serving.ALONE] in answers)
        finally:
            process.resume()
        await until(lambda: postgres.run(HOLDER, database=database).strip() not in {"", str(first)})
