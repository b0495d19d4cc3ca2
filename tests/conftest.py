"""What every test can ask for."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests import worlds
from tests.databases import Postgres, Redis
from tests.programs import REDIS, MissingDatabase, named_versions
from tests.service import Service, in_memory

# The same examples in every run: a failure is somebody's change, never chance. Shared machines are slow at times.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")

# Shells let what they run in the background ignore Ctrl-C, and so would every process that is started here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).resolve().parent.parent

NAMED = pytest.StashKey[Mapping[str, str]]()
"""The versions of the databases that the environment names, by variable."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--world",
        choices=("memory", "postgresql"),
        default="memory",
        help="where services and sandboxes of the tests keep what they hold, if a test does not say it",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "since_redis(version): is about something that an older Redis has not")
    try:
        config.stash[NAMED] = named_versions()
    except MissingDatabase as error:
        raise pytest.UsageError(str(error)) from None


def pytest_report_header(config: pytest.Config) -> list[str]:
    return [f"{variable}: {version}" for variable, version in config.stash[NAMED].items()]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where an older Redis is named than this machine's, leave out what it cannot have; else everything runs."""
    if (version := config.stash[NAMED].get(REDIS)) is None:
        return
    left_out = [item for item in items for mark in item.iter_markers("since_redis") if is_older(version, mark.args[0])]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def is_older(version: str, than: str) -> bool:
    return [*map(int, version.split("."))] < [*map(int, than.split("."))]


@pytest.fixture(scope="session", autouse=True)
def _worlds(request: pytest.FixtureRequest) -> Iterator[None]:
    """Where worlds are kept in this run."""
    if request.config.getoption("--world") == "memory":
        yield
        return
    with worlds.kept_in(request.getfixturevalue("postgres"), request.getfixturevalue("migrated_template")):
        yield


@pytest.fixture(scope="session")
def shared_wire() -> Path:
    """The folder of recorded facts that stands beside the checkout."""
    folder = REPOSITORY.parent / "shared" / "wire"
    assert folder.is_dir(), f"the recorded facts belong into {folder}"
    return folder


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """The run's own PostgreSQL server; tests that harm one start another."""
    with Postgres.started(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture
def postgres_address(postgres: Postgres) -> Iterator[str]:
    """An empty database, removed afterwards."""
    address = postgres.database()
    yield address
    postgres.drop(address)


@pytest.fixture(scope="session")
def migrated_template(postgres: Postgres) -> str:
    """A database with Tacet's tables and nothing in them, to be copied."""
    # Only where it is used: most tests know of no PostgreSQL.
    from tacet.store.postgres.migrating import migrate

    address = postgres.database()
    asyncio.run(migrate(address))
    return address


@pytest.fixture
def migrated_address(postgres: Postgres, migrated_template: str) -> Iterator[str]:
    """A database with Tacet's tables and nothing in them, removed afterwards."""
    address = postgres.database(migrated_template)
    yield address
    postgres.drop(address)


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """The run's own Redis server; tests that harm one start another."""
    with Redis.started(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def harmed_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A Redis server that only this test uses, and may harm."""
    with Redis.started(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_address(redis: Redis) -> str:
    """A Redis with nothing in it."""
    redis.flush()
    return redis.address


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    """A service with its cast, X's limits, and nobody muting anybody."""
    async with in_memory() as running:
        yield running


@pytest.fixture
async def unlimited() -> AsyncIterator[Service]:
    """The same without rate limits, for tests that ask often."""
    async with in_memory(rate_limits=False) as running:
        yield running
