import asyncio

import pytest

from tacet.graph.errors import (
    BlockedByTarget,
    CannotFollowSelf,
    GraphRefused,
    TargetBlocked,
    TargetMissing,
    TargetUnavailable,
)
from tacet.graph.follows import Followed
from tacet.mutes.positions import FIRST_PAGE, Cursor
from tacet.records.people import MAX_ID, Person, Profile
from tacet.records.relations import Kind
from tests.graph.world import ANN, BEA, BEYOND, CEM, DEACTIVATED, NOBODY, SHY, SUSPENDED, World, follow

NOW_FOLLOWING = Followed(following=True, pending=False)
PENDING = Followed(following=False, pending=True)
ASKED = {(Kind.REQUEST, ANN, SHY)}


class TestFollow:
    async def test_a_follow_is_on_both_lists(self, world: World) -> None:
        assert await world.follows.follow(ANN, BEA) == NOW_FOLLOWING
        assert await world.edges() == follow(ANN, BEA)
        assert (await world.following(ANN), await world.followers(BEA)) == ([BEA], [ANN])
        assert (await world.following(BEA), await world.followers(ANN)) == ([], [])

    async def test_following_again_keeps_its_place(self, world: World) -> None:
        for target_id in (BEA, CEM, BEA):
            assert await world.follows.follow(ANN, target_id) == NOW_FOLLOWING
        assert await world.following(ANN) == [CEM, BEA]

    async def test_lists_show_the_newest_first(self, world: World) -> None:
        for source_id in (BEA, CEM, MAX_ID):
            await world.follows.follow(source_id, ANN)
        assert await world.followers(ANN) == [MAX_ID, CEM, BEA]

    async def test_both_lists_are_paged(self, world: World) -> None:
        for other_id in (BEA, CEM, MAX_ID):
            await world.follows.follow(ANN, other_id)
            await world.follows.follow(other_id, ANN)
        for read in (world.follows.following, world.follows.followers):
            first = await read(ANN, FIRST_PAGE, 2)
            assert first.target_ids == [MAX_ID, CEM]
            assert first.older_than is not None
            assert (await read(ANN, Cursor(first.older_than), 2)).target_ids == [BEA]

    @pytest.mark.parametrize(
        ("target_id", "refusal"),
        [
            pytest.param(ANN, CannotFollowSelf, id="oneself"),
            pytest.param(NOBODY, TargetMissing, id="nobody"),
            pytest.param(0, TargetMissing, id="zero"),
            pytest.param(BEYOND, TargetMissing, id="too-large-to-be-stored"),
            pytest.param(SUSPENDED, TargetUnavailable, id="suspended"),
            pytest.param(DEACTIVATED, TargetUnavailable, id="deactivated"),
        ],
    )
    async def test_a_follow_that_is_refused_writes_nothing(
        self, world: World, target_id: int, refusal: type[GraphRefused]
    ) -> None:
        with pytest.raises(refusal):
            await world.follows.follow(ANN, target_id)
        assert (await world.edges(), world.changed) == (set(), [])

    @pytest.mark.parametrize("target_id", [BEA, SHY], ids=["public", "protected"])
    async def test_whoever_is_blocked_cannot_follow(self, world: World, target_id: int) -> None:
        await world.blocks.block(target_id, ANN)
        with pytest.raises(BlockedByTarget):
            await world.follows.follow(ANN, target_id)
        assert await world.edges() == {(Kind.BLOCK, target_id, ANN)}

    @pytest.mark.parametrize("target_id", [BEA, SHY], ids=["public", "protected"])
    async def test_whoever_blocks_must_unblock_first(self, world: World, target_id: int) -> None:
        await world.blocks.block(ANN, target_id)
        with pytest.raises(TargetBlocked):
            await world.follows.follow(ANN, target_id)
        assert await world.edges() == {(Kind.BLOCK, ANN, target_id)}
        await world.blocks.unblock(ANN, target_id)
        await world.follows.follow(ANN, target_id)

    @pytest.mark.parametrize("blocker_id", [ANN, BEA], ids=["ones-own", "the-targets"])
    @pytest.mark.parametrize("block_comes_first", [True, False])
    async def test_a_block_at_the_same_moment_wins(
        self, world: World, blocker_id: int, block_comes_first: bool
    ) -> None:
        blocked_id = BEA if blocker_id == ANN else ANN
        actions = [world.blocks.block(blocker_id, blocked_id), world.follows.follow(ANN, BEA)]
        ordered = actions if block_comes_first else actions[::-1]
        await asyncio.gather(*ordered, return_exceptions=True)
        assert await world.edges() == {(Kind.BLOCK, blocker_id, blocked_id)}

    @pytest.mark.parametrize("target_id", [BEA, SHY], ids=["public", "protected"])
    async def test_ones_own_block_at_the_same_moment_is_no_follow_in_between(
        self, world: World, target_id: int
    ) -> None:
        block, follow_ = world.blocks.block(ANN, target_id), world.follows.follow(ANN, target_id)
        _, refusal = await asyncio.gather(block, follow_, return_exceptions=True)
        assert isinstance(refusal, TargetBlocked)
        # Only the block told of a change: no follow was made and taken back.
        assert world.changed == [ANN, target_id]

    @pytest.mark.parametrize("target_id", [BEA, SHY], ids=["public", "protected"])
    async def test_of_two_blocks_ones_own_is_told(self, world: World, target_id: int) -> None:
        await world.blocks.block(target_id, ANN)
        await world.blocks.block(ANN, target_id)
        with pytest.raises(TargetBlocked):
            await world.follows.follow(ANN, target_id)

    @pytest.mark.parametrize("target_id", [BEA, SHY], ids=["public", "protected"])
    async def test_a_follow_is_one_write_that_asks_for_nothing_before(
        self, world: World, target_id: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def refuse(*_: object) -> set[int]:
            raise AssertionError("what is read before a write may be over when it is written")

        monkeypatch.setattr(world.store.relations, "which", refuse)
        monkeypatch.setattr(world.store.relations, "who", refuse)
        for _ in range(2):
            await world.follows.follow(ANN, target_id)

    async def test_a_mute_stays_whatever_one_follows(self, world: World) -> None:
        await world.mutes.mute(ANN, BEA)
        await world.follows.follow(ANN, BEA)
        assert await world.edges() == {(Kind.MUTE, ANN, BEA), *follow(ANN, BEA)}
        await world.follows.unfollow(ANN, BEA)
        assert await world.edges() == {(Kind.MUTE, ANN, BEA)}


class TestProtected:
    async def test_a_protected_account_is_asked(self, world: World) -> None:
        assert await world.follows.follow(ANN, SHY) == PENDING
        assert await world.follows.follow(ANN, SHY) == PENDING
        assert await world.edges() == ASKED
        assert (await world.followers(SHY), world.changed) == ([], [])

    async def test_whoever_was_a_follower_before_stays_one(self, world: World) -> None:
        await world.follows.follow(ANN, BEA)
        await world.put(Person(BEA, "user_2", "Someone", profile=Profile(protected=True)))
        assert await world.follows.follow(ANN, BEA) == NOW_FOLLOWING
        assert await world.edges() == follow(ANN, BEA)

    async def test_asking_ends_with_a_follow_once_the_account_is_open(self, world: World) -> None:
        await world.follows.follow(ANN, SHY)
        await world.put(Person(SHY, "shy", "Shy"))
        assert await world.follows.follow(ANN, SHY) == NOW_FOLLOWING
        assert await world.edges() == follow(ANN, SHY)

    async def test_asking_can_be_taken_back(self, world: World) -> None:
        await world.follows.follow(ANN, SHY)
        assert await world.follows.unfollow(ANN, SHY)
        assert not await world.follows.unfollow(ANN, SHY)
        assert await world.edges() == set()


class TestUnfollow:
    async def test_unfollow_says_whether_it_held(self, world: World) -> None:
        await world.follows.follow(ANN, BEA)
        await world.follows.follow(BEA, ANN)
        assert await world.follows.unfollow(ANN, BEA)
        assert not await world.follows.unfollow(ANN, BEA)
        assert await world.edges() == follow(BEA, ANN)

    @pytest.mark.parametrize(
        "target_id", [ANN, BEA, NOBODY, SUSPENDED, MAX_ID, MAX_ID + 1, BEYOND], ids=lambda id_: str(id_)[:20]
    )
    async def test_unfollowing_whom_one_does_not_follow_changes_nothing(self, world: World, target_id: int) -> None:
        await world.follows.follow(ANN, CEM)
        assert not await world.follows.unfollow(ANN, target_id)
        assert await world.edges() == follow(ANN, CEM)


async def test_whoever_follows_others_than_before_is_told_of_once(world: World) -> None:
    for _ in range(2):
        await world.follows.follow(ANN, BEA)
    assert world.changed == [ANN]
    for _ in range(2):
        await world.follows.unfollow(ANN, BEA)
    assert world.changed == [ANN, ANN]
