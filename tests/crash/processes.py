"""A server in a process of its own that may end in any way, and the people on it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tacet.identity.vault import Vault
from tacet.processes.server import run
from tacet.records.credentials import Access, App
from tacet.records.people import Person
from tacet.store.base import Store, StoreError
from tacet.store.sqlite import checkpointer
from tests.cast import APP_ID, app, bearer
from tests.service import SECRET_KEY, settings

SOURCES = range(1, 9)
TARGETS = range(1_000, 1_060)

STOP_TIMEOUT_S = 30
"""More than a server takes to stop, however busy the machine is."""

CHECKPOINT_BYTES = 64 * 1024
"""A short log, so that some of the kills hit a server that is copying it."""


class Server:
    """A running server."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        self.url = process.stdout.readline().strip()
        assert self.url, f"the server did not start, exit code {process.wait(STOP_TIMEOUT_S)}"
        self.port = int(self.url.rpartition(":")[2])

    @property
    def connections(self) -> int:
        """How many clients it has."""
        found = psutil.Process(self.process.pid).net_connections("tcp")
        return sum(each.status == psutil.CONN_ESTABLISHED for each in found)

    def kill(self) -> None:
        """End it without a chance to do anything more; returns at once."""
        os.kill(self.process.pid, signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end; returns at once."""
        os.kill(self.process.pid, signal.SIGTERM)

    def interrupt(self) -> None:
        """Ask it to end as a terminal does; returns at once."""
        os.kill(self.process.pid, signal.SIGINT)

    def wait(self) -> int:
        """Wait for its end; return its exit code."""
        return self.process.wait(STOP_TIMEOUT_S)


@contextmanager
def serving(path: Path, max_files: int = 0, **chosen: Any) -> Iterator[Server]:
    """A server on a file.

    Args:
        max_files: files and connections that the process may have open; 0 for as many as usual.
        chosen: settings.
    """
    chosen = {"database": f"sqlite:///{path}", "rate_limits": False, "log_level": "error", **chosen}
    command = [sys.executable, "-m", "tests.crash.processes", json.dumps([max_files, chosen])]
    repository = Path(__file__).resolve().parent.parent.parent
    with subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Server(process)
        finally:
            process.kill()


def token(person_id: int) -> str:
    """The bearer of a source."""
    return f"token of {person_id}"


async def _prepare(opened: Store) -> None:
    """Does nothing new where everything is there already."""
    people = [Person(id_, f"user_{id_}", f"User {id_}") for id_ in (*SOURCES, *TARGETS)]
    await opened.directory.put_people(people)
    vault = Vault(SECRET_KEY)
    made: App = app(vault, APP_ID, Access.READ_WRITE, 77)
    await opened.credentials.put_app(made)
    await asyncio.gather(*(opened.credentials.put_token(bearer(token(id_), id_)) for id_ in SOURCES))


def _announce(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


def _main() -> int:
    max_files, chosen = json.loads(sys.argv[1])
    if max_files:
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, (max_files, max_files))
    checkpointer.CHECKPOINT_BYTES = CHECKPOINT_BYTES
    try:
        return run(settings(port=0, **chosen), _announce, _prepare)
    except StoreError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(_main())
