"""Accepting connections, and not accepting any while files run out.

Whoever comes then waits in the kernel for a moment. To go on would take the files that the database is looked for with;
and at the very end the event loop either cuts off whoever comes without a word, or turns in circles.
"""

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Callable, Iterator
from contextvars import Context

from tacet.processes.descriptors import highest_free, most_with_clients

PAUSE_S = 0.1
"""Between looks whether there are files again: soon enough for whoever waits, and next to nothing for us."""

TELL_AGAIN_S = 60.0
"""Files that stay short, or run out again and again, are told of at most so often."""

PROCESS = "process"
SYSTEM = "system"

REMEDIES = {
    PROCESS: "raise the limit of this process (LimitNOFILE of the unit, ulimit -n), or lower max_connections",
    SYSTEM: "raise the limit of the whole system (fs.file-max), or end what holds them",
}

WHOSE = {errno.EMFILE: PROCESS, errno.ENFILE: SYSTEM}
"""Whose files have run out, by what the system says."""

_log = logging.getLogger(__name__)


class Accepting:
    """What one process listens on.

    Args:
        listening: bound; closed at the end.
        backlog: connections that may wait to be accepted.
        protocol: makes one for each connection.

    Attributes:
        shortages: how often, for `PAUSE_S` each, too few files were left to accept somebody.
    """

    def __init__(self, listening: socket.socket, backlog: int, protocol: Callable[[], asyncio.Protocol]) -> None:
        self._listening = listening
        self._backlog = backlog
        self._protocol = protocol
        self._server: asyncio.Server | None = None
        self._pausing: asyncio.Task[None] | None = None
        self._told_at_s = float("-inf")
        self.shortages = 0

    def listen(self) -> None:
        """Let connections come; they wait until `begin`.

        Raises:
            OSError: somebody else listens there.
        """
        self._listening.listen(self._backlog)

    async def begin(self) -> None:
        """Accept what comes.

        Raises:
            OSError: there is no file left for it.
        """
        # The event loop closes what it listens on when it is to pause.
        with contextlib.ExitStack() as undo:
            listening = undo.enter_context(self._listening.dup())
            self._server = await asyncio.get_running_loop().create_server(
                self._protocol, sock=listening, backlog=self._backlog
            )
            undo.pop_all()

    def look(self) -> None:
        """Notice, now and then, what no connection shows: that not even one more can be accepted."""
        try:
            highest_free(1)
        except OSError as error:
            # What is looked with may be out of reach for other reasons, as in a root of one's own without /dev.
            if error.errno in WHOSE:
                self.pause(WHOSE[error.errno])

    def pause(self, whose: str = PROCESS) -> None:
        """Accept nobody until there are files for it. May be called again.

        Args:
            whose: limit it is, `PROCESS` or `SYSTEM`.
        """
        if self._server is None:
            return
        self._server.close()
        self._server = None
        # It outlives the connection that it begins with.
        self._pausing = asyncio.get_running_loop().create_task(self._begin_again(whose), context=Context())

    def end(self) -> list[socket.socket]:
        """Stop accepting; return the connections that the kernel has accepted for us already, and would reset."""
        if self._pausing is not None:
            self._pausing.cancel()
        waiting = [*self._accepted()]
        if self._server is not None:
            self._server.close()
            self._server = None
        self._listening.close()
        return waiting

    def _accepted(self) -> Iterator[socket.socket]:
        self._listening.setblocking(False)
        with contextlib.suppress(OSError):
            for _ in range(self._backlog):
                accepted, _ = self._listening.accept()
                accepted.setblocking(False)
                yield accepted

    async def _begin_again(self, whose: str) -> None:
        while self._server is None:
            self.shortages += 1
            self._tell(whose)
            await asyncio.sleep(PAUSE_S)
            # Where there are none, or somebody else is quicker to take one, the next look may find one.
            with contextlib.suppress(OSError):
                if _are_enough():
                    await self.begin()

    def _tell(self, whose: str) -> None:
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._told_at_s + TELL_AGAIN_S:
            self._told_at_s = now_s
            _log.error("too few open files are left, so that nobody is accepted for now: %s", REMEDIES[whose])


def _are_enough() -> bool:
    """Whether there are files to listen with and for whoever comes."""
    try:
        return highest_free(2) < most_with_clients()
    except OSError as error:
        return error.errno not in WHOSE
