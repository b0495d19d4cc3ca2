"""A sandbox in which alice mutes more people than a page of any kind holds, and some of them are suspended."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tacet.mutes.positions import TIE_BITS
from tacet.records.people import Person, State
from tacet.records.relations import Kind, Relation
from tacet.sandbox.cast import ALICE_ID, WORLD_AT_MS
from tacet.sandbox.seeding import DATABASE_FILE
from tacet.store.opening import open_store
from tests import worlds
from tests.sandboxes import Sandbox, sandbox

CROWD = 10_400
"""More than two pages of 5,000 ids."""

SUSPENDED_EACH = 100
"""One in so many is suspended, so every page of ids has fewer than it may."""

FIRST_ID = 5_000_000_001
QUEUE_LENGTH = 16


@cache
def crowd() -> list[Person]:
    """Everybody in it, in the order in which alice muted them."""
    return [
        Person(
            FIRST_ID + nth, f"crowd_{nth}", f"Number {nth}", State.ACTIVE if nth % SUSPENDED_EACH else State.SUSPENDED
        )
        for nth in range(CROWD)
    ]


def muted_by_alice() -> list[int]:
    """Ids of those who are shown, newest first."""
    return [person.id for person in reversed(crowd()) if person.state is State.ACTIVE]


@contextmanager
def crowded(folder: Path) -> Iterator[Sandbox]:
    """One that counts nothing. Its files go into `folder`."""
    with _kept(folder) as (options, database):
        with sandbox(folder, *options, "--people", "12"):
            pass
        asyncio.run(_gather(database))
        with sandbox(folder, *options) as running:
            yield running


@contextmanager
def _kept(folder: Path) -> Iterator[tuple[Sequence[str], str]]:
    """The options with which a world is kept, and the address of its database."""
    if worlds.in_postgresql():
        with worlds.database_for_process() as address:
            yield ("--world", address, "--no-rate-limits"), address
    else:
        world = folder / "world"
        yield ("--data", str(world), "--no-rate-limits"), f"sqlite:///{world / DATABASE_FILE}"


async def _gather(database: str) -> None:
    store = open_store(database, QUEUE_LENGTH)
    await store.open()
    try:
        await store.directory.put_people(crowd())
        await store.relations.add_many(
            [
                Relation(Kind.MUTE, ALICE_ID, person.id, WORLD_AT_MS + nth << TIE_BITS)
                for nth, person in enumerate(crowd())
            ]
        )
    finally:
        await store.close()
