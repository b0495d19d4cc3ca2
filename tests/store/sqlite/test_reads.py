"""How much SQLite reads for an answer: what is asked for, whatever lies beside it."""

import sqlite3
from pathlib import Path

import pytest

from tacet.records.people import Stretch
from tacet.records.relations import Kind
from tacet.store.sqlite.store import SqliteStore
from tests.store.building import NOW, SOURCE, mute, post
from tests.store.sqlite.files import opened

POSTS_EACH = 3_000
LIMIT = 100

STRETCHES = pytest.mark.parametrize(
    "stretch",
    [
        pytest.param(Stretch(), id="newest"),
        pytest.param(Stretch(upwards=True), id="oldest"),
        pytest.param(Stretch(older_than=20_000), id="middle"),
    ],
)


class Steps:
    """Counts the steps of SQLite's machine on a connection, in tens; a row that is read takes about ten."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.tens = 0
        connection.set_progress_handler(self._count, 10)

    def _count(self) -> None:
        self.tens += 1


@pytest.fixture
def authors() -> list[int]:
    return list(range(50, 60))


async def filled(store: SqliteStore, authors: list[int]) -> None:
    """Authors who take turns, and one more who stopped long ago."""
    ids = range(1_000, 1_000 + POSTS_EACH * len(authors))
    await store.posts.put([post(id_, authors[id_ % len(authors)]) for id_ in ids])
    await store.posts.put([post(1, 60)])


@STRETCHES
async def test_a_timeline_reads_a_few_posts_of_each_author(
    path: Path, connections: list[sqlite3.Connection], authors: list[int], stretch: Stretch
) -> None:
    async with opened(path) as store:
        await filled(store, authors)
        steps = Steps(connections[1])
        heads = await store.posts.of_authors([*authors, 60], stretch, LIMIT)
        assert len(heads) == LIMIT
        # To read everything would be 30,000 rows.
        assert steps.tens < 5 * LIMIT * 2


@STRETCHES
async def test_a_profile_reads_as_many_posts_as_it_shows(
    path: Path, connections: list[sqlite3.Connection], authors: list[int], stretch: Stretch
) -> None:
    async with opened(path) as store:
        await filled(store, authors)
        steps = Steps(connections[1])
        assert len(await store.posts.of_authors(authors[:1], stretch, LIMIT)) == LIMIT
        assert steps.tens < 5 * LIMIT


async def test_which_of_many_costs_the_same_however_long_the_list_and_whatever_ended(
    path: Path, connections: list[sqlite3.Connection]
) -> None:
    asked = range(1, 101)
    counts = []
    async with opened(path) as store:
        await store.relations.add_many([mute(n, 2 * n) for n in asked])
        for more in (range(0), range(1_000, 4_000)):
            await store.relations.add_many([mute(n, 2 * n, NOW - 1 if n % 2 else NOW + 1) for n in more])
            steps = Steps(connections[1])
            assert await store.relations.which(Kind.MUTE, SOURCE, asked, NOW) == set(asked)
            counts.append(steps.tens)
    # Where something ended, each hit is looked at once more.
    assert counts[1] < 3 * counts[0]
