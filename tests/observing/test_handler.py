import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tacet.clock import SystemClock
from tacet.observing.handler import Unhindered
from tacet.observing.logs import REQUEST_ID, formatter
from tacet.observing.request_log import LAST_WORDS_S, Entry, RequestLog
from tacet.processes.observed import observed
from tests.service import settings

ENTRY: Entry = (1_790_000_000_123, "GET", "/2/users/me", 200, 1_000, b"00000000000000ff", 0)
MANY = 5_000
"""Lines that no pipe has room for."""

PATIENCE_S = 30.0


@contextlib.contextmanager
def unread() -> Iterator[int]:
    """Standard error is a pipe; its reading end."""
    others = set(threading.enumerate())
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with os.fdopen(writing, "w") as stream, contextlib.redirect_stderr(stream):
        yield reading
        # Whoever still writes is let go, and must not write the rest elsewhere.
        os.close(reading)
        deadline_s = time.monotonic() + PATIENCE_S
        while not others.issuperset(threading.enumerate()):
            assert time.monotonic() < deadline_s
            time.sleep(0.01)


def logger_with(handler: Unhindered) -> logging.Logger:
    log = logging.getLogger("tacet.test")
    log.handlers, log.propagate = [handler], False
    return log


def in_time(work: threading.Thread) -> bool:
    work.daemon = True
    work.start()
    work.join(PATIENCE_S)
    return not work.is_alive()


def test_without_a_thread_what_nobody_reads_is_dropped() -> None:
    handler = Unhindered(formatter("text"))
    log = logger_with(handler)

    def flood() -> None:
        for number in range(MANY):
            log.error("line %d", number)

    with unread() as reading:
        assert in_time(threading.Thread(target=flood))
        lines = os.read(reading, 1 << 20).splitlines()
    assert lines[0].endswith(b"ERROR tacet.test: line 0")
    assert len(lines) + handler.dropped == MANY


def test_what_was_dropped_before_there_was_a_thread_counts_with_the_rest() -> None:
    handler = Unhindered(formatter("text"))
    log = logger_with(handler)
    with unread() as reading:
        for number in range(MANY):
            log.error("line %d", number)
        written = len(os.read(reading, 1 << 20).splitlines())
    behind = RequestLog("text", lambda _lines: None)
    for _ in range(2):
        with handler.behind(behind):
            assert behind.dropped == MANY - written
            assert handler.dropped == 0


def test_what_is_logged_without_standard_error_is_not_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = Unhindered(formatter("text"))
    monkeypatch.setattr(sys, "stderr", None)
    logger_with(handler).error("to nobody")
    assert handler.dropped == 0


def test_a_server_whose_log_nobody_reads_goes_on_and_ends() -> None:
    handler = Unhindered(formatter("text"))
    log, behind = logger_with(handler), RequestLog("text", max_waiting=100)

    def serve() -> None:
        behind.start()
        with handler.behind(behind):
            for number in range(MANY):
                log.error("line %d", number)
        behind.close()
        log.error("one more")

    with unread():
        assert in_time(threading.Thread(target=serve))
    assert behind.dropped > 0


def test_lines_of_both_kinds_keep_their_order() -> None:
    chunks: list[bytes] = []
    behind, handler = RequestLog("text", chunks.append), Unhindered(formatter("text"))
    log = logger_with(handler)
    behind.start()
    with handler.behind(behind):
        for number in range(100):
            log.error("line %d", number)
            behind.put(ENTRY)
    behind.close()
    lines = b"".join(chunks).splitlines()
    assert [line.rpartition(b": ")[2] for line in lines[::2]] == [b"line %d" % number for number in range(100)]
    assert all(b"GET /2/users/me 200" in line for line in lines[1::2])


def test_a_line_belongs_to_the_request_that_logged_it() -> None:
    chunks: list[bytes] = []
    behind, handler = RequestLog("text", chunks.append), Unhindered(formatter("text"))
    token = REQUEST_ID.set(b"00000000000000ff")
    with handler.behind(behind):
        logger_with(handler).error("half a pair: \ud800")
    REQUEST_ID.reset(token)
    behind.start()
    behind.close()
    assert chunks[0].endswith(b"half a pair: \\ud800 [00000000000000ff]\n")


async def test_a_process_logs_by_its_thread_as_long_as_it_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = Unhindered(formatter("text"))
    written: list[str] = []

    def by_thread(log: RequestLog, line: bytes) -> None:
        written.append(line.decode())

    monkeypatch.setattr(RequestLog, "say", by_thread)
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    with (tmp_path / "stderr").open("w+") as file:
        monkeypatch.setattr(sys, "stderr", file)
        logging.getLogger("tacet").error("before")
        async with observed(settings(), SystemClock()):
            logging.getLogger("tacet").error("meanwhile")
        logging.getLogger("tacet").error("after")
    assert [line.rpartition(": ")[2] for line in written] == ["meanwhile\n"]
    assert [line.rpartition(": ")[2] for line in (tmp_path / "stderr").read_text().splitlines()] == ["before", "after"]


def test_the_end_of_a_process_waits_a_second_for_its_last_words() -> None:
    chunks: list[bytes] = []
    behind, handler = RequestLog("text", chunks.append), Unhindered(formatter("text"))
    behind.start()
    with handler.behind(behind):
        logger_with(handler).error("it does not end")
        handler.close()
    assert b"it does not end" in chunks[0]
    assert LAST_WORDS_S == 1
