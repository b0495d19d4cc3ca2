from collections.abc import AsyncIterator, Sequence

import pytest

from tacet.records.people import MAX_ID, State
from tests.posts.homestead import ALICE, BOB, CAROL, DAVE, ERIN, PEOPLE, Homestead, settled

NOBODY = 999


@pytest.fixture
async def homestead() -> AsyncIterator[Homestead]:
    async with settled() as settled_homestead:
        yield settled_homestead


async def seen(homestead: Homestead, viewer_id: int | None = ALICE, authors: Sequence[int] = PEOPLE) -> set[int]:
    return await homestead.visibility.visible_authors(authors, viewer_id)


@pytest.mark.parametrize("viewer_id", [ALICE, None], ids=["a-person", "an-app"])
async def test_everybody_sees_ordinary_accounts(homestead: Homestead, viewer_id: int | None) -> None:
    assert await seen(homestead, viewer_id) == set(PEOPLE)


@pytest.mark.parametrize("state", [State.SUSPENDED, State.DEACTIVATED])
@pytest.mark.parametrize("viewer_id", [ALICE, None], ids=["a-person", "an-app"])
async def test_nobody_sees_accounts_that_are_away(homestead: Homestead, state: State, viewer_id: int | None) -> None:
    await homestead.move(BOB, state)
    assert await seen(homestead, viewer_id, [BOB, CAROL]) == {CAROL}


async def test_only_followers_see_a_protected_account(homestead: Homestead) -> None:
    await homestead.move(BOB, protected=True)
    await homestead.follow(ALICE, BOB)
    assert [BOB in await seen(homestead, viewer) for viewer in (ALICE, CAROL, None)] == [True, False, False]
    await homestead.unfollow(ALICE, BOB)
    assert BOB not in await seen(homestead)


async def test_being_followed_by_a_protected_account_does_not_show_it(homestead: Homestead) -> None:
    await homestead.move(BOB, protected=True)
    await homestead.follow(BOB, ALICE)
    assert BOB not in await seen(homestead)


async def test_a_block_hides_both_from_each_other_and_from_nobody_else(homestead: Homestead) -> None:
    await homestead.block(ALICE, BOB)
    assert await seen(homestead, ALICE) == {ALICE, CAROL, DAVE, ERIN}
    assert await seen(homestead, BOB) == {BOB, CAROL, DAVE, ERIN}
    assert await seen(homestead, CAROL) == set(PEOPLE)
    await homestead.unblock(ALICE, BOB)
    assert BOB in await seen(homestead)


async def test_a_block_hides_a_protected_account_from_its_follower(homestead: Homestead) -> None:
    await homestead.move(BOB, protected=True)
    await homestead.block(BOB, ALICE)
    # As an import might have left it.
    await homestead.follow(ALICE, BOB)
    assert BOB not in await seen(homestead)


async def test_a_mute_hides_nobody(homestead: Homestead) -> None:
    await homestead.mutes.mute(ALICE, BOB)
    assert BOB in await seen(homestead)
    assert ALICE in await seen(homestead, BOB)


async def test_one_always_sees_oneself(homestead: Homestead) -> None:
    await homestead.move(ALICE, protected=True)
    assert await seen(homestead, ALICE, [ALICE]) == {ALICE}


@pytest.mark.parametrize("viewer_id", [ALICE, None], ids=["a-person", "an-app"])
async def test_whoever_does_not_exist_is_not_seen(homestead: Homestead, viewer_id: int | None) -> None:
    assert await seen(homestead, viewer_id, [NOBODY, MAX_ID + 1]) == set()
    assert await seen(homestead, viewer_id, []) == set()
