"""How SQLite goes about each query: by a key or an index, never by scanning or sorting a table."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib import resources

import pytest

from tacet.store import queries
from tacet.store.sqlite.dialect import adapt

RELATION_BY_POSITION = "SEARCH relation USING PRIMARY KEY (source_id=? AND kind=? AND position"
BY_TARGET = "sqlite_autoindex_relation_2 (source_id=? AND kind=? AND target_id=?)"
RELATION_BY_TARGET = f"SEARCH relation USING INDEX {BY_TARGET}"

PLANS = {
    "OLDER": f"{RELATION_BY_POSITION}<?)",
    "PACKED": f"{RELATION_BY_POSITION}<?)",
    "NEWER": f"{RELATION_BY_POSITION}>?)",
    "WHICH": RELATION_BY_TARGET,
    "WHO": RELATION_BY_TARGET,
    "REMOVE_RELATION": f"SEARCH relation USING COVERING INDEX {BY_TARGET}",
    "REMOVE_ENDED": RELATION_BY_TARGET,
    "ENDED": "SEARCH relation USING INDEX relation_by_end (end_at_ms<?)",
    "PEOPLE": "SEARCH person USING INTEGER PRIMARY KEY (rowid=?)",
    "IDS_OF": "SEARCH handle USING PRIMARY KEY (username_key=?)",
    "HANDLE_OWNER": "SEARCH handle USING PRIMARY KEY (username_key=?)",
    "DROP_HANDLES": "SEARCH handle USING COVERING INDEX handle_by_person (person_id=?)",
    "POSTS": "SEARCH post USING INTEGER PRIMARY KEY (rowid=?)",
    "LATEST_POSTS": "SEARCH post USING COVERING INDEX post_by_author (author_id=?)",
    "DELETE_POST": "SEARCH post USING INTEGER PRIMARY KEY (rowid=?)",
    "APP": "SEARCH app USING INTEGER PRIMARY KEY (rowid=?)",
    "APP_BY_CONSUMER_KEY": "SEARCH app USING INDEX sqlite_autoindex_app_1 (consumer_key=?)",
    "TOKEN": "SEARCH token USING PRIMARY KEY (digest=?)",
    "REVOKE_TOKEN": "SEARCH token USING PRIMARY KEY (digest=?)",
}

NO_SEARCH = {
    "ADD_RELATION",
    "ADD_RELATION_QUIETLY",
    "PUT_PERSON",
    "PUT_HANDLE",
    "PUT_POST",
    "PUT_APP",
    "PUT_TOKEN",
    "BUMP",
    "RECORD_MIGRATION",
}
"""Insertions, which look for nothing but their own keys."""

WHOLE_TABLES = {"ANY_APP", "FIRST_PERSON_IDS", "REVISIONS", "MIGRATIONS_DONE"}
"""What reads a table from its beginning, in the order of its key, and is limited or tiny."""

HARMLESS = re.compile(r"CO-ROUTINE page|SCAN page|CORRELATED SCALAR SUBQUERY 1|SCAN json_each VIRTUAL TABLE INDEX 1:")
"""Steps over the ids that were asked for, a search for each of them, and steps over a page that was already cut."""

ALL = {name: sql for name, sql in vars(queries).items() if name.isupper() and not name.startswith("_")}


@pytest.fixture(scope="module")
def database() -> Iterator[sqlite3.Connection]:
    schema = resources.files("tacet.store.sqlite") / "migrations" / "0001_first.sql"
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema.read_text("utf-8"))
        connection.execute("CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        yield connection


def plan(database: sqlite3.Connection, sql: str) -> list[str]:
    parameters = [0] * max((int(number) for number in re.findall(r"\$(\d+)", sql)), default=0)
    steps = database.execute(f"EXPLAIN QUERY PLAN {adapt(sql)}", parameters)
    return [detail for *_, detail in steps if not HARMLESS.fullmatch(detail)]


@pytest.mark.parametrize(("name", "expected"), PLANS.items(), ids=list(PLANS))
def test_a_query_is_one_search(database: sqlite3.Connection, name: str, expected: str) -> None:
    assert plan(database, ALL[name]) == [expected]


@pytest.mark.parametrize("name", sorted(NO_SEARCH))
def test_an_insertion_searches_nothing(database: sqlite3.Connection, name: str) -> None:
    assert plan(database, ALL[name]) == []


@pytest.mark.parametrize("name", sorted(WHOLE_TABLES))
def test_a_table_read_from_its_beginning_is_not_sorted(database: sqlite3.Connection, name: str) -> None:
    [step] = plan(database, ALL[name])
    assert step.startswith("SCAN")


def test_every_query_is_looked_at() -> None:
    assert ALL.keys() == PLANS.keys() | NO_SEARCH | WHOLE_TABLES
