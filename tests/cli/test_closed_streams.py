"""Servers whose standard streams were closed before their start, as some supervisors do."""

import contextlib
import json
import os
import shlex
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tacet.cli.exits import Exit
from tacet.identity.vault import new_secret_key
from tacet.ids import SeededRandomness

PATIENCE_S = 60
"""More than a server takes to start, to answer or to stop, however busy the machine is."""

LOOK_INTERVAL_S = 0.05

LINES = {
    "sandbox": "sandbox --people 3 --log-requests",
    "serve": "serve --database sqlite:///tacet.db --log-requests",
}
CLOSED = {"input": "<&-", "output": ">&-", "error": "2>&-", "all": "<&- >&- 2>&-"}


def url_in(ready: Path, process: subprocess.Popen[bytes]) -> str:
    """Where a server says that it listens, once it does."""
    for _ in range(int(PATIENCE_S / LOOK_INTERVAL_S)):
        if ready.exists():
            return str(json.loads(ready.read_text())["url"])
        with contextlib.suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"it ended with {process.wait(LOOK_INTERVAL_S)}")
    raise AssertionError("it does not start")


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize("closed", CLOSED.values(), ids=CLOSED)
@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_server_without_some_of_its_streams_serves_and_ends_well(tmp_path: Path, line: str, closed: str) -> None:
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "tacet.cli", *line.split(), "--port", "0", "--ready-file", str(ready)]
    environment = {**os.environ, "TACET_SECRET_KEY": new_secret_key(SeededRandomness(1))}
    with subprocess.Popen(
        ["/bin/sh", "-c", f"exec {shlex.join(command)} {closed}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
        env=environment,
    ) as process:
        try:
            url = url_in(ready, process)
            assert [status_of(f"{url}/2/users/me") for _ in range(3)] == [401] * 3
            process.terminate()
            assert process.wait(PATIENCE_S) == Exit.OK
        finally:
            process.kill()
