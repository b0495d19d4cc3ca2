"""Each signed request once: the memory behind replay protection (RFC 5849, section 3.3)."""

from abc import ABC, abstractmethod
from hashlib import blake2b

from tacet.identity.oauth1.errors import OAuth1Error, Reason

# Seconds that a timestamp may lie before or after our clock; that long its nonces are kept.
TIMESTAMP_WINDOW_S = 300
# Nonces held at once. One takes about 130 bytes, so this is 65 MB and 1,600 signed requests a second for the
# whole window; beyond that the window shortens.
MAX_NONCES = 500_000
# Octets kept of each nonce: two different ones meet by chance once in 2^64 requests.
_DIGEST_BYTES = 16


class NonceMemory(ABC):
    """Remembers which signed requests were seen."""

    @abstractmethod
    async def remember(self, consumer_key: str, token: str, nonce: str, timestamp_s: int, now_s: int) -> None:
        """Take note of a request whose signature is good and whose timestamp is acceptable at `now_s`.

        Raises:
            OAuth1Error: NONCE_REPLAYED if it was seen before; TIMESTAMP_OUT_OF_BOUNDS if that can no longer
                be known.
            StoreError: only the database could tell, and it failed.
        """

    def ask_store(self) -> None:
        """Another process says that the database holds nonces for now; nothing for what is never asked there."""
        return


class Nonces(NonceMemory):
    """Remembers nonces by the second of their timestamp, exactly, in bounded memory of this process.

    When it is full, the oldest second is forgotten and every timestamp up to it is refused from then on: a
    flood can shorten how late a request may come, and never lets one in twice. For one thread.

    Args:
        max_nonces: how many to hold, at least 1.
    """

    def __init__(self, max_nonces: int = MAX_NONCES) -> None:
        self._max_nonces = max_nonces
        self._by_second: dict[int, set[bytes]] = {}
        self._held = 0
        self._floor_s = 0
        self._now_s = 0

    @property
    def held(self) -> int:
        """How many nonces are remembered now."""
        return self._held

    async def remember(self, consumer_key: str, token: str, nonce: str, timestamp_s: int, now_s: int) -> None:
        self.note(nonce_digest(consumer_key, token, nonce), timestamp_s, now_s)

    def note(self, digest: bytes, timestamp_s: int, now_s: int) -> None:
        """The same with a `nonce_digest`, and without a moment's wait."""
        self._forget_expired(now_s)
        if digest in self._by_second.get(timestamp_s, ()):
            raise OAuth1Error(Reason.NONCE_REPLAYED)
        while self._held >= self._max_nonces:
            self._forget(min(self._by_second))
        if timestamp_s <= self._floor_s:
            raise OAuth1Error(Reason.TIMESTAMP_OUT_OF_BOUNDS, "nonces of that second are forgotten")
        self._by_second.setdefault(timestamp_s, set()).add(digest)
        self._held += 1

    def take_back(self, digest: bytes, timestamp_s: int) -> None:
        """Forget what was noted of a request that was not let in after all, so that it may come again."""
        noted = self._by_second.get(timestamp_s, set())
        if digest in noted:
            noted.remove(digest)
            self._held -= 1
        if not noted:
            self._by_second.pop(timestamp_s, None)

    def _forget_expired(self, now_s: int) -> None:
        if now_s == self._now_s:
            return
        if now_s < self._now_s - TIMESTAMP_WINDOW_S:
            # No drift does this: somebody set the clock back. What is still held stays refused, but a floor
            # from the time before would refuse everybody until the clock gets there again.
            self._floor_s = 0
        self._now_s = now_s
        for second in [second for second in self._by_second if second < now_s - TIMESTAMP_WINDOW_S]:
            self._forget(second)

    def _forget(self, second: int) -> None:
        self._held -= len(self._by_second.pop(second))
        self._floor_s = max(self._floor_s, second)


def nonce_digest(consumer_key: str, token: str, nonce: str) -> bytes:
    """What stands for a nonce that a client used with a token; for which second, it does not say."""
    # The lengths keep ("ab", "c") and ("a", "bc") apart, whatever characters the three hold.
    text = f"{len(consumer_key)} {len(token)} {consumer_key}{token}{nonce}"
    return blake2b(text.encode(), digest_size=_DIGEST_BYTES).digest()
