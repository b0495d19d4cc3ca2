import asyncio
import logging
import threading
import time

import pytest

from tacet.processes import stopping as module
from tacet.processes.stopping import Stopping
from tacet.processes.supervisor import MARGIN_S
from tests.service import settings

TOO_LONG_S = 30
"""Half of what somebody waits for who waits in vain."""


class Killing:
    """Takes note of the code that a process would have ended with."""

    def __init__(self) -> None:
        self.codes: list[int] = []
        self._happened = threading.Event()

    def __call__(self, code: int) -> None:
        self.codes.append(code)
        self._happened.set()

    def happens_within(self, seconds: float) -> bool:
        return self._happened.wait(seconds)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds are tenths of them, that nobody may wait for them; and whoever comes too late does not end the tests."""
    for name in ("CLOSING_S", "LAST_RESORT_S", "HURRIED_S", "LOOK_INTERVAL_S"):
        monkeypatch.setattr(module, name, getattr(module, name) / 10)
    monkeypatch.setattr(module, "_exit", lambda _code: None)


async def hang() -> None:
    await asyncio.sleep(60)


async def test_requests_are_waited_for_until_they_are_done() -> None:
    stopping, looks = Stopping(5), iter([False, False, True])
    stopping.begin()
    assert await stopping.requests(lambda: next(looks))
    stopping.over()


async def test_requests_are_waited_for_so_long_and_no_longer() -> None:
    stopping, started = Stopping(0.2), time.monotonic()
    stopping.begin()
    assert not await stopping.requests(lambda: False)
    assert 0.2 <= time.monotonic() - started < TOO_LONG_S
    stopping.over()


async def test_whoever_asks_again_does_not_wait_for_them() -> None:
    stopping, started = Stopping(60), time.monotonic()
    stopping.asked()
    assert stopping.begun.is_set()
    asyncio.get_running_loop().call_later(0.1, stopping.asked)
    assert not await stopping.requests(lambda: False)
    assert time.monotonic() - started < TOO_LONG_S
    stopping.over()


async def test_a_part_that_hangs_is_given_up_and_the_next_one_still_gets_its_turn(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stopping, done = Stopping(60), []
    stopping.begin()

    async def close() -> None:
        done.append("closed")

    with caplog.at_level(logging.ERROR):
        async with stopping.closing(close, "the database"):
            await stopping.attempt(hang(), "writing usage", 0.05)
    assert done == ["closed"]
    assert caplog.messages == ["writing usage did not end in time"]
    stopping.over()


async def test_what_goes_wrong_in_a_part_is_not_hidden() -> None:
    stopping = Stopping(60)

    async def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await stopping.attempt(fail(), "the database")
    stopping.over()


async def test_closing_after_a_failure_has_its_limit_too() -> None:
    stopping, started = Stopping(0.1), time.monotonic()
    with pytest.raises(ZeroDivisionError):
        async with stopping.closing(hang, "the database"):
            raise ZeroDivisionError
    assert time.monotonic() - started < TOO_LONG_S
    stopping.over()


async def test_a_process_whose_loop_is_stuck_is_ended_all_the_same() -> None:
    killing = Killing()
    stopping = Stopping(0.1, killing)
    stopping.begin()
    # What a disk that hangs does to whoever waits for it on the loop itself.
    assert killing.happens_within(TOO_LONG_S)
    assert killing.codes == [0]


async def test_one_that_fails_and_is_stuck_then_ends_with_a_code() -> None:
    killing = Killing()
    stopping = Stopping(0.1, killing)
    await stopping.attempt(asyncio.sleep(0), "the database")
    assert killing.happens_within(TOO_LONG_S)
    assert killing.codes == [1]


async def test_one_that_has_ended_is_left_alone() -> None:
    killing = Killing()
    stopping = Stopping(0, killing)
    stopping.begin()
    stopping.over()
    assert not killing.happens_within(0.5)


def test_all_parts_together_take_less_than_service_managers_wait() -> None:
    # The fixture divides by ten.
    closing_s = (module.CLOSING_S + module.LAST_RESORT_S) * 10
    assert settings().shutdown_timeout_s + closing_s + MARGIN_S < 10
