"""Writes of rows that somebody else holds, apart from the batches in which everybody would wait for that."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tacet.store.postgres.database import Database
from tacet.store.postgres.dialect import Held

MAX_WAITING = 32
"""Writes at a time: they come from a few people whose rows are held, and whoever repeats theirs is told to wait."""

HELD_S = 1.0
"""How long a row is left alone after somebody held it for longer than a statement may wait."""

_HELD = "somebody else holds the same rows for too long; nothing was written"

Key = tuple[int, int, int]
"""(source_id, kind, target_id): which relation."""


class Aside:
    """Runs one statement, for one relation at a time, with all the patience that a statement has.

    Args:
        database: where.
        sql: the statement.
    """

    def __init__(self, database: Database, sql: str) -> None:
        self._database = database
        self._sql = sql
        self._turn = asyncio.Lock()
        self._waiting: Counter[Key] = Counter()
        self._held_until_s: dict[Key, float] = {}
        self._loop = asyncio.get_running_loop()

    def has(self, key: Key) -> bool:
        """Whether this relation is being written here, or was held a moment ago."""
        return key in self._waiting or self._is_held(key)

    async def write(self, key: Key, parameters: Sequence[Any]) -> list[Any]:
        """The rows that the statement returns, once they are durable.

        Raises:
            Held: somebody held it for too long, or too many wait here.
            StoreError: as `Database.write`.
        """
        if self._waiting.total() >= MAX_WAITING:
            raise Held(_HELD)
        self._waiting[key] += 1
        try:
            await self._wait_for_turn()
            try:
                return await self._write(key, parameters)
            finally:
                self._turn.release()
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key]

    async def _wait_for_turn(self) -> None:
        """They take turns, so that they never use more than one session; for no longer than a statement may take."""
        try:
            async with asyncio.timeout(self._database.timeout_s):
                await self._turn.acquire()
        except TimeoutError:
            raise Held(_HELD) from None

    async def _write(self, key: Key, parameters: Sequence[Any]) -> list[Any]:
        if self._is_held(key):
            raise Held(_HELD)
        try:
            return await self._database.write(self._sql, parameters)
        except Held:
            now_s = self._loop.time()
            self._held_until_s = {each: until_s for each, until_s in self._held_until_s.items() if until_s > now_s}
            self._held_until_s[key] = now_s + HELD_S
            raise

    def _is_held(self, key: Key) -> bool:
        return self._held_until_s.get(key, 0.0) > self._loop.time()
