"""Which database is the home of a sandbox's world: a mark in it, so that nobody's data is ever taken for one."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tacet.store.base import StoreError
from tacet.store.postgres.connections import connect
from tacet.store.postgres.database import Transaction
from tacet.store.postgres.migrating import CONNECT_TIMEOUT_S, TABLES, migrate
from tacet.store.queries.copying import OURS

T = TypeVar("T")

TIMEOUT_S = 30.0
"""For a statement: each is a few rows, in a database that a machine under load may have just been given."""

MARK = "sandbox_world"
"""The table that marks one; it has one row."""

FREE = ("migration", "revision")
"""Tables of ours that say nothing of anybody."""

FOREIGN = "the database holds something that no sandbox made: give --world a database that is empty"

_CREATE = f"""
CREATE TABLE IF NOT EXISTS {MARK} (
    number INTEGER PRIMARY KEY CHECK (number = 1), origin TEXT NOT NULL, complete BOOLEAN NOT NULL)
"""
_CLAIM = f"INSERT INTO {MARK} (number, origin, complete) VALUES (1, $1, FALSE) ON CONFLICT (number) DO NOTHING"
_ORIGIN = f"SELECT origin FROM {MARK}"
_IS_COMPLETE = f"SELECT complete FROM {MARK}"
_COMPLETE = f"UPDATE {MARK} SET complete = TRUE"


async def claim(address: str, origin: str) -> str:
    """Bring the schema of an empty database, or of a sandbox's, up to date, and mark it.

    Args:
        origin: what its world is to be made of, in whatever form.

    Returns:
        what the world is made of that lives there: `origin` where there was none.

    Raises:
        StoreError: it cannot be reached, or holds something that is not a sandbox's.
    """
    await _within(address, _refuse_foreign)
    await migrate(address)

    async def mark(transaction: Transaction) -> str:
        await transaction.lock((MARK,))
        # Somebody may have moved in since it was looked at.
        await _refuse_foreign(transaction)
        await transaction.rows(_CREATE)
        await transaction.run(_CLAIM, (origin,))
        [(kept,)] = await transaction.rows(_ORIGIN)
        return str(kept)

    return await _within(address, mark)


async def is_complete(address: str) -> bool:
    """Whether all of the world is there, in a database that was claimed."""
    [(complete,)] = await _within(address, lambda transaction: transaction.rows(_IS_COMPLETE))
    return bool(complete)


async def complete(address: str) -> None:
    """Note that all of the world is there."""
    await _within(address, lambda transaction: transaction.run(_COMPLETE))


async def _refuse_foreign(transaction: Transaction) -> None:
    """Before anything is changed.

    Raises:
        StoreError: somebody's data is there.
    """
    tables = {name for (name,) in await transaction.rows(TABLES)}
    if not tables or MARK in tables:
        return
    if not tables >= OURS:
        raise StoreError(FOREIGN)
    for name in sorted(tables.difference(FREE)):
        if await transaction.rows(f'SELECT 1 FROM "{name}" LIMIT 1'):
            raise StoreError(FOREIGN)


async def _within(address: str, work: Callable[[Transaction], Awaitable[T]]) -> T:
    """Do something in a transaction of a session of its own."""
    connection = await connect(address, TIMEOUT_S, CONNECT_TIMEOUT_S)
    try:
        transaction = Transaction(connection)
        result = await work(transaction)
        await transaction.commit()
    finally:
        await connection.close(CONNECT_TIMEOUT_S)
    return result
