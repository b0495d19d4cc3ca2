"""`kill -9` of Redis under load: limits are not counted for a moment, and nobody notices."""

import asyncio
import random
import time
from pathlib import Path

import pytest

from tests.databases import Redis
from tests.faults.crowd import crowd
from tests.faults.history import History
from tests.faults.hosting import hosted
from tests.faults.truth import check_log, counted_again, verify

KILLS = 10

ANSWERED_WITHIN_S = 5.0
"""Of every request: a Redis that is gone is waited for a fiftieth of that, but the machine may be busy."""

AWAY_S = 0.3

MOST_LINES = 2 * KILLS * 2
"""Of the log: that Redis is away and that it is back, for each of two processes."""


def kill(redis: Redis) -> None:
    redis.kill()
    time.sleep(AWAY_S)
    redis.start()


@pytest.mark.parametrize("processes", [1, 2])
async def test_everybody_is_answered_as_ever_and_limits_are_counted_again(
    processes: int, tmp_path: Path, inhabited_address: str, own_redis: Redis
) -> None:
    history, chance = History(), random.Random(7)
    options = ("--processes", str(processes), "--redis", own_redis.address)
    async with hosted(tmp_path, inhabited_address, *options) as host:
        for number in range(KILLS):
            async with crowd(host.port, history, number) as seen:
                await asyncio.sleep(chance.uniform(0.1, 0.2))
                await asyncio.to_thread(kill, own_redis)
                await counted_again(own_redis)
            assert (set(seen.statuses), seen.broken) == ({200}, 0)
            seen.judge(ANSWERED_WITHIN_S)
        await verify(host.port, inhabited_address, history)
        check_log(host.log, MOST_LINES)
