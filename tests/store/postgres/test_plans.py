"""How PostgreSQL goes about each query: by an index and, in the graph, in the one part that has the source.

Relations and people are spread over eight tables here. What holds for these holds for as many machines.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from tacet.records.relations import MAX_POSITION
from tacet.store.postgres import posts as own_posts
from tacet.store.postgres.connections import connect
from tacet.store.postgres.dialect import adapt
from tacet.store.postgres.session import Connection
from tacet.store.queries import nonces, relations, upkeep
from tacet.store.queries.accounts import AccountQueries
from tacet.store.queries.consents import ConsentQueries
from tacet.store.queries.credentials import CredentialQueries
from tacet.store.queries.directory import DirectoryQueries
from tacet.store.queries.messages import MessageQueries
from tacet.store.queries.posts import PostQueries
from tacet.store.queries.sweeping import SweepingQueries
from tests.databases import Postgres
from tests.store.postgres.partitioning import PARTS
from tests.store.postgres.planning import executed, planned, texts

pytestmark = pytest.mark.anyio

TIMEOUT_S = 60.0
"""The tables are filled in one statement each, on machines that may be busy."""

WHALE = 1
"""Whose list is the longest."""

WHALE_LENGTH = 200_000

MANY = 3_000
"""People with short lists."""

NOW = 5
LIMIT = 100
MIDDLE = WHALE_LENGTH
"""The position in the middle of the whale's list: each second number is one."""

BY_TARGET = ("source_id", "kind", "target_id")
BY_POSITION = ("source_id", "kind", "position")
BY_END = ("source_id", "kind", "end_at_ms")

FILL = f"""
INSERT INTO relation (source_id, kind, position, target_id, end_at_ms)
SELECT {WHALE}, 1, 2 * n, 7 * n, CASE WHEN n % 1000 = 0 THEN 1 END FROM generate_series(1, {WHALE_LENGTH}) AS n;
INSERT INTO relation (source_id, kind, position, target_id, end_at_ms)
SELECT source, 1, 2 * n, 7 * n, CASE WHEN n % 10 = 0 THEN 1 END
FROM generate_series(2, {MANY}) AS source CROSS JOIN generate_series(1, source % 40) AS n;
INSERT INTO person (id, username, name, state, profile)
SELECT 7 * n, 'user_' || n, 'User', 1, '{{}}' FROM generate_series(1, 20000) AS n;
"""

# What has no statistics must not get them while it is looked at.
STAY_IGNORANT = "".join(
    f"ALTER TABLE {table}_{part} SET (autovacuum_enabled = false);"
    for table in ("relation", "person")
    for part in range(PARTS)
)

PREPARED = {
    "nothing there": STAY_IGNORANT,
    "no statistics": STAY_IGNORANT + FILL,
    "analyzed": FILL + "ANALYZE",
    "vacuumed": FILL,
}
"""What is done with the empty tables."""


@pytest.fixture(scope="module", params=PREPARED, ids=list(PREPARED))
async def spread(
    request: pytest.FixtureRequest, postgres: Postgres, partitioned_template: str
) -> AsyncIterator[Connection]:
    """A session of the store's with a database whose tables are spread."""
    address = postgres.database(partitioned_template)
    connection = await asyncpg.connect(address)
    await connection.execute(PREPARED[request.param])
    if request.param == "vacuumed":
        await connection.execute("VACUUM (ANALYZE)")
    await connection.close()
    async with session(address) as opened:
        yield opened
    postgres.drop(address)


@asynccontextmanager
async def session(address: str) -> AsyncIterator[Connection]:
    connection = await connect(address, TIMEOUT_S, TIMEOUT_S)
    try:
        yield connection
    finally:
        await connection.close(TIMEOUT_S)


def columns(condition: str) -> tuple[str, ...]:
    """Those of a relation that an index is searched by, each once."""
    found = re.findall(r"\b(source_id|kind|position|target_id|end_at_ms)\b", condition)
    return tuple(dict.fromkeys(found))


WANTED = [7 * n for n in range(1, 40)]

ONE_SOURCE = {
    "REMOVE_RELATION": ((WHALE, 1, 700), [BY_TARGET]),
    "POSITION": ((WHALE, 1, 700, NOW), [BY_TARGET]),
    "OLDER": ((WHALE, 1, MIDDLE, NOW, LIMIT), [BY_POSITION]),
    "NEWER": ((WHALE, 1, MIDDLE, NOW, LIMIT), [BY_POSITION]),
    "PACKED": ((WHALE, 1, MAX_POSITION, NOW, LIMIT), [BY_POSITION, BY_POSITION]),
    "WHICH": ((WHALE, 1, WANTED, NOW), [BY_END, BY_TARGET, BY_TARGET]),
    "REMOVE_ENDED": ((WHALE, 1, 7_000, NOW), [BY_TARGET]),
}
"""Parameters, and by what each look-up finds its rows."""

INSERTIONS = {
    "ADD_RELATION": (WHALE, 1, 3, 3, None, NOW),
    "ADD_RELATION_QUIETLY": (WHALE, 1, 3, 3, None),
}

FROM_MANY_SOURCES = {"WHO", "ENDED"}
"""The one looks for single relations of those it names, the other tidies."""


@pytest.mark.parametrize("name", ONE_SOURCE)
async def test_a_question_about_one_source_is_answered_from_one_part_by_an_index(spread: Connection, name: str) -> None:
    parameters, by = ONE_SOURCE[name]
    plan = await executed(spread, texts(relations)[name], *parameters)
    assert [columns(scan["Index Cond"]) for scan in plan.scans] == by
    assert {scan["Node Type"] for scan in plan.scans} <= {"Index Scan", "Index Only Scan"}
    assert len({scan["Relation Name"] for scan in plan.scans}) == 1
    assert not plan.sorts


