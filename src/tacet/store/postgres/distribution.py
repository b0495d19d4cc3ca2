"""Spreading the large tables over many machines with Citus: https://docs.citusdata.com/en/stable/develop/api_udf.html.

A table can be spread by a column that all its unique keys contain. The graph and the people can, and they are what
grows. Posts and messages cannot; with what is read beside them they stay where they are, on the coordinator.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tacet.store.base import StoreError
from tacet.store.postgres.connections import connect
from tacet.store.postgres.database import Transaction
from tacet.store.postgres.migrating import CONNECT_TIMEOUT_S, pending

SPREAD: Mapping[str, str] = MappingProxyType({"relation": "source_id", "person": "id"})
"""The tables that are spread, and by what."""

COPIED = ("app", "project", "developer", "revision")
"""Small, seldom written, and asked for with nearly every request: each machine has all of them."""

LOCAL = (
    *("handle", "post", "mention", "message", "token", "access_grant", "authorization_code", "request_token"),
    *("password", "page_session", "app_usage", "nonce", "migration"),
)
"""The rest: found by something else than an account's id, or written with each request."""

NEEDED = ("create_distributed_table", "create_reference_table")

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

_COPY = "SELECT create_reference_table(CAST($1 AS TEXT)::regclass)"

_CAN_TRUNCATE = "truncate_local_data_after_distributing_table"

_TRUNCATE = f"SELECT {_CAN_TRUNCATE}(CAST($1 AS TEXT)::regclass)"


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
        known = {name for (name,) in await Transaction(connection).rows(_FUNCTIONS, ([*NEEDED, _CAN_TRUNCATE],))}
    finally:
        await connection.close(CONNECT_TIMEOUT_S)
    if not known.issuperset(NEEDED):
        raise StoreError(NO_CITUS)
    told = [await _one(address, table, column, _CAN_TRUNCATE in known) for table, column in SPREAD.items()]
    told += [await _one(address, table, None, _CAN_TRUNCATE in known) for table in COPIED]
    return [*told, f"left on the coordinator: {', '.join(LOCAL)}"]


async def _one(address: str, table: str, column: str | None, can_truncate: bool) -> str:
    """Spread one table by a column, or copy it to each machine where there is none."""
    how = f"spread by {column}" if column else "copied to every machine"
    connection = await connect(address, None, CONNECT_TIMEOUT_S)
    try:
        transaction = Transaction(connection)
        await transaction.lock(("distributing", table))
        found = (await _state(transaction)).get(table)
        if found == (("distributed", column) if column else ("reference", None)):
            return f"{table}: {how} already"
        if found is not None:
            raise StoreError(
                f"the table {table} is spread in another way: undo that with undistribute_table('{table}')"
            )
        if column:
            await transaction.rows(_SPREAD, (table, column))
        else:
            await transaction.rows(_COPY, (table,))
        await transaction.commit()
        if can_truncate:
            # What was there before stays beside its copies until somebody says that it may go.
            after = Transaction(connection)
            await after.rows(_TRUNCATE, (table,))
            await after.commit()
        return f"{table}: {how}"
    finally:
        await connection.close(CONNECT_TIMEOUT_S)


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
