"""The shared SQL as PostgreSQL is asked, and what it answers in the store's terms."""

import asyncpg
import pytest

from tacet.records.people import MAX_ID
from tacet.store.base import Conflict, StoreAway, StoreBusy, StoreError
from tacet.store.postgres.dialect import Held, Unstorable, adapt, id_list, text_list, translated

ADAPTED = {
    "parameters stay": ("SELECT $1, $12", "SELECT $1, $12"),
    "ids": ("FROM ids($3) AS wanted", "FROM unnest(CAST($3 AS BIGINT[])) AS wanted (id)"),
    "texts": ("FROM texts($1) AS some", "FROM unnest(CAST($1 AS TEXT[])) AS some (text)"),
    "among ids": ("id IN (SELECT id FROM ids($2) AS wanted)", "id = ANY (CAST($2 AS BIGINT[]))"),
    "among ids, in lines": ("id IN (\n  SELECT id FROM ids($2) AS ended)", "id = ANY (CAST($2 AS BIGINT[]))"),
    "among texts": ("key IN (SELECT text FROM texts($1) AS wanted)", "key = ANY (CAST($1 AS TEXT[]))"),
    "packed": ("SELECT packed(target_id), 1", "SELECT array_agg(target_id), 1"),
}


@pytest.mark.parametrize(("sql", "expected"), ADAPTED.values(), ids=ADAPTED)
def test_shared_sql_becomes_postgresqls(sql: str, expected: str) -> None:
    assert adapt(f"\n{sql}\n") == expected


def test_ids_that_cannot_be_anybodys_are_left_out() -> None:
    assert id_list([3, MAX_ID + 1, MAX_ID, 10**40]) == [3, MAX_ID]
    assert id_list(iter([])) == []


def test_texts_that_cannot_be_stored_are_left_out() -> None:
    assert text_list(["ann", "a\0", "\ud800", "漢字", "", "😀"]) == ["ann", "漢字", "", "😀"]


TRANSLATED = {
    "unique": (asyncpg.UniqueViolationError("key (id)=(7) is taken"), Conflict, "must be unique"),
    "deadlock": (asyncpg.DeadlockDetectedError("process 7"), Held, "nothing was written"),
    "statement timeout": (asyncpg.QueryCanceledError("7"), StoreBusy, "too long"),
    "lock timeout": (asyncpg.LockNotAvailableError("7"), Held, "somebody else"),
    "disk": (asyncpg.DiskFullError("/var/lib/7"), StoreError, "free some space"),
    "replica": (asyncpg.ReadOnlySQLTransactionError("7"), StoreAway, "primary"),
    "shutdown": (asyncpg.AdminShutdownError("7"), StoreAway, "may or may not"),
    "crash": (asyncpg.CrashShutdownError("7"), StoreAway, "may or may not"),
    "connection": (asyncpg.ConnectionDoesNotExistError("7"), StoreAway, "may or may not"),
    "reset": (ConnectionResetError("7"), StoreAway, "may or may not"),
    "silence": (TimeoutError(), StoreAway, "may or may not"),
    "driver": (asyncpg.InterfaceError("7"), StoreAway, "may or may not"),
    "no table": (asyncpg.UndefinedTableError("7"), StoreError, "tacet database migrate"),
    "no right": (asyncpg.InsufficientPrivilegeError("7"), StoreError, "may not"),
    "pooler": (asyncpg.InvalidSQLStatementNameError("7"), StoreError, "must pool sessions"),
    "parameter": (asyncpg.DataError("7"), Unstorable, "too large"),
    "something else": (asyncpg.DivisionByZeroError("7"), StoreError, "SQLSTATE 22012"),
    "something of ours": (StoreBusy("full"), StoreBusy, "full"),
}


@pytest.mark.parametrize(("error", "kind", "said"), TRANSLATED.values(), ids=TRANSLATED)
def test_errors_name_cause_and_remedy_and_nothing_stored(error: Exception, kind: type[StoreError], said: str) -> None:
    found = translated(error)
    assert type(found) is kind
    assert said in str(found)
    assert "7" not in str(found)
