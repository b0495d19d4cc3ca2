"""A real PostgreSQL for one invocation, with a small world and a large one in it."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench import world
from bench.building import Meter
from bench.pgworld import Crowd, fill
from tacet.store.postgres.migrating import migrate
from tests.databases import Postgres

SHARED_BUFFERS = "2GB"
"""Holds the large world: what is compared is the length of the trees, not the speed of a disk."""


@dataclass(frozen=True, slots=True)
class World:
    """One database.

    Attributes:
        people: a file of those who are asked for, id and bearer, separated by a tab.
    """

    name: str
    address: str
    crowd: Crowd
    people: Path


class Cluster(Postgres):
    """Commits are on disk before they are answered; on whichever core is free."""

    def _command(self) -> Sequence[str]:
        more = {
            "shared_buffers": SHARED_BUFFERS,
            "maintenance_work_mem": "512MB",
            "max_wal_size": "8GB",
            # Would start at its own time, in the middle of somebody's five seconds.
            "autovacuum": "off",
        }
        return (*super()._command(), *(part for name, value in more.items() for part in ("-c", f"{name}={value}")))


@contextlib.contextmanager
def worlds(folder: Path, crowds: Sequence[Crowd], meter: Meter) -> Iterator[list[World]]:
    """A database for each crowd, all on one server that is gone with the context."""
    with Cluster.started(folder, durable=True) as cluster:
        _spread(cluster.pid)
        yield [_made(cluster, folder, crowd, meter) for crowd in crowds]


def _made(cluster: Cluster, folder: Path, crowd: Crowd, meter: Meter) -> World:
    name = f"world-{crowd.relations}"
    address = cluster.database()
    asyncio.run(_build(address, crowd, meter))
    # Else what was built is written to disk in the middle of a measure.
    cluster.run("CHECKPOINT")
    people = folder / f"{name}.people"
    rows = (f"{world.person_id(index)}\t{world.bearer_text(index)}\n" for index in crowd.asked_indexes)
    people.write_text("".join(rows), encoding="ascii")
    return World(name, address, crowd, people)


async def _build(address: str, crowd: Crowd, meter: Meter) -> None:
    await migrate(address)
    await fill(address, crowd, meter)


def _spread(pid: int) -> None:
    """Let a server and its helpers run on every core: they inherited that of this program."""
    if sys.platform != "linux":
        return
    cores = range(os.cpu_count() or 1)
    first = psutil.Process(pid)
    for process in (first, *first.children(recursive=True)):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(process.pid, cores)
