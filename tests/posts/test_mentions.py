from collections.abc import AsyncIterator

import pytest

from tacet.posts.mentions import mentioned_ids
from tacet.records.people import State
from tests.posts.homestead import ALICE, BOB, Homestead, settled


@pytest.fixture
async def homestead() -> AsyncIterator[Homestead]:
    async with settled() as settled_homestead:
        yield settled_homestead


TEXTS = {
    "nobody": ("Good morning", ()),
    "one": ("Morning, @user_2!", (BOB,)),
    "in-order": ("@user_2 @user_1", (BOB, ALICE)),
    "each-once": ("@user_2 @USER_2 @User_2", (BOB,)),
    "unknown": ("@nobody_at_all @user_1", (ALICE,)),
    "no-mention": ("mail me@user_1.example", ()),
    "in-an-address": ("https://example.com/@user_1", ()),
    "full-width-sign": ("＠user_1", (ALICE,)),
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.values(), ids=TEXTS.keys())
async def test_usernames_in_a_text_are_whoever_has_them(
    homestead: Homestead, text: str, expected: tuple[int, ...]
) -> None:
    assert await mentioned_ids(text, homestead.people) == expected


@pytest.mark.parametrize("state", [State.SUSPENDED, State.DEACTIVATED])
async def test_accounts_that_are_away_are_not_mentioned(homestead: Homestead, state: State) -> None:
    await homestead.move(BOB, state)
    assert await mentioned_ids("@user_2 @user_1", homestead.people) == (ALICE,)
