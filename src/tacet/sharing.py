"""What the processes of one service have in common, besides the database."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from tacet.clock import Clock
from tacet.identity.oauth1 import NonceMemory, Nonces
from tacet.ids import SystemRandomness
from tacet.limits.failures import Together, by_itself
from tacet.limits.rates import RateLimit
from tacet.limits.windows import InProcessWindows, Windows
from tacet.news import News, Nobody
from tacet.observing.meters import Meters
from tacet.observing.timing import measure_calls
from tacet.settings import Settings
from tacet.store.base import Store

if TYPE_CHECKING:
    from tacet.limits.degrading import OpenWhileAway
    from tacet.redis.client import Redis

TELLER_CHARS = 16
"""Of the name under which a process tells the others something: no two share one by chance."""

SERVICE_BYTES = 6
"""Of the digest that tells services apart: enough for any number that one operator has, and says nothing of the key."""

NOT_SHARED = "Redis is away"
"""For whoever looks at a server's health. What that means is in the log: whoever reaches the API reads this, and is not
to learn that requests are not limited meanwhile."""


REFUSES = "Redis refuses us: {}"
"""The same, where waiting does not help."""

REFUSES_SOME = "Redis refuses a command: {}"
"""The same of one that goes on, and to which somebody has to give a right, for example."""


class SharingError(Exception):
    """What the settings name is no Redis, or does not let us in; the message holds no password."""


@dataclass(frozen=True, slots=True)
class Link:
    """How Redis is doing, for whoever watches.

    Attributes:
        redis: says whether it is present, how often it went away and how many calls failed.
        windows: says how many requests were let through because of that.
    """

    redis: "Redis"
    windows: "OpenWhileAway"


@dataclass(frozen=True, slots=True)
class Shared:
    """Handed to `Tacet`.

    Attributes:
        windows: rate limits; without Redis they are open.
        failures: makes the windows that stop people from guessing passwords; these are never open.
        link: None where there is no Redis.
    """

    windows: Windows
    failures: Together
    nonces: NonceMemory
    news: News
    link: Link | None = None

    def observe(self, meters: Meters) -> None:
        """Have counted how Redis is doing, where there is one."""
        if self.link is None:
            return
        redis, windows = self.link.redis, self.link.windows
        measure_calls(redis, ("call", "run"), meters.histogram("redis_call_duration_seconds"), meters.clock)
        meters.watch("redis_up", lambda: redis.present)
        meters.watch("redis_failures_total", lambda: redis.failures)
        meters.watch("rate_limits_failed_open_total", lambda: windows.let_through)

    def lacking(self) -> Sequence[str]:
        """What processes do not share at the moment, in words."""
        if self.link is None:
            return ()
        redis = self.link.redis
        if redis.present:
            return (REFUSES_SOME.format(reason),) if (reason := redis.refused_lately) else ()
        return (REFUSES.format(reason) if (reason := redis.refusal) else NOT_SHARED,)


def alone(settings: Settings, clock: Clock) -> Shared:
    """What one process has by itself."""
    return Shared(InProcessWindows(_limits(settings), clock), by_itself, Nonces(), Nobody())


@contextlib.asynccontextmanager
async def together(settings: Settings, store: Store, clock: Clock) -> AsyncIterator[Shared]:
    """What processes share through the Redis of the settings, open as long as this is.

    A Redis that is away, now or later, is no error: it is tried again and again.

    Args:
        store: open; keeps nonces while Redis is away.

    Raises:
        ValueError: the settings name no Redis; the message holds nothing of the address.
        SharingError: it was reached, and does not let us in or is no Redis.
    """
    # Imported here: most servers are one process.
    from tacet.identity.oauth1.shared_nonces import SharedNonces
    from tacet.limits.degrading import OpenWhileAway, OwnBeside
    from tacet.limits.redis_windows import RedisWindows
    from tacet.redis.address import read_address
    from tacet.redis.client import Redis
    from tacet.redis.news import RedisNews

    address, limits, prefix = read_address(settings.redis), _limits(settings), _prefix(settings)
    redis = Redis(address, "requests are not limited and the database remembers nonces")
    news = RedisNews(redis, address, prefix, SystemRandomness().text(TELLER_CHARS))
    secret = blake2b(settings.secret_key.encode(), digest_size=32, person=b"tacet sign-ins").digest()

    def failures(own: InProcessWindows, own_limits: Mapping[str, RateLimit]) -> Windows:
        return OwnBeside(RedisWindows(redis, f"{prefix}:failures", own_limits, clock, secret), own)

    windows = OpenWhileAway(RedisWindows(redis, f"{prefix}:limits", limits, clock), limits, clock)
    nonces = SharedNonces(redis, store.nonces, Nonces(), clock, prefix)
    redis.follower = nonces.follow
    async with redis:
        if redis.refusal:
            raise SharingError(f"Redis at {address.shown()} refuses us: {redis.refusal}")
        async with news.ear:
            yield Shared(windows, failures, nonces, news, Link(redis, windows))


def _prefix(settings: Settings) -> str:
    """Stands before all keys and channels: several services may use one Redis, and have different secret keys."""
    key = settings.secret_key.encode()
    return f"tacet:{blake2b(key, digest_size=SERVICE_BYTES, person=b'tacet service').hexdigest()}"


def _limits(settings: Settings) -> Mapping[str, RateLimit]:
    return settings.limits if settings.rate_limits else {}
