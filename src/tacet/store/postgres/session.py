"""One session with PostgreSQL, and its prepared statements."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import asyncpg

from tacet.store.postgres.dialect import DRIVERS

MAX_MANY_PATIENCE_S = 10.0
"""How much longer many rows may take than one: the server's limit is for each of them."""

LOCK_S = 0.1
"""How long a statement by itself waits for a row that another transaction has changed: many may share it, and all of
them would wait for whoever holds one row. A transaction of several statements waits for as long as a statement may."""

BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"

MANY = 1_000
"""Rows sent at a time: some 100 KB, and milliseconds of work between two looks at the clock."""

_log = logging.getLogger(__name__)


class Connection:
    """A session; used by one task at a time.

    Raises in every method:
        asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError (TimeoutError is one): as
            the driver does; `translated` makes store errors of them.

    Args:
        raw: the driver's.
        patience_s: how long an answer may take.
        is_spread: whether the database may lie on several machines.
        lock_limit_s: the server's for each wait for a lock in a transaction; 0 for none.
        expect: called before each statement.
    """

    __slots__ = ("_expect", "_lock_limit_ms", "_patience_s", "_raw", "_statements", "is_spread", "sent")

    def __init__(
        self,
        raw: Any,
        patience_s: float,
        is_spread: bool = False,
        lock_limit_s: float = 0,
        expect: Callable[[], None] = lambda: None,
    ) -> None:
        self._raw = raw
        self._expect = expect
        self._lock_limit_ms = int(lock_limit_s * 1000)
        self.is_spread = is_spread
        self._patience_s = patience_s
        self._statements: dict[str, Any] = {}
        self.sent = False
        """Whether the last statement may have reached the server."""

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """Run a statement; return its rows."""
        self.sent = False
        self._expect()
        statement = self._statements.get(sql) or await self._prepare(sql)
        self.sent = True
        try:
            rows: list[Any] = await statement.fetch(*parameters, timeout=self._patience_s)
        except Exception as error:  # noqa: BLE001 - see there
            raise self._known(error) from None
        return rows

    async def run(self, sql: str, parameters: Sequence[Any]) -> int:
        """Run a statement; return how many rows it changed."""
        await self.fetch(sql, parameters)
        # "INSERT 0 3", "DELETE 3"
        return int(self._statements[sql].get_statusmsg().rpartition(" ")[2])

    async def fetch_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """Run a statement once for each row, all or none where there are at most `MANY`; return what all returned."""
        self.sent = False
        self._expect()
        statement = self._statements.get(sql) or await self._prepare(sql)
        self.sent = True
        returned: list[Any] = []
        try:
            for some in _slices(rows):
                returned += await statement.fetchmany(some, timeout=self._patience_with(some))
        except Exception as error:  # noqa: BLE001 - see there
            raise self._known(error) from None
        return returned

    async def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """As `fetch_many`, for what returns nothing."""
        self.sent = False
        self._expect()
        statement = self._statements.get(sql) or await self._prepare(sql)
        self.sent = True
        try:
            for some in _slices(rows):
                await statement.executemany(some, timeout=self._patience_with(some))
        except Exception as error:  # noqa: BLE001 - see there
            raise self._known(error) from None

    async def copy(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Add many rows at once, in the columns' order, by PostgreSQL's COPY."""
        self.sent = True
        self._expect()
        try:
            await self._raw.copy_records_to_table(table, records=rows, columns=columns, timeout=self._patience_s)
        except Exception as error:  # noqa: BLE001 - see there
            raise self._known(error) from None

    async def execute(self, script: str) -> str:
        """Run statements without parameters in one round trip; return what the last one says of itself."""
        self.sent = True
        self._expect()
        try:
            status: str = await self._raw.execute(script, timeout=self._patience_s)
        except Exception as error:  # noqa: BLE001 - see there
            raise self._known(error) from None
        return status

    async def begin(self, script: str = "") -> str:
        """Begin a transaction of isolation READ COMMITTED, and run statements in it, in one round trip."""
        return await self.execute(f"{BEGIN}; SET LOCAL lock_timeout = {self._lock_limit_ms}; {script}")

    async def _prepare(self, sql: str) -> Any:
        try:
            statement = await self._raw.prepare(sql, timeout=self._patience_s)
        except Exception as error:  # noqa: BLE001 - see there
            raise self._known(error) from None
        self._statements[sql] = statement
        return statement

    def _known(self, error: Exception) -> Exception:
        """What the driver is known to raise. Where octets come that no PostgreSQL sends, it stumbles over them in any
        way, and the session is of no more use."""
        if not isinstance(error, DRIVERS):
            _log.error("a session with the database is ended: its answer cannot be read (%s)", type(error).__name__)
            self.terminate()
            error = asyncpg.InternalClientError("an answer that cannot be read")
        return error

    def _patience_with(self, rows: Sequence[Any]) -> float:
        return self._patience_s + min(LOCK_S * len(rows), MAX_MANY_PATIENCE_S)

    @property
    def pid(self) -> int:
        """The number of the server's process."""
        return int(self._raw.get_server_pid())

    @property
    def lost(self) -> bool:
        """Whether it has ended, by whomever."""
        return bool(self._raw.is_closed())

    @property
    def clean(self) -> bool:
        """Whether somebody else can go on with it: it has not ended, and no transaction is under way."""
        return not (self.lost or self._raw.is_in_transaction())

    def when_lost(self, call: Callable[[], None]) -> None:
        """Call this once it has ended."""
        self._raw.add_termination_listener(lambda _raw: call())

    def terminate(self) -> None:
        """End it at once, whatever it is doing."""
        self._statements.clear()
        self._raw.terminate()

    async def close(self, patience_s: float) -> None:
        """End it in good order, or at once where that takes too long."""
        self._statements.clear()
        try:
            await self._raw.close(timeout=patience_s)
        except DRIVERS:
            self._raw.terminate()


def _slices(rows: Sequence[Sequence[Any]]) -> Iterator[Sequence[Sequence[Any]]]:
    return (rows[first : first + MANY] for first in range(0, len(rows), MANY))
