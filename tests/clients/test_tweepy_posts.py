"""tweepy's `Client` where it posts, reads timelines, follows and writes messages; only its connections are led here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tweepy import BadRequest, Client, Forbidden, HTTPException, Paginator, TooManyRequests

from tacet.sandbox.cast import PROTECTED
from tests.clients.expected import followed_by, home_of_alice, out_of_reach, posts_of, world
from tests.clients.test_tweepy import both_ways, connect, ids, keys
from tests.sandboxes import Resident, Sandbox


class Person:
    """A resident at tweepy, in one of the two ways in which one can be somebody there."""

    def __init__(self, server: Sandbox, resident: Resident, user_auth: bool) -> None:
        self.id = int(resident.id)
        self.username = resident.username
        self._how = {"user_auth": user_auth}
        self._client = connect(server, **(keys(resident) if user_auth else {"bearer_token": resident.oauth2_token}))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The client's method of that name."""

        def call(*arguments: Any, **options: Any) -> Any:
            return getattr(self._client, name)(*arguments, **self._how, **options)

        return call

    def post(self, text: str, **options: Any) -> str:
        """Post something; its id."""
        made: dict[str, str] = self.create_tweet(text=text, **options).data
        assert made["text"] == text
        return made["id"]

    def home(self) -> list[str]:
        return ids(self.get_home_timeline(max_results=100))


Meet = Callable[[str], Person]


@pytest.fixture(params=[False, True], ids=["bearer", "oauth1"])
def user_auth(request: pytest.FixtureRequest) -> bool:
    way: bool = request.param
    return way


@pytest.fixture
def meet(server: Sandbox, user_auth: bool) -> Meet:
    return lambda username: Person(server, server.resident(username), user_auth)


@contextmanager
def following(reader: Person, author: Person) -> Iterator[None]:
    """Leaves everything as it was."""
    assert reader.follow_user(author.id).data == {"following": True, "pending_follow": False}
    yield
    assert reader.unfollow_user(author.id).data == {"following": False}


class TestPosts:
    def test_are_made_read_and_deleted(self, meet: Meet) -> None:
        bob = meet("bob")
        id_ = bob.post("Rain all day.")
        assert ids(bob.get_users_tweets(bob.id))[0] == id_
        read = bob.get_tweet(id_, tweet_fields=["author_id", "created_at", "public_metrics"], expansions=["author_id"])
        assert (read.data.text, read.data.author_id) == ("Rain all day.", bob.id)
        assert read.data.public_metrics["retweet_count"] == 0
        assert [user.username for user in read.includes["users"]] == ["bob"]
        assert bob.delete_tweet(id_).data == {"deleted": True}
        assert bob.delete_tweet(id_).data == {"deleted": False}
        gone = bob.get_tweets([id_])
        assert (gone.data, gone.errors[0]["title"]) == (None, "Not Found Error")

    def test_answer_and_quote_others(self, meet: Meet) -> None:
        alice, bob = meet("alice"), meet("bob")
        first = alice.post("Who is there?")
        reply = bob.post("I am.", in_reply_to_tweet_id=first)
        quote = bob.post("Listen to this.", quote_tweet_id=first)
        read = bob.get_tweets(
            [reply, quote],
            tweet_fields=["conversation_id", "in_reply_to_user_id", "referenced_tweets"],
            expansions=["referenced_tweets.id"],
        )
        references = [(each.type, str(each.id)) for post in read.data for each in post.referenced_tweets]
        assert references == [("replied_to", first), ("quoted", first)]
        assert (read.data[0].in_reply_to_user_id, str(read.data[0].conversation_id)) == (alice.id, first)
        assert ids_of(read.includes["tweets"]) == [first]
        for author, id_ in ((alice, first), (bob, reply), (bob, quote)):
            author.delete_tweet(id_)

    def test_mention_others(self, meet: Meet) -> None:
        alice, carol = meet("alice"), meet("carol")
        id_ = alice.post("Good morning, @carol!")
        assert ids(carol.get_users_mentions(carol.id))[0] == id_
        alice.delete_tweet(id_)
        assert id_ not in ids(carol.get_users_mentions(carol.id))

    def test_are_reposted_once(self, meet: Meet) -> None:
        alice, carol = meet("alice"), meet("carol")
        id_ = alice.post("Say it again.")
        assert carol.retweet(id_).data["retweeted"] is True
        [repost, *_] = carol.get_users_tweets(carol.id, tweet_fields=["referenced_tweets"]).data
        assert [(each.type, str(each.id)) for each in repost.referenced_tweets] == [("retweeted", id_)]
        with pytest.raises(BadRequest, match="You cannot retweet a Tweet that you have already retweeted"):
            carol.retweet(id_)
        assert carol.unretweet(id_).data == {"retweeted": False}
        assert carol.unretweet(id_).data == {"retweeted": False}
        assert str(repost.id) not in ids(carol.get_users_tweets(carol.id))
        alice.delete_tweet(id_)

    def test_of_somebody_else_cannot_be_deleted(self, meet: Meet) -> None:
        alice, bob = meet("alice"), meet("bob")
        id_ = alice.post("Mine.")
        with pytest.raises(Forbidden, match="You are not authorized to delete this Tweet"):
            bob.delete_tweet(id_)
        alice.delete_tweet(id_)


