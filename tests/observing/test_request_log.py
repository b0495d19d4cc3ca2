import errno
import json
import os
import select
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import pytest

from tacet.observing import request_log
from tacet.observing.request_log import MAX_CHUNK_BYTES, Entry, RequestLog, to_stderr

AT_MS = 1_790_000_000_123
ENTRY: Entry = (AT_MS, "GET", "/2/users/{id}/muting", 200, 1_234_567, b"00000000000000ff", 2_100_000_000_000_000_001)
NOBODY: Entry = (AT_MS, "POST", "/2/users/{id}/muting", 401, 50_000, b"0000000000000100", 0)

PATIENCE_S = 30.0


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits is written before a log ends, however busy the machine is."""
    monkeypatch.setattr(request_log, "LAST_WORDS_S", PATIENCE_S)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, "it does not come true"
        time.sleep(0.01)


def closed_stream() -> TextIO:
    with Path(os.devnull).open("w") as stream:
        return stream


def written(log_format: str, *entries: Entry) -> bytes:
    chunks: list[bytes] = []
    log = RequestLog(log_format, chunks.append)
    for entry in entries:
        log.put(entry)
    log.start()
    log.close()
    return b"".join(chunks)


def test_a_line_for_people() -> None:
    assert written("text", ENTRY, NOBODY).decode().splitlines() == [
        "2026-09-21T14:13:20.123Z INFO tacet.requests: GET /2/users/{id}/muting 200 1.2 ms "
        "App 2100000000000000001 [00000000000000ff]",
        "2026-09-21T14:13:20.123Z INFO tacet.requests: POST /2/users/{id}/muting 401 0.1 ms [0000000000000100]",
    ]


def test_an_object_for_programs() -> None:
    first, second = map(json.loads, written("json", ENTRY, NOBODY).splitlines())
    assert first == {
        "time": "2026-09-21T14:13:20.123Z",
        "level": "info",
        "logger": "tacet.requests",
        "message": "request answered",
        "process": os.getpid(),
        "method": "GET",
        "route": "/2/users/{id}/muting",
        "status": 200,
        "duration_ms": 1.235,
        "request_id": "00000000000000ff",
        "app_id": "2100000000000000001",
    }
    assert "app_id" not in second


def test_nothing_is_lost_at_the_end() -> None:
    assert len(written("text", *[ENTRY] * 1_000).splitlines()) == 1_000


def test_what_is_written_at_once_is_whole_lines_that_pipes_keep_together() -> None:
    chunks: list[bytes] = []
    log = RequestLog("json", chunks.append)
    for _ in range(500):
        log.put(ENTRY)
    log.start()
    log.close()
    assert len(chunks) > 1
    assert all(len(chunk) <= MAX_CHUNK_BYTES and chunk.endswith(b"\n") for chunk in chunks)


def test_a_log_that_nobody_reads_drops_lines_and_counts_them() -> None:
    reading = threading.Event()

    def slow(_lines: bytes) -> None:
        reading.wait()

    log = RequestLog("text", slow, max_waiting=3)
    log.start()
    for _ in range(50):
        log.put(ENTRY)
    assert log.dropped >= 50 - 2 * 3
    reading.set()
    log.close()


def test_a_log_that_is_gone_ends_nothing() -> None:
    def gone(_lines: bytes) -> None:
        raise BrokenPipeError

    log = RequestLog("text", gone)
    for _ in range(500):
        log.put(ENTRY)
    log.start()
    log.close()
    assert log.dropped == 500


def test_what_a_full_disk_does_not_take_is_counted_and_the_rest_is_written() -> None:
    chunks: list[bytes] = []

    def full_at_first(lines: bytes) -> None:
        chunks.append(lines)
        if len(chunks) <= 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    log = RequestLog("text", full_at_first)
    for _ in range(500):
        log.put(ENTRY)
    log.start()
    log.close()
    assert log.dropped == b"".join(chunks[:2]).count(b"\n")
    assert log.dropped + b"".join(chunks[2:]).count(b"\n") == 500


def test_a_pipe_that_is_full_and_lets_nobody_wait_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    numbered = [b"%06d %s" % (number, b"x" * 92) for number in range(2_000)]
    reading, writing = os.pipe()
    for end in (reading, writing):
        os.set_blocking(end, False)
    with os.fdopen(reading, "rb", buffering=0) as pipe, os.fdopen(writing, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        log = RequestLog("text")
        for line in numbered:
            log.put(line + b"\n")
        log.start()
        wait_until(lambda: not select.select([], [writing], [], 0)[1])
        read = bytearray()

        def has_all() -> bool:
            read.extend(pipe.read(65_536) or b"")
            return read.count(b"\n") + log.dropped >= len(numbered)

        wait_until(has_all)
        assert read.splitlines() == numbered
        assert log.dropped == 0
        log.close()


@pytest.mark.parametrize("stream", [None, closed_stream()], ids=["closed before the start", "closed since"])
def test_without_standard_error_a_log_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream: TextIO | None
) -> None:
    tried = threading.Event()

    def trying(lines: bytes) -> None:
        try:
            to_stderr(lines)
        finally:
            tried.set()

    monkeypatch.setattr(sys, "stderr", stream)
    log = RequestLog("text", trying)
    log.start()
    log.say(b"to nobody\n")
    assert tried.wait(PATIENCE_S)
    with (tmp_path / "stderr").open("w") as file:
        monkeypatch.setattr(sys, "stderr", file)
        tried.clear()
        log.say(b"to somebody\n")
        assert tried.wait(PATIENCE_S)
        log.close()
    assert (tmp_path / "stderr").read_bytes() == b"to somebody\n"
    assert log.dropped == 0


def test_lines_go_to_standard_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "stderr").open("w+") as file:
        monkeypatch.setattr(sys, "stderr", file)
        to_stderr(b"one\ntwo\n")
    assert (tmp_path / "stderr").read_bytes() == b"one\ntwo\n"
