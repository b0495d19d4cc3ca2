"""Each signed request once, whichever of several processes it reaches (RFC 5849, section 3.3)."""

import asyncio
import contextlib

from tacet.clock import Clock
from tacet.identity.oauth1.errors import OAuth1Error, Reason
from tacet.identity.oauth1.nonces import TIMESTAMP_WINDOW_S, NonceMemory, Nonces, nonce_digest
from tacet.redis.client import Redis, Script
from tacet.redis.connection import RedisAway
from tacet.store.base import StoreError
from tacet.store.nonces import NonceStore

# Seconds that a nonce is kept longer than its timestamp is acceptable here: another machine's clock may be behind.
CLOCKS_APART_S = 30

# Milliseconds that the longest-lived nonce lives.
LIFE_MS = (2 * TIMESTAMP_WINDOW_S + CLOCKS_APART_S) * 1000

# Milliseconds between two announcements that the database holds nonces.
ANNOUNCE_MS = 30_000

# Milliseconds after an announcement in which the database is asked too: as long as anything lives that it got until the
# next one.
STORE_ASKED_MS = LIFE_MS + ANNOUNCE_MS

# What the database remembers of a service whose nonces have ever been in Redis. No nonce's name is as short.
EVER_SHARED = b"shared"
NEVER_MS = 2**62

_REMEMBER = Script("""
local since = tonumber(redis.call('HGET', KEYS[3], 'since'))
if not since then return {'forgotten', 0} end
if tonumber(ARGV[2]) <= since and since <= tonumber(ARGV[3]) then return {'before', 0} end
local new = redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1])
return {new and 'new' or 'known', redis.call('EXISTS', KEYS[2])}
""")

_SINCE = Script("""
local since = tonumber(redis.call('HGET', KEYS[1], 'since')) or 0
redis.call('HSET', KEYS[1], 'server', ARGV[1], 'since', string.format('%.0f', math.max(since, ARGV[2])))
return 0
""")


