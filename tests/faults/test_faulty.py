"""The proof is proven: a service that is wrong in a known way does not pass it."""

import asyncio
import sys
import time
from pathlib import Path

import pytest

from tests.faults.crowd import crowd
from tests.faults.faulty import FAULTS
from tests.faults.history import History
from tests.faults.hosting import hosted, inhabit
from tests.faults.truth import verify

ENOUGH = 5_000
"""Operations, of which dozens are wrong."""

PATIENCE_S = 60
"""For so many, however busy the machine is."""


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_service_that_is_wrong_now_and_then_is_caught(fault: str, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'tacet.db'}"
    await inhabit(database)
    program = (sys.executable, "-m", "tests.faults.faulty", fault)
    history = History()
    async with hosted(tmp_path, database, program=program) as host:
        async with crowd(host.port, history, 1) as seen:
            until = time.monotonic() + PATIENCE_S
            while history.count < ENOUGH:
                assert time.monotonic() < until, history.count
                await asyncio.sleep(0.05)
        assert (set(seen.statuses), seen.broken) == ({200}, 0)
        with pytest.raises(AssertionError, match="no order explains"):
            await verify(host.port, database, history)
