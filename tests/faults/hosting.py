"""`tacet serve` as an operator runs it, on a port that it keeps, with its log in a file."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from tacet.cli.exits import Exit
from tacet.identity.vault import Vault
from tacet.records.credentials import Access
from tacet.records.people import Person
from tacet.store.opening import open_store
from tests.cast import APP_ID, app, bearer
from tests.crash.processes import token
from tests.databases import Guard, free_ports, runs
from tests.faults.crowd import SOURCES, TARGETS, UNTOUCHED
from tests.sandboxes import TACET, clean_environment
from tests.service import SECRET_KEY

START_TIMEOUT_S = 60
"""More than a start takes, however busy the machine is."""

STOP_TIMEOUT_S = 60
"""More than an orderly end takes."""

LOOK_INTERVAL_S = 0.01

WRITE_QUEUE_LENGTH = 100

ENOUGH = 1_000_000
"""Requests that nobody makes within a window: limits are counted, and never reached."""

COUNTED = ("getUsersMuting", "muteUser", "unmuteUser", "getUsersByIds", "getUsersById")

LIMITS = tuple(part for route in COUNTED for part in ("--limit", f"{route}={ENOUGH}/900"))


class Host:
    """A server that may be ended in any way and started again.

    Args:
        folder: gets its log.
        options: of `tacet serve`.
        before: what the command is put behind.
        program: the command itself.
    """

    def __init__(
        self,
        folder: Path,
        database: str,
        options: Sequence[str] = (),
        before: Sequence[str] = (),
        program: Sequence[str] = TACET,
    ) -> None:
        self.port = next(free_ports())
        self._log = folder / f"tacet-{self.port}.log"
        self._command = [
            *before,
            *program,
            "serve",
            "--port",
            str(self.port),
            "--database",
            database,
            *LIMITS,
            *options,
        ]
        self._guard = Guard("TERM", folder / "nothing")
        self._process: subprocess.Popen[str] | None = None

    @property
    def log(self) -> str:
        """What it has said so far, on all its runs."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def children(self) -> list[psutil.Process]:
        """Processes that serve for it."""
        return psutil.Process(self.pid).children(recursive=True)

    def start(self) -> None:
        """Return when requests are accepted."""
        environment = {**clean_environment(), "TACET_SECRET_KEY": SECRET_KEY}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self._guard.watch(self._process.pid)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("Tacet serves "), f"it did not start: {line!r}, {self.log[-500:]}"

    def kill(self) -> None:
        """End the first process without a chance to do anything more; return when all that served for it are gone."""
        family = self.children
        os.kill(self.pid, signal.SIGKILL)
        self._wait()
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while any(runs(each) for each in family):
            assert time.monotonic() < deadline, "processes go on serving without their parent"
            time.sleep(LOOK_INTERVAL_S)

    def kill_child(self) -> None:
        """End one of the processes that serve for it."""
        self.children[0].kill()

    def stop(self) -> int:
        """Ask it to end; return its exit code."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
        return self._wait()

    def close(self) -> None:
        """End it, whatever state it is in."""
        if self._process is not None and self._process.poll() is None:
            family = self.children
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_TIMEOUT_S)
            self._process.kill()
            for each in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.kill()
        self._wait()
        self._guard.dismiss()

    def _wait(self) -> int:
        if self._process is None:
            return 0
        code = self._process.wait(STOP_TIMEOUT_S)
        self._guard.watch(None)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code


def refusal(folder: Path, database: str, before: Sequence[str] = ()) -> str:
    """What a server says that does not start: one line, with the exit code of an unusable database."""
    host = Host(folder, database, before=before)
    try:
        with contextlib.suppress(AssertionError):
            host.start()
            raise RuntimeError("it starts")
        assert host.stop() == Exit.DATABASE
    finally:
        host.close()
    [line] = host.log.splitlines()
    return line


@asynccontextmanager
async def hosted(
    folder: Path, database: str, *options: str, before: Sequence[str] = (), program: Sequence[str] = TACET
) -> AsyncIterator[Host]:
    """A server that runs."""
    host = Host(folder, database, options, before, program)
    try:
        # What it talks to may be on this loop.
        await asyncio.to_thread(host.start)
        yield host
    finally:
        await asyncio.to_thread(host.close)


async def inhabit(database: str) -> None:
    """Put people into a database that has its tables, and keys for those who mute."""
    store = open_store(database, WRITE_QUEUE_LENGTH, server=False)
    await store.open()
    try:
        people = [Person(id_, f"user_{id_}", f"User {id_}") for id_ in (*SOURCES, *TARGETS, *UNTOUCHED)]
        await store.directory.put_people(people)
        await store.credentials.put_app(app(Vault(SECRET_KEY), APP_ID, Access.READ_WRITE, 77))
        for id_ in SOURCES:
            await store.credentials.put_token(bearer(token(id_), id_))
    finally:
        await store.close()
