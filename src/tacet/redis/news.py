"""News through a channel of Redis."""

import asyncio
from collections.abc import Callable

from tacet.news import News
from tacet.redis.address import RedisAddress
from tacet.redis.client import Redis, Subscription
from tacet.redis.connection import RedisAway
from tacet.store.base import Part

QUIET_S = 0.05
"""Between two times that the same part is heard of: whoever hears drops and reads again much, and a message costs its
teller nothing."""


class RedisNews(News):
    """Tells over the connection that everything goes over, and hears over one of its own.

    Args:
        redis: what tells.
        prefix: stands before the channel's name, so that services do not hear each other.
        teller: the name of this process, which no other has: it hears what it tells, and does not need to.
    """

    def __init__(self, redis: Redis, address: RedisAddress, prefix: str, teller: str) -> None:
        self._redis = redis
        # Redis keeps its databases apart, but not their channels.
        self._channel = f"{prefix}:news:{address.database}".encode()
        self._teller = teller.encode()
        self._listeners: list[Callable[[Part], None]] = []
        self._quiet: dict[Part, bool] = {}
        """Parts that were heard of just now; whether once more since."""
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
        if part in self._quiet:
            self._quiet[part] = True
        else:
            self._hear(part)

    def _hear(self, part: Part) -> None:
        self._quiet[part] = False
        asyncio.get_running_loop().call_later(QUIET_S, self._quiet_no_more, part)
        for heard in self._listeners:
            heard(part)

    def _quiet_no_more(self, part: Part) -> None:
        if self._quiet.pop(part):
            self._hear(part)
