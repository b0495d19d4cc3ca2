"""A parent with its processes, in processes of their own, that may be made to fail in any way."""

import errno
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psutil

from tacet.identity.vault import Vault
from tacet.processes import listening
from tacet.processes.children import Work
from tacet.processes.listening import AddressError
from tacet.processes.server import Announce, Place, run
from tacet.processes.supervisor import HANG_PATIENCE_S, StartError, Supervisor
from tacet.store.base import Store, StoreError
from tests.cast import move_in
from tests.service import SECRET_KEY, settings

ANNOUNCED, AWAY = "announced", "away"
"""Files that tell processes that all are ready, and that the database is away."""

TRIED = "tried"
"""A file with an octet for each start while the database was away."""

FULL = "full"
"""A file that tells the parent that the system has no room for another process, with an octet for each it refused."""

STOP_TIMEOUT_S = 30
"""More than all of them take to stop, however busy the machine is."""

START_PATIENCE_S = 3
"""For those that are never ready."""


class Supervised:
    """A running parent.

    Attributes:
        said: what it has written to standard error, once it has ended.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        self.pid = process.pid
        self.url = process.stdout.readline().strip()
        self.port = int(self.url.rpartition(":")[2] or 0)
        self.said = ""

    def children(self) -> list[int]:
        """Its living processes."""
        try:
            children = psutil.Process(self.pid).children()
        except psutil.NoSuchProcess:
            return []
        return sorted(child.pid for child in children if lives(child.pid))

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait(self) -> int:
        """Wait for its end; return its exit code."""
        self.said = self.process.communicate(timeout=STOP_TIMEOUT_S)[1] or ""
        return self.process.returncode


@contextmanager
def supervised(
    folder: Path,
    manner: str = "serve",
    own_sockets: bool = True,
    hang_patience_s: float = HANG_PATIENCE_S,
    log: int | IO[bytes] = subprocess.PIPE,
    **chosen: Any,
) -> Iterator[Supervised]:
    """A parent that has announced itself, or ended without.

    Args:
        manner: of `MANNERS`, what its processes do.
        own_sockets: False for how it is where the kernel does not deal out connections.
        log: where standard error goes; kept in memory where it is not said.
    """
    chosen = {"port": 0, "processes": 2, "rate_limits": False, **chosen}
    command = [
        sys.executable,
        "-m",
        "tests.processes.supervising",
        json.dumps([str(folder), manner, own_sockets, hang_patience_s, chosen]),
    ]
    repository = Path(__file__).resolve().parent.parent.parent
    # As an operator's shell has it: with it what cannot be written is not kept to be written later.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        command,
        cwd=repository,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        start_new_session=True,
    ) as process:
        parent = Supervised(process)
        try:
            yield parent
        finally:
            children = parent.children()
            process.kill()
            for child in children:
                with _gone_already():
                    os.kill(child, signal.SIGKILL)


def eventually(holds: Callable[[], bool], seconds: float = 60) -> bool:
    """Whether something becomes true in time."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def lives(pid: int) -> bool:
    """Whether a process runs, also one that is nobody's child here."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def _gone_already() -> Iterator[None]:
    try:
        yield
    except ProcessLookupError:
        return


async def _prepare(store: Store) -> None:
    await move_in(store, Vault(SECRET_KEY))


def _serving(folder: Path, chosen: Mapping[str, Any]) -> Work:
    def serve(place: Place, ready: Announce) -> int:
        # Each has a database of its own: what is tested is how they live and die.
        mine = settings(database=f"sqlite:///{folder / str(place.number)}.db", **chosen)
        return run(mine, ready, _prepare, place=place)

    return serve


def _never_ready(place: Place, ready: Announce) -> int:
    if not place.number:
        ready("")
    return _sleep()


def _ending_early(place: Place, ready: Announce) -> int:
    return 3 if place.number else _never_ready(place, ready)


def _failing(place: Place, ready: Announce) -> int:
    if place.number:
        raise StoreError("the database cannot be reached")
    return _never_ready(place, ready)


def _out_of_files(place: Place, ready: Announce) -> int:
    if place.number:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
    return _never_ready(place, ready)


def _broken(place: Place, ready: Announce) -> int:
    if place.number:
        raise ZeroDivisionError
    return _never_ready(place, ready)


def _stubborn(place: Place, ready: Announce) -> int:
    for number in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    ready("")
    return _sleep()


def _sleep() -> int:
    time.sleep(STOP_TIMEOUT_S)
    return 0


def _dying(folder: Path) -> Work:
    """The second process dies each time, once all were ready."""

    def work(place: Place, ready: Announce) -> int:
        ready("")
        if not place.number:
            return _sleep()
        assert eventually((folder / ANNOUNCED).exists)
        return 3

    return work


def _failing_later(folder: Path) -> Work:
    """The second process serves once, then never again until the file is gone."""

    def work(place: Place, ready: Announce) -> int:
        if place.number and (folder / AWAY).exists():
            note(folder / TRIED)
            raise StoreError("the database cannot be reached")
        ready("")
        if not place.number:
            return _sleep()
        assert eventually((folder / ANNOUNCED).exists)
        (folder / AWAY).touch()
        return 3

    return work


def note(file: Path) -> None:
    """Add an octet."""
    with file.open("a") as opened:
        opened.write("x")


def _room_that_runs_out(folder: Path, after_one: bool) -> Callable[[], int]:
    """A fork that refuses for as long as there is such a file, as a system does that has no more to give."""
    fork, full = os.fork, folder / FULL

    def fork_or_fail() -> int:
        if full.exists():
            note(full)
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        if after_one:
            full.touch()
        return fork()

    return fork_or_fail


MANNERS: Mapping[str, Work] = {
    "never ready": _never_ready,
    "ending early": _ending_early,
    "failing": _failing,
    "broken": _broken,
    "out of files": _out_of_files,
    "stubborn": _stubborn,
    "filling up": _never_ready,
}


def _main() -> int:
    name, manner, own_sockets, hang_patience_s, chosen = json.loads(sys.argv[1])
    logging.basicConfig(format="%(message)s")
    listening.EACH_ITS_OWN = listening.EACH_ITS_OWN and own_sockets
    folder = Path(name)
    os.fork = _room_that_runs_out(folder, manner == "filling up")
    work = {
        **MANNERS,
        "serve": _serving(folder, chosen),
        "dying": _dying(folder),
        "failing later": _failing_later(folder),
    }[manner]

    def announce(url: str) -> None:
        (folder / ANNOUNCED).touch()
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()

    try:
        # The others get ready, however busy the machine is.
        start_patience_s = START_PATIENCE_S if manner == "never ready" else STOP_TIMEOUT_S
        patience = {"start_patience_s": start_patience_s, "hang_patience_s": hang_patience_s}
        return Supervisor(settings(**chosen), announce, work, **patience).run()
    except (AddressError, StartError, StoreError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(_main())
