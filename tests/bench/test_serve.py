import sys
from pathlib import Path

import psutil
import pytest

from bench import world
from bench.client import Client
from bench.cluster import World
from bench.processes import serving
from bench.serve import COUNTED, UNCOUNTED, chosen
from tacet.limits.defaults import DEFAULT_LIMITS
from tacet.setting_rules import MAX_COUNT
from tacet.settings import SERVE
from tests.bench.small import CROWD

REDIS = "redis://127.0.0.1:6379/0"
SQLITE = "sqlite:///a.db"
FORMS = {
    "database": ((SQLITE,), (False, "", 1)),
    "redis": ((SQLITE, REDIS), (False, REDIS, 1)),
    "redis-and-two": ((SQLITE, REDIS, "2"), (False, REDIS, 2)),
    "counted": ((SQLITE, REDIS, "1", COUNTED), (True, REDIS, 1)),
    "not-counted": ((SQLITE, REDIS, "1", UNCOUNTED), (False, REDIS, 1)),
}


@pytest.mark.parametrize(("arguments", "expected"), FORMS.values(), ids=FORMS.keys())
def test_arguments_say_what_is_served(arguments: tuple[str, ...], expected: tuple[bool, str, int]) -> None:
    settings = chosen(*arguments)
    assert (settings.rate_limits, settings.redis, settings.processes) == expected
    assert (settings.mode, settings.database) == (SERVE, SQLITE)
    assert settings.secret_key == world.secret_key()


def test_nobody_meets_the_limits() -> None:
    limits = chosen(SQLITE, REDIS, "1", COUNTED).limits
    assert limits.keys() == DEFAULT_LIMITS.keys()
    assert {limit.count for limit in limits.values()} == {MAX_COUNT}


def page() -> tuple[str, str]:
    """Path and authorization of the page of somebody who is in every world."""
    return f"/2/users/{world.person_id(0)}/muting", f"Bearer {world.bearer_text(0)}"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bench.serve", *arguments]


@pytest.mark.parametrize("limits", [UNCOUNTED, COUNTED])
def test_it_serves_a_world(in_postgres: World, redis_address: str, limits: str, tmp_path: Path) -> None:
    arguments = command(in_postgres.address, redis_address, "1", limits)
    with serving(arguments, None, tmp_path / "log") as server, Client(server) as client:
        assert client.get_json(*page())["meta"]["result_count"] == 100


def test_two_processes_serve_one_world_and_end_together(in_postgres: World, redis_address: str, tmp_path: Path) -> None:
    with serving(command(in_postgres.address, redis_address, "2"), None, tmp_path / "log") as server:
        children = psutil.Process(server.pid).children()
        with Client(server) as client:
            client.walk([page()] * CROWD.asked)
        assert len(children) == 2
        own = psutil.Process(server.pid).cpu_times()
        assert server.cpu_s() > own.user + own.system
    assert not any(child.is_running() for child in children)
