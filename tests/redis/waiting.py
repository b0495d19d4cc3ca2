"""Waiting for something to come true."""

import asyncio
from collections.abc import Callable

LOOK_INTERVAL_S = 0.005
LOOKS = 12_000
"""A minute: far more than anything here takes."""


async def until(condition: Callable[[], bool]) -> float:
    """Wait for it; return how many seconds that took."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    for _ in range(LOOKS):
        if condition():
            return loop.time() - began_s
        await asyncio.sleep(LOOK_INTERVAL_S)
    raise AssertionError("it does not come true")
