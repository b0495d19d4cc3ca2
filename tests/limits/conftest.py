"""Windows of each kind, and what they count with."""

from collections.abc import AsyncIterator, Callable, Mapping
from itertools import count

import pytest

from tacet.clock import ManualClock
from tacet.limits.rates import RateLimit
from tacet.limits.redis_windows import RedisWindows
from tacet.limits.windows import InProcessWindows, Windows
from tacet.redis.address import read_address
from tacet.redis.client import Redis

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
    names = map(str, count())
    return lambda limits: RedisWindows(client, next(names), limits, clock, secret)
