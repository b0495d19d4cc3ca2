from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.databases import Postgres, Redis
from tests.faults.hosting import inhabit
from tests.faults.world import World, inhabited


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with inhabited(tmp_path_factory.mktemp("faults") / "tacet.db") as made:
        yield made


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[Postgres]:
    """A server that a test may do anything to, and that writes to the disk before it says so."""
    with Postgres.started(tmp_path, durable=True) as server:
        yield server


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Redis]:
    """A server that a test may do anything to."""
    with Redis.started(tmp_path) as server:
        yield server


@pytest.fixture
async def inhabited_address(own_postgres: Postgres) -> str:
    """A database of the test's own server with the crowd's people in it."""
    # Only where it is used: most tests know of no PostgreSQL.
    from tacet.store.postgres.migrating import migrate

    address = own_postgres.database()
    await migrate(address)
    await inhabit(address)
    return address
