"""`tacet sandbox` in a process of its own, started and ended as its users do."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from tests import worlds

TACET = (sys.executable, "-m", "tacet.cli")

LAST_WORDS = "Ctrl-C ends it."
"""With these the welcome ends, and by then requests are accepted."""

STOP_TIMEOUT_S = 60
"""More than a sandbox takes to stop, however busy the machine is."""


@dataclass(frozen=True)
class Resident:
    """Somebody with keys, as the ready file tells of them."""

    id: str
    username: str
    name: str
    oauth2_token: str
    oauth1: Mapping[str, str]


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox.

    Attributes:
        ready: what its ready file says.
        welcome: what it printed.
    """

    url: str
    ready: Mapping[str, Any]
    welcome: str
    process: subprocess.Popen[str]

    @property
    def residents(self) -> list[Resident]:
        """Those with keys: alice, bob, carol, then seven who mute nobody."""
        return [Resident(**person) for person in self.ready["people"]]

    def resident(self, username: str) -> Resident:
        return next(resident for resident in self.residents if resident.username == username)


@contextmanager
def sandbox(folder: Path, *options: str, tacet: Sequence[str] = TACET) -> Iterator[Sandbox]:
    """One on a free port with these options; its ready file is put into `folder`. `tacet` is the command itself.

    Its world is in memory, where the options do not say otherwise, or where the run keeps its worlds.
    """
    if worlds.in_postgresql() and not {"--data", "--world"}.intersection(options):
        with (
            worlds.database_for_process() as address,
            sandbox(folder, *options, "--world", address, tacet=tacet) as one,
        ):
            yield one
        return
    ready_file = folder / "ready.json"
    command = [*tacet, "sandbox", "--port", "0", "--ready-file", str(ready_file), *options]
    with subprocess.Popen(command, env=clean_environment(), stdout=subprocess.PIPE, text=True) as process:
        try:
            welcome = read_welcome(process)
            ready = msgspec.json.decode(ready_file.read_bytes())
            yield Sandbox(ready["url"], ready, welcome, process)
        finally:
            process.terminate()
            process.wait(STOP_TIMEOUT_S)


def read_welcome(process: subprocess.Popen[str]) -> str:
    """Everything up to the end of the welcome, which comes when requests are accepted."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if line.rstrip().endswith(LAST_WORDS):
            return "".join(lines)
    raise AssertionError(f"the sandbox ended with exit code {process.wait()} and said {''.join(lines)!r}")


def clean_environment() -> dict[str, str]:
    """This process's environment without settings of Tacet's, which would change what is tested."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TACET_")}
