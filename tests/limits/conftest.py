"""Windows of each kind, and what they count with."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from itertools import count
from typing import TypeVar

import pytest

from tacet.clock import ManualClock
from tacet.limits.rates import RateLimit
from tacet.limits.redis_windows import RedisWindows
from tacet.limits.windows import InProcessWindows, Spent, Windows
from tacet.redis.address import read_address
from tacet.redis.client import Redis

T = TypeVar("T")

NOW_MS = 1_651_929_656_789

MakeWindows = Callable[[Mapping[str, RateLimit]], Windows]

# Subjects may be whatever fits 128 bits: a digest stands for names that somebody typed.
KINDS = {"in-process": None, "redis": b"", "redis-with-digests": b"a secret of the operator"}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_MS)


@pytest.fixture
async def connected(redis_address: str) -> AsyncIterator[Redis]:
    """A client of a Redis with nothing in it."""
    async with Redis(read_address(redis_address), "nothing is shared") as client:
        yield client


@pytest.fixture(params=KINDS.values(), ids=list(KINDS))
def make(request: pytest.FixtureRequest, clock: ManualClock) -> MakeWindows:
    """Makes windows of a kind, which share nothing."""
    secret: bytes | None = request.param
    if secret is None:
        return lambda limits: InProcessWindows(limits, clock)
    client: Redis = request.getfixturevalue("connected")
    prefixes = (f"tacet:windows{number}" for number in count())
    return lambda limits: aging(client, next(prefixes), limits, clock, secret)


def aging(
    client: Redis, prefix: str, limits: Mapping[str, RateLimit], clock: ManualClock, secret: bytes = b""
) -> Windows:
    return Aging(RedisWindows(client, prefix, limits, clock, secret), client, prefix, clock)


class Aging(Windows):
    """Windows in a Redis for which time passes as the clock says: a key goes when the time is over that it was given.

    Tests take less than a second of real time.
    """

    def __init__(self, windows: RedisWindows, client: Redis, prefix: str, clock: ManualClock) -> None:
        self._windows = windows
        self._client = client
        self._pattern = f"{prefix}:*"
        self._clock = clock
        self._ends_ms: dict[bytes, int] = {}

    async def spend(self, route: str, subject: int) -> Spent | None:
        return await self._in_time(lambda: self._windows.spend(route, subject))

    async def peek(self, route: str, subject: int) -> Spent | None:
        return await self._in_time(lambda: self._windows.peek(route, subject))

    async def give_back(self, route: str, subject: int) -> None:
        await self._in_time(lambda: self._windows.give_back(route, subject))

    async def forget_before(self, route: str, subject: int, moment_ms: int) -> bool:
        return await self._in_time(lambda: self._windows.forget_before(route, subject, moment_ms))

    async def _in_time(self, step: Callable[[], Awaitable[T]]) -> T:
        now_ms = self._clock.now_ms()
        for key, end_ms in self._ends_ms.items():
            if end_ms <= now_ms:
                await self._client.call("DEL", key)
        done = await step()
        # To the second, for some of it has really passed.
        given_ms = {
            key: -(await self._client.call("PTTL", key) // -1000) * 1000
            for key in await self._client.call("KEYS", self._pattern)
        }
        self._ends_ms = {key: self._ends_ms.get(key, 0) for key in given_ms}
        for key, end_ms in self._ends_ms.items():
            if end_ms <= now_ms:
                self._ends_ms[key] = now_ms + given_ms[key]
        return done
