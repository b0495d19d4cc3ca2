"""Copies of a database, whatever happens to them."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from typing import Any, Protocol

import asyncpg
import pytest

from tacet.store.address import sqlite_path
from tacet.store.copying import Copy, Progress
from tacet.store.maintenance import side

THERE_AND_BACK = [("sqlite", "postgresql"), ("postgresql", "sqlite")]
PAIRS = [*THERE_AND_BACK, ("sqlite", "sqlite"), ("postgresql", "postgresql")]

UNFINISHED = r"is an unfinished copy of another database: run the same `tacet database copy` again"

SMALL_STRETCH = 25
"""So that most tables take several."""


class Databases(Protocol):
    """Makes a database of a kind: full, or without even a table."""

    def __call__(self, kind: str, full: bool) -> str: ...


@dataclass(frozen=True, slots=True)
class Pair:
    """The addresses of a filled database and of an empty one."""

    source: str
    destination: str


Templates = dict[str, str]
"""The address of a filled database of each kind, to be copied by its own means."""


def silent(_done: int, _total: int) -> None:
    """Shows no progress."""


@asynccontextmanager
async def opened(pair: Pair) -> AsyncIterator[Copy]:
    copy = Copy(side(pair.source), side(pair.destination))
    try:
        yield copy
    finally:
        await copy.close()


async def copied(pair: Pair) -> dict[str, int]:
    """The rows of each table, once it is all done."""
    async with opened(pair) as copy:
        await copy.open()
        await copy.run(silent)
        return dict(await copy.verify(silent))


def writing_once(file: str) -> Progress:
    """Writes to a file when it is told something for the first time, as a command beside a server does."""
    told: list[int] = []

    def write(done: int, _total: int) -> None:
        if not told:
            with closing(sqlite3.connect(sqlite_path(file))) as connection, connection:
                connection.execute("DELETE FROM handle WHERE person_id = 3")
        told.append(done)

    return write


class Stopped(Exception):
    """Stands for whatever ends a copy early."""


async def stopped(pair: Pair, after_rows: int) -> None:
    """Begin a copy, and end it early."""

    def stop(done: int, _total: int) -> None:
        if done >= after_rows:
            raise Stopped

    async with opened(pair) as copy:
        await copy.open()
        with pytest.raises(Stopped):
            await copy.run(stop)


async def changing(address: str, *statements: str) -> None:
    """Run SQL on a database of either kind."""
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(sqlite_path(address))) as connection, connection:
            for statement in statements:
                connection.execute(statement)
        return
    async with connected(address) as connection:
        for statement in statements:
            await connection.execute(statement)


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(address)
    try:
        yield connection
    finally:
        await connection.close()


async def tables(address: str) -> set[str]:
    """The names of all there are."""
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(sqlite_path(address))) as connection:
            return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    async with connected(address) as connection:
        rows = await connection.fetch("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
        return {name for (name,) in rows}
