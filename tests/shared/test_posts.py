"""Posts, follows and blocks that another server has made show at once, and nothing that is gone is shown."""

import asyncio

import pytest

from tacet.clock import ManualClock
from tacet.records.people import Post
from tests.cast import ALICE, BOB, CAROL, NOW_MS, move_in
from tests.meaning.api import Someone
from tests.service import opened
from tests.shared.servers import Servers


async def test_a_home_has_what_was_posted_at_another_server(servers: Servers) -> None:
    await servers.alice.follows(servers.bob)
    first = await servers.bob.posts("One")
    assert await servers.alice.home() == [first]
    second = await servers.bob_there.posts("Two")
    assert await servers.alice.home() == await servers.alice_there.home() == [second, first]


async def test_a_home_has_nothing_that_was_deleted_at_another_server(servers: Servers) -> None:
    await servers.alice.follows(servers.bob)
    await servers.alice.follows(servers.carol)
    original = await servers.bob.posts("One")
    await servers.carol.reposts(original)
    assert len(await servers.alice.home()) == 2
    await servers.bob_there.deletes(original)
    assert await servers.alice.home() == []
    assert not await servers.alice.sees(original)
    assert await servers.alice.profile_of(servers.bob) == []


async def test_a_home_knows_whom_one_follows_at_another_server(servers: Servers) -> None:
    post = await servers.bob.posts("One")
    assert await servers.alice.home() == []
    await servers.alice_there.follows(servers.bob)
    assert await servers.alice.home() == [post]
    await servers.alice_there.unfollows(servers.bob)
    assert await servers.alice.home() == []


async def test_a_home_knows_who_blocks_at_another_server(servers: Servers) -> None:
    await servers.alice.follows(servers.bob)
    await servers.carol.reposts(await servers.bob.posts("One"))
    await servers.alice.follows(servers.carol)
    assert len(await servers.alice.home()) == 2
    await servers.bob_there.blocks(servers.alice)
    assert await servers.alice.home() == []
    await servers.bob_there.unblocks(servers.alice)
    assert len(await servers.alice.home()) == 1


async def test_a_home_knows_whom_one_mutes_at_another_server(servers: Servers) -> None:
    await servers.alice.follows(servers.bob)
    post = await servers.bob.posts("One")
    assert await servers.alice.home() == [post]
    await servers.alice_there.mutes(servers.bob)
    assert await servers.alice.home() == []
    await servers.alice_there.unmutes(servers.bob)
    assert await servers.alice.home() == [post]


async def test_whoever_asks_for_what_is_newer_may_miss_what_another_server_was_still_storing(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    await servers.alice.follows(servers.bob)
    await servers.alice.follows(servers.carol)
    drawn, stored = asyncio.Event(), asyncio.Event()
    add = servers.there.store.posts.add

    async def add_late(post: Post) -> bool:
        drawn.set()
        await stored.wait()
        return await add(post)

    monkeypatch.setattr(servers.there.store.posts, "add", add_late)
    posting = asyncio.create_task(servers.carol_there.posts("Begun first"))
    await drawn.wait()
    servers.here.clock.advance(1)
    second = await servers.bob.posts("Stored first")
    assert await servers.alice.home() == [second]
    stored.set()
    first = await posting
    assert int(first) < int(second)
    assert await servers.alice.home(f"since_id={second}") == []
    assert await servers.alice.home() == [second, first]


async def test_a_post_that_was_asked_for_too_early_is_found_later(servers: Servers) -> None:
    """Whoever asks for an id before there is such a post is not told for good that there is none."""
    first = await servers.bob.posts("One")
    for ahead in range(1, 5):
        assert not await servers.alice.sees(str(int(first) + ahead))
    # The same moment, so the next id is the next number, as long as it is no other's turn to draw.
    second = await servers.bob.posts("Two")
    assert await servers.alice_there.sees(second)
    assert not await servers.alice_there.sees(str(int(second) + 1))
    third = await servers.bob.posts("Three")
    assert int(third) == int(second) + 1
    assert await servers.alice_there.sees(third)


async def test_of_two_who_post_in_the_same_moment_each_has_a_post(twins: Servers) -> None:
    authors = [twins.bob, twins.bob_there, twins.carol, twins.carol_there]
    made = await asyncio.gather(*(author.posts(f"Post {n}") for n in range(10) for author in authors))
    assert len(set(made)) == len(made)
    for post_id in made:
        assert await twins.alice.sees(post_id)


async def test_of_two_who_write_in_the_same_moment_each_has_a_message(twins: Servers) -> None:
    await twins.bob.follows(twins.alice)
    answers = await asyncio.gather(
        *(writer.writes_to(twins.bob, f"{n}") for n in range(10) for writer in (twins.alice, twins.alice_there))
    )
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["data"]["dm_event_id"] for answer in answers}) == 20
    assert sorted(await twins.bob.letters(), key=int) == [str(n) for n in range(10) for _ in range(2)]


async def test_what_comes_later_has_the_larger_id_whatever_the_clocks_say(migrated_address: str) -> None:
    """An answer is newer than what it answers, and a home is in the order in which things were done."""
    slow = ManualClock(NOW_MS - 60_000)
    async with opened(database=migrated_address, rate_limits=False) as here:
        await move_in(here.store, here.vault)
        async with opened(clock=slow, database=migrated_address, rate_limits=False, seed=3) as there:
            alice, bob, carol = Someone(here, ALICE), Someone(here, BOB), Someone(there, CAROL)
            await alice.follows(bob)
            await alice.follows(carol)
            made: list[str] = []
            for turn in range(6):
                author = (bob, carol)[turn % 2]
                answered = {"reply": {"in_reply_to_tweet_id": made[-1]}} if made else {}
                made.append(await author.posts(f"Turn {turn}", **answered))
            assert made == sorted(made, key=int)
            assert await alice.home() == made[::-1]
