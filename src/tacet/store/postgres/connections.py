"""How a session with PostgreSQL is made."""

import asyncio
import os
import re
import socket
import ssl
from collections.abc import Iterator
from functools import partial
from typing import Any

import asyncpg

from tacet.store.base import StoreAway, StoreError
from tacet.store.postgres.answers import BoundedSession
from tacet.store.postgres.dialect import translated
from tacet.store.postgres.hosts import apart, first
from tacet.store.postgres.session import LOCK_S, Connection

MIN_VERSION = 15
"""The oldest PostgreSQL that the queries and their plans are tested with."""

MARGIN_S = 1.0
"""How much longer than the server's own limit we wait for its answer: past that it is not slow but gone."""

IDLE_IN_TRANSACTION_S = 30
"""After this long the server ends a transaction whose process hangs, for others may wait for its locks."""

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

# Where whoever runs the server lets commits wait for no disk, an acknowledged mute would not be durable. It is set in
# any case: what a session did not set itself changes with the server's settings while it lasts.
DURABLE = """
SELECT set_config('synchronous_commit', CASE chosen WHEN 'off' THEN 'on' ELSE chosen END, false)
FROM current_setting('synchronous_commit') AS chosen
"""

# Citus sends a query to the one machine that has the source, and has to see it: a plan for all values does not say it.
# The status says whether there is Citus.
SPREAD = """
SELECT set_config('plan_cache_mode', 'force_custom_plan', false) FROM pg_extension WHERE extname = 'citus'
"""

IS_SPREAD = "SELECT 1"

REFUSES_TLS = "it refuses TLS: switch on the server's ssl, or give another sslmode"

_NAMED = re.compile(r"\"([\w.]+)\"")


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
            # What copies a database reads rows of any size.
            kind = asyncpg.Connection if timeout_s is None else BoundedSession
            raw = await asyncpg.connect(address, **_server(address), timeout=connect_timeout_s, connection_class=kind)
            _check_version(raw.get_server_version())
            status = await raw.execute(";".join([*_settings(timeout_s), DURABLE, SPREAD]))
    except BaseException as error:
        if raw is not None:
            raw.terminate()
        if isinstance(error, Exception):
            raise _explained(error) from None
        raise
    is_spread = status == IS_SPREAD
    if timeout_s is None:
        return Connection(raw, float(10**6), is_spread)
    return Connection(raw, timeout_s + MARGIN_S, is_spread, timeout_s, raw.expect)


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
