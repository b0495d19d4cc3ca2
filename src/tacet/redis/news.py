"""News through a channel of Redis."""

from collections.abc import Callable

from tacet.news import News
from tacet.redis.address import RedisAddress
from tacet.redis.client import Redis, Subscription
from tacet.redis.connection import RedisAway
from tacet.store.base import Part


class RedisNews(News):
    """Tells over the connection that everything goes over, and hears over one of its own.

    Args:
        redis: what tells.
        teller: the name of this process, which no other has: it hears what it tells, and does not need to.
    """

    def __init__(self, redis: Redis, address: RedisAddress, teller: str) -> None:
        self._redis = redis
        # Redis keeps its databases apart, but not their channels.
        self._channel = b"tacet:news:%d" % address.database
        self._teller = teller.encode()
        self._listeners: list[Callable[[Part], None]] = []
        subscription = Subscription(self._channel, self._read)
        self.ear = Redis(address, "other processes' changes are noticed a second late", subscription)

    async def tell(self, part: Part) -> None:
        try:
            await self._redis.call(b"PUBLISH", self._channel, self._teller + b" " + part.encode())
        except RedisAway:
            # The others look into the database once a second.
            return

    def listen(self, heard: Callable[[Part], None]) -> None:
        self._listeners.append(heard)

    def _read(self, text: bytes) -> None:
        teller, _, name = text.partition(b" ")
        if teller == self._teller:
            return
        try:
            part = Part(name.decode())
        except ValueError:
            # A version that knows more parts than this one runs beside it.
            return
        for heard in self._listeners:
            heard(part)
