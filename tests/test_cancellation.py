import asyncio
import gc
from typing import Any

import pytest

from tacet.cancellation import to_the_end


async def test_what_was_done_is_returned_and_what_went_wrong_raised() -> None:
    async def work(divisor: int) -> float:
        await asyncio.sleep(0)
        return 6 / divisor

    assert await to_the_end(work(2)) == 3
    with pytest.raises(ZeroDivisionError):
        await to_the_end(work(0))


async def test_it_goes_on_though_nobody_waits_any_more() -> None:
    begun, released, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await released.wait()
        done.set()

    waiting = asyncio.create_task(to_the_end(work()))
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not done.is_set()
    released.set()
    await asyncio.wait_for(done.wait(), 30)


async def test_what_fails_when_nobody_waits_any_more_is_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    begun, released, complaints = asyncio.Event(), asyncio.Event(), list[dict[str, Any]]()

    async def work() -> None:
        begun.set()
        await released.wait()
        raise ValueError("it is closed")

    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    waiting = asyncio.create_task(to_the_end(work()))
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    released.set()
    for _ in range(3):
        await asyncio.sleep(0)
    gc.collect()
    assert caplog.messages == ["a change for which nobody waited any more failed: it is closed"]
    assert not complaints
