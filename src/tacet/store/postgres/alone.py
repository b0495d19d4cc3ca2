"""What only one may do at a time, of all processes that share a database."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tacet.store.base import StoreBusy
from tacet.store.postgres.database import Database, Transaction

TURN_S = 5.0
"""How long one may wait for others of the same process: longer than any of them has to work."""


class Alone:
    """`Store.alone` of one process.

    A transaction stays open for as long as it is held, so that the lock goes with the process, or with its connection.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        # Whoever holds one needs a second session to do anything: with many of them all sessions could be waiting.
        self._one = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def __call__(self, what: str, id_: int) -> AsyncIterator[None]:
        async with self._turn():
            held, over = asyncio.Event(), asyncio.Event()

            async def hold(transaction: Transaction) -> None:
                await transaction.lock(("alone", what, id_))
                held.set()
                await over.wait()

            holding = asyncio.create_task(self._database.transaction(hold))
            holding.add_done_callback(_note)
            try:
                await _first(holding, held)
                yield
            finally:
                over.set()
                if not held.is_set():
                    # Whoever wanted it was called off, or it could not be had.
                    holding.cancel()
                await asyncio.wait((holding,))

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(TURN_S):
                await self._one.acquire()
        except TimeoutError:
            raise StoreBusy("others do the same for too long; nothing was done") from None
        try:
            yield
        finally:
            self._one.release()


async def _first(holding: asyncio.Task[None], held: asyncio.Event) -> None:
    """Wait until it is held.

    Raises:
        StoreError: it cannot be had.
    """
    waiting = asyncio.create_task(held.wait())
    try:
        await asyncio.wait((holding, waiting), return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    if not held.is_set():
        await holding


def _note(holding: asyncio.Task[None]) -> None:
    """Take note of how it ended: what was done while it was held is done, also where its connection was lost."""
    if not holding.cancelled():
        holding.exception()
