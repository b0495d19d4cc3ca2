"""Several processes mute and unmute the same pairs at once."""

import asyncio
from pathlib import Path

from tests.databases import Postgres, Redis
from tests.faults.crowd import Habits, crowd
from tests.faults.history import History
from tests.faults.hosting import hosted
from tests.faults.truth import check_log, verify

LOAD_S = 4
"""Some thousand operations on a dozen pairs."""

QUARRELSOME = Habits(shared=1.0, pause_s=0.0)

ANSWERED_WITHIN_S = 10
"""Far more than an answer takes where nothing is broken."""

MOST_LINES = 4
"""Of the log: two processes may each say that a Redis under such load was away for a moment, and is back."""


async def test_two_servers_of_one_database_agree_on_every_pair(
    tmp_path: Path, own_postgres: Postgres, inhabited_address: str, own_redis: Redis
) -> None:
    history = History()
    options = ("--redis", own_redis.address)
    async with (
        hosted(tmp_path, inhabited_address, *options) as one,
        hosted(tmp_path, inhabited_address, *options) as other,
    ):
        async with crowd([one.port, other.port], history, 1, QUARRELSOME) as seen:
            await asyncio.sleep(LOAD_S)
        assert (set(seen.statuses), seen.broken) == ({200}, 0)
        seen.judge(ANSWERED_WITHIN_S)
        for host in (one, other):
            await verify(host.port, inhabited_address, history)
            check_log(host.log, MOST_LINES)
    assert "deadlock" not in own_postgres.log


async def test_the_processes_of_one_server_agree_on_every_pair(
    tmp_path: Path, own_postgres: Postgres, inhabited_address: str, own_redis: Redis
) -> None:
    history = History()
    async with hosted(tmp_path, inhabited_address, "--processes", "2", "--redis", own_redis.address) as host:
        async with crowd(host.port, history, 2, QUARRELSOME) as seen:
            await asyncio.sleep(LOAD_S)
        assert (set(seen.statuses), seen.broken) == ({200}, 0)
        seen.judge(ANSWERED_WITHIN_S)
        await verify(host.port, inhabited_address, history)
        check_log(host.log, MOST_LINES)
    assert "deadlock" not in own_postgres.log
