import contextlib
import json
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tacet.cli import servers
from tacet.cli.exits import Exit
from tacet.identity.vault import VaultError, new_secret_key
from tacet.ids import SeededRandomness
from tacet.processes.listening import AddressError
from tacet.processes.supervisor import StartError
from tacet.records.people import Person
from tacet.settings import Settings
from tacet.sharing import SharingError
from tacet.store.base import StoreError, StoreLocked
from tests.cli.conftest import Stored, Tacet
from tests.documents import free_port

KEY = new_secret_key(SeededRandomness(1))
URL = "http://127.0.0.1:4321"

STOP_TIMEOUT_S = 60
"""More than a server takes to stop, however busy the machine is."""


class FakeServer:
    """Stands in for `tacet.processes.server.run`: announces itself, and ends."""

    def __init__(self) -> None:
        self.settings: Settings | None = None
        self.error: Exception | None = None
        self.ready: dict[str, Any] = {}

    def run(
        self, settings: Settings, announce: Callable[[str], None], prepare: object = None, residents: object = ()
    ) -> int:
        self.settings = settings
        if self.error is not None:
            raise self.error
        announce(URL)
        if settings.ready_file is not None:
            self.ready = json.loads(settings.ready_file.read_text())
        return 0


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    fake = FakeServer()
    monkeypatch.setattr("tacet.processes.server.run", fake.run)
    monkeypatch.setattr(servers, "_log_to_stderr", lambda level: None)
    return fake


class TestSandbox:
    @pytest.fixture(autouse=True)
    def _server(self, server: FakeServer) -> None:
        """No real one."""

    def test_says_who_lives_there_and_what_to_paste(self, tacet: Tacet) -> None:
        ended = tacet("sandbox --people 10")
        assert (ended.code, ended.err) == (Exit.OK, "")
        for name in ("@alice", "@bob", "@carol"):
            assert name in ended.out
        assert ended.out.count(f"  curl {URL}/2/users/") == 3
        assert "in memory only" in ended.out

    def test_is_silent_when_asked(self, tacet: Tacet) -> None:
        ended = tacet("sandbox --people 10 --quiet")
        assert (ended.code, ended.out, ended.err) == (Exit.OK, "", "")

    def test_writes_its_ready_file_and_removes_it_at_the_end(
        self, tacet: Tacet, server: FakeServer, tmp_path: Path
    ) -> None:
        assert tacet("sandbox --people 12 --quiet --ready-file ready.json").code == Exit.OK
        assert not (tmp_path / "ready.json").exists()
        ready = server.ready
        assert ready["url"] == URL
        assert [each["username"] for each in ready["people"][:3]] == ["alice", "bob", "carol"]
        assert (len(ready["people"]), len(ready["person_ids"])) == (10, 12)

    def test_settings_reach_the_server(self, tacet: Tacet, server: FakeServer) -> None:
        line = "--people 3 --port 0 --no-rate-limits --limit muteUser=5/60 --api-origin https://a --max-body-bytes 2048"
        assert tacet(f"sandbox --quiet {line}").code == Exit.OK
        assert server.settings is not None
        assert (server.settings.mode, server.settings.port) == ("sandbox", 0)
        assert (server.settings.rate_limits, server.settings.api_origins) == (False, ("https://a",))
        assert (server.settings.max_body_bytes, server.settings.limits["muteUser"].count) == (2_048, 5)

    def test_an_address_that_others_reach_is_warned_of(self, tacet: Tacet) -> None:
        ended = tacet("sandbox --people 3 --quiet --host 0.0.0.0")
        assert ended.complaint == "tacet: warning: everybody who can reach 0.0.0.0 knows these keys"

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "localhost", "::1"])
    def test_an_address_that_nobody_else_reaches_is_not(self, tacet: Tacet, host: str) -> None:
        assert tacet(f"sandbox --people 3 --quiet --host {host}").err == ""

    def test_a_world_that_is_there_already_is_kept_and_said(self, tacet: Tacet, tmp_path: Path) -> None:
        (tmp_path / "world").mkdir()
        (tmp_path / "world" / "world.json").write_text('{"people": 5, "seed": 9}')
        ended = tacet("sandbox --data world")
        assert "5 people live there, kept in world" in ended.out
        expected = "world already holds a world, of 5 people and seed 9; for a new one give another --data"
        assert ended.complaint == f"tacet: warning: {expected}"
        assert tacet("sandbox --data world --people 5 --seed 9").err == ""

    def test_a_world_that_cannot_be_read_is_a_database_error(self, tacet: Tacet, tmp_path: Path) -> None:
        (tmp_path / "world").mkdir()
        (tmp_path / "world" / "world.json").write_text("no JSON")
        assert tacet("sandbox --data world").code == Exit.DATABASE

    @pytest.mark.parametrize("people", ["2", "100001", "many"])
    def test_a_world_of_impossible_size_is_a_usage_error(self, tacet: Tacet, people: str) -> None:
        ended = tacet(f"sandbox --people {people}")
        assert ended.code == Exit.USAGE
        assert ended.complaint.startswith("tacet: --people: ")

    def test_a_database_is_no_option_of_it(self, tacet: Tacet) -> None:
        assert tacet("sandbox --database sqlite:///x.db").code == Exit.USAGE


