"""The abstract store of nonces: what signed requests were seen, where several processes must agree on it."""

from abc import ABC, abstractmethod


class NonceStore(ABC):
    """Nonces of OAuth 1.0a (RFC 5849, section 3.3), as digests that hold the request's timestamp too: one that has
    expired would be refused for its timestamp, so whether a nonce is known never depends on a clock here.

    Raises in every method:
        StoreBusy: the write queue is full.
    """

    @abstractmethod
    async def remember(self, digest: bytes, expires_at_ms: int) -> bool:
        """Take note of a nonce durably; False where it is known already: of two who try at once, one gets True."""

    @abstractmethod
    async def announce(self) -> None:
        """Have other processes learn, by `Store.revisions`, that nonces are remembered here for now; durable."""

    @abstractmethod
    async def sweep(self, now_ms: int, limit: int) -> int:
        """Forget at most `limit` nonces that have expired by now; return how many."""
