"""Group commit: writes that arrive together become durable together.

The statements of a batch run where the requests are handled, which costs microseconds each; only the commit, which
waits for the disk, runs on the writer's own thread. While it waits, the next batch gathers. So the disk's latency is
shared by everybody who waits for it, and there is one hand-over between threads a batch, not one a statement.
"""

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, TypeVar

from tacet.observing.complaints import Complaints
from tacet.observing.meters import Histogram
from tacet.store.base import StoreBusy, StoreClosed, StoreError
from tacet.store.sqlite.dialect import translated

T = TypeVar("T")
Write = Callable[[sqlite3.Connection], T]

MAX_BATCH = 256
"""Writes a commit: past this a batch delays the requests behind it longer than another commit costs."""

BUSY_TIMEOUT_MS = 5_000
"""How long to wait for another process (an import, an admin command) that is in the middle of a commit."""

_log = logging.getLogger(__name__)


class Size(Enum):
    """How much a write does."""

    ONE = auto()
    """One statement that changes something at most, which fails without a trace."""
    FEW = auto()
    """A handful of statements by key: they share the commit of others, and fail together."""
    LONG = auto()
    """More of them, or longer than a request may wait for (an import's batch): alone, on the writer's thread."""


@dataclass(slots=True)
class _Waiting:
    write: Write[Any]
    future: "asyncio.Future[Any]"
    size: Size

    @property
    def long(self) -> bool:
        return self.size is Size.LONG


@dataclass(slots=True)
class _Done:
    """What became of one write before its commit."""

    waiting: _Waiting
    result: Any = None
    error: Exception | None = None


_Outcome = tuple[list[_Done], StoreError | None]
"""What became of a batch: of each write, and why the commit failed if it did."""


@dataclass(slots=True)
class _Job:
    """What the writer's thread has to do for a batch."""

    batch: list[_Waiting]
    work: Callable[[], _Outcome]


