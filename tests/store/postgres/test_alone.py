"""What only one may do at a time where several processes share a database; see also `tests/store/test_alone.py`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tacet.store.base import Store, StoreBusy, StoreError
from tacet.store.opening import open_store
from tacet.store.postgres import alone
from tests.databases import Postgres
from tests.store.building import QUEUE_LENGTH

FEWEST_CONNECTIONS = 2

TIMEOUT_S = 20.0
"""Of a statement: more than all who take turns here need together, however busy the machine is."""

SHORT_S = 0.5
"""The same where somebody waits in vain."""


@pytest.fixture
async def stores(migrated_address: str) -> AsyncIterator[tuple[Store, Store]]:
    """Those of two processes, which have as few connections as there may be."""
    async with opened(migrated_address, TIMEOUT_S) as both:
        yield both


@pytest.fixture
async def impatient(migrated_address: str) -> AsyncIterator[tuple[Store, Store]]:
    """The same, who soon give up."""
    async with opened(migrated_address, SHORT_S) as both:
        yield both


@asynccontextmanager
async def opened(address: str, timeout_s: float) -> AsyncIterator[tuple[Store, Store]]:
    async with AsyncExitStack() as stack:
        stores = []
        for _ in range(2):
            store = open_store(address, QUEUE_LENGTH, connections=FEWEST_CONNECTIONS, timeout_s=timeout_s)
            await store.open()
            stack.push_async_callback(store.close)
            stores.append(store)
        yield stores[0], stores[1]


async def test_of_two_processes_one_holds_it_at_a_time(stores: tuple[Store, Store]) -> None:
    inside: list[Store] = []

    async def work(store: Store) -> None:
        async with store.alone("work", 7):
            inside.append(store)
            await store.revisions()
            assert inside == [store]
            inside.remove(store)

    # So many that all connections would be taken by those who wait, if they waited there.
    await asyncio.gather(*(work(stores[n % 2]) for n in range(20)))


async def test_who_waits_for_its_own_process_is_told_so_as_well(
    stores: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alone, "TURN_S", SHORT_S)
    async with stores[0].alone("work", 7):
        with pytest.raises(StoreBusy, match="nothing was done"):
            async with asyncio.timeout(TIMEOUT_S), stores[0].alone("other work", 8):
                pytest.fail("both hold one")
    async with stores[0].alone("other work", 8):
        pass


async def test_two_processes_may_hold_two_of_them(stores: tuple[Store, Store]) -> None:
    here, there = stores
    async with here.alone("work", 7):
        for what, id_ in (("work", 8), ("other work", 7)):
            async with there.alone(what, id_):
                await there.revisions()


async def test_who_waits_for_too_long_is_told_so_and_does_nothing(impatient: tuple[Store, Store]) -> None:
    here, there = impatient
    async with here.alone("work", 7):
        with pytest.raises(StoreError):
            async with there.alone("work", 7):
                pytest.fail("both hold it")
    async with there.alone("work", 7):
        await there.revisions()


async def test_it_goes_with_the_connection_of_whoever_held_it(
    stores: tuple[Store, Store], postgres: Postgres, migrated_address: str
) -> None:
    """What was done meanwhile is done, and is no error."""
    here, there = stores
    name = migrated_address.rpartition("/")[2]
    async with here.alone("work", 7):
        await asyncio.to_thread(
            postgres.run,
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{name}' AND state = 'idle in transaction'",
        )
        async with there.alone("work", 7):
            await there.revisions()
    async with here.alone("work", 7):
        await here.revisions()
