"""How much PostgreSQL may say at a time: what the driver has not wholly received, it keeps."""

import asyncio
import logging
from typing import Any

import asyncpg

MAX_ANSWER_BYTES = 64 << 20
"""Of one statement: the longest, a thousand people with their profiles, has some 2 MB."""

_log = logging.getLogger(__name__)


class Bounded(asyncio.Protocol):
    """Stands before the driver's own protocol, and ends the connection where an answer does not.

    Args:
        behind: the driver's.
    """

    def __init__(self, behind: Any, transport: asyncio.Transport) -> None:
        self._feed = behind.data_received
        self._behind = behind
        self._transport = transport
        self.left_bytes = MAX_ANSWER_BYTES

    def data_received(self, data: bytes) -> None:
        self.left_bytes -= len(data)
        if self.left_bytes >= 0:
            self._feed(data)
        elif not self._transport.is_closing():
            _log.error("a session with the database is ended: its answer is larger than any that is asked for")
            self._transport.abort()

    def eof_received(self) -> bool | None:
        ended: bool | None = self._behind.eof_received()
        return ended

    def connection_lost(self, exc: Exception | None) -> None:
        self._behind.connection_lost(exc)

    def pause_writing(self) -> None:
        self._behind.pause_writing()

    def resume_writing(self) -> None:
        self._behind.resume_writing()


class BoundedSession(asyncpg.Connection):  # type: ignore[misc] # the driver has no types
    """The driver's session, from the end of its login on: during that, only its time is bounded."""

    def __init__(self, protocol: Any, transport: Any, *more: Any) -> None:
        super().__init__(protocol, transport, *more)
        self._bounded = Bounded(protocol, transport)
        transport.set_protocol(self._bounded)

    def expect(self) -> None:
        """A statement is sent: what comes now is its answer."""
        self._bounded.left_bytes = MAX_ANSWER_BYTES
