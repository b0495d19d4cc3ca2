"""Each signed request once, whichever of several processes it reaches (RFC 5849, section 3.3)."""

from tacet.identity.oauth1.errors import OAuth1Error, Reason
from tacet.identity.oauth1.nonces import TIMESTAMP_WINDOW_S, NonceMemory, Nonces, nonce_digest
from tacet.redis.client import Redis, Script
from tacet.redis.connection import RedisAway
from tacet.store.nonces import NonceStore

# Seconds that a nonce is kept longer than its timestamp is acceptable here: another machine's clock may be behind.
CLOCKS_APART_S = 30

# Milliseconds after Redis was away in which the database is asked as well: as long as anything lives that it got.
STORE_ASKED_MS = (2 * TIMESTAMP_WINDOW_S + CLOCKS_APART_S) * 1000

_STORE_ASKED_KEY = b"tacet:nonces-in-store"

_REMEMBER = Script("""
if ARGV[2] ~= '0' then redis.call('SET', KEYS[2], '1', 'PX', ARGV[2]) end
local new = redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[1])
return {new and 1 or 0, redis.call('EXISTS', KEYS[2])}
""")


class SharedNonces(NonceMemory):
    """Remembers nonces in this process, and in Redis for the others; in the database while Redis is away.

    Whoever finds Redis back tells everybody, by a key in it, that the database holds nonces too.

    Args:
        own: what this process has seen, which it never needs to ask for.
    """

    def __init__(self, redis: Redis, store: NonceStore, own: Nonces) -> None:
        self._redis = redis
        self._store = store
        self._own = own
        self._absences_told = 0

    async def remember(self, consumer_key: str, token: str, nonce: str, timestamp_s: int, now_s: int) -> None:
        digest = nonce_digest(consumer_key, token, nonce)
        self._own.note(digest, timestamp_s, now_s)
        name = digest + timestamp_s.to_bytes(8)
        expires_at_s = timestamp_s + TIMESTAMP_WINDOW_S + CLOCKS_APART_S
        try:
            new, ask_store = await self._in_redis(name, (expires_at_s - now_s) * 1000)
        except RedisAway:
            new, ask_store = True, True
        if ask_store:
            new = await self._store.remember(name, expires_at_s * 1000) and new
        if not new:
            raise OAuth1Error(Reason.NONCE_REPLAYED)

    async def _in_redis(self, name: bytes, lives_ms: int) -> tuple[bool, bool]:
        """Whether it is new in Redis, and whether the database must be asked too."""
        absences = self._redis.absences
        asked_ms = 0 if absences == self._absences_told else STORE_ASKED_MS
        keys = (b"tacet:nonce:" + name, _STORE_ASKED_KEY)
        new, ask_store = await self._redis.run(_REMEMBER, keys, lives_ms, asked_ms)
        self._absences_told = absences
        return new == 1, ask_store == 1
