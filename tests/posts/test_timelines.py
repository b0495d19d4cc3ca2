from collections.abc import AsyncIterator
from itertools import chain
from typing import Any

import pytest

from tacet.records.people import MAX_ID, Shape, State, Stretch
from tests.posts.homestead import ALICE, BOB, CAROL, DAVE, Homestead, settled


@pytest.fixture
async def homestead() -> AsyncIterator[Homestead]:
    async with settled() as settled_homestead:
        yield settled_homestead


async def written(homestead: Homestead, viewer_id: int | None = ALICE, limit: int = 10, **stretch: Any) -> list[int]:
    """Ids of Bob's posts, as a viewer sees them."""
    return (await homestead.timelines.of_person(BOB, viewer_id, Stretch(**stretch), limit)).post_ids


async def mentioning(homestead: Homestead, viewer_id: int | None = ALICE, limit: int = 10) -> list[int]:
    """Ids of the posts that mention Bob, as a viewer sees them."""
    return (await homestead.timelines.mentions(BOB, viewer_id, Stretch(), limit)).post_ids


async def test_somebodys_posts_are_theirs_newest_first(homestead: Homestead) -> None:
    posts = [await homestead.post(author) for author in (BOB, CAROL, BOB)]
    repost = await homestead.repost(BOB, posts[1])
    assert await written(homestead) == [repost, posts[2], posts[0]]


async def test_muting_hides_nothing_of_whom_one_asks_for(homestead: Homestead) -> None:
    bobs, carols = await homestead.post(BOB), await homestead.post(CAROL, mentions=[BOB])
    repost = await homestead.repost(BOB, carols)
    for muted in (BOB, CAROL):
        await homestead.mutes.mute(ALICE, muted)
    assert await written(homestead) == [repost, bobs]
    assert await mentioning(homestead) == [carols]


@pytest.mark.parametrize(
    ("without", "left"),
    [(Shape.REPLY, [0, 2]), (Shape.REPOST, [0, 1]), (Shape.REPLY | Shape.REPOST, [0])],
    ids=["replies", "reposts", "both"],
)
async def test_replies_and_reposts_can_be_left_out(homestead: Homestead, without: Shape, left: list[int]) -> None:
    carols = await homestead.post(CAROL)
    posts = [
        await homestead.post(BOB),
        await homestead.post(BOB, reply_to=carols),
        await homestead.repost(BOB, carols),
    ]
    assert await written(homestead, without=without) == [posts[place] for place in left[::-1]]


async def test_reposts_of_whom_the_viewer_may_not_see_are_left_out(homestead: Homestead) -> None:
    carols, daves = await homestead.post(CAROL), await homestead.post(DAVE)
    reposts = [await homestead.repost(BOB, carols), await homestead.repost(BOB, daves)]
    await homestead.move(CAROL, protected=True)
    assert await written(homestead, None) == reposts[1:]
    await homestead.move(DAVE, State.SUSPENDED)
    # Not even one's own: what they show is another's text.
    assert [await written(homestead, viewer) for viewer in (ALICE, BOB)] == [[], []]
    await homestead.move(DAVE)
    await homestead.follow(BOB, CAROL)
    assert await written(homestead, BOB) == reposts[::-1]


async def test_nothing_is_left_of_whom_the_viewer_may_not_see(homestead: Homestead) -> None:
    bobs = await homestead.post(BOB)
    await homestead.move(BOB, protected=True)
    assert (await written(homestead), await written(homestead, None)) == ([], [])
    await homestead.follow(ALICE, BOB)
    assert await written(homestead) == [bobs]
    await homestead.block(BOB, ALICE)
    assert await written(homestead) == []


async def test_mentions_come_from_whom_the_viewer_may_see(homestead: Homestead) -> None:
    carols, daves = await homestead.post(CAROL, mentions=[BOB]), await homestead.post(DAVE, mentions=[ALICE, BOB])
    assert await mentioning(homestead) == [daves, carols]
    await homestead.block(ALICE, DAVE)
    assert await mentioning(homestead) == [carols]
    assert await mentioning(homestead, None) == [daves, carols]


@pytest.mark.parametrize("limit", [5, 7, 100])
async def test_mentions_are_walked_both_ways_though_some_are_hidden(homestead: Homestead, limit: int) -> None:
    posts = [await homestead.post(DAVE if n % 3 else CAROL, mentions=[BOB]) for n in range(60)]
    await homestead.block(DAVE, ALICE)
    expected = posts[::3]
    down: list[int] = []
    older_than: int | None = MAX_ID
    while older_than is not None:
        page = await homestead.timelines.mentions(BOB, ALICE, Stretch(older_than=older_than), limit)
        down, older_than = [*down, *page.post_ids], page.older_than
    assert down == expected[::-1]
    up: list[list[int]] = []
    newer_than: int | None = 0
    while newer_than is not None:
        page = await homestead.timelines.mentions(BOB, ALICE, Stretch(newer_than=newer_than, upwards=True), limit)
        up, newer_than = [page.post_ids, *up], page.newer_than
    assert list(chain(*up)) == expected[::-1]


async def test_a_page_within_bounds(homestead: Homestead) -> None:
    posts = [await homestead.post(BOB) for _ in range(10)]
    assert await written(homestead, newer_than=posts[2], older_than=posts[7]) == posts[6:2:-1]
    assert await written(homestead, limit=3) == posts[:-4:-1]
