"""One connection to Redis: commands go out, replies come back in their order (RESP 2)."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, cast

import hiredis

REDIS_PATIENCE_S = 0.1
"""How long a command may take: hundreds of times what it does take, and little beside what a person notices."""

GRACE_S = 0.02
"""And so much longer, in which everything that has arrived is read: where this process itself stood still, for
collecting garbage or because others had the processor, the reply may be here already."""

MAX_WAITING = 10_000
"""Commands that may wait for replies, about 10 MB; more than a process sends in the time that one may take."""

Word = bytes | str | int

_NOTHING = object()

# The library's types say that a command has one word.
_pack: Callable[[tuple[Word, ...]], bytes] = cast(Any, hiredis).pack_command


class RedisAway(Exception):
    """Redis cannot be reached, does not answer in time or refuses; the text says why, and holds nothing stored.

    Attributes:
        refused: whether it answered with an error.
    """

    def __init__(self, reason: str, refused: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused


class Connection(asyncio.Protocol):
    """A connection that lasts until it fails in anything; then it is closed, and every command on it has failed.

    Args:
        lost: called once, when it has failed.
        heard: called with the text of each message to a channel that was subscribed to.
    """

    def __init__(
        self,
        lost: Callable[[RedisAway], None],
        heard: Callable[[bytes], None] | None = None,
        patience_s: float = REDIS_PATIENCE_S,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._lost = lost
        self._heard = heard
        self._patience_s = patience_s
        self._reader = hiredis.Reader(notEnoughData=_NOTHING)
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[tuple[float, asyncio.Future[Any]]] = deque()
        self._leaving: list[bytes] = []
        self._watch: asyncio.TimerHandle | None = None
        self._overdue: asyncio.Future[Any] | None = None

    @property
    def is_open(self) -> bool:
        """Whether commands can be sent."""
        return self._transport is not None

    def send(self, *words: Word) -> asyncio.Future[Any]:
        """Send a command; its reply may be a `hiredis.ReplyError`. All commands of one moment leave in one write.

        Raises:
            RedisAway: at once or in the result: the connection has failed, or too many commands wait.
        """
        if self._transport is None:
            raise RedisAway("the connection is closed")
        if len(self._waiting) >= MAX_WAITING:
            raise RedisAway(f"{MAX_WAITING} commands wait for it")
        if not self._leaving:
            self._loop.call_soon(self._flush)
        self._leaving.append(_pack(words))
        future: asyncio.Future[Any] = self._loop.create_future()
        self._waiting.append((self._loop.time(), future))
        if self._watch is None:
            self._watch = self._loop.call_later(self._patience_s, self._look)
        return future

    def lose(self, away: RedisAway) -> None:
        """Close it; whatever waits fails with this."""
        transport, self._transport = self._transport, None
        if transport is None:
            return
        transport.abort()
        if self._watch is not None:
            self._watch.cancel()
        waiting, self._waiting = self._waiting, deque()
        for _, future in waiting:
            if not future.done():
                future.set_exception(RedisAway(str(away), away.refused))
        self._lost(away)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not every loop's transports are asyncio's by class.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lose(RedisAway("it closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        try:
            while self._transport is not None and (reply := self._reader.gets()) is not _NOTHING:
                self._take(reply)
        except hiredis.ProtocolError:
            self.lose(RedisAway("what answers is no Redis"))

    def _take(self, reply: Any) -> None:
        # Messages stand between the replies to commands, and look like no reply to the few that are sent here.
        if self._heard is not None and isinstance(reply, list) and reply[:1] == [b"message"]:
            self._heard(reply[-1])
        elif self._waiting:
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_result(reply)
        else:
            self.lose(RedisAway("it said something that nobody asked for"))

    def _flush(self) -> None:
        leaving, self._leaving = self._leaving, []
        if self._transport is not None:
            self._transport.write(b"".join(leaving))

    def _look(self) -> None:
        """Whether the command that waits longest waits too long. One timer for all: replies come in order."""
        self._watch = None
        if not self._waiting:
            return
        asked_at_s, future = self._waiting[0]
        left_s = asked_at_s + self._patience_s - self._loop.time()
        if len(self._leaving) == len(self._waiting):
            # Nothing has left yet: it is this process that is late.
            left_s = self._patience_s
        if left_s <= 0 and self._overdue is future:
            self.lose(RedisAway(f"it does not answer within {self._patience_s * 1000:.0f} ms"))
            return
        self._overdue = future if left_s <= 0 else None
        self._watch = self._loop.call_later(max(left_s, GRACE_S), self._look)
