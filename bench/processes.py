"""Processes that are measured: started on their core, watched, and always ended."""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.cores import pin
from bench.errors import BenchError

START_TIMEOUT_S = 30.0
"""Longer than any start takes, even on a machine that does other things as well."""

STOP_TIMEOUT_S = 15.0
"""A server finishes its requests first; past this it is killed."""

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Server:
    """A running server.

    Attributes:
        url: its base, `http://127.0.0.1:PORT`.
    """

    pid: int
    url: str

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`."""
        return self.url.removeprefix("http://")

    def cpu_s(self) -> float:
        """Processor time that it has used so far, all threads and processes together, in seconds."""
        first = psutil.Process(self.pid)
        times = [each.cpu_times() for each in (first, *first.children(recursive=True))]
        return sum(each.user + each.system for each in times)

    def resident_bytes(self) -> int:
        """Memory of it that is in use now."""
        return int(psutil.Process(self.pid).memory_info().rss)


@contextlib.contextmanager
def started(
    command: Sequence[str], core: int | None, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A process, bound to `core`, that is over when the context is.

    Args:
        log: gets its standard error.
        environment: variables beside the inherited ones, of which those of Tacet are left out.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TACET_")}
    with log.open("w", encoding="utf-8") as errors:
        # In a session of its own Ctrl-C reaches this program alone, which then ends the others in order.
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**inherited, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    try:
        with contextlib.suppress(ProcessLookupError):
            pin(process.pid, core)
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    """End a process and wait until it is gone; a second Ctrl-C does not interrupt this."""
    with _undisturbed():
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout is not None:
            process.stdout.close()


@contextlib.contextmanager
def serving(command: Sequence[str], core: int | None, log: Path) -> Iterator[Server]:
    """A server that prints its address as the first line of its output.

    Raises:
        BenchError: it did not start.
    """
    with started(command, core, log) as process:
        yield Server(process.pid, _first_line(process, log))


def why(log: Path, line: int = -1) -> str:
    """The last line, or another one, that a process left behind, for the message about it."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[line] if lines else "it said nothing"


def _first_line(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdout is not None
    deadline = time.monotonic() + START_TIMEOUT_S
    readable, _, _ = select.select([process.stdout], [], [], deadline - time.monotonic())
    line = process.stdout.readline().strip() if readable else ""
    if not line:
        raise BenchError(f"a server did not start: {why(log)}")
    return line


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(each, signal.SIG_IGN) for each in signals]
    try:
        yield
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)