class GroupWriter:
    """Runs writes in batches, one transaction each; answers a write only when its commit is on disk.

    Args:
        connection: the only connection that writes; nobody else may use it.
        queue_length: writes that may wait; one more is refused with `StoreBusy`.
        threaded: False for a database in memory, whose commit waits for nothing.
        after_commit: called on the writer's thread after each commit, once its writes are being answered and before
            the next transaction can begin.
        now_s: reads a clock that never runs backwards, for the log; None for the loop's.

    Attributes:
        batches: counts how many writes share a commit; None where nobody measures.
    """

    batches: Histogram | None = None

    def __init__(
        self,
        connection: sqlite3.Connection,
        queue_length: int,
        threaded: bool,
        after_commit: Callable[[], None] = lambda: None,
        now_s: Callable[[], float] | None = None,
    ) -> None:
        self._connection = connection
        self._queue_length = queue_length
        self._threaded = threaded
        self._after_commit = after_commit
        self._pending: deque[_Waiting] = deque()
        self._busy = False
        self._closing = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._loop = asyncio.get_running_loop()
        self._complaints = Complaints(now_s or self._loop.time)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        if threaded:
            self._thread = threading.Thread(target=self._work, name="tacet-writer", daemon=True)
            self._thread.start()

    async def submit(self, write: Write[T], size: Size = Size.ONE) -> T:
        """Run `write` in the next batch and return what it returned, once that is durable.

        Raises:
            StoreBusy: the queue is full; nothing was written.
            StoreClosed: the store is closing; nothing was written.
            StoreError: the database refused; nothing of this write remains.
        """
        if self._closing:
            raise StoreClosed("the store is closed")
        if len(self._pending) >= self._queue_length:
            raise StoreBusy("too many writes are waiting")
        future: asyncio.Future[T] = self._loop.create_future()
        self._pending.append(_Waiting(write, future, size))
        if not self._busy:
            self._busy = True
            self._idle.clear()
            # Let the requests that are already readable add theirs before the batch is cut.
            self._loop.call_soon(self._start_batch)
        return await future

    @property
    def waiting(self) -> int:
        """How many writes are in no batch yet."""
        return len(self._pending)

    async def close(self) -> None:
        """Finish what was accepted, refuse what comes, end the thread."""
        self._closing = True
        await self._idle.wait()
        if self._thread is not None:
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)

    def _cut_batch(self) -> list[_Waiting]:
        """The next writes that may share a transaction: a long one goes alone."""
        first = self._pending.popleft()
        batch = [first]
        while not first.long and self._pending and not self._pending[0].long and len(batch) < MAX_BATCH:
            batch.append(self._pending.popleft())
        return batch

    def _start_batch(self) -> None:
        batch = self._cut_batch()
        if self.batches is not None:
            self.batches.note(len(batch))
        if not self._threaded:
            self._finish(*self._all_at_once(batch))
            self._go_on()
        elif batch[0].long or not self._begin_at_once():
            self._jobs.put(_Job(batch, lambda: self._all_at_once(batch)))
        else:
            done = [_run(self._connection, waiting) for waiting in batch]
            self._jobs.put(_Job(batch, lambda: (done, self._commit(done))))

    def _begin_at_once(self) -> bool:
        """Begin unless another process is writing: waiting for that belongs on the writer's thread."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error:
            return False
        return True

    def _all_at_once(self, batch: list[_Waiting]) -> _Outcome:
        try:
            self._begin_patiently()
        except sqlite3.Error as error:
            return [_Done(waiting) for waiting in batch], translated(error)
        done = [_run(self._connection, waiting) for waiting in batch]
        return done, self._commit(done)

    def _begin_patiently(self) -> None:
        self._connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        finally:
            self._connection.execute("PRAGMA busy_timeout = 0")

    def _commit(self, done: list[_Done]) -> StoreError | None:
        """Make a batch durable, or leave nothing of it; return why it could not be done."""
        if not self._connection.in_transaction:
            # Only the last error can have taken the transaction with it: nothing ran after that.
            errors = [entry.error for entry in done if isinstance(entry.error, StoreError)]
            return errors[-1] if errors else StoreError("the transaction was rolled back")
        undo = done[0].waiting.long and done[0].error is not None
        try:
            self._connection.execute("ROLLBACK" if undo else "COMMIT")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            return translated(error)
        return None

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            # The log is tended to when the answers are on their way: copying it takes longer than a commit.
            self._on_loop(self._finish, *self._outcome(job))
            try:
                self._after_commit()
            except Exception:  # noqa: BLE001 - the next commit asks again, but a thread that ends is missed for ever
                _log.exception("the write-ahead log could not be tended to")
            self._on_loop(self._go_on)

    def _outcome(self, job: _Job) -> _Outcome:
        try:
            return job.work()
        except BaseException as error:  # noqa: BLE001 - whatever it is, a thread that ends leaves everybody waiting
            _log.exception("a batch failed as none should")
            with contextlib.suppress(sqlite3.Error):
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            return [_Done(waiting) for waiting in job.batch], StoreError(f"the writer failed ({type(error).__name__})")

    def _on_loop(self, call: Callable[..., None], *arguments: Any) -> None:
        # Where the loop is closed nobody waits any more.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call, *arguments)

    def _finish(self, done: list[_Done], failure: StoreError | None) -> None:
        if failure is not None:
            text = f"a batch of {len(done)} writes was not committed: {failure}"
            self._complaints.tell(_log, text, str(failure))
        for entry in done:
            _answer(entry, failure)

    def _go_on(self) -> None:
        if self._pending:
            self._loop.call_soon(self._start_batch)
        else:
            self._busy = False
            self._idle.set()


def _run(connection: sqlite3.Connection, waiting: _Waiting) -> _Done:
    """One write. What it did before it failed is undone: here, or for a long one, which is alone, by `_commit`."""
    if not connection.in_transaction:
        # A full disk makes SQLite roll back by itself; what follows must not slip in outside the transaction.
        return _Done(waiting)
    try:
        result = waiting.write(connection) if waiting.size is not Size.FEW else _set_apart(connection, waiting.write)
        return _Done(waiting, result)
    except sqlite3.Error as error:
        return _Done(waiting, error=translated(error))
    except Exception as error:  # noqa: BLE001 - whatever a write raises belongs to whoever submitted it
        return _Done(waiting, error=error)


def _set_apart(connection: sqlite3.Connection, write: Write[T]) -> T:
    """Run a write so that its failure undoes it and nothing else of its batch."""
    connection.execute("SAVEPOINT apart")
    try:
        result = write(connection)
    except BaseException:
        # The error may have ended the whole transaction, and the savepoint with it.
        if connection.in_transaction:
            connection.execute("ROLLBACK TO apart")
            connection.execute("RELEASE apart")
        raise
    connection.execute("RELEASE apart")
    return result


def _answer(entry: _Done, failure: StoreError | None) -> None:
    future = entry.waiting.future
    if future.done():
        return
    if failure is not None:
        # One exception raised in many places would gather all their tracebacks.
        future.set_exception(type(failure)(*failure.args))
    elif entry.error is not None:
        future.set_exception(entry.error)
    else:
        future.set_result(entry.result)