class TestServe:
    @pytest.fixture(autouse=True)
    def _keyed(self, server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
        """No real server, but a secret key."""
        monkeypatch.setenv("TACET_SECRET_KEY", KEY)

    def test_says_where_it_is(self, tacet: Tacet) -> None:
        assert tacet("serve").out == f"Tacet serves sqlite:///tacet.db on {URL}\n"
        assert tacet("serve --quiet").out == ""

    def test_says_where_people_reach_it(self, tacet: Tacet) -> None:
        told = tacet("serve --public-url https://mutes.example").out.splitlines()
        assert told[1] == "People reach its pages at https://mutes.example (--public-url)"

    def test_writes_its_ready_file_without_anybodys_keys(self, tacet: Tacet, server: FakeServer) -> None:
        assert tacet("serve --ready-file ready.json").code == Exit.OK
        assert set(server.ready) == {"url", "pid"}

    @pytest.mark.parametrize("flags", ["--host 0.0.0.0", "--host :: --public-url http://mutes.example"])
    def test_warns_that_passwords_would_travel_in_the_clear(self, tacet: Tacet, flags: str) -> None:
        ended = tacet(f"serve {flags}")
        assert ended.code == Exit.OK
        assert ended.complaint.startswith("tacet: warning: passwords and tokens would travel in the clear: ")
        assert "--public-url https://" in ended.complaint

    @pytest.mark.parametrize("flags", ["", "--host ::1", "--host 0.0.0.0 --public-url https://mutes.example"])
    def test_warns_of_nothing_else(self, tacet: Tacet, flags: str) -> None:
        assert tacet(f"serve {flags}").err == ""

    def test_refuses_to_start_without_a_secret_key(self, tacet: Tacet, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("TACET_SECRET_KEY")
        ended = tacet("serve")
        assert ended.code == Exit.CONFIGURATION
        assert "`tacet secrets new` prints one" in ended.complaint

    @pytest.mark.parametrize("key", ["hunter2", "x" * 43], ids=["short", "guessable"])
    def test_refuses_to_start_with_a_bad_secret_key(
        self, tacet: Tacet, key: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TACET_SECRET_KEY", key)
        ended = tacet("serve")
        assert ended.code == Exit.CONFIGURATION
        assert ended.complaint.startswith("tacet: TACET_SECRET_KEY: the secret key ")
        assert key not in ended.err

    def test_a_secret_key_is_no_flag(self, tacet: Tacet) -> None:
        ended = tacet("serve", "--secret-key", KEY)
        assert ended.code == Exit.USAGE
        assert KEY not in ended.err

    def test_the_password_of_the_database_is_shown_nowhere(self, tacet: Tacet, server: FakeServer) -> None:
        ended = tacet("serve --database postgresql://u:hunter2@host/db --redis redis://:hunter3@host")
        assert ended.code == Exit.OK
        assert ended.out == f"Tacet serves postgresql://u:***@host/db on {URL}\n"
        assert "hunter" not in repr(server.settings)
        assert server.settings is not None
        assert server.settings.database.endswith(":hunter2@host/db")

    @pytest.mark.parametrize(
        "flags",
        ["--database postgresql://u:hunter2@host:port/db", "--redis http://:hunter2@host", "--redis redis://hunter2@h"],
    )
    def test_an_address_that_is_wrong_is_refused_without_its_password(self, tacet: Tacet, flags: str) -> None:
        ended = tacet(f"serve {flags}")
        assert ended.code == Exit.USAGE
        assert "hunter2" not in ended.err


DATABASE, REDIS = "--database postgresql://host/db", "--redis redis://host"


class TestProcesses:
    @pytest.fixture(autouse=True)
    def _keyed(self, server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
        """No real server, but a secret key."""
        monkeypatch.setenv("TACET_SECRET_KEY", KEY)
        monkeypatch.setattr("tacet.processes.supervisor.supervise", server.run)

    def test_several_serve_postgresql_with_redis(self, tacet: Tacet, server: FakeServer) -> None:
        ended = tacet(f"serve {DATABASE} {REDIS} --processes 3")
        assert (ended.code, ended.out) == (Exit.OK, f"Tacet serves postgresql://host/db on {URL} by 3 processes\n")
        assert server.settings is not None
        assert server.settings.processes == 3

    @pytest.mark.parametrize(
        ("flags", "why", "remedy"),
        [
            pytest.param(REDIS, "3 processes need PostgreSQL", "--database postgresql://", id="SQLite"),
            pytest.param(DATABASE, "3 processes need Redis", "--redis redis://", id="no Redis"),
            pytest.param("", "3 processes need PostgreSQL", "--database postgresql://", id="neither"),
        ],
    )
    def test_several_that_could_not_agree_are_refused(
        self, tacet: Tacet, server: FakeServer, flags: str, why: str, remedy: str
    ) -> None:
        ended = tacet(f"serve {flags} --processes 3")
        assert ended.code == Exit.CONFIGURATION
        assert why in ended.complaint
        assert remedy in ended.complaint
        assert "--processes 1" in ended.complaint
        assert server.settings is None

    @pytest.mark.parametrize(
        "flags",
        [
            "--port 9464 --metrics 127.0.0.1:9464",
            "--port 9466 --metrics 127.0.0.1:9464 --processes 3 --database postgresql://db/a --redis redis://cache",
            "--port 9464 --metrics 0.0.0.0:9464",
        ],
        ids=["the same", "the last one's", "on all addresses"],
    )
    def test_metrics_on_the_port_for_requests_are_refused(self, tacet: Tacet, server: FakeServer, flags: str) -> None:
        ended = tacet(f"serve {flags}")
        assert ended.code == Exit.CONFIGURATION
        assert "give one of them another port" in ended.complaint
        assert server.settings is None

    def test_metrics_beside_the_port_for_requests_are_not(self, tacet: Tacet) -> None:
        assert tacet("serve --port 9464 --metrics 127.0.0.1:9465").code == Exit.OK
        assert tacet("serve --port 9464 --metrics 127.0.0.2:9464").code == Exit.OK

    def test_one_needs_neither(self, tacet: Tacet) -> None:
        assert tacet("serve --processes 1").code == Exit.OK

    def test_metrics_on_ports_that_there_are_not_are_refused(self, tacet: Tacet) -> None:
        command = f"serve {DATABASE} {REDIS} --processes 3 --metrics 127.0.0.1"
        ended = tacet(f"{command}:65534")
        assert ended.code == Exit.CONFIGURATION
        assert "from 65534 on there are 2: give --metrics another port" in ended.complaint
        assert tacet(f"{command}:65533").code == Exit.OK

    @pytest.mark.parametrize("processes", ["0", "257", "all"])
    def test_as_many_as_nobody_has_cores_are_refused(self, tacet: Tacet, processes: str) -> None:
        assert tacet(f"serve {DATABASE} {REDIS} --processes {processes}").code == Exit.USAGE

    def test_one_that_does_not_start_is_a_failure(self, tacet: Tacet, server: FakeServer) -> None:
        server.error = StartError("process 1 was not ready within 60 s")
        ended = tacet(f"serve {DATABASE} {REDIS} --processes 3")
        assert ended.code == Exit.FAILED
        assert ended.complaint == "tacet: process 1 was not ready within 60 s; the log says why"


ERRORS: dict[str, tuple[Exception, Exit]] = {
    "address": (AddressError("cannot listen"), Exit.ADDRESS),
    "locked": (StoreLocked("another server"), Exit.DATABASE),
    "store": (StoreError("damaged"), Exit.DATABASE),
    "vault": (VaultError("another key"), Exit.CONFIGURATION),
    "sharing": (SharingError("Redis at redis://host refuses us"), Exit.CONFIGURATION),
}


@pytest.mark.parametrize(("error", "code"), ERRORS.values(), ids=ERRORS)
@pytest.mark.parametrize("line", ["serve", "sandbox --people 3"])
def test_what_stops_a_server_is_one_line_with_a_code(
    tacet: Tacet, server: FakeServer, monkeypatch: pytest.MonkeyPatch, line: str, error: Exception, code: Exit
) -> None:
    monkeypatch.setenv("TACET_SECRET_KEY", KEY)
    server.error = error
    ended = tacet(line)
    assert ended.code == code
    assert ended.complaint == f"tacet: {error}"


@pytest.mark.parametrize("line", ["serve", "sandbox --people 3"])
@pytest.mark.usefixtures("server")
def test_a_ready_file_that_cannot_be_written_is_a_failure(
    tacet: Tacet, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setenv("TACET_SECRET_KEY", KEY)
    ended = tacet(f"{line} --quiet --ready-file nowhere/ready.json")
    assert ended.code == Exit.FAILED
    expected = "nowhere/ready.json cannot be written: No such file or directory; give another --ready-file"
    assert ended.complaint == f"tacet: {expected}"


@contextlib.contextmanager
def started(line: str, stop: signal.Signals = signal.SIGTERM) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A real server, its URL, and that it ends well."""
    command = [sys.executable, "-m", "tacet.cli", *line.split(), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            found = re.search(r"http://\S+", process.stdout.readline())
            yield found[0] if found else process.stderr.read(), process
        finally:
            process.send_signal(stop)
            _, errors = process.communicate(timeout=STOP_TIMEOUT_S)
            complaints = [each for each in errors.splitlines() if " INFO tacet.processes.server: " not in each]
            assert (process.returncode, complaints) == (Exit.OK, [])


def ask(url: str, token: str, method: str = "GET", body: str | None = None) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, body.encode() if body else None, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=STOP_TIMEOUT_S) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def paste(command: str) -> Any:
    """What a curl command answers, without curl."""
    words = shlex.split(command)
    headers = [words[at + 1] for at, word in enumerate(words) if word == "-H"]
    token = next(header.split()[-1] for header in headers if header.startswith("Authorization"))
    body = words[words.index("-d") + 1] if "-d" in words else None
    url = next(word for word in words if word.startswith("http"))
    status, answer = ask(url, token, "POST" if body else "GET", body)
    assert status == 200
    return answer


@pytest.mark.parametrize("line", ["sandbox --quiet", "serve --quiet"])
def test_the_end_of_the_terminal_ends_it_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setenv("TACET_SECRET_KEY", KEY)
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "tacet.cli", *line.split(), "--port", "0", "--ready-file", str(ready)]
    # Whoever started the tests may have it ignored, and so would what is started here.
    before = signal.signal(signal.SIGHUP, lambda *_: None)
    try:
        with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
            while not ready.exists() and process.poll() is None:
                time.sleep(0.05)
            process.send_signal(signal.SIGHUP)
            errors = process.communicate(timeout=STOP_TIMEOUT_S)[1]
    finally:
        signal.signal(signal.SIGHUP, before)
    assert process.returncode == Exit.OK, errors
    assert not ready.exists()
    assert f"stopped: pid {process.pid}" in errors or line.startswith("sandbox")


def test_the_commands_that_the_sandbox_prints_work_in_their_order() -> None:
    with started("sandbox", stop=signal.SIGINT) as (_, process):
        assert process.stdout is not None
        lines: list[str] = []
        while len(lines) < 3:
            line = process.stdout.readline()
            assert line
            lines += [line] if line.strip().startswith("curl ") else []
        listed, muted, listed_again = (paste(line) for line in lines)
    assert listed["meta"]["result_count"] == 3
    assert muted == {"data": {"muting": True}}
    assert [each["username"] for each in listed_again["data"]] == ["bob"]


def test_a_sandbox_says_why_it_refuses_a_request_unless_it_is_to_be_silent() -> None:
    for flags, lines in (("", 2), (" --log-level debug", 2), (" --log-level warning", 0)):
        command = [sys.executable, "-m", "tacet.cli", *f"sandbox --people 3 --port 0{flags}".split()]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found
            assert ask(f"{found[0]}/2/users/me", "no-such-token")[0] == 401
            assert (
                ask(f"{found[0]}/2/oauth2/token", "no-such-token", "POST", '{"grant_type":"refresh_token"}')[0] == 401
            )
            process.send_signal(signal.SIGTERM)
            errors = process.communicate(timeout=STOP_TIMEOUT_S)[1]
        told = [line for line in errors.splitlines() if " tacet.wire.refusals: " in line]
        assert len(told) == lines
        assert "no-such-token" not in errors
        if lines:
            assert " GET /2/users/me 401: the token is unknown, expired long ago or revoked" in told[0]
            assert " POST /2/oauth2/token 401: there is no client id, neither as client_id nor by Basic" in told[1]


def test_a_kept_sandbox_remembers(tmp_path: Path) -> None:
    world = f"sandbox --people 20 --data {tmp_path / 'world'}"
    with started(world) as (url, _):
        muting = f"{url}/2/users/1001/muting"
        assert ask(muting, "sandbox-oauth2-alice", "POST", '{"target_user_id":"1002"}')[0] == 200
    with started(world) as (url, _):
        _, answer = ask(f"{url}/2/users/1001/muting", "sandbox-oauth2-alice")
        assert [each["username"] for each in answer["data"]] == ["bob"]


@pytest.fixture
def platform(tacet: Tacet, stored: Stored, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with two people and an App, and a bearer for one of them."""
    monkeypatch.setenv("TACET_SECRET_KEY", KEY)
    people = [Person(1, "ann", "Ann"), Person(2, "ben", "Ben")]
    stored(lambda store: store.directory.put_people(people))
    app_id = json.loads(tacet("app create --name X --json").out)["app_id"]
    scopes = "tweet.read,users.read,mute.read,mute.write"
    return str(json.loads(tacet(f"token create --app {app_id} --user @ann --scope {scopes} --json").out)["token"])


def test_a_platform_is_run_by_hand(tacet: Tacet, platform: str) -> None:
    with started("serve") as (url, process):
        muting = f"{url}/2/users/1/muting"
        assert ask(muting, platform, "POST", '{"target_user_id":"2"}') == (200, {"data": {"muting": True}})
        assert ask(muting, platform)[1]["data"] == [{"id": "2", "name": "Ben", "username": "ben"}]
        assert tacet("token", "revoke", platform).code == Exit.OK
        while ask(f"{url}/2/users/me", platform)[0] != 401:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.05)


@pytest.mark.usefixtures("platform")
def test_the_log_has_the_start_and_the_end(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tacet.cli", *"serve --quiet --port 0 --ready-file ready.json".split()]
    ready = tmp_path / "ready.json"
    (tmp_path / "new").mkdir()
    for database, new in (("sqlite:///tacet.db", 0), ("sqlite:///new/own.db", 1)):
        ready.write_text("of one that was killed")
        with subprocess.Popen([*command, "--database", database], stderr=subprocess.PIPE, text=True) as process:
            while not ready.exists() or ready.read_text() == "of one that was killed":
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=0.05)
            url = json.loads(ready.read_text())["url"]
            process.send_signal(signal.SIGTERM)
            lines = process.communicate(timeout=STOP_TIMEOUT_S)[1].splitlines()
        assert [line.endswith("made a new database new/own.db") for line in lines[:new]] == [True] * new
        began, ended = lines[new:]
        assert f" INFO tacet.processes.server: serves {database} on {url}, version " in began
        assert began.endswith(f": pid {process.pid}")
        assert ended.endswith(f" INFO tacet.processes.server: stopped: pid {process.pid}")
        assert not ready.exists()


def refused(line: str) -> tuple[int, str]:
    """Code and one line of a server that does not start."""
    command = [sys.executable, "-m", "tacet.cli", *line.split()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=STOP_TIMEOUT_S, check=False)
    assert (done.stdout, done.stderr.count("\n")) == ("", 1)
    return done.returncode, done.stderr


@pytest.mark.usefixtures("platform")
def test_a_second_server_on_the_same_file_says_so_and_stops() -> None:
    with started("serve"):
        code, complaint = refused("serve --port 0")
    assert code == Exit.DATABASE
    assert "another server" in complaint


@pytest.mark.usefixtures("platform")
def test_another_secret_key_than_the_databases_stops_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACET_SECRET_KEY", new_secret_key(SeededRandomness(99)))
    code, complaint = refused("serve --port 0")
    assert code == Exit.CONFIGURATION
    assert "does not open with this secret key" in complaint


def test_a_port_that_is_taken_is_an_address_error() -> None:
    with started("sandbox --people 3 --no-rate-limits") as (url, _):
        code, complaint = refused(f"sandbox --people 3 --port {url.rpartition(':')[2]}")
    assert code == Exit.ADDRESS
    assert "give another --host or --port" in complaint


@pytest.mark.usefixtures("platform")
def test_under_make_the_way_to_another_port_is_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    hint = "; with make: make sandbox PORT=9000"
    with started("sandbox --people 3") as (url, _):
        port = url.rpartition(":")[2]
        assert hint not in refused(f"sandbox --people 3 --port {port}")[1]
        monkeypatch.setenv("MAKELEVEL", "1")
        assert refused(f"sandbox --people 3 --port {port}")[1].endswith(f"{hint}\n")
        assert hint not in refused(f"serve --port {port}")[1]


def test_of_two_sandboxes_that_start_at_once_on_one_port_one_serves() -> None:
    port = free_port()
    command = [sys.executable, "-m", "tacet.cli", "sandbox", "--people", "3", "--port", str(port)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as one,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as other,
    ):
        try:
            while one.poll() is None and other.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    one.wait(timeout=0.05)
            loser, winner = (other, one) if one.poll() is None else (one, other)
            assert (loser.returncode, "give another --host or --port" in loser.communicate()[1]) == (Exit.ADDRESS, True)
            assert winner.stdout is not None
            assert winner.stdout.readline()
            winner.terminate()
            assert winner.wait(STOP_TIMEOUT_S) == Exit.OK
        finally:
            one.kill()
            other.kill()
