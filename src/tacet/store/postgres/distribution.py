"""Spreading the large tables over many machines with Citus: https://docs.citusdata.com/en/stable/develop/api_udf.html.

A table can be spread by a column that all its unique keys contain. The graph and the people can, and they are what
grows. Posts and messages cannot; with what is read beside them they stay where they are, on the coordinator.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from tacet.store.base import StoreError
from tacet.store.postgres.connections import PLANNING, connect
from tacet.store.postgres.database import Transaction
from tacet.store.postgres.migrating import CONNECT_TIMEOUT_S, pending

SPREAD: Mapping[str, str] = MappingProxyType({"relation": "source_id", "person": "id"})
"""The tables that are spread, and by what."""

LOCAL = (
    *("handle", "post", "mention", "message", "app", "project", "developer", "token", "access_grant"),
    *("authorization_code", "request_token", "password", "page_session", "app_usage", "nonce", "revision", "migration"),
)
"""The rest: found by something else than an account's id. Of the small ones no machine gets a copy: nothing joins them
with what is spread, and each write, such as a revocation, would need every machine."""

SETTINGS: Mapping[str, str] = MappingProxyType(
    {"synchronous_commit": "on", **{name: value for name, value in PLANNING.items() if name != "plan_cache_mode"}}
)
"""Of our sessions: those that Citus has with its machines know nothing of them, so the databases there have to."""

NEEDED = "create_distributed_table"

NO_CITUS = (
    "this PostgreSQL has no Citus (no function create_distributed_table): nothing was changed; install the extension "
    "on every machine and run CREATE EXTENSION citus, or stay with one machine, which needs no distribution"
)

_FUNCTIONS = """
SELECT DISTINCT CAST(proname AS TEXT) FROM pg_proc
WHERE proname = ANY(CAST($1 AS TEXT[])) AND pg_function_is_visible(oid)
"""

_HAS_STATE = "SELECT to_regclass('citus_tables') IS NOT NULL"

_STATE = "SELECT CAST(table_name AS TEXT), CAST(citus_table_type AS TEXT), distribution_column FROM citus_tables"

_SPREAD = "SELECT create_distributed_table(CAST($1 AS TEXT)::regclass, CAST($2 AS TEXT))"

_CAN_TRUNCATE = "truncate_local_data_after_distributing_table"

_TRUNCATE = f"SELECT {_CAN_TRUNCATE}(CAST($1 AS TEXT)::regclass)"

_CAN_RUN = "run_command_on_all_nodes"

# One machine after the other: Citus itself may pass some of these on.
_RUN = f"SELECT success FROM {_CAN_RUN}(CAST($1 AS TEXT), false)"

_ALTER = "SELECT format('ALTER DATABASE %I SET %s = %s', current_database(), CAST($1 AS TEXT), CAST($2 AS TEXT))"


async def distribute(address: str) -> list[str]:
    """Spread the tables that are not spread yet; return what was done and what was found done, a line each.

    Each table is one transaction: where one fails, those before it are done, and the next run goes on.

    Raises:
        StoreError: there is no Citus, the schema is not up to date, or a table is spread in another way.
    """
    if await pending(address):
        raise StoreError("the database's schema is empty or older than this program: run `tacet database migrate`")
    connection = await connect(address, None, CONNECT_TIMEOUT_S)
    try:
        known = {
            name for (name,) in await Transaction(connection).rows(_FUNCTIONS, ([NEEDED, _CAN_TRUNCATE, _CAN_RUN],))
        }
    finally:
        await connection.close(CONNECT_TIMEOUT_S)
    if NEEDED not in known:
        raise StoreError(NO_CITUS)
    told = [await _one(address, table, column, _CAN_TRUNCATE in known) for table, column in SPREAD.items()]
    return [*told, f"left on the coordinator: {', '.join(LOCAL)}", *await _set(address, _CAN_RUN in known)]


async def _one(address: str, table: str, column: str, can_truncate: bool) -> str:
    """Spread one table by a column."""
    connection = await connect(address, None, CONNECT_TIMEOUT_S)
    try:
        transaction = Transaction(connection)
        await transaction.lock(("distributing", table))
        found = (await _state(transaction)).get(table)
        is_done = found == ("distributed", column)
        if found is not None and not is_done:
            raise StoreError(
                f"the table {table} is spread in another way: undo that with undistribute_table('{table}')"
            )
        if not is_done:
            await transaction.rows(_SPREAD, (table, column))
        await transaction.commit()
        if can_truncate:
            # What was there before stays beside its copies until somebody says that it may go: perhaps nobody has, who
            # was killed here.
            after = Transaction(connection)
            await after.rows(_TRUNCATE, (table,))
            await after.commit()
        return f"{table}: spread by {column}{' already' if is_done else ''}"
    finally:
        await connection.close(CONNECT_TIMEOUT_S)


async def _set(address: str, can_run: bool) -> Sequence[str]:
    """Give the databases of all machines our sessions' settings; return what was done, or what is to be done."""
    connection = await connect(address, None, CONNECT_TIMEOUT_S)
    try:
        asking = Transaction(connection)
        commands = [rows[0][0] for rows in [await asking.rows(_ALTER, each) for each in SETTINGS.items()]]
        await asking.commit()
        if can_run and await _run_everywhere(Transaction(connection), commands):
            return [f"set on every machine, for new sessions: {', '.join(SETTINGS)}"]
        return ["not set on every machine: run this on each, as its database's owner", *(f"  {c};" for c in commands)]
    finally:
        await connection.close(CONNECT_TIMEOUT_S)


async def _run_everywhere(transaction: Transaction, commands: Sequence[str]) -> bool:
    """Whether all of them succeeded on all machines."""
    try:
        done = [success for command in commands for (success,) in await transaction.rows(_RUN, (command,))]
        await transaction.commit()
    except StoreError:
        return False
    return all(done)


async def _state(transaction: Transaction) -> dict[str, tuple[str, str | None]]:
    """What Citus knows of each table that it has: its type, and by what it is spread. Local tables are as if it had
    none."""
    ((has_state,),) = await transaction.rows(_HAS_STATE)
    if not has_state:
        return {}
    rows: list[Any] = await transaction.rows(_STATE)
    return {
        name.rpartition(".")[2]: (kind, column if kind == "distributed" else None)
        for name, kind, column in rows
        if kind in {"distributed", "reference"}
    }
