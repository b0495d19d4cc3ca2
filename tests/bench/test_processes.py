import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from bench.bare import PATH
from bench.client import Client
from bench.errors import BenchError
from bench.processes import REPOSITORY, Server, end, serving, started

BARE = [sys.executable, "-m", "bench.bare"]


def test_a_server_answers_and_is_gone_afterwards(tmp_path: Path) -> None:
    with serving(BARE, None, tmp_path / "log") as server, Client(server) as client:
        assert client.get_json(PATH, "") == {"hello": "world"}
        assert server.host == server.url.removeprefix("http://")
        assert server.cpu_s() > 0
        assert server.resident_bytes() > 1 << 20
    assert not psutil.pid_exists(server.pid)


def test_a_server_is_gone_after_an_interruption(tmp_path: Path) -> None:
    pids = []

    def interrupted() -> None:
        with serving(BARE, None, tmp_path / "log") as server:
            pids.append(server.pid)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [psutil.pid_exists(pid) for pid in pids] == [False]


def test_a_server_that_does_not_start_is_quoted(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('the port is taken')"]
    with pytest.raises(BenchError, match="did not start: the port is taken"), serving(command, None, tmp_path / "log"):
        pytest.fail("it started")


def test_another_answer_than_200_is_an_error(tmp_path: Path) -> None:
    with (
        serving(BARE, None, tmp_path / "log") as server,
        Client(server) as client,
        pytest.raises(BenchError, match="GET /nowhere was answered 404"),
    ):
        client.walk([(PATH, ""), ("/nowhere", "")])


def test_settings_of_whoever_starts_it_do_not_reach_a_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TACET_PORT", "1")
    command = [sys.executable, "-c", "import os; print(sorted(n for n in os.environ if n.startswith('TACET_')))"]
    with started(command, None, tmp_path / "log", {"TACET_HOST": "x"}) as process:
        output, _ = process.communicate()
    assert output == "['TACET_HOST']\n"


def test_ending_a_process_twice_does_nothing_more_and_signals_work_again(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    with started([sys.executable, "-c", "pass"], None, tmp_path / "log") as process:
        end(process)
    assert process.returncode is not None
    assert signal.getsignal(signal.SIGINT) is before


def test_the_repository_is_the_folder_of_the_makefile() -> None:
    assert os.access(REPOSITORY / "Makefile", os.R_OK)


def test_processor_time_is_that_of_children_too(tmp_path: Path) -> None:
    burning = "sum(range(20_000_000)); print('done', flush=True); import sys; sys.stdin.read()"
    parent = (
        f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {burning!r}], stdin=subprocess.PIPE).wait()"
    )
    with started([sys.executable, "-c", parent], None, tmp_path / "log") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "done\n"
        own = psutil.Process(process.pid).cpu_times()
        assert Server(process.pid, "").cpu_s() > own.user + own.system + 0.1
