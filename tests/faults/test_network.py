"""The network between the server and its databases breaks, in every way that networks do."""

import asyncio
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

CUT_S = TIMEOUT_S + 1.5
"""Until the server has noticed also where nobody says so."""

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

        async def cut_off() -> None:
            network.turn(cut)
            await asyncio.sleep(CUT_S)
            network.turn(Network.WORKS)

        address = inhabited_address.replace(str(own_postgres.port), str(network.port))
        options = ("--processes", "2", "--redis", own_redis.address, "--database-timeout-s", str(TIMEOUT_S))
        async with hosted(tmp_path, address, *options) as host:
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
