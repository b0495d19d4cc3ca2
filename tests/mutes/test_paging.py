from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tacet.clock import ManualClock
from tacet.mutes.paging import Lists, Page
from tacet.mutes.positions import FIRST_PAGE, Cursor
from tacet.records.relations import Kind, Relation
from tacet.store.base import Store
from tests import worlds
from tests.mutes.lists import Counted

NOW = 1_795_311_129_000
SOURCE = 1


class Shelf:
    """The lists of one source, and how often reading them asks the store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = ManualClock(NOW)
        self.asked: Counter[str] = Counter()
        relations: Any = Counted(store.relations, self.asked)
        self.lists = Lists(relations, self.clock)

    async def add(self, kind: Kind, *target_ids: int, end_at_ms: int | None = None) -> None:
        relations = [Relation(kind, SOURCE, id_, 2 * id_, end_at_ms) for id_ in target_ids]
        await self.store.relations.add_many(relations)

    async def page(self, kind: Kind, cursor: Cursor = FIRST_PAGE, limit: int = 3) -> Page:
        return await self.lists.page(kind, SOURCE, cursor, limit)


@pytest.fixture
async def shelf() -> AsyncIterator[Shelf]:
    async with worlds.empty_store() as store:
        yield Shelf(store)


@pytest.mark.parametrize("kind", list(Kind))
async def test_each_kind_has_a_list_of_its_own(shelf: Shelf, kind: Kind) -> None:
    for each in Kind:
        await shelf.add(each, 10 * each, 10 * each + 1)
    assert await shelf.page(kind) == Page([10 * kind + 1, 10 * kind], None, None)


@pytest.mark.parametrize("kind", list(Kind))
async def test_each_list_is_walked_both_ways(shelf: Shelf, kind: Kind) -> None:
    await shelf.add(kind, *range(1, 8))
    first = await shelf.page(kind)
    second = await shelf.page(kind, Cursor(first.older_than or 0))
    third = await shelf.page(kind, Cursor(second.older_than or 0))
    assert [each.target_ids for each in (first, second, third)] == [[7, 6, 5], [4, 3, 2], [1]]
    assert (first.newer_than, third.older_than) == (None, None)
    assert await shelf.page(kind, Cursor(third.newer_than or 0, newer=True)) == second
    assert await shelf.page(kind, Cursor(second.newer_than or 0, newer=True)) == first


async def test_what_has_ended_is_on_no_page(shelf: Shelf) -> None:
    await shelf.add(Kind.FOLLOW, 1, 3)
    await shelf.add(Kind.FOLLOW, 2, end_at_ms=NOW)
    assert await shelf.page(Kind.FOLLOW) == Page([3, 1], None, None)


@pytest.mark.parametrize("count", [0, 2, 3, 9], ids=["empty", "short", "full", "one-of-many"])
async def test_a_first_page_is_one_query(shelf: Shelf, count: int) -> None:
    await shelf.add(Kind.MUTE, *range(1, count + 1))
    await shelf.page(Kind.MUTE)
    assert shelf.asked == {"packed": 1}


async def test_a_page_of_mutes_costs_no_coroutine_of_its_own(shelf: Shelf) -> None:
    page = shelf.lists.page(Kind.MUTE, SOURCE, FIRST_PAGE, 3)
    assert getattr(page, "__qualname__", "") == "Lists._page_older"
    assert await page == Page([], None, None)