def ids_of(objects: Any) -> list[str]:
    return [str(each.id) for each in objects]


class TestTimelines:
    def test_a_mute_hides_and_an_unmute_shows_again(self, meet: Meet, server: Sandbox, user_auth: bool) -> None:
        alice, bob = meet("alice"), meet("bob")
        id_ = bob.post("Will you see this?")
        assert alice.home()[0] == id_
        alice.mute(bob.id)
        assert id_ not in alice.home()
        assert ids(alice.get_users_tweets(bob.id))[0] == id_
        alice.unmute(bob.id)
        assert alice.home()[0] == id_
        bob.delete_tweet(id_)
        assert id_ not in alice.home()

    def test_following_brings_posts_and_unfollowing_takes_them(self, meet: Meet, newcomer: Resident) -> None:
        reader, author = meet(newcomer.username), meet("carol")
        id_ = author.post("For those who follow me.")
        assert id_ not in reader.home()
        with following(reader, author):
            assert reader.home()[0] == id_
        assert id_ not in reader.home()
        author.delete_tweet(id_)

    def test_paginator_walks_the_home_timeline(self, server: Sandbox, user_auth: bool) -> None:
        resident = server.resident("alice")
        client = connect(server, **(keys(resident) if user_auth else {"bearer_token": resident.oauth2_token}))
        pages = list(Paginator(client.get_home_timeline, max_results=10, user_auth=user_auth))
        assert [each for page in pages for each in ids(page)] == home_of_alice()
        assert len(pages) > 3
        options = {"pagination_token": pages[-1].meta["previous_token"], "max_results": 10, "user_auth": user_auth}
        back = list(reversed(Paginator(client.get_home_timeline, **options)))
        assert [ids(page) for page in back] == [ids(page) for page in pages[-2::-1]]

    def test_authors_come_along(self, meet: Meet) -> None:
        page = meet("alice").get_home_timeline(
            max_results=50,
            expansions=["author_id", "referenced_tweets.id", "referenced_tweets.id.author_id"],
            tweet_fields=["created_at", "entities", "public_metrics", "referenced_tweets"],
            user_fields=["connection_status", "verified"],
        )
        users = {user.id: user for user in page.includes["users"]}
        assert {post.author_id for post in page.data} <= set(users)
        assert "following" in users[page.data[0].author_id]["connection_status"] or page.data[0].author_id == 1001
        referenced = {str(each.id) for post in page.data for each in post.referenced_tweets or ()}
        assert set(ids_of(page.includes["tweets"])) <= referenced
        assert all(post.created_at.year <= 2026 for post in page.data)

    def test_what_somebody_posted_comes_in_pages(self, meet: Meet) -> None:
        alice = meet("alice")
        author = max((person.id for person in world().people if person.id in open_authors()), key=count_of_posts)
        expected = posts_of(author)
        assert ids(alice.get_users_tweets(author, max_results=100)) == expected
        [first, *_] = expected
        assert ids(alice.get_users_tweets(author, until_id=first, max_results=100)) == expected[1:]
        assert ids(alice.get_users_tweets(author, since_id=expected[-1], max_results=100)) == expected[:-1]

    def test_kinds_of_posts_can_be_left_out(self, meet: Meet) -> None:
        alice = meet("alice")
        kept = alice.get_home_timeline(
            max_results=100, exclude=["replies", "retweets"], tweet_fields=["referenced_tweets"]
        )
        kinds = {each.type for post in kept.data for each in post.referenced_tweets or ()}
        assert kinds <= {"quoted"}
        assert set(ids(kept)) < set(home_of_alice())

    def test_posts_of_a_protected_account_are_for_its_followers(self, meet: Meet) -> None:
        locked = world().people[PROTECTED].id
        assert ids(meet("alice").get_users_tweets(locked, max_results=100)) == posts_of(locked)
        refused = meet("bob").get_users_tweets(locked)
        assert (refused.data, refused.errors[0]["title"]) == (None, "Authorization Error")


def open_authors() -> set[int]:
    return {int(id_) for id_ in followed_by(1001)}


def count_of_posts(author_id: int) -> int:
    return len(posts_of(author_id))