class SharedNonces(NonceMemory):
    """Remembers nonces in this process, and in Redis for the others; in the database while Redis is away.

    What was remembered where it cannot be asked any more is refused by its timestamp: Redis holds the moment since
    which its memory is whole, and in which run of the server; where that is missing or another run's, it was lost.
    Likewise for a process that cannot reach it: what came before is refused, what comes later is in the database.

    Whoever has to write to the database announces it there, which the others notice within a second, and says it in
    Redis, as soon as that is back. Only what reached others in that second could be used once more.

    Args:
        own: what this process has seen, which it never needs to ask for.
        prefix: stands before the keys in Redis.
    """

    def __init__(self, redis: Redis, store: NonceStore, own: Nonces, clock: Clock, prefix: str) -> None:
        self._redis = redis
        self._store = store
        self._own = own
        self._clock = clock
        self._nonce_prefix = f"{prefix}:nonce:".encode()
        self._store_asked_key = f"{prefix}:nonces-in-store"
        self._since_key = f"{prefix}:nonces-since"
        self._turn = asyncio.Lock()
        self._greeted = 0
        """Of the times that Redis was reached, the last after which it was looked whether its memory is whole."""
        self._server: bytes | None = None
        self._floor_s = 0
        """All that came later than this, wherever, is in the database, for `LIFE_MS` after an announcement."""
        self._announced_at_ms: int | None = None
        self._store_asked_until_ms = 0

    async def remember(self, consumer_key: str, token: str, nonce: str, timestamp_s: int, now_s: int) -> None:
        digest = nonce_digest(consumer_key, token, nonce)
        self._own.note(digest, timestamp_s, now_s)
        try:
            await self._remember(digest + timestamp_s.to_bytes(8), timestamp_s, now_s)
        except StoreError:
            # It is not let in, and who sent it is told to send it again.
            self._own.take_back(digest, timestamp_s)
            raise

    async def _remember(self, name: bytes, timestamp_s: int, now_s: int) -> None:
        expires_at_s = timestamp_s + TIMESTAMP_WINDOW_S + CLOCKS_APART_S
        is_in_redis = False
        try:
            found, ask_store = await self._in_redis(name, timestamp_s, now_s, (expires_at_s - now_s) * 1000)
            is_in_redis = found == b"new"
        except RedisAway:
            await self._announce()
            before = timestamp_s <= self._floor_s <= now_s + TIMESTAMP_WINDOW_S
            found, ask_store = b"before" if before else b"new", True
        if found == b"before":
            raise OAuth1Error(Reason.TIMESTAMP_OUT_OF_BOUNDS, "nonces of that second may be forgotten")
        if ask_store and not await self._in_store(name, expires_at_s * 1000, is_in_redis):
            found = b"known"
        if found == b"known":
            raise OAuth1Error(Reason.NONCE_REPLAYED)

    async def _in_store(self, name: bytes, expires_at_ms: int, is_in_redis: bool) -> bool:
        """Whether it is new to the database. Where that fails, Redis forgets what it has just been told of it."""
        try:
            return await self._store.remember(name, expires_at_ms)
        except StoreError:
            if is_in_redis:
                with contextlib.suppress(RedisAway):
                    await self._redis.call("DEL", self._nonce_prefix + name)
            raise

    def ask_store(self) -> None:
        self._store_asked_until_ms = self._ticks_ms() + STORE_ASKED_MS

    async def follow(self) -> None:
        """See to it that everybody knows who is to be asked, if it is possible now; the next nonce does so if not."""
        with contextlib.suppress(RedisAway, StoreError):
            await (self._greet() if self._redis.present else self._announce())

    async def _in_redis(self, name: bytes, timestamp_s: int, now_s: int, lives_ms: int) -> tuple[bytes, bool]:
        """What is found of it, and whether the database must be asked too."""
        keys = (self._nonce_prefix + name, self._store_asked_key, self._since_key)
        for _ in range(2):
            await self._greet()
            newest_s = now_s + TIMESTAMP_WINDOW_S
            reply = await self._redis.run(_REMEMBER, keys, lives_ms, timestamp_s, newest_s)
            match reply:
                case [b"forgotten" | b"before" | b"new" | b"known" as found, 0 | 1 as told]:
                    pass
                case _:
                    raise self._redis.odd()
            if found != b"forgotten":
                return found, told == 1 or self._ticks_ms() < self._store_asked_until_ms
            self._greeted = 0
        raise RedisAway("it forgets what it was just told")

    async def _greet(self) -> None:
        """After Redis was reached: note where it has lost its memory, and tell everybody where to ask too."""
        if self._greeted == self._redis.arrivals:
            return
        async with self._turn:
            arrivals = self._redis.arrivals
            if self._greeted == arrivals:
                return
            info = await self._redis.call("INFO", "server")
            known = await self._redis.call("HGET", self._since_key, "server")
            if not (isinstance(info, bytes) and isinstance(known, bytes | None)):
                raise self._redis.odd()
            server = _run_of(info)
            if known != server or self._server not in {None, server}:
                await self._redis.run(_SINCE, (self._since_key,), server, await self._lost_at_s(known is None))
            left_ms = self._store_asked_until_ms - self._ticks_ms()
            if left_ms > 0:
                await self._redis.call("SET", self._store_asked_key, "1", "PX", left_ms)
            self._server, self._greeted = server, arrivals

    async def _lost_at_s(self, is_empty: bool) -> int:
        """The moment up to which nonces may have been lost; 0 where none can have been."""
        if self._all_is_in_store():
            return self._floor_s
        if is_empty and await self._store.remember(EVER_SHARED, NEVER_MS):
            return 0
        return self._now_s()

    async def _announce(self) -> None:
        """Have the others write to the database too, and ask it: they cannot know that this process cannot ask them."""
        async with self._turn:
            now_ms, announced_at_ms = self._ticks_ms(), self._announced_at_ms
            if announced_at_ms is not None and now_ms < announced_at_ms + ANNOUNCE_MS:
                return
            await self._store.announce()
            if not self._all_is_in_store():
                self._floor_s = self._now_s()
            self._announced_at_ms = now_ms
            self.ask_store()

    def _all_is_in_store(self) -> bool:
        """Whether everybody has written to the database since the floor."""
        return self._announced_at_ms is not None and self._ticks_ms() < self._announced_at_ms + LIFE_MS

    def _now_s(self) -> int:
        return self._clock.now_ms() // 1000

    def _ticks_ms(self) -> int:
        return self._clock.ticks_ns() // 1_000_000


def _run_of(info: bytes) -> bytes:
    """The name of this run of a server, which no other run has: a restart or a failover may have lost something."""
    lines = info.split(b"\r\n")
    return next((line.partition(b":")[2] for line in lines if line.startswith(b"run_id:")), b"")
