"""One PostgreSQL database, as the parts of the store see it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from hashlib import blake2b
from math import inf
from typing import Any, TypeVar

from tacet.began import BEGAN_S, has_written
from tacet.store.base import StoreBusy, StoreError
from tacet.store.postgres.connections import connect
from tacet.store.postgres.dialect import DRIVERS, translated
from tacet.store.postgres.outcomes import (
    called,
    fits_no_row,
    is_stale,
    may_not_write,
    may_succeed_again,
    was_answered,
    was_held,
    was_in_vain,
    was_lost,
)
from tacet.store.postgres.pool import Pool
from tacet.store.postgres.session import Connection

T = TypeVar("T")

LockName = tuple[str | int | bytes, ...]
"""What a lock is on, such as `("pair", 17, 42)`; the first part tells kinds of locks apart."""

MAX_ATTEMPTS = 5
"""Of a transaction that others were in the way of. Locks are taken in one order, so that the first one succeeds but for
rare accidents."""

PAUSE_S = 0.01
"""Before the second attempt; twice of it before the third, and so on: whoever was in the way is done by then."""

REQUEST_STATEMENTS = 2
"""A request may take as long as so many statements that each take as long as they may; past that it begins no other.
Whoever needs a dozen of a database that is so slow would only keep it from the others."""

TOO_LONG = "the request took too long; nothing was written"


class Transaction:
    """A transaction under way, of isolation READ COMMITTED: each statement sees what was committed before it.

    It begins with the first statement. Once a statement has failed, no other will succeed.

    Args:
        until_s: when no further statement is begun, by the event loop's clock; it can be committed later.

    Raises in every method:
        StoreBusy: that time has come.
        StoreError: as the database does.
    """

    def __init__(self, connection: Connection, until_s: float = inf) -> None:
        self._connection = connection
        self._until_s = until_s
        self._begun = False
        self.ending = False
        """Whether its commit was sent: past that nobody knows what became of it until the answer is there."""

        self.failure: Exception | None = None
        """What the driver raised first."""

    async def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Run a query, or a write with RETURNING."""
        return await self._in_turn(partial(self._connection.fetch, sql, parameters))

    async def run(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run a write; return how many rows it changed."""
        return await self._in_turn(partial(self._connection.run, sql, parameters))

    async def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a write once for each row of parameters."""
        if rows:
            await self._in_turn(partial(self._connection.run_many, sql, rows))

    async def rows_of_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """As `many`; return what all of them returned, in order."""
        return await self._in_turn(partial(self._connection.fetch_many, sql, rows)) if rows else []

    async def script(self, script: str) -> None:
        """Run statements that have no parameters."""
        await self._in_turn(partial(self._connection.execute, script))

    async def lock(self, *names: LockName, shared: Iterable[LockName] = ()) -> None:
        """Hold these until the end, and nobody else does meanwhile.

        All locks of a transaction are to be taken with one call: they are taken in one order, so that no two
        transactions ever wait for each other.

        Args:
            shared: what others may hold at the same time, save for whoever wants it alone.
        """
        kinds = {_key(name): "_shared" for name in shared} | {_key(name): "" for name in names}
        steps = [f"SELECT pg_advisory_xact_lock{kinds[key]}({key})" for key in sorted(kinds)]
        check_time(self._until_s)
        begun, self._begun = self._begun, True
        run = self._connection.execute if begun else self._connection.begin
        await self._noticing(run(";".join(steps)))

    async def commit(self) -> None:
        """Make it durable.

        Raises:
            StoreAway: nobody knows whether it is.
            StoreError: it is not; nothing was written.
        """
        if not self._begun:
            return
        self.ending = True
        status = await self._noticing(self._connection.execute("COMMIT"))
        if status != "COMMIT":
            raise StoreError("the transaction was rolled back; nothing was written")

    async def _in_turn(self, step: Callable[[], Awaitable[T]]) -> T:
        check_time(self._until_s)
        if not self._begun:
            self._begun = True
            await self._noticing(self._connection.begin())
        return await self._noticing(step())

    async def _noticing(self, step: Awaitable[T]) -> T:
        try:
            return await step
        except DRIVERS as error:
            self.failure = self.failure or error
            raise translated(error) from None


class Database:
    """A database and this process's sessions with it. Each wait in it has a limit.

    Args:
        address: of the database, checked.
        connections: how many sessions at most.
        max_waiting: how many may wait for one.
        timeout_s: how long a statement may take, and the wait for a session; a request, `REQUEST_STATEMENTS` times it.

    Raises in every method that asks the database:
        StoreAway: it cannot be reached.
        StoreBusy: too many ask, or it takes too long; nothing was written.
        StoreClosed: it was closed.
        StoreError: it refuses.
    """

    def __init__(self, address: str, connections: int, max_waiting: int, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._make = partial(connect, address, timeout_s, timeout_s)
        self._is_spread = False
        self.pool = Pool(self._connect, connections, max_waiting, timeout_s)

    def until_s(self) -> float:
        """When the request that asks has had its time, by the event loop's clock; infinity outside of requests."""
        return BEGAN_S.get() + REQUEST_STATEMENTS * self.timeout_s

    async def open(self) -> None:
        """Reach it for the first time."""
        self.pool.give(await self.pool.start())

    async def close(self) -> None:
        """Finish what has begun, refuse what comes."""
        await self.pool.close()

    async def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query, each to be unpacked like a tuple; none where a parameter is a number or a text that no
        row can hold."""
        try:
            return await self._lent(lambda connection: connection.fetch(sql, parameters), repeatable=True)
        except DRIVERS as error:
            if fits_no_row(error):
                return []
            return await self._patiently(sql, parameters, error)

    async def write(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """What one statement returns, once all that it wrote is durable."""
        try:
            found = await self._lent(lambda connection: connection.fetch(sql, parameters))
        except DRIVERS as error:
            return await self._patiently(sql, parameters, error)
        has_written(_now_s())
        return found

    async def write_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """What one statement returns for each row of parameters, in order; durable then, and all or none of them where
        there are at most `MANY`. It waits for locks for no longer than `LOCK_S`, for each row."""
        if self._is_spread:
            # What is sent together is one transaction to PostgreSQL, but not to Citus.
            return await self.transaction(lambda transaction: transaction.rows_of_many(sql, rows))
        try:
            found = await self._lent(lambda connection: connection.fetch_many(sql, rows))
        except DRIVERS as error:
            raise translated(error) from None
        has_written(_now_s())
        return found

    async def transaction(self, work: Callable[[Transaction], Awaitable[T]], of_any_size: bool = False) -> T:
        """Do `work` in a transaction; return what it returned, once that is durable. Where it raises, nothing is.

        `work` is done again where other transactions were in the way, and must not mind.

        Args:
            of_any_size: it has as many statements as there is to do, which no request has the time for: it goes to its
                end once it has begun, for it would be undone again and again.
        """
        until_s = self.until_s()
        for attempt in range(MAX_ATTEMPTS):
            if attempt:
                await asyncio.sleep(PAUSE_S * attempt)
            check_time(until_s)
            connection = await self.pool.take(until_s)
            transaction = Transaction(connection, inf if of_any_size else until_s)
            try:
                result = await work(transaction)
                await transaction.commit()
            except BaseException as error:
                again = await self._undo(connection, transaction, error)
                if not again or attempt == MAX_ATTEMPTS - 1:
                    raise
            else:
                self.pool.give(connection)
                has_written(_now_s())
                return result
        raise AssertionError("every attempt returns or raises")

    async def _patiently(self, sql: str, parameters: Sequence[Any], error: Exception) -> list[Any]:
        """Once more where somebody holds a row that it needs: it may take as long as any statement."""
        if not was_held(error):
            raise translated(error) from None
        return await self.transaction(lambda transaction: transaction.rows(sql, parameters))

    async def _connect(self) -> Connection:
        connection = await self._make()
        self._is_spread = connection.is_spread
        return connection

    async def _lent(self, work: Callable[[Connection], Awaitable[list[Any]]], repeatable: bool = False) -> list[Any]:
        """Do `work` with a session; once more where the first time surely had no effect, or must not mind."""
        until_s = self.until_s()
        for attempt in range(MAX_ATTEMPTS):
            check_time(until_s)
            connection = await self.pool.take(until_s)
            try:
                found = await work(connection)
            except BaseException as error:
                vain = was_in_vain(error, connection.sent) or (repeatable and attempt == 0 and was_lost(error))
                self._settle(connection, error)
                if not vain or attempt == MAX_ATTEMPTS - 1:
                    raise
            else:
                self.pool.give(connection)
                return found
        raise AssertionError("every attempt returns or raises")

    def _settle(self, connection: Connection, error: BaseException) -> None:
        """Return a session with which something failed."""
        if was_lost(error) or isinstance(error, TimeoutError):
            self.pool.tell_of_ended(called(error))
        if isinstance(error, TimeoutError):
            self.pool.suspect("the database does not answer")
        elif may_not_write(error):
            self.pool.renew()
        if not (was_answered(error) or was_lost(error)):
            self.pool.forsake(connection)
            return
        # What was called off may still be under way, and its answer would be taken for that of the next question.
        if was_answered(error) and not (is_stale(error) or may_not_write(error)) and connection.clean:
            self.pool.give(connection)
        else:
            self.pool.drop(connection)

    async def _undo(self, connection: Connection, transaction: Transaction, error: BaseException) -> bool:
        """Roll back and return the session; True if all of it may be tried again."""
        cause = transaction.failure
        if isinstance(error, Exception) and (cause is None or was_answered(cause)):
            try:
                await connection.execute("ROLLBACK")
            except BaseException as failure:
                self._settle(connection, failure)
                if not isinstance(failure, Exception):
                    raise
            else:
                self._settle(connection, cause or error)
            return may_succeed_again(cause)
        self._settle(connection, error if cause is None else cause)
        return isinstance(error, Exception) and not transaction.ending and was_lost(cause)


def check_time(until_s: float) -> None:
    """See whether there is time to begin something.

    Raises:
        StoreBusy: there is not.
    """
    if until_s <= _now_s():
        raise StoreBusy(TOO_LONG)


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _key(name: LockName) -> int:
    """The number that stands for a lock in PostgreSQL. Two locks with one number would only wait for each other."""
    return int.from_bytes(blake2b(repr(name).encode(), digest_size=8).digest(), "big", signed=True)