class TestFollows:
    def test_are_listed_newest_first(self, meet: Meet) -> None:
        alice = meet("alice")
        assert ids(alice.get_users_following(1001, max_results=1000)) == followed_by(1001)
        assert "1002" in ids(alice.get_users_followers(1001, max_results=1000))

    def test_paginator_walks_them(self, server: Sandbox) -> None:
        client = connect(server, bearer_token=server.resident("alice").oauth2_token)
        pages = list(Paginator(client.get_users_following, 1001, max_results=7))
        assert [each for page in pages for each in ids(page)] == followed_by(1001)
        assert len(pages) == 3

    def test_can_be_asked_for_only_where_an_account_is_protected(self, meet: Meet) -> None:
        carol, locked = meet("carol"), world().people[PROTECTED].id
        assert carol.follow_user(locked).data == {"following": False, "pending_follow": True}
        [user] = carol.get_users(ids=[locked], user_fields=["connection_status"]).data
        assert "follow_request_sent" in user["connection_status"]
        assert carol.unfollow_user(locked).data == {"following": False}
        [user] = carol.get_users(ids=[locked], user_fields=["connection_status"]).data
        assert "follow_request_sent" not in user["connection_status"]

    def test_leave_a_mute_as_it_is(self, meet: Meet, newcomer: Resident) -> None:
        reader, author = meet(newcomer.username), meet("carol")
        reader.mute(author.id)
        with following(reader, author):
            assert ids(reader.get_muted()) == ["1003"]
        assert ids(reader.get_muted()) == ["1003"]
        reader.unmute(author.id)


def test_shows_whom_one_blocks(meet: Meet) -> None:
    page = meet("bob").get_blocked(user_fields=["connection_status"])
    assert [user["connection_status"].count("blocking") for user in page.data] == [1]


class TestMessages:
    def test_go_to_followers_and_come_back(self, meet: Meet) -> None:
        alice, bob = meet("alice"), meet("bob")
        sent = alice.create_direct_message(participant_id=bob.id, text="Are you awake?").data
        answer = bob.create_direct_message(participant_id=alice.id, text="I am now.").data
        assert sent["dm_conversation_id"] == answer["dm_conversation_id"] == "1001-1002"
        for reader, other in ((alice, bob), (bob, alice)):
            read = reader.get_direct_message_events(
                participant_id=other.id,
                max_results=2,
                dm_event_fields=["created_at", "dm_conversation_id", "sender_id"],
                expansions=["sender_id"],
            )
            assert [(str(each.id), each.text, each.sender_id) for each in read.data] == [
                (answer["dm_event_id"], "I am now.", bob.id),
                (sent["dm_event_id"], "Are you awake?", alice.id),
            ]
            assert {user.username for user in read.includes["users"]} == {"alice", "bob"}
            assert ids(reader.get_direct_message_events(max_results=1)) == [answer["dm_event_id"]]

    def test_arrive_from_somebody_who_is_muted(self, meet: Meet) -> None:
        alice, bob = meet("alice"), meet("bob")
        bob.mute(alice.id)
        sent = alice.create_direct_message(participant_id=bob.id, text="Can you hear me?").data
        assert ids(bob.get_direct_message_events(max_results=1)) == [sent["dm_event_id"]]
        bob.unmute(alice.id)


REFUSED: dict[str, tuple[Callable[[Person], Any], type[HTTPException], str]] = {
    "follow-oneself": (lambda alice: alice.follow_user(1001), BadRequest, "follow yourself"),
    "write-to-somebody-who-does-not-want-it": (
        lambda alice: alice.create_direct_message(participant_id=out_of_reach(1001), text="Psst."),
        Forbidden,
        "You do not have permission to DM one or more participants.",
    ),
    "too-many-posts-at-once": (
        lambda alice: alice.get_home_timeline(max_results=101),
        BadRequest,
        "The `max_results` query parameter value [101] is not between 1 and 100",
    ),
}


@pytest.mark.parametrize(("call", "error", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_says_why(
    call: Callable[[Person], Any], error: type[HTTPException], sentence: str, meet: Meet
) -> None:
    with pytest.raises(error) as raised:
        call(meet("alice"))
    assert sentence in raised.value.api_messages[0]


def test_an_app_on_its_own_reads_what_everybody_may(server: Sandbox) -> None:
    client = connect(server, bearer_token=server.ready["app_only_token"])
    assert ids(client.get_users_tweets(1002)) == posts_of(1002)
    assert ids(client.get_tweets(posts_of(1002))) == posts_of(1002)
    with pytest.raises(Forbidden, match="Application-Only is forbidden for this endpoint"):
        client.create_tweet(text="Nobody says this.", user_auth=False)


@both_ways
def test_the_fifty_first_follow_is_too_many(user_auth: bool, limited: Sandbox, limited_newcomer: Resident) -> None:
    person = Person(limited, limited_newcomer, user_auth)
    for _ in range(50):
        person.follow_user(1001)
    with pytest.raises(TooManyRequests):
        person.follow_user(1001)
    assert person.unfollow_user(1001).data == {"following": False}


def test_missing_scopes_are_forbidden(server: Sandbox) -> None:
    client: Client = connect(server, bearer_token="sandbox-oauth2-alice-standalone")
    with pytest.raises(Forbidden):
        client.create_tweet(text="Not from here.", user_auth=False)
