"""One session with PostgreSQL: how it is made, and its prepared statements."""

import asyncio
import logging
import os
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import asyncpg

from tacet.store.base import StoreAway, StoreError
from tacet.store.postgres.dialect import DRIVERS, translated
from tacet.store.postgres.hosts import apart, first

MIN_VERSION = 15
"""The oldest PostgreSQL that the queries and their plans are tested with."""

MARGIN_S = 1.0
"""How much longer than the server's own limit we wait for its answer: past that it is not slow but gone."""

IDLE_IN_TRANSACTION_S = 30
"""After this long the server ends a transaction whose process hangs, for others may wait for its locks."""

MAX_MANY_PATIENCE_S = 10.0
"""How much longer many rows may take than one: the server's limit is for each of them."""

LOCK_S = 0.1
"""How long a statement by itself waits for a row that another transaction has changed: many may share it, and all of
them would wait for whoever holds one row. A transaction of several statements waits for as long as a statement may."""

# The server looks for us after 10 s of silence, and gives up a session and its locks 6 s later: by then its process, or
# the network, is gone. While it works, it looks every 2 s, where its system can tell.
ALIVE = """
SET tcp_keepalives_idle = 10;
SET tcp_keepalives_interval = 2;
SET tcp_keepalives_count = 3;
SET tcp_user_timeout = 16000;
SELECT set_config('client_connection_check_interval', '2000', false) WHERE version() ~ '(linux|darwin|bsd)'
"""

# Every query is a few look-ups by key. The planner is kept from whatever it might prefer while it knows little of the
# data: walking a whole table, sorting a whole list. One plan serves all values, so nothing is planned twice.
PLANNING = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_material": "off",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
}

# Where whoever runs the server lets commits wait for no disk, an acknowledged mute would not be durable.
DURABLE = """
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""

# Citus sends a query to the one machine that has the source, and has to see it: a plan for all values does not say it.
# The status says whether there is Citus.
SPREAD = """
SELECT set_config('plan_cache_mode', 'force_custom_plan', false) FROM pg_extension WHERE extname = 'citus'
"""

IS_SPREAD = "SELECT 1"

REFUSES_TLS = "it refuses TLS: switch on the server's ssl, or give another sslmode"

_NAMED = re.compile(r"\"([\w.]+)\"")

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
    """

    __slots__ = ("_lock_limit_ms", "_patience_s", "_raw", "_statements", "is_spread", "sent")

    def __init__(self, raw: Any, patience_s: float, is_spread: bool = False, lock_limit_s: float = 0) -> None:
        self._raw = raw
        self._lock_limit_ms = int(lock_limit_s * 1000)
        self.is_spread = is_spread
        self._patience_s = patience_s
        self._statements: dict[str, Any] = {}
        self.sent = False
        """Whether the last statement may have reached the server."""

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> list[Any]:
        """Run a statement; return its rows."""
        self.sent = False
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
        try:
            await self._raw.copy_records_to_table(table, records=rows, columns=columns, timeout=self._patience_s)
        except Exception as error:  # noqa: BLE001 - see there
            raise self._known(error) from None

    async def execute(self, script: str) -> str:
        """Run statements without parameters in one round trip; return what the last one says of itself."""
        self.sent = True
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


async def connect(address: str, timeout_s: float | None, connect_timeout_s: float) -> Connection:
    """A new session, in which writes are durable once they are answered.

    Args:
        address: what `tacet.store.address.check` lets pass.
        timeout_s: the server's limit for each statement and each wait for a lock; None for as long as it takes.
        connect_timeout_s: for all of it.

    Raises:
        StoreAway: the server cannot be reached, or takes no sessions just now.
        StoreError: it refuses us, or is too old.
    """
    hosts = apart(address)
    try:
        async with asyncio.timeout(connect_timeout_s):
            return await first([partial(_connect, host, timeout_s, connect_timeout_s) for host in hosts])
    except TimeoutError as error:
        raise _explained(error) from None


async def _connect(address: str, timeout_s: float | None, connect_timeout_s: float) -> Connection:
    """The same with one host."""
    raw = None
    try:
        async with asyncio.timeout(connect_timeout_s):
            raw = await asyncpg.connect(address, **_server(address), timeout=connect_timeout_s)
            _check_version(raw.get_server_version())
            status = await raw.execute(";".join([*_settings(timeout_s), DURABLE, SPREAD]))
    except BaseException as error:
        if raw is not None:
            raw.terminate()
        if isinstance(error, Exception):
            raise _explained(error) from None
        raise
    return Connection(raw, timeout_s + MARGIN_S if timeout_s else float(10**6), status == IS_SPREAD, timeout_s or 0)


def _server(address: str) -> dict[str, Any]:
    """Of several hosts, and of one, only that which can be written will do; unless the address says otherwise."""
    return {} if "target_session_attrs=" in address else {"target_session_attrs": "read-write"}


def _check_version(version: Any) -> None:
    if version.major < MIN_VERSION:
        raise StoreError(f"the server is PostgreSQL {version.major}: {MIN_VERSION} or later is needed")


def _settings(timeout_s: float | None) -> Iterator[str]:
    limit_ms = int(timeout_s * 1000) if timeout_s else 0
    yield f"SET statement_timeout = {limit_ms}"
    yield f"SET lock_timeout = {min(limit_ms, int(LOCK_S * 1000))}"
    yield f"SET idle_in_transaction_session_timeout = {IDLE_IN_TRANSACTION_S * 1000 if timeout_s else 0}"
    yield ALIVE
    yield "SET client_min_messages = error"
    for name, value in PLANNING.items():
        yield f"SET {name} = {value}"


def _explained(error: Exception) -> StoreError:
    """Why no session could be made; nothing of the address is in it."""
    if isinstance(error, StoreError):
        return error
    if isinstance(error, TimeoutError):
        return StoreAway("the database does not answer")
    if isinstance(error, OSError):
        return StoreAway(f"the database cannot be reached ({_without_address(error)})")
    if isinstance(error, asyncpg.PostgresError) and (error.sqlstate or "").startswith(("08", "57P")):
        return StoreAway("the database takes no sessions just now: it starts, ends, or is cut off")
    if isinstance(error, asyncpg.UndefinedObjectError):
        named = _NAMED.search(str(error))
        return StoreError(f"the server has no setting {named[1] if named else ''}, as the database address asks for")
    if isinstance(error, asyncpg.ClientConfigurationError):
        return StoreError("the database address is wrong: give postgresql://USER@HOST:PORT/NAME")
    return translated(error)


def _without_address(error: OSError) -> str:
    """What went wrong: whoever asks for this process's health reads it, and Python's own words name hosts and ports."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message.partition(",")[0]
    if isinstance(error, ssl.SSLError):
        return error.reason
    if error.errno and not isinstance(error, socket.gaierror):
        return os.strerror(error.errno)
    return error.strerror or (REFUSES_TLS if "SSL" in str(error) else "it ended the connection")
