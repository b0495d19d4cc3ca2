"""The network between the server and its databases breaks, in every way that networks do."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.databases import Postgres, Redis
from tests.faults.crowd import crowd
from tests.faults.cutting import Network, cable
from tests.faults.history import History
from tests.faults.hosting import hosted
from tests.faults.truth import CHANCES, check_log, counted_again, recovers, verify

TIMEOUT_S = 1
"""What the server is told to wait for a statement."""

ANSWERED_WITHIN_S = 3 * (TIMEOUT_S + 3)
"""Of every request: the statement's own limit, a second more for the network, one in which another session is tried
before the database counts as away, and one for whoever came in meanwhile; three times that on a busy machine."""

CUT_S = 1.0
"""At least, and until all processes have noticed: where nobody says so that takes as long as their patience."""

NOTICED_WITHIN_S = 60
"""By then they have, however busy the machine is."""

AWAY = "the database is away: "

PROCESSES = 2

CUT_FROM_REDIS_S = 1.2
"""Until it is noticed."""

ANSWERED_WITHOUT_REDIS_S = 5.0
"""Of every request: a Redis that does not answer is waited for a fiftieth of that, but the machine may be busy."""

CUTS = (Network.RESETS, Network.STALLS, Network.SWALLOWS, Network.SWALLOWS_ANSWERS)

MOST_LINES = 40 * CHANCES
"""Of the log: for each cut what each session's end may say, and no line a request."""


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.name.lower())
async def test_cut_off_from_the_database_it_is_503_in_time_and_soon_over(
    cut: Network, tmp_path: Path, own_postgres: Postgres, inhabited_address: str, own_redis: Redis
) -> None:
    history = History()
    async with cable(own_postgres.port) as network:
        address = inhabited_address.replace(str(own_postgres.port), str(network.port))
        own = ("--processes", str(PROCESSES), "--redis", own_redis.address, "--database-timeout-s", str(TIMEOUT_S))
        async with hosted(tmp_path, address, *own) as host:

            async def cut_off() -> None:
                told = host.log.count(AWAY) + PROCESSES
                network.turn(cut)
                await asyncio.sleep(CUT_S)
                until_s = time.monotonic() + NOTICED_WITHIN_S
                while host.log.count(AWAY) < told:
                    assert time.monotonic() < until_s, "a process does not notice"
                    await asyncio.sleep(0.05)
                network.turn(Network.WORKS)

            async with crowd(host.port, history, 1) as seen:
                await asyncio.sleep(0.3)
                await recovers(host.port, cut_off)
                await asyncio.sleep(0.2)
            assert seen.statuses[503] > 0
            assert seen.broken == 0
            seen.judge(ANSWERED_WITHIN_S)
            await verify(host.port, inhabited_address, history)
            check_log(host.log, MOST_LINES)


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.name.lower())
async def test_cut_off_from_redis_everybody_is_answered_as_ever(
    cut: Network, tmp_path: Path, inhabited_address: str, own_redis: Redis
) -> None:
    history = History()
    async with cable(own_redis.port) as network:
        redis = own_redis.address.replace(str(own_redis.port), str(network.port))
        async with hosted(tmp_path, inhabited_address, "--processes", "2", "--redis", redis) as host:
            async with crowd(host.port, history, 1) as seen:
                await asyncio.sleep(0.3)
                network.turn(cut)
                await asyncio.sleep(CUT_FROM_REDIS_S)
                own_redis.flush()
                network.turn(Network.WORKS)
                await counted_again(own_redis)
            assert (set(seen.statuses), seen.broken) == ({200}, 0)
            seen.judge(ANSWERED_WITHOUT_REDIS_S)
            await verify(host.port, inhabited_address, history)
            check_log(host.log, MOST_LINES)
