"""Group commit: writes of one kind that arrive together go in one round trip and become durable together."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Any

from tacet.began import has_written
from tacet.observing.meters import Histogram
from tacet.store.base import Conflict, StoreBusy, StoreClosed, StoreError
from tacet.store.postgres.aside import Aside, Key
from tacet.store.postgres.database import TOO_LONG, Database
from tacet.store.postgres.dialect import Held, Unstorable

MAX_BATCH = 256
"""Writes a commit: past this a batch delays those behind it for longer than another commit costs."""

MAX_UNDER_WAY = 2
"""Batches at a time: while the disk takes one, the server works on the next. More would only be smaller."""

APART_S = 1.0
"""How long it is looked for whose rows are held: the only one in a batch of the largest size is found in 0.8 s."""

KEY_LENGTH = 3
"""How many of the first columns that a write returns, say which one it is."""


@dataclass(slots=True)
class _Waiting:
    key: Key
    parameters: Sequence[Any]
    future: "asyncio.Future[list[Any]]"
    until_s: float


class GroupWriter:
    """Runs one statement for many who want it at once.

    A batch names no relation twice, and names them in order: two processes that write the same ones wait for each other
    in one direction only.

    Args:
        database: where.
        sql: the statement; what it returns begins with the relation's source, kind and target.
        queue_length: writes that may wait; one more is refused with `StoreBusy`.

    Attributes:
        batches: counts how many writes share a commit; None where nobody measures.
    """

    batches: Histogram | None = None

    def __init__(self, database: Database, sql: str, queue_length: int) -> None:
        self._database = database
        self._sql = sql
        self._queue_length = queue_length
        self._pending: deque[_Waiting] = deque()
        self._under_way = 0
        self._scheduled = False
        self._closing = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._aside = Aside(database, sql)

    @property
    def waiting(self) -> int:
        """How many writes are in no batch yet."""
        return len(self._pending)

    async def submit(self, key: Key, parameters: Sequence[Any]) -> list[Any]:
        """Write in the next batch; return what the statement returned for it beyond the key, empty where nothing.

        Raises:
            Conflict: a unique value is taken; nothing of this write remains.
            StoreAway: the database cannot be reached; it may or may not be written.
            StoreBusy: the queue is full, the database too busy, or the request's time was up before its turn came;
            nothing was written.
            StoreClosed: the store is closing; nothing was written.
        """
        if self._closing:
            raise StoreClosed("the store is closed")
        if len(self._pending) >= self._queue_length:
            raise StoreBusy("too many writes are waiting")
        if self._aside.has(key):
            return await self._submit_aside(key, parameters)
        future: asyncio.Future[list[Any]] = self._loop.create_future()
        self._pending.append(_Waiting(key, parameters, future, self._database.until_s()))
        self._idle.clear()
        if not self._scheduled and self._under_way < MAX_UNDER_WAY:
            self._scheduled = True
            # Let the requests that are already readable add theirs before the batch is cut.
            self._loop.call_soon(self._start)
        try:
            rows = await future
        except Held:
            return await self._submit_aside(key, parameters)
        has_written(self._loop.time())
        return rows

    async def _submit_aside(self, key: Key, parameters: Sequence[Any]) -> list[Any]:
        rows = await self._aside.write(key, parameters)
        return [*rows[0][KEY_LENGTH:]] if rows else []

    async def close(self) -> None:
        """Finish what was accepted, refuse what comes."""
        self._closing = True
        await self._idle.wait()

    def _start(self) -> None:
        self._scheduled = False
        if not self._pending or self._under_way >= MAX_UNDER_WAY:
            return
        batch = self._cut_batch()
        if not batch:
            self._look_whether_idle()
            return
        self._under_way += 1
        # On a task of its own, and of no request: whoever waits may be called off, and the others' writes go on.
        task = self._loop.create_task(self._run(batch, self._loop.time() + APART_S), context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._finish)
        if self._pending and self._under_way < MAX_UNDER_WAY:
            self._start()

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._under_way -= 1
        self._start()
        self._look_whether_idle()

    def _look_whether_idle(self) -> None:
        if not (self._pending or self._under_way):
            self._idle.set()

    def _cut_batch(self) -> list[_Waiting]:
        """The next writes that may share a transaction, in the order of their keys; none where all came too late."""
        now_s = self._loop.time()
        batch: dict[Key, _Waiting] = {}
        again: list[_Waiting] = []
        while self._pending and len(batch) < MAX_BATCH:
            waiting = self._pending.popleft()
            if waiting.until_s <= now_s:
                _refuse(waiting, StoreBusy(TOO_LONG))
            elif waiting.key in batch:
                again.append(waiting)
            else:
                batch[waiting.key] = waiting
        self._pending.extendleft(reversed(again))
        return [batch[key] for key in sorted(batch)]

    async def _run(self, batch: list[_Waiting], until_s: float) -> None:
        if self.batches is not None:
            self.batches.note(len(batch))
        try:
            rows = await self._database.write_many(self._sql, [waiting.parameters for waiting in batch])
            returned = {tuple(row[:KEY_LENGTH]): [*row[KEY_LENGTH:]] for row in rows}
        except (Conflict, Held, Unstorable) as error:
            await self._run_apart(batch, error, until_s)
        except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits for it
            for waiting in batch:
                _refuse(waiting, error)
        except asyncio.CancelledError:
            for waiting in batch:
                _refuse(waiting, StoreClosed("the store is closed"))
            raise
        else:
            for waiting in batch:
                if not waiting.future.done():
                    waiting.future.set_result(returned.get(waiting.key, []))

    async def _run_apart(self, batch: list[_Waiting], error: StoreError, until_s: float) -> None:
        """Nothing of a batch was written because one was refused: whoever that is must not take others with it.

        Unless nearly all are held, as when somebody has locked the whole table: each would be waited for in turn.
        """
        if len(batch) == 1 or (isinstance(error, Held) and self._loop.time() > until_s):
            for waiting in batch:
                _refuse(waiting, error)
            return
        half = len(batch) // 2
        await self._run(batch[:half], until_s)
        await self._run(batch[half:], until_s)


def _refuse(waiting: _Waiting, error: Exception) -> None:
    if not waiting.future.done():
        # One exception raised in many places would gather all their tracebacks.
        waiting.future.set_exception(type(error)(*error.args) if isinstance(error, StoreError) else error)
