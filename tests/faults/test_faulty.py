"""The proof is proven: a service that is wrong in a known way does not pass it."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.faults.crowd import crowd
from tests.faults.faulty import FAULTS
from tests.faults.history import History
from tests.faults.hosting import hosted, inhabit
from tests.faults.truth import verify

LOAD_S = 1.5
"""Some thousand operations, of which dozens are wrong."""


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_service_that_is_wrong_now_and_then_is_caught(fault: str, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'tacet.db'}"
    await inhabit(database)
    program = (sys.executable, "-m", "tests.faults.faulty", fault)
    history = History()
    async with hosted(tmp_path, database, program=program) as host:
        async with crowd(host.port, history, 1) as seen:
            await asyncio.sleep(LOAD_S)
        assert (set(seen.statuses), seen.broken) == ({200}, 0)
        with pytest.raises(AssertionError, match="no order explains"):
            await verify(host.port, database, history)
