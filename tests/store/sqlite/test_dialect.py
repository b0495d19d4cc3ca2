import json
import sqlite3

import pytest

from tacet.records.people import MAX_ID
from tacet.store.base import Conflict, StoreError
from tacet.store.sqlite.dialect import adapt, id_list, text_list, translated


@pytest.mark.parametrize(
    ("shared", "own"),
    [
        pytest.param("SELECT $1, $12 FROM t", "SELECT ?1, ?12 FROM t", id="parameters"),
        pytest.param(
            "SELECT id FROM ids($2) AS wanted",
            "SELECT id FROM (SELECT value AS id FROM json_each(?2)) AS wanted",
            id="ids",
        ),
        pytest.param(
            "SELECT text FROM texts($1) AS wanted",
            "SELECT text FROM (SELECT value AS text FROM json_each(?1)) AS wanted",
            id="texts",
        ),
        pytest.param("\nSELECT 1\n", "SELECT 1", id="blank-lines"),
    ],
)
def test_shared_sql_becomes_sqlites_own(shared: str, own: str) -> None:
    assert adapt(shared) == own


@pytest.mark.parametrize(
    ("ids", "kept"),
    [
        pytest.param([], [], id="none"),
        pytest.param(range(3), [0, 1, 2], id="range"),
        pytest.param([MAX_ID, MAX_ID + 1, 10**40], [MAX_ID], id="too-large"),
    ],
)
def test_a_list_of_ids_keeps_those_that_can_be_stored(ids: list[int], kept: list[int]) -> None:
    assert json.loads(id_list(ids)) == kept


@pytest.mark.parametrize(
    ("texts", "kept"),
    [
        pytest.param([], [], id="none"),
        pytest.param(
            ["ann", "", "an'na", '"', "漢字", "\udcff"], ["ann", "", "an'na", '"', "漢字", "\udcff"], id="any"
        ),
        pytest.param(["ann", "bea\0", "\0"], ["ann"], id="cut-short-by-sqlite"),
    ],
)
def test_a_list_of_texts_keeps_those_that_arrive_whole(texts: list[str], kept: list[str]) -> None:
    assert json.loads(text_list(texts)) == kept


def error(name: str, kind: type[sqlite3.Error] = sqlite3.OperationalError) -> sqlite3.Error:
    made = kind("near: 'a secret value'")
    made.sqlite_errorname = name
    return made


@pytest.mark.parametrize(
    ("cause", "kind", "message"),
    [
        pytest.param(error("SQLITE_CONSTRAINT_UNIQUE", sqlite3.IntegrityError), Conflict, "already taken", id="unique"),
        pytest.param(error("SQLITE_FULL"), StoreError, "disk is full", id="full"),
        pytest.param(error("SQLITE_READONLY_DBMOVED"), StoreError, "read-only", id="read-only"),
        pytest.param(error("SQLITE_CORRUPT"), StoreError, "damaged", id="corrupt"),
        pytest.param(error("SQLITE_NOTADB", sqlite3.DatabaseError), StoreError, "no SQLite file", id="no-database"),
        pytest.param(error("SQLITE_BUSY_SNAPSHOT"), StoreError, "another program", id="busy"),
        pytest.param(error("SQLITE_CANTOPEN"), StoreError, "cannot be opened", id="cannot-open"),
        pytest.param(error("SQLITE_IOERR_WRITE"), StoreError, "the disk fails (SQLITE_IOERR_WRITE)", id="disk"),
        pytest.param(error("SQLITE_MISUSE"), StoreError, "SQLITE_MISUSE", id="other"),
        pytest.param(sqlite3.ProgrammingError("closed"), StoreError, "ProgrammingError", id="unnamed"),
    ],
)
def test_an_error_is_told_in_one_line_without_stored_data(
    cause: sqlite3.Error, kind: type[StoreError], message: str
) -> None:
    told = translated(cause)
    assert type(told) is kind
    assert message in str(told)
    assert "secret" not in str(told)
    assert "\n" not in str(told)
