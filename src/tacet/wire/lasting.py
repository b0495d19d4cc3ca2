"""How long a connection lasts: until its requests or its client take too long, or its server ends."""

import asyncio
import logging
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tacet.wire.crowd import Crowd

GRACE_S = 0.1
"""At the end of a server: how long a connection that waits for nothing is kept. What its client has sent meanwhile may
still be on its way."""


class LastingProtocol(HttpToolsProtocol):
    """What a connection knows of its time. Nothing of it costs a request a timer: the server looks once a second."""

    crowd: ClassVar[Crowd]

    _arriving = True
    """Until its first request is complete a connection that sends nothing counts as a slow one."""
    _sweeps = 0
    _unread = 0
    """Octets of answers that the client had not taken at the last sweep."""
    _deaf_sweeps = 0
    _running: RequestResponseCycle | None = None
    _task: asyncio.Task[None] | None = None
    _grace: asyncio.TimerHandle | None = None
    """Until the connection is closed, where the server is ending."""

    def is_too_slow(self, patience: int, idle_patience: int) -> bool:
        """Asked at every sweep: whether this connection has had its time.

        Args:
            patience: sweeps that a request may take to arrive, or an answer to be read.
            idle_patience: sweeps without a request.
        """
        self._sweeps += 1
        if self.crowd.is_surplus(self) and self._sweeps > 1 and self._is_idle():
            return True
        if not self._arriving and self._sweeps > idle_patience and self._is_idle():
            return True
        unread = self.transport.get_write_buffer_size()
        self._deaf_sweeps = self._deaf_sweeps + 1 if unread and unread == self._unread else 0
        self._unread = unread
        return (self._arriving and self._sweeps > patience) or self._deaf_sweeps > patience

    def shutdown(self) -> None:
        """Answer what has come and what is still on its way, then end. May be called again."""
        if not self._is_idle():
            self.cycle.keep_alive = False
        if self._grace is None:
            self._linger()

    def cut_off(self) -> None:
        """End the connection at once, whatever it is waiting for."""
        if self._running is not None and self._task is not None:
            # uvicorn would show where the request was, as if that were an error.
            self._running.logger = logging.Logger(__name__, logging.CRITICAL + 1)  # noqa: LOG001 - one that is silent
            self._task.cancel()
        # Closing would wait until the client has read what there is for it.
        self.transport.abort()

    def _is_idle(self) -> bool:
        """Whether every request that was read is answered."""
        return self._running is None or self._running.response_complete

    def _linger(self) -> None:
        if self._grace is not None:
            self._grace.cancel()
        self._grace = self.loop.call_later(GRACE_S, self._end_if_idle)

    def _end_if_idle(self) -> None:
        if self._is_idle() and not self.transport.is_closing():
            self.transport.close()
