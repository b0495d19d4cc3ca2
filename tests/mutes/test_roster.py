from collections.abc import AsyncIterator
from typing import Any

import pytest

from tacet.mutes.positions import FIRST_PAGE, Cursor
from tacet.mutes.roster import Roster
from tacet.records.people import Person, State
from tacet.records.relations import Kind, Relation
from tacet.store.base import RelationStore
from tests.mutes.lists import FIRST_ID, NOW, OWNER, Reading, crowd, reading, usernames


@pytest.fixture
async def read() -> AsyncIterator[Reading]:
    async with reading() as made:
        yield made


async def test_a_page_says_who_and_since_when_newest_first(read: Reading) -> None:
    await read.mute(crowd(3))
    page = await read.roster.page(OWNER, FIRST_PAGE, 10)
    assert usernames(page.entries) == ["user_2", "user_1", "user_0"]
    assert [entry.since_ms for entry in page.entries] == [NOW - 1_000, NOW - 2_000, NOW - 3_000]


async def test_those_who_cannot_be_shown_to_others_are_there(read: Reading) -> None:
    suspended = Person(FIRST_ID, "gone", "Gone", State.SUSPENDED)
    deactivated = Person(FIRST_ID + 1, "left", "Left", State.DEACTIVATED)
    await read.mute([suspended, deactivated])
    await read.store.relations.add(Relation(Kind.MUTE, OWNER, 77, NOW << 20), NOW)
    page = await read.roster.page(OWNER, FIRST_PAGE, 10)
    assert [(entry.target_id, entry.name and entry.name.state) for entry in page.entries] == [
        (77, None),
        (deactivated.id, State.DEACTIVATED),
        (suspended.id, State.SUSPENDED),
    ]


async def test_a_walk_there_and_back_shows_everybody_once_each_way(read: Reading) -> None:
    await read.mute(crowd(25))
    pages = [await read.roster.page(OWNER, FIRST_PAGE, 10)]
    while (older := pages[-1].older_than) is not None:
        pages.append(await read.roster.page(OWNER, Cursor(older), 10))
    assert [len(page.entries) for page in pages] == [10, 10, 5]
    way_back = [pages[-1]]
    while (newer := way_back[-1].newer_than) is not None:
        way_back.append(await read.roster.page(OWNER, Cursor(newer, newer=True), 10))
    assert [page.entries for page in reversed(way_back)] == [page.entries for page in pages]
    assert all(entry.since_ms is not None for page in pages for entry in page.entries)


async def test_nobody_else_s_mutes_are_on_it(read: Reading) -> None:
    await read.mute(crowd(3))
    assert (await read.roster.page(OWNER + 1, FIRST_PAGE, 10)).entries == []


async def test_the_last_page_asks_no_more_than_the_second(read: Reading) -> None:
    await read.mute(crowd(5_000))
    asked = []
    for place in (4_900, 60):
        read.asked.clear()
        page = await read.roster.page(OWNER, Cursor((NOW - 1_000 * (5_000 - place)) << 20), 50)
        assert len(page.entries) == 50
        asked.append(dict(read.asked))
    assert asked[0] == asked[1]
    assert sum(asked[0].values()) <= 6


async def test_a_mute_that_ends_while_the_page_is_read_has_no_since(read: Reading) -> None:
    await read.mute(crowd(2))

    class Hasty:
        """After a page was cut, a mute that is on it ends."""

        def __getattr__(self, name: str) -> Any:
            return getattr(read.store.relations, name)

        async def older(self, *given: Any) -> Any:
            await read.store.relations.remove(Kind.MUTE, OWNER, FIRST_ID, NOW)
            return await read.store.relations.older(*given)

    hasty: RelationStore | Any = Hasty()
    page = await Roster(read.mutes, hasty, read.store.directory, read.clock).page(OWNER, FIRST_PAGE, 10)
    assert [entry.since_ms for entry in page.entries] == [NOW - 1_000, None]


async def test_a_mute_that_is_made_while_the_page_is_read_takes_nobodys_since(read: Reading) -> None:
    """Another server makes it between the two readings, and so the list's end is in the first one alone."""
    await read.mute(crowd(3))

    class Hasty:
        """After a page was cut, somebody else is muted."""

        def __getattr__(self, name: str) -> Any:
            return getattr(read.store.relations, name)

        async def older(self, *given: Any) -> Any:
            await read.store.relations.add(Relation(Kind.MUTE, OWNER, 77, NOW << 20), NOW)
            return await read.store.relations.older(*given)

    relations: Any = Hasty()
    roster = Roster(read.mutes, relations, read.store.directory, read.clock)
    page = await roster.page(OWNER, FIRST_PAGE, 3)
    assert [entry.since_ms for entry in page.entries] == [NOW - 1_000, NOW - 2_000, NOW - 3_000]
