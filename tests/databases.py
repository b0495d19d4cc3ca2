"""Real database servers for tests: PostgreSQL and Redis of their own, on free ports, gone when the tests are.

Nothing is left behind, however a test run ends: a guard beside each server waits for the end of the run, by reading
from a pipe that the run holds open, and then ends the server and removes its data.
"""

import contextlib
import os
import random
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import psutil

from tests.programs import postgres_folder, psql, redis_server

HOST = "127.0.0.1"

PORTS = range(20_000, 30_000)
"""Below those that systems give to outgoing connections: one of these could take a port while its server is away."""

START_TIMEOUT_S = 60
"""More than a start takes, recovery after a crash included, however busy the machine is."""

STOP_TIMEOUT_S = 60
"""More than an orderly end takes; past it a server is killed."""

LOOK_INTERVAL_S = 0.01
"""Between looks at whether a server has started."""

GUARD = """
while read -r line; do pid=$line; done
if [ -n "${pid:-}" ]; then
    kill -s %(signal)s "$pid" 2>/dev/null && sleep 1 && kill -s KILL "$pid" 2>/dev/null
fi
rm -rf %(folder)s
"""
"""Reads ids of processes, each in place of the one before, until the writer is gone; then ends the last one."""

SUPERUSER = "postgres"
USER = "tacet"
"""Owns the databases and is no superuser, as in production."""


class Guard:
    """Ends a process that would outlive the test run, and removes a folder.

    Args:
        signal_name: what is sent first; a second later comes KILL.
    """

    def __init__(self, signal_name: str, folder: Path) -> None:
        script = GUARD % {"signal": signal_name, "folder": shlex.quote(str(folder))}
        # In a session of its own no Ctrl-C reaches it.
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", script],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def watch(self, pid: int | None) -> None:
        """Have this process end with the run, in place of the one before; None for nobody."""
        assert self._shell.stdin is not None
        self._shell.stdin.write(f"{'' if pid is None else pid}\n")
        self._shell.stdin.flush()

    def dismiss(self) -> None:
        """Not needed any more: nothing is ended, nothing removed."""
        assert self._shell.stdin is not None
        self._shell.kill()
        self._shell.stdin.close()
        self._shell.wait()


class _Server(ABC):
    """A server on a port of its own with its data in a folder of its own; stays what it is when it is started again."""

    stop_signal: signal.Signals
    """Asks for an orderly end."""

    quick_signal: str
    """What the guard sends."""

    place: Path | None = None
    """Where its data lies, in a folder of its own; None is where temporary files are."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / f"{type(self).__name__.lower()}.log"
        # Test folders are closed to other users, and PostgreSQL runs as another where the tests are root's.
        self.data = Path(tempfile.mkdtemp(prefix="tacet-tests-", dir=self.place))
        self.data.chmod(0o755)
        self._guard = Guard(self.quick_signal, self.data)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @classmethod
    def _begun(cls, server: Self) -> Self:
        """Start it for the first time."""
        try:
            server._begin()
        except BaseException:
            server.close()
            raise
        return server

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def log(self) -> str:
        """What it has said so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @property
    def pid(self) -> int:
        """Of its first process, while it runs."""
        assert self._process is not None, "not started"
        return self._process.pid

    def start(self) -> None:
        """Start it, and return when it answers.

        Raises:
            subprocess.SubprocessError: it did not start.
        """
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), cwd=self.data, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                user=self._user(), start_new_session=True,
            )  # fmt: skip
        self._guard.watch(self._process.pid)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self._process.poll() is not None:
                raise subprocess.CalledProcessError(self._process.returncode, self._command())
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(self._command(), START_TIMEOUT_S)
            time.sleep(LOOK_INTERVAL_S)

    def stop(self) -> None:
        """Ask it to end, and wait for that; the data stays."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(STOP_TIMEOUT_S)
            self._guard.watch(None)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it and all its children without a chance to do anything more; returns when they are gone."""
        if self._process is None or self._process.poll() is not None:
            return
        first = psutil.Process(self._process.pid)
        # Stopped, it cannot replace those of its children that are killed before it.
        first.suspend()
        children = first.children(recursive=True)
        for each in (first, *children):
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        self._process.wait(STOP_TIMEOUT_S)
        self._guard.watch(None)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while any(runs(each) for each in children):
            assert time.monotonic() < deadline, f"{children} do not end"
            time.sleep(LOOK_INTERVAL_S)

    def pause(self) -> None:
        """Let it keep its connections and answer nothing, until `resume`."""
        for each in self._family():
            each.suspend()

    def resume(self) -> None:
        for each in self._family():
            each.resume()

    def close(self) -> None:
        """End it at once, for its data is removed as well."""
        self.kill()
        self._guard.dismiss()
        shutil.rmtree(self.data, ignore_errors=True)

    def _family(self) -> list[psutil.Process]:
        first = psutil.Process(self.pid)
        return [first, *first.children(recursive=True)]

    def _user(self) -> str | None:
        return None

    def _begin(self) -> None:
        """The first start, on a port that is free."""
        for self.port in free_ports():
            with contextlib.suppress(subprocess.SubprocessError):
                self.start()
                return
        raise AssertionError(f"{type(self).__name__} does not start: {self.log[-500:]}")

    @abstractmethod
    def _command(self) -> Sequence[str]: ...

    @abstractmethod
    def _answers(self) -> bool:
        """Whether it takes requests by now."""


