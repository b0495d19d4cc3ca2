"""Every store there is, for one suite. A new driver is one more entry of `STORES`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

import asyncpg
import pytest

from tacet.store.base import Store
from tacet.store.opening import MEMORY, open_store
from tacet.store.postgres.migrating import TABLES
from tests.databases import Postgres
from tests.store.building import QUEUE_LENGTH, put_apps
from tests.store.postgres.partitioning import partition

Emptied = Callable[[], AbstractAsyncContextManager[str]]
"""Gives the address of an empty database, as often as it is called."""

Fresh = Callable[[], AbstractAsyncContextManager[Store]]
"""Opens a store on an empty database, as often as it is called."""


class Reused:
    """Databases with Tacet's tables, which cost less to empty than to make.

    Args:
        template: the address of one with nothing in it.
    """

    def __init__(self, postgres: Postgres, template: str) -> None:
        self._postgres = postgres
        self._template = template
        self._free: list[str] = []

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[str]:
        address = self._free.pop() if self._free else self._postgres.database(self._template)
        yield address
        await _empty(address)
        self._free.append(address)


async def _empty(address: str) -> None:
    connection = await asyncpg.connect(address)
    try:
        tables = [f'"{name}"' for (name,) in await connection.fetch(TABLES) if name != "migration"]
        await connection.execute(";".join(f"DELETE FROM {table}" for table in tables))
    finally:
        await connection.close()


def _in_memory(_request: pytest.FixtureRequest) -> Emptied:
    return lambda: nullcontext(MEMORY)


def _in_a_file(request: pytest.FixtureRequest) -> Emptied:
    folders: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
    return lambda: nullcontext(f"sqlite:///{folders.mktemp('store') / 'tacet.db'}")


def _in_postgresql(request: pytest.FixtureRequest) -> Emptied:
    return Reused(request.getfixturevalue("postgres"), request.getfixturevalue("migrated_template"))


def _in_partitions(request: pytest.FixtureRequest) -> Emptied:
    return Reused(request.getfixturevalue("postgres"), request.getfixturevalue("partitioned_template"))


STORES: dict[str, Callable[[pytest.FixtureRequest], Emptied]] = {
    "sqlite-memory": _in_memory,
    "sqlite-file": _in_a_file,
    "postgresql": _in_postgresql,
    "postgresql-partitioned": _in_partitions,
}
"""How addresses of empty databases are made."""


@pytest.fixture(scope="session")
def partitioned_template(postgres: Postgres, migrated_template: str) -> str:
    """A database with Tacet's tables, of which two are spread, and nothing in them, to be copied."""
    address = postgres.database(migrated_template)
    asyncio.run(partition(address))
    return address


@pytest.fixture(scope="session", params=STORES.values(), ids=list(STORES))
def fresh(request: pytest.FixtureRequest) -> Fresh:
    emptied: Emptied = request.param(request)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Store]:
        async with emptied() as address:
            store = open_store(address, QUEUE_LENGTH)
            await store.open()
            try:
                yield store
            finally:
                await store.close()

    return opened


@pytest.fixture
async def store(fresh: Fresh) -> AsyncIterator[Store]:
    """An open store on an empty database."""
    async with fresh() as opened:
        yield opened


@pytest.fixture
async def apps(store: Store) -> None:
    """The Apps of the tests of logins: nothing can be of one that is not there."""
    await put_apps(store, 1, 2)
