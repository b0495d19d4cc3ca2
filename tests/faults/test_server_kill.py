"""`kill -9` of the server under load, on PostgreSQL; `tests/crash` does the same on SQLite."""

import asyncio
import random
import statistics
from collections.abc import Callable
from pathlib import Path

from tests.databases import Redis
from tests.faults.crowd import crowd
from tests.faults.history import History
from tests.faults.hosting import Host, hosted
from tests.faults.truth import RECOVERY_S, check_log, recovered, settled, verify

KILLS = 10

MOST_LINES = 6 * KILLS
"""Of the log: that a child died, or its parent, and what else there may be to say once each time."""

ANSWERED_WITHIN_S = 10
"""Far more than an answer takes where nothing is broken but the connection."""

Kill = Callable[[Host, int], None]
"""Kills something for the so-manieth time, and returns when it is there again."""


def everything(host: Host, number: int) -> None:
    host.kill()
    host.start()


def parent_or_child(host: Host, number: int) -> None:
    if number % 2:
        host.kill_child()
    else:
        everything(host, number)


async def survive(kill: Kill, host: Host, database: str) -> None:
    history = History()
    chance = random.Random(7)
    broken, took_s = 0, []
    for number in range(KILLS):
        async with crowd(host.port, history, number) as seen:
            await asyncio.sleep(chance.uniform(0.2, 0.4))
            await asyncio.to_thread(kill, host, number)
            took_s.append(await recovered(host.port))
        # Nobody may have been connected to the one that was killed.
        broken += seen.broken
        seen.judge(ANSWERED_WITHIN_S)
        assert set(seen.statuses) == {200}
        await settled(database)
        history.settle()
        await verify(host.port, database, history)
    assert broken >= KILLS
    assert statistics.median(took_s) < RECOVERY_S
    check_log(host.log, MOST_LINES)


async def test_on_postgresql_every_acknowledged_write_is_there_and_no_other(
    tmp_path: Path, inhabited_address: str
) -> None:
    async with hosted(tmp_path, inhabited_address) as host:
        await survive(everything, host, inhabited_address)


async def test_of_two_processes_either_or_both_may_be_killed(
    tmp_path: Path, inhabited_address: str, own_redis: Redis
) -> None:
    async with hosted(tmp_path, inhabited_address, "--processes", "2", "--redis", own_redis.address) as host:
        await survive(parent_or_child, host, inhabited_address)
