"""How much PostgreSQL reads for a timeline: what is asked for, however much its authors have written."""

from collections.abc import AsyncIterator

import pytest

from tacet.records.people import MAX_ID
from tacet.store.postgres.connections import connect
from tacet.store.postgres.posts import _SQL
from tacet.store.postgres.session import Connection
from tests.databases import Postgres
from tests.store.postgres.planning import executed

TIMEOUT_S = 60.0
"""The tables are filled in one statement each, on machines that may be busy."""

AUTHORS = range(50, 60)
POSTS_EACH = 3_000
FAST, FAST_POSTS = 60, 20_000
"""Writes more than all others together."""

SILENT = range(1_000, 2_000)
LIMIT = 100

FILL = f"""
INSERT INTO post (id, author_id, created_at_ms, text, details)
SELECT 10 * n, {AUTHORS.start} + n % {len(AUTHORS)}, 0, 'hi', '{{}}'
FROM generate_series(1, {POSTS_EACH * len(AUTHORS)}) AS n;
INSERT INTO post (id, author_id, created_at_ms, text, details)
SELECT 15 * n + 1, {FAST}, 0, 'hi', '{{}}' FROM generate_series(1, {FAST_POSTS}) AS n
"""

STRETCHES = pytest.mark.parametrize(
    ("sql", "newer_than", "older_than"),
    [
        pytest.param(_SQL.OLDER_OF_AUTHORS, 0, MAX_ID, id="newest"),
        pytest.param(_SQL.NEWER_OF_AUTHORS, 0, MAX_ID, id="oldest"),
        pytest.param(_SQL.OLDER_OF_AUTHORS, 0, 150_000, id="middle"),
    ],
)


@pytest.fixture(scope="module")
async def filled(postgres: Postgres, migrated_template: str) -> AsyncIterator[Connection]:
    address = postgres.database(migrated_template)
    connection = await connect(address, TIMEOUT_S, TIMEOUT_S)
    await connection.execute(FILL)
    yield connection
    await connection.close(TIMEOUT_S)
    postgres.drop(address)


async def read(connection: Connection, sql: str, author_ids: list[int], newer_than: int, older_than: int) -> int:
    """How many posts are read for a page of these authors."""
    plan = await executed(connection, sql, author_ids, newer_than, older_than, 0, LIMIT)
    assert plan.root["Actual Rows"] == LIMIT
    assert {scan["Index Name"] for scan in plan.scans} - {None} <= {"post_by_author"}
    # Rows are said for each loop, rounded.
    return sum(
        (scan["Actual Rows"] + 1) * scan["Actual Loops"] for scan in plan.taken if scan["Relation Name"] == "post"
    )


@STRETCHES
@pytest.mark.parametrize(
    ("author_ids", "at_most"),
    [
        pytest.param([*AUTHORS], 10 * LIMIT, id="several"),
        pytest.param([FAST], 5 * LIMIT, id="one"),
        pytest.param([*AUTHORS, FAST], 10 * LIMIT, id="a-fast-one-among-them"),
        pytest.param([*SILENT, *AUTHORS, FAST], 10 * LIMIT + 2 * len(SILENT), id="many-who-are-silent"),
    ],
)
async def test_a_timeline_reads_a_few_posts_of_each_author(
    filled: Connection, sql: str, newer_than: int, older_than: int, author_ids: list[int], at_most: int
) -> None:
    assert await read(filled, sql, author_ids, newer_than, older_than) < at_most
