"""Every store there is, for one suite. A new driver is one more entry of `STORES`."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from tacet.store.base import Store
from tacet.store.opening import MEMORY, open_store
from tests.store.building import QUEUE_LENGTH

STORES: dict[str, Callable[[Path], str]] = {
    "sqlite-memory": lambda _folder: MEMORY,
    "sqlite-file": lambda folder: f"sqlite:///{folder / 'tacet.db'}",
}
"""How the address of an empty database is made, given an empty folder."""

Fresh = Callable[[], AbstractAsyncContextManager[Store]]
"""Opens a store on an empty database, as often as it is called."""


@pytest.fixture(scope="session", params=STORES.values(), ids=list(STORES))
def fresh(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    address: Callable[[Path], str] = request.param

    @asynccontextmanager
    async def opened() -> AsyncIterator[Store]:
        store = open_store(address(tmp_path_factory.mktemp("store")), QUEUE_LENGTH)
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
