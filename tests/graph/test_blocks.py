import pytest

from tacet.graph.errors import CannotBlockSelf, GraphRefused, TargetMissing, TargetUnavailable
from tacet.mutes.positions import FIRST_PAGE, Cursor
from tacet.records.people import MAX_ID
from tacet.records.relations import Kind
from tests.graph.world import ANN, BEA, BEYOND, CEM, DEACTIVATED, NOBODY, SHY, SUSPENDED, World, follow

BLOCK = {(Kind.BLOCK, ANN, BEA)}


class TestBlock:
    async def test_a_block_is_on_ones_own_list_only(self, world: World) -> None:
        assert await world.blocks.block(ANN, BEA)
        assert (await world.blocked(ANN), await world.blocked(BEA)) == ([BEA], [])

    async def test_blocking_again_keeps_its_place(self, world: World) -> None:
        await world.blocks.block(ANN, BEA)
        await world.blocks.block(ANN, CEM)
        assert not await world.blocks.block(ANN, BEA)
        assert await world.blocked(ANN) == [CEM, BEA]

    async def test_the_list_is_paged(self, world: World) -> None:
        for target_id in (BEA, CEM, SHY):
            await world.blocks.block(ANN, target_id)
        first = await world.blocks.page(ANN, FIRST_PAGE, 2)
        assert first.target_ids == [SHY, CEM]
        assert first.older_than is not None
        assert (await world.blocks.page(ANN, Cursor(first.older_than), 2)).target_ids == [BEA]

    async def test_a_block_ends_follows_both_ways(self, world: World) -> None:
        for source_id, target_id in ((ANN, BEA), (BEA, ANN), (ANN, CEM), (CEM, BEA)):
            await world.follows.follow(source_id, target_id)
        await world.blocks.block(ANN, BEA)
        assert await world.edges() == BLOCK | follow(ANN, CEM) | follow(CEM, BEA)

    @pytest.mark.parametrize(("blocker_id", "blocked_id"), [(ANN, SHY), (SHY, ANN)], ids=["by-whom", "of-whom"])
    async def test_a_block_ends_asking_to_follow(self, world: World, blocker_id: int, blocked_id: int) -> None:
        await world.follows.follow(ANN, SHY)
        await world.blocks.block(blocker_id, blocked_id)
        assert await world.edges() == {(Kind.BLOCK, blocker_id, blocked_id)}

    async def test_two_can_block_each_other(self, world: World) -> None:
        await world.blocks.block(ANN, BEA)
        await world.blocks.block(BEA, ANN)
        assert await world.edges() == {*BLOCK, (Kind.BLOCK, BEA, ANN)}
        await world.blocks.unblock(BEA, ANN)
        assert await world.edges() == BLOCK

    async def test_mutes_stay_whatever_one_blocks(self, world: World) -> None:
        mutes = {(Kind.MUTE, ANN, BEA), (Kind.MUTE, BEA, ANN)}
        await world.mutes.mute(ANN, BEA)
        await world.mutes.mute(BEA, ANN)
        await world.blocks.block(ANN, BEA)
        assert await world.edges() == mutes | BLOCK
        await world.blocks.unblock(ANN, BEA)
        assert await world.edges() == mutes

    async def test_whoever_is_blocked_can_be_muted(self, world: World) -> None:
        await world.blocks.block(ANN, BEA)
        assert await world.mutes.mute(ANN, BEA)
        assert await world.mutes.mute(BEA, ANN)

    @pytest.mark.parametrize(
        ("target_id", "refusal"),
        [
            pytest.param(ANN, CannotBlockSelf, id="oneself"),
            pytest.param(NOBODY, TargetMissing, id="nobody"),
            pytest.param(BEYOND, TargetMissing, id="too-large-to-be-stored"),
            pytest.param(SUSPENDED, TargetUnavailable, id="suspended"),
            pytest.param(DEACTIVATED, TargetUnavailable, id="deactivated"),
        ],
    )
    async def test_a_block_that_is_refused_writes_nothing(
        self, world: World, target_id: int, refusal: type[GraphRefused]
    ) -> None:
        with pytest.raises(refusal):
            await world.blocks.block(ANN, target_id)
        assert (await world.edges(), world.changed) == (set(), [])


class TestUnblock:
    async def test_unblock_says_whether_it_held(self, world: World) -> None:
        await world.blocks.block(ANN, BEA)
        assert await world.blocks.unblock(ANN, BEA)
        assert not await world.blocks.unblock(ANN, BEA)
        assert await world.edges() == set()

    async def test_unblock_restores_no_follow(self, world: World) -> None:
        await world.follows.follow(BEA, ANN)
        await world.blocks.block(ANN, BEA)
        await world.blocks.unblock(ANN, BEA)
        assert await world.edges() == set()
        await world.follows.follow(BEA, ANN)
        assert await world.edges() == follow(BEA, ANN)

    @pytest.mark.parametrize("target_id", [ANN, BEA, NOBODY, MAX_ID + 1, BEYOND], ids=lambda id_: str(id_)[:20])
    async def test_unblocking_whom_one_does_not_block_changes_nothing(self, world: World, target_id: int) -> None:
        await world.blocks.block(ANN, CEM)
        assert not await world.blocks.unblock(ANN, target_id)
        assert await world.blocked(ANN) == [CEM]


async def test_both_are_told_of_when_a_block_begins_and_ends(world: World) -> None:
    for _ in range(2):
        await world.blocks.block(ANN, BEA)
    assert world.changed == [ANN, BEA]
    for _ in range(2):
        await world.blocks.unblock(ANN, BEA)
    assert world.changed == [ANN, BEA] * 2
