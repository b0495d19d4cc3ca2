"""A Redis that may go away and come back: whoever calls it is answered or told at once that it is gone."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import dataclass
from hashlib import sha1
from typing import TYPE_CHECKING, Any, Self

import hiredis

from tacet.observing.lately import Lately
from tacet.redis.address import RedisAddress
from tacet.redis.connection import REDIS_PATIENCE_S, Connection, RedisAway, Word
from tacet.redis.refusals import UNUSABLE, code_of, refusal_of

if TYPE_CHECKING:
    from ssl import SSLContext

RETRY_S = 0.25
"""Between attempts to reach it again, and between looks whether it still answers when nobody asks it anything."""

CONNECT_PATIENCE_S = 1.0
"""How long a connection may take to be made, TLS included; requests do not wait for that."""

TELL_AGAIN_S = 10.0
"""A Redis that comes and goes is told of at most so often."""

COMPLAIN_AGAIN_S = 60.0
"""Commands that it refuses, while it goes on, are told of at most so often."""

_PROBES = (
    (b"SETRANGE", b"tacet:probe", b"0", b""),
    (b"EVAL", b"return redis.call('EXISTS', KEYS[1], KEYS[2])", b"2", b"tacet:probe", b"tacet:probe:other"),
)
"""Commands that change nothing. They fail where Redis answers but cannot be used: while it loads, is full, is a
replica, or may not be written to, and where it is one of a cluster's nodes, which have two keys in two places."""

_PUBLISH_PROBE = (b"PUBLISH", b"tacet:probe", b"")
"""Where this alone is refused the rest can be used."""

_log = logging.getLogger(__name__)


