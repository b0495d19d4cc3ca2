"""Stopping in time: whoever asked waits ten seconds, then kills, and a kill is worse than an end with less order."""

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable

CLOSING_S = 2.0
"""For writing and closing what is open once no request runs any more: a commit, and a copy of the log."""

LAST_RESORT_S = 0.3
"""Past all that the process ends itself: what keeps it, a disk that hangs, will not let go in time."""

LOOK_INTERVAL_S = 0.05
"""How often it is looked whether requests still run."""

HURRIED_S = 1.0
"""What is left of all that for whoever asks a second time."""

_log = logging.getLogger(__name__)


class Stopping:
    """How a server's end goes, and how long each part of it may take.

    Args:
        patience_s: for requests that are running.
        kill: ends the process at once, with an exit code.
    """

    def __init__(self, patience_s: float, kill: Callable[[int], object] | None = None) -> None:
        self._patience_s = patience_s
        self._kill = kill or _exit
        self._deadline_s = 0.0
        self._last_resort: threading.Timer | None = None
        self.begun = asyncio.Event()
        self.hurried = False

    def begin(self, code: int = 0) -> None:
        """Whoever runs the process wants its end.

        Args:
            code: of a process that does not end in time.
        """
        if not self.begun.is_set():
            self.begun.set()
            self._allow(self._patience_s + CLOSING_S, code)

    def hurry(self) -> None:
        """They want it now."""
        self.begin()
        if not self.hurried:
            self.hurried = True
            self._allow(HURRIED_S, 0)

    def asked(self) -> None:
        """They asked by a signal: whoever asks twice is in a hurry."""
        if self.begun.is_set():
            self.hurry()
        else:
            self.begin()

    async def requests(self, are_done: Callable[[], bool]) -> bool:
        """Wait until the requests are done; False when they take longer than they may."""
        clock_s = asyncio.get_running_loop().time
        until_s = clock_s() + self._patience_s
        while True:
            done = are_done()
            if done or self.hurried or clock_s() >= until_s:
                break
            await asyncio.sleep(LOOK_INTERVAL_S)
        self._deadline_s = min(self._deadline_s, clock_s() + CLOSING_S)
        return done

    async def attempt(self, step: Awaitable[None], what: str, at_most_s: float = CLOSING_S) -> None:
        """Await one part of the end, and go on without it when its time is up."""
        if not self.begun.is_set():
            self.begin(1)
        until_s = min(self._deadline_s, asyncio.get_running_loop().time() + at_most_s)
        try:
            async with asyncio.timeout_at(until_s):
                await step
        except TimeoutError:
            _log.error("%s did not end in time", what)

    @contextlib.asynccontextmanager
    async def closing(self, close: Callable[[], Awaitable[None]], what: str) -> AsyncIterator[None]:
        """Close something at the end, in time."""
        try:
            yield
        finally:
            await self.attempt(close(), what)

    def over(self) -> None:
        """Everything has ended."""
        if self._last_resort is not None:
            self._last_resort.cancel()

    def _allow(self, seconds: float, code: int) -> None:
        self.over()
        self._deadline_s = asyncio.get_running_loop().time() + seconds
        # A thread, because it is the loop that may be stuck; and one that keeps no process from ending.
        self._last_resort = threading.Timer(seconds + LAST_RESORT_S, self._end, [code])
        self._last_resort.daemon = True
        self._last_resort.start()

    def _end(self, code: int) -> None:
        _log.error("what is open does not close: ending without it; every answered request is in the database")
        self._kill(code)


def _exit(code: int) -> None:
    # What waits to be logged says why.
    logging.shutdown()
    os._exit(code)
