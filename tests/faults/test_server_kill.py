"""`kill -9` of the server under load, on PostgreSQL; `tests/crash` does the same on SQLite."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

from tests.databases import Redis
from tests.faults.crowd import crowd
from tests.faults.history import History
from tests.faults.hosting import Host, hosted
from tests.faults.truth import RECOVERY_S, check_log, recovered, verify

KILLS = 10

MOST_LINES = 2 * KILLS
"""Of the log: that a child died, or its parent."""

ANSWERED_WITHIN_S = 5
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
    for number in range(KILLS):
        async with crowd(host.port, history, number) as seen:
            await asyncio.sleep(chance.uniform(0.2, 0.4))
            await asyncio.to_thread(kill, host, number)
            assert await recovered(host.port) < RECOVERY_S
        assert seen.broken > 0
        seen.judge(ANSWERED_WITHIN_S)
        assert set(seen.statuses) == {200}
        history.settle()
        await verify(host.port, database, history)
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
