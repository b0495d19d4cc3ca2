"""Two servers on one PostgreSQL database, and what must hold of it after they got in each other's way."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from tacet.store.base import Store
from tacet.store.opening import open_store
from tests.store.building import QUEUE_LENGTH

CONNECTIONS = 12
"""Of each server: more than either does at a time in any race, so that nobody waits for a turn."""

TIMEOUT_S = 30
"""Of a statement: more than any takes, however busy the machine is."""

TURNS = 30
"""Rounds of each race."""

UNTRUE = {
    "a token of a grant that was revoked works": """
        SELECT 1 FROM token JOIN access_grant ON access_grant.id = token.grant_id
        WHERE access_grant.revoked_at_ms IS NOT NULL AND token.revoked_at_ms IS NULL
    """,
    "a token belongs to a grant that is gone": """
        SELECT 1 FROM token WHERE grant_id IS NOT NULL AND grant_id NOT IN (SELECT id FROM access_grant)
    """,
    "a person has two grants of OAuth 1.0a to an App": """
        SELECT 1 FROM access_grant WHERE kind = 2 AND revoked_at_ms IS NULL GROUP BY app_id, user_id HAVING COUNT(*) > 1
    """,
    **{
        f"a row of {table} outlived its App": f"SELECT 1 FROM {table} WHERE app_id NOT IN (SELECT id FROM app)"
        for table in ("authorization_code", "request_token", "access_grant", "token")
    },
    "an App outlived its Project": """
        SELECT 1 FROM app
        WHERE owner_id IS NOT NULL AND project_id IS NOT NULL AND project_id NOT IN (SELECT id FROM project)
    """,
    "a repost outlived its post": """
        SELECT 1 FROM post WHERE reposted_id <> 0 AND reposted_id NOT IN (SELECT id FROM post)
    """,
    "a mention outlived its post": "SELECT 1 FROM mention WHERE post_id NOT IN (SELECT id FROM post)",
}
"""What nobody may ever find, by name."""


class Race:
    """Two servers, and a look at their database past both.

    Attributes:
        stores: of the two servers.
    """

    def __init__(self, stores: Sequence[Store], connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.stores = stores
        self._connection = connection
        self._turns = itertools.cycle(stores)

    @property
    def next(self) -> Store:
        """The server whose turn it is."""
        return next(self._turns)

    async def found(self, sql: str, *parameters: Any) -> list[Any]:
        """Rows of the database itself."""
        return [tuple(row) for row in await self._connection.fetch(sql, *parameters)]

    async def untrue(self) -> list[str]:
        """What is found and should not be."""
        return [name for name, sql in UNTRUE.items() if await self.found(sql)]


@asynccontextmanager
async def racing(address: str) -> AsyncIterator[Race]:
    """Two servers on an empty database with Tacet's tables."""
    stores = [open_store(address, QUEUE_LENGTH, connections=CONNECTIONS, timeout_s=TIMEOUT_S) for _ in range(2)]
    connection = await asyncpg.connect(address)
    try:
        await asyncio.gather(*(store.open() for store in stores))
        yield Race(stores, connection)
    finally:
        await asyncio.gather(*(store.close() for store in stores))
        await connection.close()


def digest(*parts: object) -> bytes:
    """A key of its own for each thing of each turn."""
    return repr(parts).encode().ljust(32)


async def shuffled(chance: random.Random, *steps: Coroutine[Any, Any, Any]) -> list[Any]:
    """What each of them gives, in the order in which they stand here; they begin together, in any order."""
    order = list(range(len(steps)))
    chance.shuffle(order)
    tasks = {number: asyncio.create_task(steps[number]) for number in order}
    return list(await asyncio.gather(*(tasks[number] for number in range(len(steps)))))
