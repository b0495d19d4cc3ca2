"""Rate windows that the processes of one service share, in Redis.

What they say is what `InProcessWindows` says, to the number; the suite in `tests/limits` asks both. One thing differs:
a window runs for as long as its key lives, by Redis's clock, so that the machines' clocks may differ. When it ends, it
says by the clock of whoever opened it.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from tacet.clock import Clock
from tacet.limits.rates import RateLimit
from tacet.limits.windows import Spent, Windows, spent
from tacet.redis.client import Redis, Script

CLOCKS_APART_MS = 24 * 60 * 60 * 1000
"""How far machines' clocks may be apart: a day's difference is no clock's drift, and headers must not tell of years."""

MAX_DIGITS = 40
"""Of two numbers of 64 bits."""

SUBJECT_BYTES = 16
"""Of a subject's digest: no two subjects share one by chance."""

_SPEND = Script("""
local length, count = tonumber(ARGV[2]), tonumber(ARGV[3])
local stored = redis.call('HMGET', KEYS[1], 'end', 'used')
local resets, used = tonumber(stored[1]), tonumber(stored[2])
if not resets then
  resets, used = ARGV[1] + length, 0
  -- Does nothing yet; whoever lacks the right for it fails here, and leaves no window without an end.
  redis.call('PEXPIRE', KEYS[1], length)
  redis.call('HSET', KEYS[1], 'end', string.format('%.0f', resets), 'used', '0')
  redis.call('PEXPIRE', KEYS[1], length)
end
if used >= count then return {0, used, resets} end
return {1, redis.call('HINCRBY', KEYS[1], 'used', 1), resets}
""")

_GIVE_BACK = Script("""
local used = tonumber(redis.call('HGET', KEYS[1], 'used'))
if used and used > 0 then redis.call('HINCRBY', KEYS[1], 'used', -1) end
return 0
""")

_FORGET_BEFORE = Script("""
local resets = tonumber(redis.call('HGET', KEYS[1], 'end'))
if not resets or resets - tonumber(ARGV[1]) >= tonumber(ARGV[2]) then return 0 end
return redis.call('DEL', KEYS[1])
""")


class RedisWindows(Windows):
    """Windows in a Redis; each is a key that expires by itself.

    Args:
        limits: by route; routes left out are not limited.
        prefix: stands before the keys, so that windows of different services and kinds are kept apart.
        secret: makes digests of the subjects, at most 64 bytes; whoever reads Redis can then try no names on them.
            Without it subjects stand there as they are.

    Raises in every method:
        RedisAway
    """

    def __init__(
        self, redis: Redis, prefix: str, limits: Mapping[str, RateLimit], clock: Clock, secret: bytes = b""
    ) -> None:
        self._redis = redis
        self._clock = clock
        self._secret = secret
        self._limits = dict(limits)
        # Processes that are set to other lengths, while one version follows another, count for themselves.
        self._prefixes = {route: f"{prefix}:{route}:{limit.window_s}:" for route, limit in limits.items()}

    async def spend(self, route: str, subject: int) -> Spent | None:
        limit = self._limits.get(route)
        if limit is None:
            return None
        now_ms, length_ms = self._clock.now_ms(), limit.window_s * 1000
        reply = await self._redis.run(_SPEND, (self._key(route, subject),), now_ms, length_ms, limit.count)
        match reply:
            case [0 | 1 as allowed, int(used), int(resets_at_ms)]:
                self._check(used, resets_at_ms, now_ms, length_ms)
            case _:
                raise self._redis.odd()
        return spent(limit, used, resets_at_ms, allowed=allowed == 1)

    async def peek(self, route: str, subject: int) -> Spent | None:
        limit = self._limits.get(route)
        if limit is None:
            return None
        now_ms, length_ms = self._clock.now_ms(), limit.window_s * 1000
        reply = await self._redis.call(b"HMGET", self._key(route, subject), b"end", b"used")
        used, resets_at_ms = self._stored(reply, now_ms + length_ms)
        self._check(used, resets_at_ms, now_ms, length_ms)
        return spent(limit, used, resets_at_ms, allowed=used < limit.count)

    async def give_back(self, route: str, subject: int) -> None:
        if route in self._limits:
            await self._redis.run(_GIVE_BACK, (self._key(route, subject),))

    async def forget_before(self, route: str, subject: int, moment_ms: int) -> bool:
        limit = self._limits.get(route)
        if limit is None:
            return False
        keys = (self._key(route, subject),)
        forgotten: int = await self._redis.run(_FORGET_BEFORE, keys, limit.window_s * 1000, moment_ms)
        return forgotten == 1

    def _stored(self, reply: Any, new_end_ms: int) -> tuple[int, int]:
        """What is used, and the end, of the window that a key holds; of a new one where there is no key."""
        match reply:
            case [None, None]:
                return 0, new_end_ms
            case [bytes(end), bytes(used)] if len(end + used) <= MAX_DIGITS and end.isdigit() and used.isdigit():
                return int(used), int(end)
        raise self._redis.odd()

    def _check(self, used: int, resets_at_ms: int, now_ms: int, length_ms: int) -> None:
        if used < 0 or abs(resets_at_ms - now_ms) > length_ms + CLOCKS_APART_MS:
            raise self._redis.odd()

    def _key(self, route: str, subject: int) -> str:
        if self._secret:
            named = blake2b(str(subject).encode(), key=self._secret, digest_size=SUBJECT_BYTES).hexdigest()
            return f"{self._prefixes[route]}{named}"
        return f"{self._prefixes[route]}{subject}"
