from collections.abc import AsyncIterator, Iterable, Sequence

import pytest

from tacet.records.people import MAX_ID, Post, PostDetails, Reference, State
from tests.posts.homestead import ALICE, BOB, CAROL, DAVE, ERIN, NOW, PEOPLE, Homestead, settled

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


class TestPosts:
    """A repost shows the text of what it repeats."""

    @pytest.fixture
    async def repost(self, homestead: Homestead) -> int:
        """Of a post by Carol, by Bob."""
        return await homestead.repost(BOB, await homestead.post(CAROL))

    @staticmethod
    async def seen(homestead: Homestead, *ids: int, viewer_id: int | None = ALICE) -> list[int]:
        by_id = {post.id: post for post in await homestead.store.posts.by_ids(ids)}
        return [post.id for post in await homestead.visibility.visible_posts([by_id[id_] for id_ in ids], viewer_id)]

    async def test_come_in_order(self, homestead: Homestead, repost: int) -> None:
        bobs, daves = await homestead.post(BOB), await homestead.post(DAVE)
        await homestead.block(ALICE, BOB)
        assert await self.seen(homestead, daves, bobs, repost) == [daves]
        assert await self.seen(homestead, daves, bobs, repost, viewer_id=None) == [daves, bobs, repost]
        assert await self.seen(homestead) == []

    @pytest.mark.parametrize("source", [ALICE, CAROL])
    async def test_a_repost_is_for_those_who_may_see_both(self, homestead: Homestead, repost: int, source: int) -> None:
        await homestead.block(source, ALICE + CAROL - source)
        assert await self.seen(homestead, repost) == []
        assert await self.seen(homestead, repost, viewer_id=DAVE) == [repost]

    async def test_a_repost_of_a_protected_account_is_for_its_followers(
        self, homestead: Homestead, repost: int
    ) -> None:
        await homestead.move(CAROL, protected=True)
        await homestead.follow(ALICE, CAROL)
        viewers = (ALICE, DAVE, None, CAROL)
        assert [await self.seen(homestead, repost, viewer_id=viewer) for viewer in viewers] == [
            [repost],
            [],
            [],
            [repost],
        ]

    @pytest.mark.parametrize("state", [State.SUSPENDED, State.DEACTIVATED])
    async def test_a_repost_of_somebody_away_is_away(self, homestead: Homestead, repost: int, state: State) -> None:
        await homestead.move(CAROL, state)
        assert await self.seen(homestead, repost) == []
        await homestead.move(CAROL)
        assert await self.seen(homestead, repost) == [repost]

    async def test_ones_own_repost_is_hidden_like_any_other(self, homestead: Homestead, repost: int) -> None:
        await homestead.block(CAROL, BOB)
        assert await self.seen(homestead, repost, viewer_id=BOB) == []
        assert await self.seen(homestead, repost) == [repost]

    @pytest.mark.parametrize("viewer_id", [ALICE, BOB, None])
    async def test_a_repost_of_nobody_knows_whom_is_not_seen(self, homestead: Homestead, viewer_id: int | None) -> None:
        details = PostDetails(references=(Reference("retweeted", 41),))
        await homestead.store.posts.put([Post(42, BOB, "RT @user_3: secret", NOW, details)])
        assert await self.seen(homestead, 42, viewer_id=viewer_id) == []
        await homestead.store.posts.put([Post(41, CAROL, "secret", NOW)])
        assert await self.seen(homestead, 42, viewer_id=viewer_id) == [42]

    async def test_posts_of_nobody_who_is_repeated_are_judged_by_their_authors_alone(
        self, homestead: Homestead, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[set[int]] = []
        real = homestead.visibility.visible_authors

        async def visible_authors(author_ids: Iterable[int], viewer_id: int | None) -> set[int]:
            asked.append(set(author_ids))
            return await real(asked[-1], viewer_id)

        monkeypatch.setattr(homestead.visibility, "visible_authors", visible_authors)
        assert len(await self.seen(homestead, *[await homestead.post(author) for author in (BOB, DAVE, BOB)])) == 3
        assert asked == [{BOB, DAVE}]


@pytest.mark.parametrize("viewer_id", [ALICE, None], ids=["a-person", "an-app"])
async def test_whoever_does_not_exist_is_not_seen(homestead: Homestead, viewer_id: int | None) -> None:
    assert await seen(homestead, viewer_id, [NOBODY, MAX_ID + 1]) == set()
    assert await seen(homestead, viewer_id, []) == set()
