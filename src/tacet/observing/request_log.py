"""What a process logs, and one line for each request, written by a thread of its own: a log that nobody reads must not
hold up an answer."""

import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator

import msgspec

from tacet.observing.logs import JSON, moment

MAX_WAITING = 20_000
"""Lines that wait to be written, about 5 MB: a second or two of all that one process can answer."""

WRITE_INTERVAL_S = 0.2
"""How long a line waits at most while the log is read."""

MAX_CHUNK_BYTES = 4_096
"""What is written at once: pipes keep so much together (PIPE_BUF), also where several processes write into one."""

LAST_WORDS_S = 1.0
"""How long the end waits for lines that nobody reads."""

LOGGER = "tacet.requests"

Entry = tuple[int, str, str, int, int, bytes, int]
"""Unix milliseconds, method, route, status, nanoseconds taken, the request's id, the App's id or 0."""

Write = Callable[[bytes], object]
"""Writes whole lines."""


def to_stderr(lines: bytes) -> None:
    """Write whole lines beside what is logged; nothing where standard error was closed before the start.

    Raises:
        BlockingIOError: it is set to let nobody wait, and takes no more now; some of the lines may be written.
        OSError: they cannot be written.
        ValueError: it was closed since.
    """
    if sys.stderr is not None:
        while lines:
            lines = lines[os.write(sys.stderr.fileno(), lines) :]


def to_stderr_patiently(lines: bytes) -> None:
    """The same, however long that takes."""
    while lines and sys.stderr is not None:
        try:
            lines = lines[os.write(sys.stderr.fileno(), lines) :]
        except BlockingIOError:
            # Whoever started us, or shares it with us, has set it so.
            poll = select.poll()
            poll.register(sys.stderr.fileno(), select.POLLOUT)
            poll.poll()


class RequestLog:
    """Gathers entries and lines and writes them in the background, in their order.

    Args:
        log_format: a value of `Settings.log_format`.

    Attributes:
        dropped: entries and lines that were not written, because too many waited or they could not be.
    """

    def __init__(self, log_format: str, write: Write = to_stderr_patiently, max_waiting: int = MAX_WAITING) -> None:
        self._line = _json_line if log_format == JSON else _text_line
        self._write = write
        self._max_waiting = max_waiting
        self._waiting: deque[Entry | bytes] = deque()
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="tacet-requests", daemon=True)
        # Each of two threads counts for itself.
        self._refused = 0
        self._lost = 0

    @property
    def dropped(self) -> int:
        return self._refused + self._lost

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def say(self, line: bytes) -> None:
        """Log a line, at once where somebody reads; never waits. Any thread may call it."""
        self.put(line)
        self._wake.set()

    def put(self, entry: Entry | bytes) -> None:
        """Log one request, or a line; never waits."""
        if len(self._waiting) < self._max_waiting:
            self._waiting.append(entry)
        else:
            self._refused += 1

    def count_dropped(self, lines: int) -> None:
        """Count some that were dropped before this had to write them."""
        self._refused += lines

    def close(self) -> None:
        """Write what waits, as long as somebody reads it."""
        self._closing = True
        self._wake.set()
        self._thread.join(LAST_WORDS_S)

    def _work(self) -> None:
        while not self._closing:
            self._wake.wait(WRITE_INTERVAL_S)
            self._wake.clear()
            self._flush()
        self._flush()

    def _flush(self) -> None:
        for chunk in _chunks(self._taken()):
            try:
                self._write(chunk)
            except OSError:
                lost = chunk.count(b"\n")
                self._lost += lost
            except ValueError:
                # Standard error was closed: there is nobody to tell.
                continue

    def _taken(self) -> Iterator[bytes]:
        while self._waiting:
            taken = self._waiting.popleft()
            yield taken if isinstance(taken, bytes) else self._line(taken)


def _chunks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Lines put together, as many as are written at once."""
    gathered: list[bytes] = []
    size = 0
    for line in lines:
        if gathered and size + len(line) > MAX_CHUNK_BYTES:
            yield b"".join(gathered)
            gathered, size = [], 0
        gathered.append(line)
        size += len(line)
    if gathered:
        yield b"".join(gathered)


def _text_line(entry: Entry) -> bytes:
    at_ms, method, route, status, took_ns, request_id, app_id = entry
    whose = f" App {app_id}" if app_id else ""
    took_ms = took_ns / 1e6
    line = f"{moment(at_ms)} INFO {LOGGER}: {method} {route} {status} {took_ms:.1f} ms{whose} [{request_id.decode()}]\n"
    return line.encode()


def _json_line(entry: Entry) -> bytes:
    at_ms, method, route, status, took_ns, request_id, app_id = entry
    facts = {
        "time": moment(at_ms),
        "level": "info",
        "logger": LOGGER,
        "message": "request answered",
        "process": os.getpid(),
        "method": method,
        "route": route,
        "status": status,
        "duration_ms": round(took_ns / 1e6, 3),
        "request_id": request_id.decode(),
        # Ids are larger than what many readers of JSON keep exactly.
        **({"app_id": str(app_id)} if app_id else {}),
    }
    return msgspec.json.encode(facts) + b"\n"
