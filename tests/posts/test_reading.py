import random
from collections.abc import Sequence
from typing import Any

import pytest

from tacet.ids import SEQUENCE_BITS, snowflake_at
from tacet.posts.reading import FIRST_BITE_MS, MAX_BITES, of_authors
from tacet.records.people import MAX_ID, PostHead, Shape, Stretch
from tests.posts.homestead import NOW

NEWEST = snowflake_at(NOW, 0)


class Counting:
    """A store of heads that counts what it is asked, and what it looks at for it."""

    def __init__(self, ids: Sequence[int]) -> None:
        self._ids = sorted(ids)
        self.asked: list[Stretch] = []
        self.looked_at = 0

    async def of_authors(self, author_ids: list[int], stretch: Stretch, limit: int) -> list[PostHead]:
        self.asked.append(stretch)
        within = [id_ for id_ in self._ids if stretch.newer_than < id_ < stretch.older_than]
        self.looked_at += len(within)
        return [PostHead(id_, author_ids[0]) for id_ in (within if stretch.upwards else within[::-1])][:limit]


async def read(store: Any, stretch: Stretch, limit: int) -> list[int]:
    return [head.id for head in await of_authors(store, [1], stretch, limit, NEWEST)]


def over_years(count: int) -> list[int]:
    """Posts of ten years, one after the other."""
    return [snowflake_at(NOW - n * 10 * 365 * FIRST_BITE_MS // count, 0) for n in range(count)]


@pytest.mark.parametrize("upwards", [False, True], ids=["downwards", "upwards"])
@pytest.mark.parametrize("count", [0, 1, 30, 3_000])
async def test_bites_together_are_what_one_question_would_have_found(count: int, upwards: bool) -> None:
    ids = [*over_years(count), 7, 8]
    dice = random.Random(count)
    for _ in range(50):
        low, high = sorted((dice.choice([0, 7, *ids]), dice.choice([MAX_ID, NEWEST, *ids])))
        stretch = Stretch(low, high, Shape.REPLY, upwards)
        limit = dice.choice([1, 2, 10, 10_000])
        store = Counting(ids)
        within = sorted((id_ for id_ in ids if low < id_ < high), reverse=not upwards)
        assert await read(store, stretch, limit) == within[:limit]
        assert len(store.asked) <= MAX_BITES + 1
        assert all((each.without, each.upwards) == (Shape.REPLY, upwards) for each in store.asked)


async def test_the_newest_of_a_great_many_are_found_without_looking_at_all_of_them() -> None:
    store = Counting(over_years(40_000))
    assert len(await read(store, Stretch(), 100)) == 100
    assert store.looked_at < 1_000


@pytest.mark.parametrize("upwards", [False, True], ids=["downwards", "upwards"])
async def test_nothing_is_lost_where_two_bites_meet(upwards: bool) -> None:
    day = FIRST_BITE_MS << SEQUENCE_BITS
    start = snowflake_at(NOW - 1_000 * FIRST_BITE_MS, 0)
    meeting = start + day if upwards else NEWEST - day
    ids = [meeting + n for n in range(-2, 3)]
    stretch = Stretch(start, upwards=True) if upwards else Stretch()
    assert sorted(await read(Counting(ids), stretch, 100)) == ids
