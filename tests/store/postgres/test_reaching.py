"""A database that is away is found once it is back, however many attempts hang."""

import asyncio
from collections.abc import Callable

import pytest

from tacet.store.postgres import reaching
from tacet.store.postgres.reaching import reached
from tacet.store.postgres.session import Connection


class Sessions:
    """Attempts that hang until they are called off, or do what the test says."""

    def __init__(self, then: Callable[[int], bool]) -> None:
        self._succeeds = then
        self.attempts = 0
        self.hanging = 0
        self.most_hanging = 0
        self.are_two = asyncio.Event()

    async def connect(self) -> Connection:
        self.attempts += 1
        if self._succeeds(self.attempts):
            return Connection(self, 1.0)
        self.hanging += 1
        if self.hanging == 2:
            self.are_two.set()
        self.most_hanging = max(self.most_hanging, self.hanging)
        try:
            await asyncio.Event().wait()
        finally:
            self.hanging -= 1
        raise AssertionError("it waits for ever")


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaching, "HUNG_S", 0.01)
    monkeypatch.setattr(reaching, "RETRY_S", 0.005)
    monkeypatch.setattr(reaching, "MAX_ATTEMPTS", 3)


async def test_where_all_attempts_hang_the_oldest_gives_way() -> None:
    sessions = Sessions(lambda attempt: attempt == 8)
    async with asyncio.timeout(30):
        await reached(sessions.connect)
    assert sessions.attempts == 8
    assert sessions.most_hanging <= 4
    await asyncio.sleep(0)
    assert sessions.hanging == 0


async def test_whoever_no_longer_waits_leaves_no_attempt_behind() -> None:
    sessions = Sessions(lambda _: False)
    waiting = asyncio.create_task(reached(sessions.connect))
    await asyncio.wait_for(sessions.are_two.wait(), 30)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.sleep(0)
    assert sessions.hanging == 0


async def test_one_that_fails_is_made_again_until_one_succeeds() -> None:
    attempts = 0

    async def connect() -> Connection:
        nonlocal attempts
        attempts += 1
        if attempts < 5:
            raise OSError("refused")
        return Connection(None, 1.0)

    async with asyncio.timeout(30):
        await reached(connect)
    assert attempts == 5
