"""What every store must do from its opening to its closing."""

import asyncio

import pytest

from tacet.store.base import Store, StoreClosed
from tests.store.building import NOW, listed, mute
from tests.store.conftest import Fresh


async def test_a_new_database_is_empty(store: Store) -> None:
    assert await store.directory.first_person_ids(10) == []
    assert await listed(store) == []
    assert set((await store.revisions()).values()) <= {0}


async def test_closing_finishes_what_was_accepted(fresh: Fresh) -> None:
    async with fresh() as store:
        writes = [asyncio.create_task(store.relations.add(mute(n, 2 * n), NOW)) for n in range(1, 601)]
        await asyncio.sleep(0)
        await store.close()
        assert all(await asyncio.gather(*writes))


async def test_a_closed_store_refuses_writes(fresh: Fresh) -> None:
    async with fresh() as store:
        await store.close()
        with pytest.raises(StoreClosed):
            await store.relations.add(mute(1, 2), NOW)
        with pytest.raises(StoreClosed):
            await store.directory.put_people([])


async def test_closing_twice_is_no_error(fresh: Fresh) -> None:
    async with fresh() as store:
        await store.relations.add(mute(1, 2), NOW)
        await store.close()
