"""Which servers may serve one database at the same time."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from math import inf

from tacet.store.base import Serving, StoreError, StoreLocked
from tacet.store.postgres.dialect import DRIVERS, translated
from tacet.store.postgres.session import Connection

PATIENCE_S = 2.0
"""How long a start waits for whoever was there: the session of a server that was just killed has to end first."""

RETRY_S = 0.25
"""Between attempts."""

REFUSED_S = 1.0
"""The same where somebody else has it: each attempt is a new session."""

OWN_SESSION_S = 25.0
"""For so long it may be a lost session of our own that still has it: where the network was cut, the server finds out
20 s after it last heard of us, see `_SESSION`."""

LOOK_S = 5.0
"""Between looks whether the session is still there."""

CLOSE_S = 0.2
"""For ending it in good order; with `pool.CLOSE_S` and `pool.END_S` it has to fit into a server's end."""

# It lies idle for as long as the process lives. Where the machine is gone, its successor waits for the end of it.
_SESSION = """
SET idle_session_timeout = 0;
SET tcp_keepalives_idle = 5;
SET tcp_keepalives_interval = 5;
SET tcp_keepalives_count = 3
"""

# A database may hold several services, each in a schema of its own.
TAKE = {
    Serving.ALONE: "SELECT pg_try_advisory_lock(hashtextextended('tacet serves ' || current_schema(), 0))",
    Serving.TOGETHER: "SELECT pg_try_advisory_lock_shared(hashtextextended('tacet serves ' || current_schema(), 0))",
}

_COPYING = "hashtextextended('tacet copying ' || current_schema(), 0)"

TAKE_COPYING = f"SELECT pg_try_advisory_lock({_COPYING})"
"""Of a copy from or into a database, which nobody serves meanwhile: it holds `Serving.ALONE` too."""

# How a lock on one large number is listed: https://www.postgresql.org/docs/15/view-pg-locks.html
_IS_COPIED = f"""
SELECT EXISTS (
    SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND datname = current_database()
      AND (CAST(classid AS BIGINT) << 32 | CAST(objid AS BIGINT)) = {_COPYING})
"""

COPIED = "`tacet database copy` is under way from or into this database: wait for its end"

CONFLICT = {
    Serving.ALONE: "another server serves this database: give all of them --redis, or stop it",
    Serving.TOGETHER: "another server without Redis serves this database: give all of them --redis, or stop it",
}

_log = logging.getLogger(__name__)


class Claim:
    """Keeps servers apart that would not know of each other: a lock of a session of its own, alone or shared.

    A session that is lost takes the lock with it; it is taken again in the background. Requests go on meanwhile, for
    the database may just have been restarted, so that somebody else may come first: then that is in the log, once, and
    not before it is certain that it is somebody else.

    Args:
        connect: makes a session.
    """

    def __init__(self, connect: Callable[[], Awaitable[Connection]], serving: Serving) -> None:
        self._connect = connect
        self._serving = serving
        self._connection: Connection | None = None
        self._lost = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    async def take(self) -> None:
        """Take it, and keep it until `give_up`.

        Raises:
            StoreLocked: somebody has it with whom it cannot be shared.
            StoreError: the database cannot be reached, or refuses.
        """
        loop = asyncio.get_running_loop()
        until_s = loop.time() + PATIENCE_S
        while conflict := await self._try():
            if loop.time() >= until_s:
                raise StoreLocked(conflict)
            await asyncio.sleep(RETRY_S)
        self._keeping = asyncio.create_task(self._keep())

    async def give_up(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeping
        if self._connection is not None:
            await self._connection.close(CLOSE_S)

    async def _keep(self) -> None:
        while True:
            await self._wait_until_lost()
            await asyncio.sleep(RETRY_S)
            await self._take_again()

    async def _take_again(self) -> None:
        """Try until it is taken."""
        loop = asyncio.get_running_loop()
        refused_at_s = inf
        told = False
        while self._lost.is_set():
            try:
                conflict = await self._try()
            except StoreError:
                # Why the database cannot be reached is told by those who need it for more. What this attempt has taken,
                # if anything, is another lost session of our own.
                refused_at_s = inf
                await asyncio.sleep(RETRY_S)
                continue
            # A copy counts nothing, and finds out itself that somebody writes.
            if conflict != CONFLICT[self._serving]:
                refused_at_s, told = inf, False
            elif not told:
                refused_at_s = min(refused_at_s, loop.time())
                if loop.time() - refused_at_s >= OWN_SESSION_S:
                    told = True
                    _log.error("limits are counted twice, and so may be signed requests: %s", conflict)
            if conflict:
                await asyncio.sleep(REFUSED_S)

    async def _wait_until_lost(self) -> None:
        while not self._lost.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._lost.wait()
                    return
            if self._connection is not None:
                # A network that swallows everything ends it at the server, and nobody tells.
                try:
                    await self._connection.fetch("SELECT 1", ())
                except DRIVERS:
                    self._connection.terminate()
                    self._lost.set()

    async def _try(self) -> str:
        """Take it; return who is in the way, "" for nobody."""
        connection = await self._connect()
        try:
            await connection.execute(_SESSION)
            ((taken,),) = await connection.fetch(TAKE[self._serving], ())
            copied = not taken and (await connection.fetch(_IS_COPIED, ()))[0][0]
        except BaseException as error:
            connection.terminate()
            if isinstance(error, DRIVERS):
                raise translated(error) from None
            raise
        if not taken:
            await connection.close(CLOSE_S)
            return COPIED if copied else CONFLICT[self._serving]
        self._connection = connection
        self._lost.clear()
        connection.when_lost(self._lost.set)
        if connection.lost:
            self._lost.set()
        return ""
