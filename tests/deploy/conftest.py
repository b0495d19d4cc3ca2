from collections.abc import Iterator

import pytest

from tests.databases import Postgres, Redis
from tests.deploy.scraped import Scraped, eventually, on_sqlite, use, watched


@pytest.fixture(scope="session")
def sqlite_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    """A server on SQLite that has done something of everything."""
    with on_sqlite(tmp_path_factory.mktemp("sqlite"), log_requests=True) as server:
        use(server)
        yield server


@pytest.fixture(scope="session")
def postgres_server(
    postgres: Postgres, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scraped]:
    """A server on PostgreSQL with Redis, which has done something of everything and has lost Redis by now."""
    with (
        Redis.started(tmp_path_factory.mktemp("redis")) as redis,
        watched(database=postgres.database(migrated_template), redis=redis.address) as server,
    ):
        use(server)
        redis.stop()
        eventually(lambda: server.total("tacet_redis_up") == 0)
        assert server.ask("GET", "/2/users/me")[0] == 200
        yield server


@pytest.fixture(scope="session")
def exposed(sqlite_server: Scraped, postgres_server: Scraped) -> dict[str, set[str]]:
    """Every sample's name that servers expose, with the names of its labels."""
    found: dict[str, set[str]] = {}
    for server in (sqlite_server, postgres_server):
        for sample in server.samples():
            found.setdefault(sample.name, set()).update(sample.labels)
    return found
