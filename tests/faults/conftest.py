from collections.abc import AsyncIterator, Iterator

import pytest

from tests.databases import Postgres, Redis
from tests.faults.hosting import inhabit
from tests.faults.world import World, inhabited


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with inhabited(tmp_path_factory.mktemp("faults") / "tacet.db") as made:
        yield made


@pytest.fixture(scope="module")
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server that tests may do anything to, and that writes to the disk before it says so."""
    with Postgres.started(tmp_path_factory.mktemp("postgres"), durable=True) as server:
        yield server


@pytest.fixture(scope="module")
def own_redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    with Redis.started(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def own_redis(own_redis_server: Redis) -> Redis:
    """A server that tests may do anything to, with nothing in it."""
    own_redis_server.flush()
    return own_redis_server


@pytest.fixture
async def inhabited_address(own_postgres: Postgres) -> AsyncIterator[str]:
    """A database of the test's own server with the crowd's people in it."""
    # Only where it is used: most tests know of no PostgreSQL.
    from tacet.store.postgres.migrating import migrate

    address = own_postgres.database()
    await migrate(address)
    await inhabit(address)
    yield address
    own_postgres.drop(address)
