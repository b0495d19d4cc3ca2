"""Several processes, each of which tells of itself, and the form of their logs."""

import contextlib
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tacet.cli.exits import Exit
from tests.deploy.scraped import Scraped, eventually
from tests.documents import free_port
from tests.sandboxes import TACET, clean_environment
from tests.service import SECRET_KEY

PROCESSES = 2
STOP_TIMEOUT_S = 60


@pytest.fixture
def environment() -> dict[str, str]:
    return {**clean_environment(), "TACET_SECRET_KEY": SECRET_KEY, "PYTHONUNBUFFERED": "1"}


def pair_of_ports() -> int:
    """The first of two neighbouring ports that are free."""
    while True:
        port = free_port()
        with contextlib.suppress(OSError, OverflowError), socket.create_server(("127.0.0.1", port + 1)):
            return port


@pytest.fixture
def served(
    tmp_path: Path, environment: dict[str, str], migrated_address: str, redis_address: str
) -> Iterator[tuple[Scraped, Path, "subprocess.Popen[bytes]"]]:
    """Two processes on one database; the first one's metrics, their log, and their parent."""
    port, ready, log = pair_of_ports(), tmp_path / "ready.json", tmp_path / "log"
    command = [
        *(*TACET, "serve", "--quiet", "--port", "0", "--processes", str(PROCESSES), "--ready-file", str(ready)),
        *("--database", migrated_address, "--redis", redis_address, "--metrics", f"127.0.0.1:{port}"),
        *("--log-format", "json", "--log-requests"),
    ]
    with log.open("wb") as file, subprocess.Popen(command, env=environment, stderr=file) as process:
        try:
            eventually(lambda: ready.exists() or process.poll() is not None)
            assert process.poll() is None, log.read_text()
            yield Scraped(json.loads(ready.read_text())["url"], port), log, process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_TIMEOUT_S)


def test_each_process_tells_of_itself(served: tuple[Scraped, Path, "subprocess.Popen[bytes]"]) -> None:
    first, log, process = served
    both = [first, Scraped(first.url, first.port + 1)]
    statuses = [first.ask("GET", "/2/users/me", token="nobody's") for _ in range(10)]
    counted = [server.total("tacet_requests_total", route="/2/users/me", status="401") for server in both]
    assert sum(count for count in counted if count > 0) == len(statuses)
    assert [server.total("tacet_redis_up") for server in both] == [1] * PROCESSES
    assert [server.total("tacet_store_up") for server in both] == [1] * PROCESSES
    process.send_signal(signal.SIGTERM)
    assert process.wait(STOP_TIMEOUT_S) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    logged = {line["request_id"] for line in lines if line["logger"] == "tacet.requests"}
    assert logged == {request_id for _, request_id in statuses}


def test_a_port_for_metrics_that_is_taken_is_named(tmp_path: Path, environment: dict[str, str]) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        command = [*TACET, "serve", "--port", "0", "--database", f"sqlite:///{tmp_path / 'tacet.db'}"]
        done = subprocess.run(
            [*command, "--metrics", f"127.0.0.1:{port}"], env=environment, capture_output=True, text=True, timeout=60
        )
    assert done.returncode == Exit.ADDRESS
    assert f"127.0.0.1:{port}" in done.stderr
    assert "--metrics" in done.stderr
    # asyncio's own words would tell the address a second time.
    assert done.stderr.count(str(port)) == 1
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_what_is_logged_while_it_runs_has_the_form_that_was_chosen(
    tmp_path: Path, environment: dict[str, str], log_format: str
) -> None:
    ready = tmp_path / "ready.json"
    command = [*TACET, "sandbox", "--quiet", "--port", "0", "--people", "10", "--ready-file", str(ready)]
    with subprocess.Popen(
        [*command, "--log-format", log_format], env=clean_environment(), stderr=subprocess.PIPE, text=True
    ) as process:
        eventually(ready.exists)
        status, request_id = Scraped(json.loads(ready.read_text())["url"], 0).ask("GET", "/2/users/me", token="x")
        os.kill(process.pid, signal.SIGTERM)
        _, logged = process.communicate(timeout=STOP_TIMEOUT_S)
    # A sandbox tells why a request was refused.
    (line,) = logged.splitlines()
    assert status == 401
    if log_format == "json":
        assert json.loads(line)["request_id"] == request_id
        assert json.loads(line)["logger"] == "tacet.wire.refusals"
    else:
        assert line.endswith(f"[{request_id}]")
        assert " DEBUG tacet.wire.refusals: GET /2/users/me 401: " in line
