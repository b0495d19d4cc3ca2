from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import pytest

from bench import world
from bench.cluster import World, worlds
from tacet.app import Tacet
from tacet.clock import ManualClock
from tacet.identity.vault import Vault
from tacet.ids import SeededRandomness
from tacet.settings import SERVE, Settings
from tacet.store.opening import open_store
from tacet.store.postgres.database import Database
from tests.bench.small import CROWD, NOW_MS, Heard


@pytest.fixture(scope="session")
def heard() -> Heard:
    """Who was told how far the world is."""
    return Heard()


@pytest.fixture(scope="session")
def in_postgres(tmp_path_factory: pytest.TempPathFactory, heard: Heard) -> Iterator[World]:
    """A tiny world in PostgreSQL; mutes may be added to it, at `pgbench.NOW_MS` or later."""
    with worlds(tmp_path_factory.mktemp("worlds"), [CROWD], heard.meter) as [made]:
        yield made


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is read from PostgreSQL, by stores that are opened from now on."""
    read, asked = Database.rows, []

    async def rows(database: Database, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        asked.append(sql)
        return await read(database, sql, parameters)

    monkeypatch.setattr(Database, "rows", rows)
    return asked


@pytest.fixture
async def served_from_postgres(in_postgres: World, statements: list[str]) -> AsyncIterator[Tacet]:
    """A service over it."""
    assert statements == []
    settings = Settings(mode=SERVE, secret_key=world.secret_key(), rate_limits=False)
    store = open_store(in_postgres.address, settings.write_queue_length)
    await store.open()
    try:
        yield Tacet(settings, store, Vault(settings.secret_key), ManualClock(NOW_MS), SeededRandomness(1))
    finally:
        await store.close()
