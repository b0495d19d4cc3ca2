"""A real PostgreSQL for one invocation, with a small world and a large one in it."""

import asyncio
import contextlib
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import asyncpg

from bench import world
from bench.building import Meter
from bench.cores import spread
from bench.errors import BenchError
from bench.pgworld import Crowd, fill
from tacet.store.base import StoreError
from tacet.store.postgres.migrating import migrate
from tests.databases import USER, Postgres, Redis

T = TypeVar("T", bound=Postgres | Redis)

SHARED_BUFFERS = "2GB"
"""Holds the large world: what is compared is the length of the trees, not the speed of a disk."""

ON_DISK = Path("/var/tmp")  # noqa: S108 - nothing has a fixed name in it
"""Where temporary files outlive the machine's end, so on a disk everywhere; `/tmp` is in memory on some systems."""


@dataclass(frozen=True, slots=True)
class World:
    """One database.

    Attributes:
        people: a file of those who are asked for, id and bearer, separated by a tab.
        targets: a file of the ids of those who can be muted.
    """

    address: str
    crowd: Crowd
    people: Path
    targets: Path


class Cluster(Postgres):
    """Commits are on disk before they are answered; on whichever core is free."""

    place = ON_DISK if ON_DISK.is_dir() else None

    def _command(self) -> Sequence[str]:
        more = {
            "shared_buffers": SHARED_BUFFERS,
            "maintenance_work_mem": "512MB",
            "max_wal_size": "8GB",
            # These two would start at their own time, in the middle of somebody's five seconds.
            "autovacuum": "off",
            "checkpoint_timeout": "1h",
        }
        return (*super()._command(), *(part for name, value in more.items() for part in ("-c", f"{name}={value}")))


def begun(start: Callable[[], T]) -> T:
    """A database server that was just started; no core is its own.

    Raises:
        BenchError: it is not installed, or does not start.
    """
    try:
        server = start()
    except (AssertionError, OSError, subprocess.SubprocessError) as error:
        raise BenchError(f"a database server did not start: {error}") from None
    spread(server.pid)
    return server


@contextlib.contextmanager
def worlds(folder: Path, crowds: Iterable[Crowd], meter: Meter) -> Iterator[list[World]]:
    """A database for each crowd, all on one server that is gone with the context.

    Raises:
        BenchError: there is no such server, or not enough space.
    """
    with begun(lambda: Cluster.started(folder, durable=True)) as cluster:
        # Measures choose how long ago the last one was.
        cluster.run(f"GRANT pg_checkpoint TO {USER}")
        yield [_made(cluster, folder, crowd, meter) for crowd in crowds]


def _made(cluster: Cluster, folder: Path, crowd: Crowd, meter: Meter) -> World:
    address = cluster.database()
    try:
        asyncio.run(_build(address, crowd, meter))
        # Else what was built is written to disk in the middle of a measure.
        cluster.run("CHECKPOINT")
    except (StoreError, asyncpg.PostgresError, OSError) as error:
        raise BenchError(f"a world of {crowd.relations:,} mutes cannot be made in PostgreSQL: {error}") from None
    people = (f"{world.person_id(index)}\t{world.bearer_text(index)}\n" for index in crowd.asked_indexes)
    targets = (f"{world.person_id(index)}\n" for index in crowd.target_indexes)
    name = f"world-{crowd.relations}"
    return World(
        address, crowd, _written(folder / f"{name}.people", people), _written(folder / f"{name}.targets", targets)
    )


async def _build(address: str, crowd: Crowd, meter: Meter) -> None:
    await migrate(address)
    await fill(address, crowd, meter)


def _written(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("".join(lines), encoding="ascii")
    return path
