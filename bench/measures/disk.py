"""Bytes that a mute takes on disk, once the log is back in the database."""

import asyncio
import itertools
import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from bench import world
from bench.building import QUEUE_LENGTH, ROWS_A_TRANSACTION
from bench.figures import Figure, Goal, Sense, figure
from bench.stage import Stage
from bench.world import Group
from tacet.records.relations import Kind, Relation
from tacet.store.opening import open_store

MAX_BYTES = 70.0
"""For each mute, indexes included."""

Pair = tuple[int, int]
"""Indexes of source and target."""

TREES = """
SELECT SUM(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_master WHERE tbl_name = 'relation')
"""


def measure(stage: Stage) -> list[Figure]:
    """Mutes in the order in which people make them, and list by list, as an import brings them."""
    group = Group(0, stage.plan.arrivals, stage.plan.shape.crowd_mutes, stage.plan.shape.crowd)
    pairs = [(source, target) for source in group.indexes for target in world.targets(group, source)]
    in_bulk = _bytes_each(stage, "bulk", pairs)
    random.Random(world.SEED).shuffle(pairs)
    as_made = _bytes_each(stage, "made", pairs)
    goal = Goal(Sense.BELOW, MAX_BYTES, " bytes")
    return [
        figure("disk", f"bytes a mute, {len(pairs):,} mutes made in random order", [as_made], " bytes", goal),
        figure("disk", "bytes a mute, the same list by list", [in_bulk], " bytes"),
    ]


def _bytes_each(stage: Stage, name: str, pairs: Sequence[Pair]) -> float:
    stage.say(f"storing {len(pairs):,} mutes")
    path, empty = stage.scratch / f"{name}.db", stage.scratch / f"{name}-empty.db"
    asyncio.run(_store(path, pairs))
    asyncio.run(_store(empty, ()))
    return relation_bytes(path, empty) / len(pairs)


async def _store(path: Path, pairs: Sequence[Pair]) -> None:
    store = open_store(f"sqlite:///{path}", QUEUE_LENGTH)
    await store.open()
    try:
        relations = _relations(pairs)
        while batch := list(itertools.islice(relations, ROWS_A_TRANSACTION)):
            await store.relations.add_many(batch)
    finally:
        await store.close()


def _relations(pairs: Sequence[Pair]) -> Iterator[Relation]:
    """The mutes at positions of their own, in the order given."""
    for nth, (source, target) in enumerate(pairs):
        yield Relation(Kind.MUTE, world.person_id(source), world.person_id(target), world.position(source, nth))


def relation_bytes(path: Path, empty: Path) -> int:
    """What the relations of a closed database take.

    Args:
        empty: the same without any, for a SQLite that cannot tell what each tree takes.
    """
    with closing(sqlite3.connect(path)) as connection:
        try:
            return int(connection.execute(TREES).fetchall()[0][0])
        except sqlite3.OperationalError:
            return path.stat().st_size - empty.stat().st_size
