"""The sessions of one process: lent to one task at a time, and made anew when they are lost.

Where the database is away nobody waits: one task tries to reach it again and again, everybody else is told at once.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context
from math import inf

from tacet.observing.complaints import Complaints
from tacet.store.base import StoreAway, StoreBusy, StoreClosed, StoreError
from tacet.store.postgres.dialect import DRIVERS
from tacet.store.postgres.reaching import reached
from tacet.store.postgres.session import Connection

PAUSE_S = 1.0
"""Without new sessions after one was refused while others work: the server has no more to give for now."""

LOOK_S = 1.0
"""How long a look at a database may take that did not answer somebody: a healthy one has long made a session."""

_END = "SELECT pg_terminate_backend(pid) FROM unnest(CAST($1 AS INTEGER[])) AS given (pid)"

CLOSE_S = 0.5
"""How long closing waits for those that still use a session. A server's end has waited for its requests before, and all
that is left for it is two seconds: half of that may go to what comes before, and this is half of the rest."""

END_S = 0.2
"""For ending sessions in good order."""

_log = logging.getLogger(__name__)


class Pool:
    """Lends sessions.

    Args:
        connect: makes a session; raises StoreError.
        size: how many at most.
        max_waiting: tasks that may wait for one; one more is refused with `StoreBusy`.
        patience_s: how long each may wait.
    """

    def __init__(
        self, connect: Callable[[], Awaitable[Connection]], size: int, max_waiting: int, patience_s: float
    ) -> None:
        self._connect = connect
        self._size = size
        self._max_waiting = max_waiting
        self._patience_s = patience_s
        self._all: set[Connection] = set()
        self._outdated: set[Connection] = set()
        self._forsaken: set[int] = set()
        self._doubt = ""
        self._looking = False
        self._answered = 0
        self._idle: list[Connection] = []
        self._waiting: deque[asyncio.Future[Connection]] = deque()
        self._opening = 0
        self._pause_until = 0.0
        self._away = ""
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._quiet = asyncio.Event()
        self._complaints = Complaints(self._loop.time)

    @property
    def away(self) -> str:
        """Why the database cannot be reached; empty while it can."""
        return self._away

    @property
    def waiting(self) -> int:
        """How many tasks wait for a session."""
        return len(self._waiting)

    @property
    def open(self) -> int:
        """How many sessions there are."""
        return len(self._all)

    @property
    def used(self) -> int:
        """How many of them are lent."""
        return len(self._all) - len(self._idle)

    async def start(self) -> Connection:
        """Make the first session, and lend it.

        Raises:
            StoreError: it could not be made.
        """
        connection = await self._connect()
        self._keep(connection)
        return connection

    async def take(self, until_s: float = inf) -> Connection:
        """Borrow a session until `give` or `drop`.

        Args:
            until_s: when there is no use in waiting any more, by the event loop's clock.

        Raises:
            StoreAway: the database cannot be reached.
            StoreBusy: too many wait for one, or this has waited for too long.
            StoreClosed: the store is closed.
        """
        if self._closing:
            raise StoreClosed("the store is closed")
        while self._idle:
            connection = self._idle.pop()
            if not connection.lost:
                return connection
        return await self._wait(until_s)

    def give(self, connection: Connection) -> None:
        """Return a session that can be used again."""
        if connection.lost or connection not in self._all or connection in self._outdated:
            self.drop(connection)
            return
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(connection)
                return
        self._idle.append(connection)
        self._look_whether_quiet()

    def drop(self, connection: Connection) -> None:
        """Return a session that nobody should use again: it is ended."""
        self._all.discard(connection)
        self._outdated.discard(connection)
        connection.terminate()
        self._grow()
        self._look_whether_quiet()

    def forsake(self, connection: Connection) -> None:
        """As `drop`, for one that may still be at work: that it ends, and lets go of its locks, is seen to."""
        # Where it is outdated, that number may be anybody's on the server that is there now.
        if not (connection.lost or connection in self._outdated):
            self._forsaken.add(connection.pid)
        self.drop(connection)
        self._look()

    def tell_of_ended(self, reason: str) -> None:
        """Log that a session ended while somebody used it: where a new one comes at once nothing else tells of it."""
        if not (self._away or self._closing):
            text = f"a session with the database was ended while it worked: {reason}"
            self._complaints.tell(_log, text, "ended", logging.WARNING)

    def suspect(self, reason: str) -> None:
        """Take the database for away where a new session has no answer either: somebody waited in vain for one."""
        if not self._away:
            self._doubt = reason
            self._look()

    def renew(self) -> None:
        """End all sessions, those in use when they are returned: what they are connected to is not what it was."""
        self._outdated |= self._all.difference(self._idle)
        self._forsaken.clear()
        for connection in [*self._idle]:
            connection.terminate()

    async def close(self) -> None:
        """Let those that have or wait for a session finish, refuse others, and end all sessions."""
        self._closing = True
        self._look_whether_quiet()
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._quiet.wait()
        except TimeoutError:
            _log.warning("the database's sessions are closed while %d of them work", self.used)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._refuse(lambda: StoreClosed("the store is closed"))
        sessions = [*self._all]
        await asyncio.gather(*(connection.close(END_S) for connection in sessions))
        self._all.clear()
        self._idle.clear()

    async def _wait(self, until_s: float) -> Connection:
        if self._away:
            raise StoreAway(self._away)
        if len(self._waiting) >= self._max_waiting:
            raise StoreBusy("too many wait for the database")
        future: asyncio.Future[Connection] = self._loop.create_future()
        self._waiting.append(future)
        limit = self._loop.call_at(min(self._loop.time() + self._patience_s, until_s), self._expire, future)
        self._grow()
        try:
            return await future
        except asyncio.CancelledError:
            # It may have been lent one just before it was called off.
            if not future.cancelled() and future.done() and future.exception() is None:
                self.give(future.result())
            elif future in self._waiting:
                self._waiting.remove(future)
                self._look_whether_quiet()
            raise
        finally:
            limit.cancel()

    def _expire(self, future: asyncio.Future[Connection]) -> None:
        if not future.done():
            self._waiting.remove(future)
            future.set_exception(StoreBusy("the database was too busy for too long; nothing was written"))
            self._look_whether_quiet()

    def _look_whether_quiet(self) -> None:
        if self._closing and not self._waiting and len(self._idle) >= len(self._all):
            self._quiet.set()

    def _grow(self) -> None:
        """Make a session for whoever waits, if there may be one more."""
        wanted = min(len(self._waiting), self._size - len(self._all))
        paused = self._all and self._loop.time() < self._pause_until
        if wanted > self._opening and not paused and not self._away:
            self._opening += 1
            self._begin(self._open_one())

    async def _open_one(self) -> None:
        try:
            connection = await self._connect()
        except StoreError as error:
            self._opening -= 1
            if not self._all:
                self._go_away(str(error))
            elif not self._away:
                self._pause_until = self._loop.time() + PAUSE_S
                _log.warning("no more sessions with the database for now: %s", error)
        except BaseException:
            self._opening -= 1
            raise
        else:
            self._opening -= 1
            self._keep(connection)
            self.give(connection)
            self._grow()

    def _keep(self, connection: Connection) -> None:
        # Whatever was silent before, the database has answered now.
        self._answered += 1
        self._doubt = ""
        self._all.add(connection)
        connection.when_lost(lambda: self._lost(connection))

    def _lost(self, connection: Connection) -> None:
        self._all.discard(connection)
        self._outdated.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._look_whether_quiet()
        if not (self._all or self._opening or self._away or self._closing):
            # Whether the database is still there is better known before the next one asks.
            self._opening += 1
            self._begin(self._open_one())

    def _go_away(self, reason: str) -> None:
        if self._away:
            return
        self._away, self._doubt = reason, ""
        _log.error("the database is away: %s", reason)
        self.renew()
        self._refuse(lambda: StoreAway(reason))
        self._begin(self._come_back())

    def _look(self) -> None:
        if not (self._looking or self._closing):
            self._looking = True
            self._begin(self._look_after_forsaken())

    async def _look_after_forsaken(self) -> None:
        """Have the server end what nobody waits for any more. Where that cannot be had, it is away."""
        answered = self._answered
        try:
            async with asyncio.timeout(LOOK_S):
                connection = await self._connect()
                try:
                    while self._forsaken:
                        # One of these numbers may be a new session's by now.
                        pids = self._forsaken.difference(each.pid for each in self._all)
                        self._forsaken.clear()
                        await connection.fetch(_END, ([*pids],))
                finally:
                    connection.terminate()
        except (StoreError, *DRIVERS) as error:
            self._forsaken.clear()
            # Who says that it is busy has answered.
            if isinstance(error, StoreBusy):
                self._doubt = ""
            # Where another session was made meanwhile, this look began before the network was back: the next one tells.
            elif self._doubt and answered == self._answered:
                self._go_away(self._doubt)
        else:
            self._doubt = ""
        finally:
            self._looking = False
        if self._forsaken or self._doubt:
            self._look()

    def _refuse(self, error: Callable[[], StoreError]) -> None:
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_exception(error())
        self._look_whether_quiet()

    async def _come_back(self) -> None:
        began_at = self._loop.time()
        connection = await reached(self._connect)
        _log.warning("the database is back after %.1f s", self._loop.time() - began_at)
        self._away = ""
        self._keep(connection)
        self.give(connection)

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        # It outlives the request that it begins in, and is not to log with its id.
        task = self._loop.create_task(work, context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
