"""Which servers may have one database at the same time."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil
import pytest

from tacet.store.base import Serving, Store, StoreLocked
from tacet.store.opening import open_store
from tacet.store.postgres import serving as serving_module
from tacet.store.postgres.connections import MARGIN_S
from tacet.store.postgres.migrating import migrate
from tacet.store.postgres.serving import RETRY_S
from tests.databases import Postgres
from tests.redis.waiting import until

QUEUE_LENGTH = 10
TIMEOUT_S = 0.5
LOOK_S = 0.05
HOLDER = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
END = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_module, "PATIENCE_S", 0.3)


@asynccontextmanager
async def server(address: str, serving: Serving | None) -> AsyncIterator[Store]:
    store = open_store(address, QUEUE_LENGTH, timeout_s=TIMEOUT_S, serving=serving)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@pytest.mark.parametrize("later", Serving)
async def test_beside_a_server_without_redis_there_is_no_other(migrated_address: str, later: Serving) -> None:
    async with server(migrated_address, Serving.ALONE):
        with pytest.raises(StoreLocked, match="give all of them --redis, or stop it"):
            await server(migrated_address, later).__aenter__()
    async with server(migrated_address, later):
        pass


async def test_a_server_without_redis_does_not_start_beside_others(migrated_address: str) -> None:
    async with server(migrated_address, Serving.TOGETHER), server(migrated_address, Serving.TOGETHER):
        with pytest.raises(StoreLocked, match="another server serves this database"):
            await server(migrated_address, Serving.ALONE).__aenter__()


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


async def test_a_start_waits_for_the_end_of_whoever_was_there(
    migrated_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_module, "PATIENCE_S", 10.0)
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
        with pytest.raises(StoreLocked):
            await server(migrated_address, Serving.ALONE).__aenter__()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_where_another_took_it_meanwhile_that_is_one_error_in_the_log(
    migrated_address: str, postgres: Postgres, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = migrated_address.rpartition("/")[2]
    monkeypatch.setattr(serving_module, "RETRY_S", 0.1)
    async with server(migrated_address, Serving.ALONE) as one:
        monkeypatch.setattr(serving_module, "RETRY_S", 1.0)
        postgres.run(END, database=database)
        async with server(migrated_address, Serving.ALONE):
            monkeypatch.setattr(serving_module, "RETRY_S", 0.1)
            await asyncio.sleep(1.6)
            await one.revisions()
        (error,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
        assert error.endswith("another server serves this database: give all of them --redis, or stop it")


async def test_a_session_that_does_not_answer_is_given_up_for_another(
    migrated_address: str, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_module, "LOOK_S", LOOK_S)
    database = migrated_address.rpartition("/")[2]
    async with server(migrated_address, Serving.ALONE):
        first = int(postgres.run(HOLDER, database=database))
        process = psutil.Process(first)
        process.suspend()
        try:
            await asyncio.sleep(LOOK_S + TIMEOUT_S + MARGIN_S + 3 * RETRY_S)
        finally:
            process.resume()
        await until(lambda: postgres.run(HOLDER, database=database).strip() not in {"", str(first)})
