"""`kill -9` of PostgreSQL under load."""

import asyncio
import contextlib
import random
import statistics
import time
from pathlib import Path

import psutil
import pytest

from tests.databases import Postgres, Redis
from tests.faults.crowd import crowd
from tests.faults.history import History
from tests.faults.hosting import Host, hosted
from tests.faults.truth import RECOVERY_S, check_log, recovered, verify

KILLS = 10

MOST_LINES = 20 * KILLS
"""Of the log: of two processes, that the database is away and is back, and what sessions say that are cut off."""

TIMEOUT_S = 2
"""What the server is told to wait for a statement."""

ANSWERED_WITHIN_S = TIMEOUT_S + 8
"""Of every request, whatever is broken, on a machine that may be busy."""

PATIENCE_S = 60
"""For the database to be there again."""

AWAY_S = 0.3
"""How long the database is gone at least, but for its own recovery."""


def kill_all(postgres: Postgres) -> None:
    postgres.kill()
    time.sleep(AWAY_S)
    postgres.start()


def kill_one(postgres: Postgres) -> None:
    """One of those that serve a connection: PostgreSQL then ends all others and recovers by itself."""
    serving = [each for each in psutil.Process(postgres.pid).children() if " tacet " in title(each)]
    random.Random(7).choice(serving).kill()
    _, left = psutil.wait_procs(serving, PATIENCE_S)
    assert left == []
    until_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < until_s:
        with contextlib.suppress(AssertionError):
            postgres.run("SELECT 1")
            return
    raise AssertionError("it does not recover")


def title(process: psutil.Process) -> str:
    """What it says of itself in the list of processes; nothing once it has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


async def survive(host: Host, postgres: Postgres, database: str) -> None:
    history = History()
    chance = random.Random(7)
    took_s = []
    for number in range(KILLS):
        async with crowd(host.port, history, number) as seen:
            await asyncio.sleep(chance.uniform(0.1, 0.3))
            await asyncio.to_thread(kill_one if number % 3 == 2 else kill_all, postgres)
            took_s.append(await recovered(host.port))
            await asyncio.sleep(0.1)
        assert seen.statuses[503] > 0
        assert seen.broken == 0
        seen.judge(ANSWERED_WITHIN_S)
        history.settle()
        await verify(host.port, database, history)
    assert statistics.median(took_s) < RECOVERY_S
    check_log(host.log, MOST_LINES)


@pytest.mark.parametrize("processes", [1, 2])
async def test_it_is_503_while_the_database_is_away_and_nothing_acknowledged_is_lost(
    processes: int, tmp_path: Path, own_postgres: Postgres, inhabited_address: str, own_redis: Redis
) -> None:
    options = ("--processes", str(processes), "--redis", own_redis.address, "--database-timeout-s", str(TIMEOUT_S))
    async with hosted(tmp_path, inhabited_address, *options) as host:
        before = host.pid, [each.pid for each in host.children]
        await survive(host, own_postgres, inhabited_address)
        assert (host.pid, [each.pid for each in host.children]) == before
