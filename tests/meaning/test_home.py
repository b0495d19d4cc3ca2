"""The finer rules of what a mute hides, through the public API alone."""

from collections.abc import Awaitable, Callable

import pytest

from tacet.records.people import Person, State
from tests.cast import BOB, CAROL, PROTECTED
from tests.meaning.api import Someone
from tests.service import Service


@pytest.fixture
async def following(alice: Someone, bob: Someone, carol: Someone) -> tuple[Someone, Someone, Someone]:
    """Alice follows both."""
    await alice.follows(bob)
    await alice.follows(carol)
    return alice, bob, carol


Three = tuple[Someone, Someone, Someone]


class TestWhatIsHidden:
    async def test_posts_replies_and_quotes_of_the_muted_account(self, following: Three) -> None:
        alice, bob, carol = following
        theirs = await carol.posts("Carol's")
        await bob.posts("Bob's")
        await bob.posts("An answer", reply={"in_reply_to_tweet_id": theirs})
        await bob.posts("Look at this", quote_tweet_id=theirs)
        await alice.mutes(bob)
        assert await alice.home() == [theirs]

    async def test_what_the_muted_account_reposts(self, following: Three) -> None:
        alice, bob, carol = following
        theirs = await carol.posts("Carol's")
        await bob.reposts(theirs)
        assert len(await alice.home()) == 2
        await alice.mutes(bob)
        assert await alice.home() == [theirs]

    async def test_reposts_by_others_of_the_muted_account(self, following: Three) -> None:
        alice, bob, carol = following
        post = await bob.posts("Bob's")
        await carol.reposts(post)
        assert len(await alice.home()) == 2
        await alice.mutes(bob)
        assert await alice.home() == []

    async def test_reposts_of_a_muted_account_that_one_does_not_follow(self, following: Three) -> None:
        alice, bob, carol = following
        await alice.unfollows(bob)
        await carol.reposts(await bob.posts("Bob's"))
        assert len(await alice.home()) == 1
        await alice.mutes(bob)
        assert await alice.home() == []


class TestWhatStays:
    async def test_ones_own_posts_even_of_the_muted_account(self, following: Three) -> None:
        alice, bob, _ = following
        own = await alice.posts("Mine")
        await alice.reposts(await bob.posts("Bob's"))
        await alice.mutes(bob)
        [repost, kept] = await alice.home()
        assert kept == own
        assert repost not in (own, "")

    async def test_answers_to_the_muted_account_and_quotes_of_it(self, following: Three) -> None:
        alice, bob, carol = following
        post = await bob.posts("Bob's")
        answer = await carol.posts("I think so too", reply={"in_reply_to_tweet_id": post})
        quote = await carol.posts("Well said", quote_tweet_id=post)
        await alice.mutes(bob)
        assert await alice.home() == [quote, answer]

    async def test_mentions_by_the_muted_account(self, following: Three) -> None:
        alice, bob, _ = following
        post = await bob.posts("Hello @alice")
        await alice.mutes(bob)
        assert await alice.mentions() == [post]

    async def test_everybody_elses_home(self, following: Three) -> None:
        alice, bob, carol = following
        await carol.follows(bob)
        post = await bob.posts("Bob's")
        await alice.mutes(bob)
        assert await carol.home() == [post]


class TestAtOnce:
    async def test_unmuting_brings_the_posts_back(self, following: Three) -> None:
        alice, bob, carol = following
        first = await bob.posts("One")
        await alice.mutes(bob)
        second, third = await carol.posts("Two"), await bob.posts("Three")
        assert await alice.home() == [second]
        await alice.unmutes(bob)
        assert await alice.home() == [third, second, first]

    async def test_muting_takes_them_away_from_every_page(self, following: Three) -> None:
        alice, bob, carol = following
        kept = [await someone.posts(str(n)) for n in range(12) for someone in (bob, carol)][1::2]
        first = await alice.get(f"{alice.path}/timelines/reverse_chronological?max_results=8")
        await alice.mutes(bob)
        token = first.json["meta"]["next_token"]
        rest = await alice.home(f"max_results=100&pagination_token={token}")
        assert rest == [post for post in reversed(kept) if post < first.ids[-1]]

    async def test_through_either_api(self, following: Three) -> None:
        alice, bob, _ = following
        post = await bob.posts("Bob's")
        assert (await alice.old("POST", "mutes/users/create", user_id=bob.id)).status == 200
        assert await alice.home() == []
        assert (await alice.old("POST", "mutes/users/destroy", screen_name=BOB.username)).status == 200
        assert await alice.home() == [post]


class TestOtherAccounts:
    async def test_a_protected_account_can_be_muted(self, alice: Someone, unlimited: Service) -> None:
        shy = Someone(unlimited, PROTECTED)
        await alice.mutes(shy)
        assert await alice.muted() == [shy.id]
        assert await alice.follows(shy) == {"following": False, "pending_follow": True}
        assert await alice.muted() == [shy.id]

    @pytest.mark.parametrize("state", [State.SUSPENDED, State.DEACTIVATED], ids=lambda state: state.name.lower())
    async def test_whoever_is_away_leaves_the_lists_and_returns(
        self, following: Three, unlimited: Service, state: State
    ) -> None:
        alice, bob, _ = following
        post = await bob.posts("Bob's")
        await alice.mutes(bob)
        lists: list[Callable[[], Awaitable[list[str]]]] = [alice.muted, old_ids(alice)]
        for state_now, expected in ((state, []), (State.ACTIVE, [bob.id])):
            await unlimited.put(Person(BOB.id, BOB.username, BOB.name, state_now))
            assert [await each() for each in lists] == [expected, expected]
            assert await alice.home() == []
        await alice.unmutes(bob)
        assert await alice.home() == [post]

    async def test_posts_of_whoever_is_away_are_away(self, following: Three, unlimited: Service) -> None:
        alice, _, carol = following
        post = await carol.posts("Carol's")
        await unlimited.put(Person(CAROL.id, CAROL.username, CAROL.name, State.SUSPENDED))
        assert await alice.home() == []
        await unlimited.put(CAROL)
        assert await alice.home() == [post]


def old_ids(someone: Someone) -> Callable[[], Awaitable[list[str]]]:
    async def ids() -> list[str]:
        answer = await someone.old("GET", "mutes/users/ids", stringify_ids="true")
        listed: list[str] = answer.json["ids"]
        return listed

    return ids
