"""The servers that tests start: they outlive being killed, and never the run that started them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.databases import Postgres, Redis, runs

REPOSITORY = Path(__file__).resolve().parent.parent

STARTING = """
import sys, time
from pathlib import Path
from tests.databases import {kind}

server = {kind}.started(Path(sys.argv[1]))
sys.stdout.write(f"{{server.pid}} {{server.data}}\\n")
sys.stdout.flush()
time.sleep(600)
"""

END_TIMEOUT_S = 60
"""More than a guard takes, however busy the machine is."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with Postgres.started(tmp_path_factory.mktemp("own")) as server:
        yield server


def test_what_was_committed_before_a_kill_is_there_after_the_next_start(own: Postgres) -> None:
    name = own.database().rpartition("/")[2]
    own.run("CREATE TABLE kept (id INT)", "INSERT INTO kept VALUES (7)", database=name)
    before = own.pid
    own.kill()
    assert not psutil.pid_exists(before)
    own.start()
    assert own.run("SELECT id FROM kept", database=name) == "7\n"


def test_a_database_is_made_from_another(own: Postgres) -> None:
    template = own.database()
    own.run("CREATE TABLE copied (id INT)", database=template.rpartition("/")[2])
    copy = own.database(template)
    assert own.run("SELECT count(*) FROM copied", database=copy.rpartition("/")[2]) == "0\n"
    own.drop(copy)
    assert copy.rpartition("/")[2] not in own.run("SELECT datname FROM pg_database").splitlines()


def test_services_own_their_databases_and_are_no_superusers(own: Postgres) -> None:
    own.database()
    roles = own.run("SELECT rolname, rolsuper FROM pg_roles WHERE NOT rolname LIKE 'pg\\_%'").splitlines()
    assert sorted(roles) == ["postgres|t", "tacet|f"]


def test_a_redis_that_was_killed_comes_back_empty_at_the_same_address(tmp_path: Path) -> None:
    with Redis.started(tmp_path) as server:
        address = server.address
        server.run("SET name value")
        server.kill()
        with pytest.raises(OSError, match="refused"):
            server.run("PING")
        server.start()
        assert (server.address, server.run("GET name")) == (address, b"$-1\r\n")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda each: each.name)
@pytest.mark.parametrize("kind", ["Postgres", "Redis"])
def test_a_server_ends_with_the_run_that_started_it_however_that_ends(
    kind: str, how: signal.Signals, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", STARTING.format(kind=kind), str(tmp_path)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as starter:
        assert starter.stdout is not None
        pid, folder = starter.stdout.readline().split()
        family = [psutil.Process(int(pid)), *psutil.Process(int(pid)).children(recursive=True)]
        os.kill(starter.pid, how)
        starter.wait(END_TIMEOUT_S)
    deadline = time.monotonic() + END_TIMEOUT_S
    while any(runs(each) for each in family) or Path(folder).exists():
        assert time.monotonic() < deadline, f"{kind} is still there"
        time.sleep(0.05)
