"""Whatever two servers do between the same two people at once, what holds afterwards could have come of one server."""

import asyncio

import pytest

from tacet.clock import ManualClock
from tacet.mutes.positions import FIRST_PAGE
from tacet.records.relations import Edge, Kind
from tests.cast import ALICE, BOB, CAROL, NOW_MS
from tests.shared.servers import Servers

ROUNDS = 25
"""Enough for the two to meet in every order; each is a few milliseconds."""


async def holds(servers: Servers, *edges: Edge) -> list[bool]:
    relations = servers.here.store.relations
    return [
        await relations.position(edge.kind, edge.source_id, edge.target_id, NOW_MS + 1) is not None for edge in edges
    ]


async def test_a_follow_and_a_block_never_hold_together(servers: Servers) -> None:
    sides = (
        Edge(Kind.FOLLOW, ALICE.id, BOB.id),
        Edge(Kind.FOLLOWED_BY, BOB.id, ALICE.id),
        Edge(Kind.BLOCK, BOB.id, ALICE.id),
    )
    for turn in range(ROUNDS):
        first, second = servers.both[:: 1 if turn % 2 else -1]
        following = first.tacet.actions.follows.follow(ALICE.id, BOB.id)
        blocking = second.tacet.actions.blocks.block(BOB.id, ALICE.id)
        await asyncio.gather(*((following, blocking) if turn % 3 else (blocking, following)), return_exceptions=True)
        assert await holds(servers, *sides) == [False, False, True]
        await servers.here.tacet.actions.blocks.unblock(BOB.id, ALICE.id)


async def test_both_sides_of_a_follow_hold_or_neither(servers: Servers) -> None:
    sides = (Edge(Kind.FOLLOW, ALICE.id, BOB.id), Edge(Kind.FOLLOWED_BY, BOB.id, ALICE.id))
    here, there = (server.tacet.actions.follows for server in servers.both)
    for _ in range(ROUNDS):
        await asyncio.gather(
            here.follow(ALICE.id, BOB.id), there.unfollow(ALICE.id, BOB.id), there.follow(ALICE.id, BOB.id)
        )
        one, other = await holds(servers, *sides)
        assert one == other


async def test_both_who_block_each_other_at_once_do(servers: Servers) -> None:
    here, there = (server.tacet.actions.blocks for server in servers.both)
    for _ in range(ROUNDS):
        await asyncio.gather(here.block(ALICE.id, BOB.id), there.block(BOB.id, ALICE.id))
        assert await here.unblock(BOB.id, ALICE.id)
        assert await there.unblock(ALICE.id, BOB.id)


async def test_of_many_mutes_of_one_account_one_is_new(servers: Servers) -> None:
    mutes = [server.tacet.actions.mutes for server in servers.both]
    for _ in range(ROUNDS):
        new = await asyncio.gather(*(each.mute(ALICE.id, BOB.id) for each in mutes * 4))
        assert sorted(new) == [False] * 7 + [True]
        gone = await asyncio.gather(*(each.unmute(ALICE.id, BOB.id) for each in mutes * 4))
        assert sorted(gone) == [False] * 7 + [True]


async def test_mutes_made_in_the_same_moment_all_have_a_place(twins: Servers) -> None:
    """Both servers draw the same positions."""
    crowd = await twins.here.crowd(40)
    mutes = [server.tacet.actions.mutes for server in twins.both]
    await asyncio.gather(*(mutes[n % 2].mute(ALICE.id, person.id) for n, person in enumerate(crowd)))
    page = await mutes[0].page(ALICE.id, FIRST_PAGE, 100)
    assert sorted(page.target_ids) == [person.id for person in crowd]


@pytest.mark.parametrize("set_back_ms", [0, 3_600_000], ids=["right", "an hour slow"])
async def test_a_mute_is_known_at_the_other_server_at_once_whatever_its_clock_says(
    servers: Servers, set_back_ms: int
) -> None:
    assert isinstance(servers.there.clock, ManualClock)
    servers.there.clock.advance(-set_back_ms)
    for muting, asking in ((servers.alice, servers.alice_there), (servers.alice_there, servers.alice)):
        await muting.mutes(servers.bob)
        assert await asking.muted() == [str(BOB.id)]
        await asking.mutes(servers.carol)
        assert sorted(await muting.muted()) == [str(BOB.id), str(CAROL.id)]
        await asking.unmutes(servers.bob)
        await muting.unmutes(servers.carol)
        assert await muting.muted() == await asking.muted() == []


async def test_places_in_a_list_follow_the_clock_of_the_server_that_muted(servers: Servers) -> None:
    servers.there.clock.advance(-60_000)
    await servers.alice.mutes(servers.bob)
    await servers.alice_there.mutes(servers.carol)
    assert await servers.alice.muted() == await servers.alice_there.muted() == [str(BOB.id), str(CAROL.id)]