class Script:
    """A Lua script, which Redis runs as one step."""

    def __init__(self, text: str) -> None:
        self.text = text.encode()
        # Redis names scripts so; nothing is protected by it.
        self.sha = sha1(self.text, usedforsecurity=False).hexdigest().encode()


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a connection listens to instead of being asked.

    Attributes:
        heard: called with the text of each message.
    """

    channel: bytes
    heard: Callable[[bytes], None]


class Redis:
    """One connection, made again where it fails; open as long as its context is.

    From the first failure on every call fails at once, until Redis is reached again: nobody waits for one that hangs.

    Args:
        consequence: what does not work without it, for the log.
        subscription: what to listen to; such a connection takes no calls.

    Attributes:
        absences: how often it went away, or was not there to begin with.
        arrivals: how often it was reached.
        follower: called at each look, so that what depends on whether it is there learns of it without being asked.
        failures: calls that failed, or were not made because it was away.
    """

    def __init__(
        self,
        address: RedisAddress,
        consequence: str,
        subscription: Subscription | None = None,
        patience_s: float = REDIS_PATIENCE_S,
    ) -> None:
        self._address = address
        self._consequence = consequence
        self._subscription = subscription
        self._patience_s = patience_s
        self._connection: Connection | None = None
        self._away = RedisAway("it was not reached yet")
        self._tls: SSLContext | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._told = False
        self._told_at_s = float("-inf")
        self._complained_at_s = float("-inf")
        self._refused = Lately(lambda: asyncio.get_running_loop().time())
        self.absences = 0
        self.arrivals = 0
        self.failures = 0
        self.follower: Callable[[], Awaitable[None]] | None = None

    @property
    def present(self) -> bool:
        """Whether it answered last."""
        return self._connection is not None

    @property
    def refusal(self) -> str:
        """Why waiting does not bring it back: it does not let us in, or is no Redis; empty where it may."""
        return str(self._away) if not self.present and self._away.lasting else ""

    @property
    def refused_lately(self) -> str:
        """Why it refused a command not long ago, while it went on; empty where it did not."""
        return self._refused.text

    async def __aenter__(self) -> Self:
        """Try to reach it once, and from then on whenever it is away. One that is not there is no error."""
        await self._reach()
        if not self.present:
            self.absences += 1
        await self._follow()
        self._keeping = asyncio.create_task(self._keep(), context=Context())
        return self

    async def __aexit__(self, *_: object) -> None:
        """End it; calls that wait fail."""
        if self._keeping is not None:
            self._keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeping
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.lose(RedisAway("closed"))

    async def call(self, *words: Word) -> Any:
        """The reply to a command: octets, a number, a list of such, or None.

        Raises:
            RedisAway
        """
        try:
            connection = self._in_use()
            return self._read(connection, await connection.send(*words))
        except RedisAway:
            self.failures += 1
            raise

    async def run(self, script: Script, keys: Sequence[Word], *arguments: Word) -> Any:
        """What a script returns; it is sent in full where Redis does not know it, after a restart for example.

        Raises:
            RedisAway
        """
        try:
            connection = self._in_use()
            reply = await connection.send(b"EVALSHA", script.sha, len(keys), *keys, *arguments)
            if isinstance(reply, hiredis.ReplyError) and str(reply).startswith("NOSCRIPT"):
                reply = await connection.send(b"EVAL", script.text, len(keys), *keys, *arguments)
            return self._read(connection, reply)
        except RedisAway:
            self.failures += 1
            raise

    def odd(self) -> RedisAway:
        """To be raised where a reply is not what was asked for: one that nobody can use is as good as none."""
        self.failures += 1
        away = RedisAway("its reply is not what the command or the script answers", refused=True)
        self._complain(away)
        return away

    def _in_use(self) -> Connection:
        if self._connection is None:
            raise self._away.again()
        return self._connection

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(RETRY_S)
            try:
                await (self._look() if self.present else self._reach())
                await self._follow()
            except Exception:  # noqa: BLE001 - whatever went wrong, a Redis that nobody tries to reach stays away
                _log.exception("Redis cannot be looked after")

    async def _look(self) -> None:
        """Notice one that hangs before a request does."""
        with contextlib.suppress(RedisAway):
            await self.call(b"PING")

    async def _follow(self) -> None:
        if self.follower is not None:
            await self.follower()

    async def _reach(self) -> None:
        connection = Connection(self._went, self._heard, self._patience_s)
        try:
            async with asyncio.timeout(CONNECT_PATIENCE_S):
                await self._connect(connection)
                for words in self._greeting():
                    reply = await connection.send(*words)
                    if isinstance(reply, hiredis.ReplyError):
                        raise refusal_of(reply, words[0])
                await self._try_to_publish(connection)
        except RedisAway as away:
            self._failed(connection, away)
        except TimeoutError:
            self._failed(connection, RedisAway(f"no connection within {CONNECT_PATIENCE_S:.0f} s"))
        except (OSError, UnicodeError) as error:
            self._failed(connection, RedisAway(f"no connection ({type(error).__name__})"))
        except BaseException:
            connection.lose(RedisAway("closed"))
            raise
        else:
            self._arrived(connection)

    async def _connect(self, connection: Connection) -> None:
        address, loop = self._address, asyncio.get_running_loop()
        if address.path:
            await loop.create_unix_connection(lambda: connection, address.path)
        elif address.tls:
            await loop.create_connection(lambda: connection, address.host, address.port, ssl=self._tls_context())
        else:
            await loop.create_connection(lambda: connection, address.host, address.port)

    def _tls_context(self) -> "SSLContext":
        """Made once: reading the certificates that the system trusts takes longer than a request may."""
        if self._tls is None:
            from ssl import create_default_context

            self._tls = create_default_context()
        return self._tls

    def _greeting(self) -> list[tuple[Word, ...]]:
        address = self._address
        said: list[tuple[Word, ...]] = []
        if address.password:
            # Redis 5 knows no users.
            said.append((b"AUTH", *([address.user] if address.user else []), address.password))
        if self._subscription is not None:
            return [*said, (b"SUBSCRIBE", self._subscription.channel)]
        if address.database:
            said.append((b"SELECT", address.database))
        return [*said, *_PROBES]

    async def _try_to_publish(self, connection: Connection) -> None:
        if self._subscription is None:
            reply = await connection.send(*_PUBLISH_PROBE)
            if isinstance(reply, hiredis.ReplyError):
                self._complain(refusal_of(reply, _PUBLISH_PROBE[0]))

    def _heard(self, text: bytes) -> None:
        if self._subscription is not None:
            self._subscription.heard(text)

    def _arrived(self, connection: Connection) -> None:
        if not connection.is_open:
            self._failed(connection, RedisAway("it closed the connection"))
            return
        self._connection = connection
        self.arrivals += 1
        if self._told:
            _log.warning("Redis at %s is back", self._address.shown())
        self._told = False

    def _failed(self, connection: Connection, away: RedisAway) -> None:
        connection.lose(away)
        self._away = away
        self._tell()

    def _went(self, away: RedisAway) -> None:
        """A connection was lost; nothing happens where that is one that is not in use, or is closed on purpose."""
        if self._connection is None:
            return
        self._connection, self._away = None, away
        self.absences += 1
        self._tell()

    def _tell(self) -> None:
        # That it is away the other connection tells; only that one may not listen is known here alone.
        if self._subscription is not None and not self._away.refused:
            return
        now_s = asyncio.get_running_loop().time()
        if self._told or now_s < self._told_at_s + TELL_AGAIN_S:
            return
        self._told, self._told_at_s = True, now_s
        _log.warning("Redis at %s is away, so %s: %s", self._address.shown(), self._consequence, self._away)

    def _complain(self, refusal: RedisAway) -> None:
        self._refused.note(str(refusal))
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._complained_at_s + COMPLAIN_AGAIN_S:
            self._complained_at_s = now_s
            _log.warning("Redis at %s refuses a command, which is done without it: %s", self._address.shown(), refusal)

    def _read(self, connection: Connection, reply: Any) -> Any:
        if not isinstance(reply, hiredis.ReplyError):
            return reply
        refusal = refusal_of(reply)
        if code_of(reply) in UNUSABLE:
            # The next call would get it too. Reaching it again finds out when it is over.
            connection.lose(refusal)
        else:
            self._complain(refusal)
        raise refusal
