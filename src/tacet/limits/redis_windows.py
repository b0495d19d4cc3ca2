"""Rate windows that the processes of one service share, in Redis.

What they say is what `InProcessWindows` says, to the number; the suite in `tests/limits` asks both.
"""

from collections.abc import Mapping
from hashlib import blake2b

from tacet.clock import Clock
from tacet.limits.rates import RateLimit
from tacet.limits.windows import CLOCKS_APART_MS, Spent, Windows, runs
from tacet.redis.client import Redis, Script

SUBJECT_BYTES = 16
"""Of a subject's digest: no two subjects share one by chance."""

_SPEND = Script("""
local now, length, apart, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local stored = redis.call('HMGET', KEYS[1], 'end', 'used')
local resets, used = tonumber(stored[1]), tonumber(stored[2])
if not (resets and now < resets and resets <= now + length + apart) then
  resets, used = now + length, 0
  redis.call('HSET', KEYS[1], 'end', string.format('%.0f', resets), 'used', '0')
  redis.call('PEXPIRE', KEYS[1], length + apart)
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
        name: stands before the keys, so that windows of different kinds are kept apart.
        secret: makes digests of the subjects, at most 64 bytes; whoever reads Redis can then try no names on them.
            Without it subjects stand there as they are.

    Raises in every method:
        RedisAway
    """

    def __init__(
        self, redis: Redis, name: str, limits: Mapping[str, RateLimit], clock: Clock, secret: bytes = b""
    ) -> None:
        self._redis = redis
        self._clock = clock
        self._secret = secret
        self._limits = dict(limits)
        self._prefixes = {route: f"tacet:{name}:{route}:" for route in limits}

    async def spend(self, route: str, subject: int) -> Spent | None:
        limit = self._limits.get(route)
        if limit is None:
            return None
        now_ms, length_ms = self._clock.now_ms(), limit.window_s * 1000
        allowed, used, resets_at_ms = await self._redis.run(
            _SPEND, (self._key(route, subject),), now_ms, length_ms, CLOCKS_APART_MS, limit.count
        )
        return _spent(limit, used, resets_at_ms, allowed=allowed == 1)

    async def peek(self, route: str, subject: int) -> Spent | None:
        limit = self._limits.get(route)
        if limit is None:
            return None
        stored = await self._redis.call(b"HMGET", self._key(route, subject), b"end", b"used")
        now_ms, length_ms = self._clock.now_ms(), limit.window_s * 1000
        used, resets_at_ms = 0, now_ms + length_ms
        if stored[0] is not None and runs(int(stored[0]), now_ms, length_ms):
            used, resets_at_ms = int(stored[1]), int(stored[0])
        return _spent(limit, used, resets_at_ms, allowed=used < limit.count)

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

    def _key(self, route: str, subject: int) -> str:
        if self._secret:
            named = blake2b(str(subject).encode(), key=self._secret, digest_size=SUBJECT_BYTES).hexdigest()
            return f"{self._prefixes[route]}{named}"
        return f"{self._prefixes[route]}{subject}"


def _spent(limit: RateLimit, used: int, resets_at_ms: int, allowed: bool) -> Spent:
    # More was used than there is where a process with another limit counted, while one version follows another.
    return Spent(allowed, limit.count, max(0, limit.count - used), resets_at_ms // 1000)