class Postgres(_Server):
    """A PostgreSQL server: trusts everybody, speaks TCP only, compares texts as English dictionaries do.

    Its log has its starts and ends, and the statements that failed.
    """

    stop_signal = signal.SIGINT
    quick_signal = "QUIT"

    def __init__(self, folder: Path, durable: bool) -> None:
        self._programs, self._psql = postgres_folder(), psql()
        super().__init__(folder)
        self._durable = durable
        self._cluster = self.data / "cluster"
        self._databases = 0

    @classmethod
    def started(cls, folder: Path, durable: bool = False) -> Self:
        """A new one that runs.

        Args:
            folder: gets its log.
            durable: whether what it commits outlives the machine; a killed server loses nothing either way.

        Raises:
            MissingDatabase: PostgreSQL is not here.
        """
        return cls._begun(cls(folder, durable))

    def database(self, template: str | None = None) -> str:
        """The address of a new database.

        Args:
            template: the address of the one to copy, which nobody may be using; None makes an empty one.
        """
        self._databases += 1
        name = f"test_{self._databases}"
        copied = f" TEMPLATE {_name(template)}" if template else ""
        self.run(f"CREATE DATABASE {name} OWNER {USER}{copied}")
        return f"postgresql://{USER}@{HOST}:{self.port}/{name}"

    def drop(self, address: str) -> None:
        """Remove a database; whoever uses it is cut off."""
        self.run(f"DROP DATABASE IF EXISTS {_name(address)} WITH (FORCE)")

    def run(self, *statements: str, database: str = "postgres") -> str:
        """Run statements as a superuser, each in a transaction of its own; return the rows, `|` between columns."""
        where = ("-h", HOST, "-p", str(self.port), "-U", SUPERUSER, "-d", database)
        commands = [part for each in statements for part in ("-c", each)]
        command = [str(self._psql), "-XAtq", "-v", "ON_ERROR_STOP=1", *where, *commands]
        done = subprocess.run(command, capture_output=True, text=True, timeout=START_TIMEOUT_S)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def kill(self) -> None:
        super().kill()
        # The id in it may be somebody else's by the next start.
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)

    def _user(self) -> str | None:
        return SUPERUSER if os.geteuid() == 0 else None

    def _begin(self) -> None:
        if user := self._user():
            shutil.chown(self.data, user)
        command = [
            *(str(self._programs / "initdb"), "--pgdata", str(self._cluster), "--username", SUPERUSER),
            *("--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync"),
            *("--locale-provider", "icu", "--icu-locale", "en"),
        ]
        done = subprocess.run(command, cwd=self.data, user=self._user(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        super()._begin()
        self.run(f"CREATE ROLE {USER} LOGIN CREATEDB")

    def _command(self) -> Sequence[str]:
        chosen = {
            "listen_addresses": HOST,
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "64MB",
            "log_min_messages": "warning",
            "fsync": "on" if self._durable else "off",
            "full_page_writes": "on" if self._durable else "off",
        }
        if sys.platform == "linux":
            # After a crash each of a thousand files would be written through by itself.
            chosen["recovery_init_sync_method"] = "syncfs"
        options = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
        return (str(self._programs / "postgres"), "-D", str(self._cluster), "-p", str(self.port), *options)

    def _answers(self) -> bool:
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and int(lines[0]) == self.pid and lines[7].strip() == "ready"


class Redis(_Server):
    """A Redis server that keeps everything in memory: what was in it is lost when it ends."""

    stop_signal = signal.SIGTERM
    quick_signal = "TERM"

    def __init__(self, folder: Path) -> None:
        self._program = str(redis_server())
        super().__init__(folder)

    @classmethod
    def started(cls, folder: Path) -> Self:
        """A new one that runs; `folder` gets its log.

        Raises:
            MissingDatabase: Redis is not here.
        """
        return cls._begun(cls(folder))

    @property
    def address(self) -> str:
        return f"redis://{HOST}:{self.port}/0"

    def run(self, command: str) -> bytes:
        """Send one command, its words separated by spaces; return the answer's octets as they come.

        Raises:
            OSError: it is away.
        """
        with socket.create_connection((HOST, self.port), timeout=START_TIMEOUT_S) as connection:
            connection.sendall(f"{command}\r\n".encode())
            return connection.recv(65_536)

    def flush(self) -> None:
        """Forget everything."""
        assert self.run("FLUSHALL") == b"+OK\r\n"

    def _command(self) -> Sequence[str]:
        options = {"port": self.port, "bind": HOST, "dir": self.data, "save": "", "appendonly": "no"}
        return (self._program, *(part for name, value in options.items() for part in (f"--{name}", str(value))))

    def _answers(self) -> bool:
        try:
            # Another one may have come first to the port, which this one then gives up.
            return b"process_id:%d\r\n" % self.pid in self.run("INFO server")
        except OSError:
            return False


def runs(process: psutil.Process) -> bool:
    """Whether it still does anything: who has ended is listed until its parent has taken note."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _name(address: str) -> str:
    return address.rpartition("/")[2]


def free_ports(attempts: int = 20) -> Iterator[int]:
    """Ports on which nobody listens just now."""
    chance = random.SystemRandom()
    for _ in range(attempts):
        port = chance.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        yield port
