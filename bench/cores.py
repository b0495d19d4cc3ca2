"""Which core serves and which one makes the load, so that neither takes time from the other."""

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

CORES_FOR_TWO = 5
"""With so many, two processes have one each, the load another, PostgreSQL and Redis the rest."""


@dataclass(frozen=True, slots=True)
class Cores:
    """Where processes run.

    Attributes:
        server, load: numbers of cores; None where processes are not bound.
        note: what a reader of the figures must know about it; empty when all is as it should be.
    """

    server: int | None
    load: int | None
    note: str = ""


def choose() -> Cores:
    """The first core for the server, the next one that is not the same core's second thread for the load."""
    allowed: list[int] = []
    if sys.platform == "linux":
        allowed = sorted(os.sched_getaffinity(0))
    if not allowed:
        return Cores(None, None, "processes are not bound to cores: this system offers no way to")
    server = allowed[0]
    apart = [core for core in allowed if core not in siblings(server)]
    if apart:
        return Cores(server, apart[0])
    if len(allowed) > 1:
        return Cores(server, allowed[1], "server and load run on two threads of one core")
    return Cores(server, server, "server and load share the only core: figures are too low")


def siblings(core: int) -> set[int]:
    """The numbers under which a core appears: more than one where it runs several threads."""
    path = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
    try:
        return {core} | numbers(path.read_text(encoding="ascii"))
    except OSError:
        return {core}


def numbers(listed: str) -> set[int]:
    """The numbers of a list as the kernel writes it: `0,4` or `0-1`."""
    found: set[int] = set()
    for part in listed.strip().split(","):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def enough_for_two() -> bool:
    """Whether two processes can have a core each."""
    return (os.cpu_count() or 1) >= CORES_FOR_TWO


def pin(pid: int, core: int | None) -> None:
    """Bind a process that has just been started, and the threads that it starts later; None frees it from the core of
    whoever started it."""
    if sys.platform == "linux":
        os.sched_setaffinity(pid, range(os.cpu_count() or 1) if core is None else {core})


def spread(pid: int) -> None:
    """Let a process and its children run on every core."""
    first = psutil.Process(pid)
    for process in (first, *first.children(recursive=True)):
        with contextlib.suppress(ProcessLookupError):
            pin(process.pid, None)
