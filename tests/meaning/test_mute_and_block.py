"""What a mute is and what a block is, row by row of X's guide, through the public API alone.

Alice does it, Bob it is done to. Before, they follow each other, and each takes messages from whom they follow.
"""

from collections.abc import Awaitable, Callable

import pytest

from tests.meaning.api import Someone
from tests.service import Answer, Service

Deed = Callable[[Someone, Someone], Awaitable[None]]

DEEDS: dict[str, Deed] = {"mute": Someone.mutes, "block": Someone.blocks}
UNDONE: dict[str, Deed] = {"mute": Someone.unmutes, "block": Someone.unblocks}

deeds = pytest.mark.parametrize("deed", DEEDS)


@pytest.fixture
async def friends(alice: Someone, bob: Someone) -> tuple[Someone, Someone]:
    await alice.follows(bob)
    await bob.follows(alice)
    return alice, bob


Friends = tuple[Someone, Someone]


class TestTable:
    @deeds
    async def test_one_does_not_see_their_posts(self, friends: Friends, deed: str) -> None:
        alice, bob = friends
        before = await bob.posts("Before")
        assert await alice.home() == [before]
        await DEEDS[deed](alice, bob)
        await bob.posts("After")
        assert await alice.home() == []

    async def test_muted_posts_are_hidden_and_not_gone(self, friends: Friends) -> None:
        alice, bob = friends
        await alice.mutes(bob)
        post = await bob.posts("Still there")
        assert await alice.profile_of(bob) == [post]
        assert await alice.sees(post)

    async def test_blocked_ones_cannot_be_looked_up_either(self, friends: Friends) -> None:
        alice, bob = friends
        post = await bob.posts("Not for her any more")
        await alice.blocks(bob)
        assert await alice.profile_of(bob) == []
        assert not await alice.sees(post)

    @pytest.mark.parametrize(("deed", "seen"), [("mute", True), ("block", False)], ids=DEEDS)
    async def test_they_see_ones_posts(self, friends: Friends, deed: str, seen: bool) -> None:
        alice, bob = friends
        await DEEDS[deed](alice, bob)
        post = await alice.posts("Mine")
        assert [await bob.sees(post), post in await bob.profile_of(alice), post in await bob.home()] == [seen] * 3

    @pytest.mark.parametrize(("deed", "follows"), [("mute", True), ("block", False)], ids=DEEDS)
    async def test_they_follow_one(self, friends: Friends, deed: str, follows: bool) -> None:
        alice, bob = friends
        await DEEDS[deed](alice, bob)
        assert (bob.id in await alice.followers()) is follows
        assert (alice.id in await bob.followed()) is follows

    @pytest.mark.parametrize(("deed", "status"), [("mute", 200), ("block", 403)], ids=DEEDS)
    async def test_they_can_follow_one(self, alice: Someone, bob: Someone, deed: str, status: int) -> None:
        await DEEDS[deed](alice, bob)
        answer = await bob.send(f"{bob.path}/following", {"target_user_id": alice.id})
        assert answer.status == status
        assert (bob.id in await alice.followers()) is (status == 200)

    @pytest.mark.parametrize(("deed", "status"), [("mute", 201), ("block", 403)], ids=DEEDS)
    async def test_they_can_message_one(self, friends: Friends, deed: str, status: int) -> None:
        alice, bob = friends
        await DEEDS[deed](alice, bob)
        assert (await bob.writes_to(alice, "Are you there?")).status == status
        assert await alice.letters() == (["Are you there?"] if status == 201 else [])

    @deeds
    async def test_nobody_is_notified(self, friends: Friends, deed: str) -> None:
        alice, bob = friends
        before = [await bob.letters(), await bob.mentions()]
        await DEEDS[deed](alice, bob)
        assert [await bob.letters(), await bob.mentions()] == before == [[], []]

    @deeds
    async def test_it_can_be_undone(self, friends: Friends, deed: str) -> None:
        alice, bob = friends
        post = await bob.posts("Back again")
        await DEEDS[deed](alice, bob)
        await UNDONE[deed](alice, bob)
        # A block ended the follow, and its end brings none back.
        assert await alice.home() == ([post] if deed == "mute" else [])
        assert await alice.profile_of(bob) == [post]


class TestOneBesideTheOther:
    async def test_a_mute_keeps_both_follows(self, friends: Friends) -> None:
        alice, bob = friends
        await alice.mutes(bob)
        assert await alice.status_of(bob) == {"following", "followed_by", "muting"}

    async def test_following_and_unfollowing_leave_the_mute_alone(self, alice: Someone, bob: Someone) -> None:
        await alice.mutes(bob)
        for step in (alice.follows, alice.unfollows):
            await step(bob)
            assert await alice.muted() == [bob.id]

    async def test_blocking_and_unblocking_leave_the_mute_alone(self, alice: Someone, bob: Someone) -> None:
        await alice.mutes(bob)
        for step in (alice.blocks, alice.unblocks):
            await step(bob)
            assert await alice.muted() == [bob.id]

    async def test_somebody_blocked_can_be_muted(self, alice: Someone, bob: Someone) -> None:
        await alice.blocks(bob)
        await alice.mutes(bob)
        assert await alice.status_of(bob) == {"blocking", "muting"}


SECRETS = {
    "their own profile": "/2/users/me?user.fields=connection_status,public_metrics",
    "one's profile": "/2/users/1001?user.fields=connection_status,receives_your_dm,public_metrics",
    "their own mutes": "/2/users/1002/muting",
    "one's posts": "/2/users/1001/tweets?tweet.fields=public_metrics",
    "their home": "/2/users/1002/timelines/reverse_chronological",
    "their mentions": "/2/users/1002/mentions",
    "their followers": "/2/users/1002/followers?user.fields=connection_status",
    "whom they follow": "/2/users/1002/following?user.fields=connection_status",
    "their messages": "/2/dm_events",
}
OLD_SECRETS = {
    "one's profile in v1.1": ("users/show", {"user_id": "1001"}),
    "the friendship": ("friendships/show", {"target_id": "1001"}),
    "the friendship from one's side": ("friendships/show", {"source_id": "1001", "target_id": "1002"}),
    "connections": ("friendships/lookup", {"user_id": "1001"}),
}


async def seen_by(bob: Someone) -> list[tuple[int, bytes]]:
    answers: list[Answer] = [await bob.get(target) for target in SECRETS.values()]
    answers += [await bob.old("GET", name, **parameters) for name, parameters in OLD_SECRETS.values()]
    return [(answer.status, answer.body) for answer in answers]


async def test_whoever_is_muted_sees_what_they_saw_before(friends: Friends, unlimited: Service) -> None:
    alice, bob = friends
    await alice.posts("For everybody")
    await bob.writes_to(alice)
    before = await seen_by(bob)
    await alice.mutes(bob)
    assert await seen_by(bob) == before
    assert {status for status, _ in before} == {200}
