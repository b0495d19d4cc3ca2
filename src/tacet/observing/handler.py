"""Logging that nobody waits for: a pipe that nobody reads, or a terminal that was stopped, must not stop a server."""

import contextlib
import logging
import select
import sys
from collections.abc import Iterator

from tacet.observing.request_log import MAX_CHUNK_BYTES, RequestLog, to_stderr


class Unhindered(logging.Handler):
    """Writes to standard error, by the thread of a `RequestLog` where there is one.

    Without it, before a process serves and in a parent, which may have no threads, a line is written where that can be
    done at once, and dropped where not.

    Attributes:
        dropped: lines, without a thread, that could not be written at once; the next `RequestLog` counts them.
    """

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._log: RequestLog | None = None
        self.dropped = 0

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record).encode(errors="backslashreplace") + b"\n"
        except Exception:  # noqa: BLE001 - as logging's own handlers do
            self.handleError(record)
            return
        if self._log is not None:
            self._log.say(line)
        else:
            self.dropped += not _said_at_once(line)

    def close(self) -> None:
        """Write what waits, as long as somebody reads it: the process is about to end."""
        if self._log is not None:
            self._log.close()
        super().close()

    @contextlib.contextmanager
    def behind(self, log: RequestLog) -> Iterator[None]:
        """Leave the writing to its thread, as long as this is open."""
        log.count_dropped(self.dropped)
        self._log, self.dropped = log, 0
        try:
            yield
        finally:
            self._log = None


def _said_at_once(line: bytes) -> bool:
    """Write a line as far as nobody has to wait for it; return whether all of it was written, or nobody wants any."""
    # Pipes and sockets that can be written take so much. Making them non-blocking would do so for others as well.
    for first in range(0, len(line), MAX_CHUNK_BYTES):
        # ValueError is of a stream that was closed.
        with contextlib.suppress(OSError, ValueError):
            if _has_room():
                to_stderr(line[first : first + MAX_CHUNK_BYTES])
                continue
        return False
    return True


def _has_room() -> bool:
    # None is what was closed before the start.
    if sys.stderr is None:
        return True
    poll = select.poll()
    poll.register(sys.stderr.fileno(), select.POLLOUT)
    return bool(poll.poll(0))
