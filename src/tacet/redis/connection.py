"""One connection to Redis: commands go out, replies come back in their order (RESP 2)."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import Any, cast

import hiredis

REDIS_PATIENCE_S = 0.1
"""How long a command may take: hundreds of times what it does take, and little beside what a person notices."""

GRACE_S = 0.02
"""And so much longer, in which everything that has arrived is read: where this process itself stood still, for
collecting garbage or because others had the processor, the reply may be here already."""

MAX_WAITING = 10_000
"""Commands that may wait for replies, about 10 MB; more than a process sends in the time that one may take."""

MAX_REPLY_BYTES = 1 << 20
"""Of one reply that has not wholly arrived: the longest, of `INFO`, has some 6 KB."""

Word = bytes | str | int

_NOTHING = object()

# The library's types say that a command has one word.
_pack: Callable[[tuple[Word, ...]], bytes] = cast(Any, hiredis).pack_command


class RedisAway(Exception):
    """Redis cannot be reached, does not answer in time or refuses; the text says why, and holds nothing stored.

    Attributes:
        refused: whether it answered with an error.
        lasting: whether waiting does not help: it does not let us in, or is no Redis.
    """

    def __init__(self, reason: str, refused: bool = False, lasting: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused
        self.lasting = lasting

    def again(self) -> "RedisAway":
        """The same for somebody else."""
        return RedisAway(str(self), self.refused, self.lasting)


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
        # What it notices later is no matter of the request that sends something now.
        self._context = Context()
        self._lost = lost
        self._heard = heard
        self._patience_s = patience_s
        self._reader = hiredis.Reader(notEnoughData=_NOTHING)
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[tuple[float, asyncio.Future[Any]]] = deque()
        self._leaving: list[bytes] = []
        self._watch: asyncio.TimerHandle | None = None
        self._overdue = False
        self._unread_bytes = 0

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
            self._loop.call_soon(self._flush, context=self._context)
        self._leaving.append(_pack(words))
        future: asyncio.Future[Any] = self._loop.create_future()
        self._waiting.append((self._loop.time(), future))
        if self._watch is None:
            self._watch = self._loop.call_later(self._patience_s, self._look, context=self._context)
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
                future.set_exception(away.again())
        self._lost(away)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not every loop's transports are asyncio's by class.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lose(RedisAway("it closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        self._unread_bytes += len(data)
        try:
            while self._transport is not None and (reply := self._reader.gets()) is not _NOTHING:
                self._unread_bytes = 0
                self._take(reply)
        except hiredis.ProtocolError:
            self.lose(RedisAway("what answers is no Redis", lasting=True))
        except MemoryError:
            # Room for a list is made when its length is read, however large that is. It may also be that this process
            # has none for anything, which says nothing of who answers.
            self.lose(RedisAway("its reply takes more memory than there is"))
        if self._unread_bytes > MAX_REPLY_BYTES:
            self.lose(RedisAway("its reply is larger than any that is asked for"))

    def _take(self, reply: Any) -> None:
        # Messages stand between the replies to commands, and look like no reply to the few that are sent here.
        if self._heard is not None and isinstance(reply, list) and reply[:1] == [b"message"]:
            # Anything else than text was told by nobody that is known.
            if isinstance(reply[-1], bytes):
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
            self._overdue = False
            return
        asked_at_s, _ = self._waiting[0]
        left_s = asked_at_s + self._patience_s - self._loop.time()
        if len(self._leaving) == len(self._waiting):
            # Nothing has left yet: it is this process that is late.
            left_s = self._patience_s
        if left_s <= 0 and self._overdue:
            # Perhaps another command than before: where replies trickle in, each of them is late.
            self.lose(RedisAway(f"it does not answer within {self._patience_s * 1000:.0f} ms"))
            return
        self._overdue = left_s <= 0
        self._watch = self._loop.call_later(max(left_s, GRACE_S), self._look, context=self._context)