@pytest.mark.parametrize("name", ONE_SOURCE)
async def test_no_more_rows_are_read_than_are_asked_for(spread: Connection, name: str) -> None:
    parameters, by = ONE_SOURCE[name]
    plan = await executed(spread, texts(relations)[name], *parameters)
    wanted = LIMIT if BY_POSITION in by else 1
    for scan in plan.taken:
        # One in a thousand has ended, and is passed over.
        assert scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0) <= wanted + 1, scan


@pytest.mark.parametrize("name", INSERTIONS)
async def test_an_insertion_looks_for_nothing_but_its_key(spread: Connection, name: str) -> None:
    plan = await executed(spread, texts(relations)[name], *INSERTIONS[name])
    assert plan.scans == []
    assert plan.root["Conflict Arbiter Indexes"] == ["relation_pkey1"]
    assert (plan.root["Tuples Inserted"], plan.root["Conflicting Tuples"]) == (1, 0)


async def test_who_is_looked_up_in_every_part_by_whole_keys(spread: Connection) -> None:
    sources = [WHALE, 2, 3, 4, 5, 6, 7, 8, 9]
    plan = await executed(spread, relations.WHO, sources, 1, 7, NOW)
    assert [columns(scan["Index Cond"]) for scan in plan.scans] == [BY_TARGET] * PARTS
    assert {scan["Node Type"] for scan in plan.scans} == {"Index Scan"}
    assert all("source_id = ANY ($1)" in scan["Index Cond"] for scan in plan.scans)
    assert sum(scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0) for scan in plan.taken) <= len(sources)
    assert not plan.sorts


@pytest.mark.parametrize("name", ["WHO", "PEOPLE", "NAMES", "IN_STATE"])
def test_what_names_many_tells_each_part_whom(name: str) -> None:
    """A query that reads whom it is about from another query is not planned over several machines."""
    sql = adapt(texts(relations, DirectoryQueries)[name])
    assert sql.count("SELECT") == 1
    assert re.search(r"= ANY \(CAST\(\$\d AS BIGINT\[\]\)\)", sql)


async def test_what_has_ended_is_found_in_every_part_without_sorting(spread: Connection) -> None:
    plan = await executed(spread, relations.ENDED, NOW, 10)
    assert [columns(scan["Index Cond"]) for scan in plan.scans] == [("end_at_ms",)] * PARTS
    assert sum(scan["Actual Rows"] for scan in plan.taken) <= 10 + PARTS
    assert not plan.sorts


def test_every_query_of_the_graph_is_looked_at() -> None:
    assert texts(relations).keys() == ONE_SOURCE.keys() | INSERTIONS.keys() | FROM_MANY_SOURCES


@pytest.mark.parametrize("name", ["PEOPLE", "NAMES", "IN_STATE"])
async def test_people_are_looked_up_by_their_ids(spread: Connection, name: str) -> None:
    parameters = (1, WANTED) if name == "IN_STATE" else (WANTED,)
    plan = await executed(spread, texts(DirectoryQueries)[name], *parameters)
    assert {scan["Node Type"] for scan in plan.scans} == {"Index Scan"}
    assert all(re.fullmatch(r"\(id = ANY \(\$\d\)\)", scan["Index Cond"]) for scan in plan.scans)


SUBJECTS = (
    AccountQueries,
    ConsentQueries,
    CredentialQueries,
    DirectoryQueries,
    MessageQueries,
    PostQueries,
    SweepingQueries,
    nonces,
    relations,
    upkeep,
)


def test_people_and_relations_are_never_joined() -> None:
    assert [
        name for name, sql in texts(*SUBJECTS).items() if {"relation", "person"} <= {*re.findall(r"\w+", sql)}
    ] == []


WALKS = {
    "FIRST_PERSON_IDS",
    "ANY_APP",
    "APPS_AFTER",
    "SEALED_OF_APPS",
    "SEALED_OF_TOKENS",
    "SEALED_OF_REQUEST_TOKENS",
    "NEWEST_POST_ID",
    "NEWEST_MESSAGE_ID",
    "REVISIONS",
    "MIGRATIONS_DONE",
    "SWEEP_USAGE",
    "SWEEP_NONCES",
    "ENDED",
    "ENDED_CODES",
    "ENDED_REQUEST_TOKENS",
    "ENDED_SESSIONS",
    "EXPIRED_TOKENS",
    "REVOKED_TOKENS",
    "REVOKED_GRANTS",
    "TOKENS_OF_REVOKED_GRANTS",
}
"""What goes along an index from some point, and is limited, swept away, or tiny."""


OWN = texts(own_posts._OwnQueries)
"""What PostgreSQL is asked in words of its own."""

ALL = texts(*SUBJECTS) | OWN


@pytest.fixture(scope="module")
async def empty(postgres: Postgres, migrated_template: str) -> AsyncIterator[Connection]:
    """A session with a new database: what is planned there must still be right when it has grown."""
    address = postgres.database(migrated_template)
    async with session(address) as opened:
        yield opened
    postgres.drop(address)


@pytest.mark.parametrize("name", sorted(ALL.keys() - WALKS))
async def test_a_table_that_is_believed_to_be_small_is_not_walked_either(empty: Connection, name: str) -> None:
    plan = await planned(empty, ALL[name])
    for scan in plan.scans:
        assert re.search(r"\w+ = ", scan.get("Index Cond", "")), scan


@pytest.mark.parametrize("name", sorted(WALKS - {"REVISIONS"}))
async def test_a_walk_is_along_an_index(empty: Connection, name: str) -> None:
    plan = await planned(empty, ALL[name])
    assert {scan["Node Type"] for scan in plan.scans} <= {"Index Scan", "Index Only Scan"}
    assert not plan.sorts
