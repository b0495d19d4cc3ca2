import asyncio
import contextlib
import errno
import gc
import os
import re
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tacet.identity.vault import Vault, VaultError, new_secret_key
from tacet.ids import SeededRandomness
from tacet.processes import http
from tacet.processes.listening import AddressError
from tacet.processes.listening import url as url_of
from tacet.processes.server import FLUSH_S, run
from tacet.processes.stopping import CLOSING_S
from tacet.records.credentials import Access
from tacet.store.base import Store, StoreError, StoreLocked
from tacet.store.opening import open_store
from tacet.store.postgres import pool, serving
from tests.cast import ALICE, APP_ID, app, move_in
from tests.service import SECRET_KEY, settings


@pytest.fixture(autouse=True)
def _process_as_before() -> Iterator[None]:
    """Servers tune the process that they have to themselves."""
    threshold, interval = gc.get_threshold(), sys.getswitchinterval()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)
    sys.setswitchinterval(interval)


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'tacet.db'}"


@pytest.fixture
def hangup() -> Iterator[None]:
    """Whoever started the tests may have it ignored."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


class Host:
    """Does what hosts of a server do, and ends it once it has announced itself."""

    def __init__(self, token: str = "", stops: Sequence[signal.Signals] = (signal.SIGTERM,)) -> None:
        self.token = token
        self.stops = stops
        self.events: list[str] = []
        self.url = ""
        self.status = 0

    async def prepare(self, store: Store) -> None:
        self.events.append("prepared")
        await store.directory.put_people([ALICE])

    def announce(self, url: str) -> None:
        self.events.append("announced")
        self.url = url
        threading.Thread(target=self._ask_and_end).start()

    def _ask_and_end(self) -> None:
        try:
            headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
            request = urllib.request.Request(f"{self.url}/2/users/me", headers=headers)
            with urllib.request.urlopen(request, timeout=60) as answer:
                self.status = answer.status
        except urllib.error.HTTPError as error:
            self.status = error.code
            error.close()
        finally:
            for number in self.stops:
                os.kill(os.getpid(), number)


def is_free(database: str) -> bool:
    """Whether nobody has the database open as a server any more."""
    host = Host()
    return run(settings(port=0, database=database), host.announce) == 0


class TestRunning:
    def test_it_prepares_then_listens_then_announces_and_ends_with_0(self, database: str) -> None:
        host = Host()
        assert run(settings(port=0, database=database), host.announce, host.prepare) == 0
        assert host.events == ["prepared", "announced"]
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", host.url)
        assert host.status == 401
        assert is_free(database)

    def test_what_was_counted_last_is_written_before_it_ends(self, database: str) -> None:
        host = Host("alice")

        async def prepare(store: Store) -> None:
            await move_in(store, Vault(SECRET_KEY))

        async def requests() -> int:
            store = open_store(database, 10, server=False)
            await store.open()
            try:
                return sum(each.requests for each in await store.accounts.usage(APP_ID, 0))
            finally:
                await store.close()

        assert run(settings(port=0, database=database), host.announce, prepare) == 0
        assert host.status == 200
        assert asyncio.run(requests()) == 1

    def test_it_listens_where_it_is_told_to(self) -> None:
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as found:
            port = found.getsockname()[1]
        host = Host()
        assert run(settings(port=port), host.announce) == 0
        assert host.url == f"http://127.0.0.1:{port}"

    def test_it_leaves_the_signals_as_they_were_by_default(self) -> None:
        host = Host()
        run(settings(port=0), host.announce)
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        assert signal.getsignal(signal.SIGINT) == signal.default_int_handler

    @pytest.mark.usefixtures("hangup")
    def test_the_end_of_its_terminal_ends_it_in_order(self, database: str) -> None:
        host = Host(stops=[signal.SIGHUP])
        assert run(settings(port=0, database=database), host.announce) == 0
        assert host.status == 401
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL
        assert is_free(database)

    @pytest.mark.usefixtures("hangup")
    def test_the_end_of_its_terminal_is_ignored_where_whoever_started_it_wants_that(self) -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        during: list[object] = []
        host = Host(stops=[signal.SIGHUP, signal.SIGTERM])

        def announce(url: str) -> None:
            during.append(signal.getsignal(signal.SIGHUP))
            host.announce(url)

        assert run(settings(port=0), announce) == 0
        assert during == [signal.getsignal(signal.SIGHUP)] == [signal.SIG_IGN]

    @pytest.mark.parametrize(
        ("address", "url"),
        [
            pytest.param(("127.0.0.1", 8080), "http://127.0.0.1:8080", id="ipv4"),
            pytest.param(("::1", 8080, 0, 0), "http://[::1]:8080", id="ipv6"),
        ],
    )
    def test_an_address_makes_a_url(
        self, monkeypatch: pytest.MonkeyPatch, address: tuple[object, ...], url: str
    ) -> None:
        class Listening(socket.socket):
            def getsockname(self) -> tuple[object, ...]:
                return address

        with Listening() as listening:
            assert url_of(listening) == url


class TestNotRunning:
    def test_a_port_that_is_taken_is_named(self, database: str) -> None:
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(AddressError, match=rf"127\.0\.0\.1:{port}.*--port"):
                run(settings(port=port, database=database), Host().announce)

    def test_a_port_that_another_takes_between_binding_and_listening_is_named(self, database: str) -> None:
        with contextlib.closing(socket.socket()) as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", 0))
            port = other.getsockname()[1]

            async def listen_first(_: Store) -> None:
                other.listen()

            host = Host()
            with pytest.raises(AddressError, match=rf"127\.0\.0\.1:{port}: Address already in use; .*--port"):
                run(settings(port=port, database=database), host.announce, listen_first)
        assert host.events == []
        assert is_free(database)

    @pytest.mark.parametrize("host", ["203.0.113.7", "no such host", "2001:db8::7"])
    def test_an_address_that_is_not_this_machines_is_named(self, host: str) -> None:
        with pytest.raises(AddressError, match=re.escape(host)):
            run(settings(port=0, host=host), Host().announce)

    def test_a_machine_without_ipv6_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class OldSocket(socket.socket):
            def __init__(self, family: int = socket.AF_INET, *more: int, **named: int) -> None:
                if family == socket.AF_INET6:
                    raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
                super().__init__(family, *more, **named)

        with monkeypatch.context() as patched:
            patched.setattr(socket, "socket", OldSocket)
            with pytest.raises(AddressError, match=r"::1.*Address family not supported"):
                run(settings(port=0, host="::1"), Host().announce)

    def test_a_database_that_another_server_has_is_left_to_it(self, database: str) -> None:
        host = Host()

        async def start_another(_: Store) -> None:
            # From another thread, for a loop runs in this one.
            thread = threading.Thread(target=self._start, args=(database, host))
            thread.start()
            thread.join()

        assert run(settings(port=0, database=database), host.announce, start_another) == 0
        assert host.events == ["StoreLocked", "announced"]

    def _start(self, database: str, host: Host) -> None:
        try:
            run(settings(port=0, database=database), host.announce)
        except StoreLocked:
            host.events.append("StoreLocked")

    def test_a_database_that_does_not_open_is_a_store_error(self, tmp_path: Path) -> None:
        (tmp_path / "tacet.db").write_text("no database " * 100)
        with pytest.raises(StoreError):
            run(settings(port=0, database=f"sqlite:///{tmp_path / 'tacet.db'}"), Host().announce)

    def test_another_secret_key_than_the_databases_is_refused_and_frees_it(self, database: str) -> None:
        async def put_app(store: Store) -> None:
            await store.credentials.put_app(app(Vault(SECRET_KEY), APP_ID, Access.READ, 77))

        host = Host()
        assert run(settings(port=0, database=database), host.announce, put_app) == 0
        other = new_secret_key(SeededRandomness(99))
        with pytest.raises(VaultError, match="start with the one it was sealed with"):
            run(settings(port=0, database=database, secret_key=other), host.announce)
        assert host.events == ["announced"]
        assert is_free(database)

    def test_what_goes_wrong_while_preparing_ends_it_and_frees_the_database(self, database: str) -> None:
        async def fail(_: Store) -> None:
            raise ZeroDivisionError

        host = Host()
        with pytest.raises(ZeroDivisionError):
            run(settings(port=0, database=database), host.announce, fail)
        assert host.events == []
        assert is_free(database)

    def test_what_goes_wrong_while_announcing_ends_it_and_frees_everything(self, database: str) -> None:
        urls = []

        def fail(url: str) -> None:
            urls.append(url)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            run(settings(port=0, database=database), fail)
        port = int(urls[0].rpartition(":")[2])
        assert run(settings(port=port, database=database), Host().announce) == 0


class TestEnding:
    def test_it_says_so_for_a_moment_before_it_stops_accepting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(http, "NOTICE_S", 4.0)
        found: list[bytes] = []

        def ask(url: str) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            until = time.monotonic() + 3.5
            while not found and time.monotonic() < until:
                try:
                    urllib.request.urlopen(f"{url}/_health/ready", timeout=5).close()
                except urllib.error.HTTPError as error:
                    found.append(error.read())
                    error.close()

        def announce(url: str) -> None:
            threading.Thread(target=ask, args=[url]).start()

        assert run(settings(port=0, shutdown_timeout_s=60), announce) == 0
        assert b"this process is shutting down" in found[0]


def test_the_sessions_of_postgresql_and_the_claim_on_it_are_closed_before_a_server_that_ends_is_out_of_time() -> None:
    # However much of it what comes before has taken.
    assert FLUSH_S + pool.CLOSE_S + pool.END_S + serving.CLOSE_S < CLOSING_S
