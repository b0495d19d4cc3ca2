"""X's own Python SDK where it posts, reads timelines, follows and writes messages, told of the sandbox alone."""

from collections.abc import Callable
from typing import Any

import pytest
from xdk import Client
from xdk.direct_messages.models import CreateByParticipantIdRequest
from xdk.paginator import Cursor
from xdk.posts.models import CreateRequest
from xdk.users.models import FollowUserRequest, RepostPostRequest

from tacet.sandbox.cast import PROTECTED
from tests.clients.expected import followed_by, home_of_alice, out_of_reach, posts_of, world
from tests.clients.test_xdk import Connect, both_ways, error_of, mute, with_bearer
from tests.sandboxes import Resident, Sandbox

POST_FIELDS = ["created_at", "conversation_id", "entities", "lang", "public_metrics", "reply_settings", "source"]
EXPANSIONS = ["author_id", "in_reply_to_user_id", "referenced_posts"]


class Person:
    """A resident at the SDK."""

    def __init__(self, connect: Connect, server: Sandbox, username: str) -> None:
        resident = server.resident(username)
        self.id = resident.id
        self.client = connect(server, resident)

    def post(self, text: str, **options: Any) -> str:
        """Post something; its id."""
        made = self.client.posts.create(CreateRequest(text=text, **options)).data
        assert made.text == text
        id_: str = made.id
        return id_

    def delete(self, id_: str) -> None:
        assert self.client.posts.delete(id_).data.deleted is True

    def home(self) -> list[str]:
        return ids(next(self.client.users.get_timeline(self.id, max_results=100)))

    def posts(self, id_: str) -> list[str]:
        return ids(next(self.client.users.get_posts(id_, max_results=100)))


def ids(page: Any) -> list[str]:
    return [each.id for each in page.data or ()]


Meet = Callable[[str], Person]


@pytest.fixture
def meet(server: Sandbox, request: pytest.FixtureRequest) -> Meet:
    connect: Connect = request.getfixturevalue("connect")
    return lambda username: Person(connect, server, username)


@both_ways
class TestBothWays:
    def test_posts_are_made_read_and_deleted(self, connect: Connect, meet: Meet) -> None:
        bob = meet("bob")
        id_ = bob.post("Rain all day.")
        assert bob.posts(bob.id)[0] == id_
        read = bob.client.posts.get_by_id(id_, post_fields=POST_FIELDS, expansions=["author_id"])
        assert (read.data.text, read.data.author_id) == ("Rain all day.", bob.id)
        assert read.data.public_metrics.repost_count == 0
        assert [user.username for user in read.includes.users] == ["bob"]
        bob.delete(id_)
        assert bob.client.posts.delete(id_).data.deleted is False
        assert bob.client.posts.get_by_ids([id_]).data is None

    def test_a_mute_hides_and_an_unmute_shows_again(self, connect: Connect, meet: Meet) -> None:
        alice, bob = meet("alice"), meet("bob")
        id_ = bob.post("Will you see this?")
        assert alice.home()[0] == id_
        mute(alice.client, alice.id, bob.id)
        assert id_ not in alice.home()
        assert alice.posts(bob.id)[0] == id_
        alice.client.users.unmute_user(alice.id, bob.id)
        assert alice.home()[0] == id_
        bob.delete(id_)
        assert id_ not in alice.home()

    def test_answers_mentions_and_reposts_reach_others(self, connect: Connect, meet: Meet) -> None:
        alice, bob = meet("alice"), meet("bob")
        first = bob.post("Who is there?")
        reply = alice.post("I am, @bob.", reply={"in_reply_to_tweet_id": first})
        mentions = next(bob.client.users.get_mentions(bob.id, post_fields=POST_FIELDS, expansions=EXPANSIONS))
        [newest, *_] = mentions.data
        assert (newest.id, newest.conversation_id, newest.author_id) == (reply, first, alice.id)
        assert first in [post.id for post in mentions.includes.posts]
        reposted = alice.client.users.repost_post(alice.id, RepostPostRequest(tweet_id=first)).data
        assert (reposted.retweeted, reposted.rest_id) == (True, first)
        assert alice.client.users.unrepost_post(alice.id, first).data.retweeted is False
        alice.delete(reply)
        bob.delete(first)

    def test_follows_and_unfollows(self, connect: Connect, server: Sandbox, newcomer: Resident) -> None:
        client = connect(server, newcomer)
        before = ids(next(client.users.get_following(newcomer.id, max_results=1000)))
        followed = client.users.follow_user(newcomer.id, FollowUserRequest(target_user_id="1003")).data
        assert (followed.following, followed.pending_follow) == (True, False)
        assert ids(next(client.users.get_following(newcomer.id, max_results=1000))) == ["1003", *before]
        assert newcomer.id in ids(next(client.users.get_followers("1003", max_results=1000)))
        assert client.users.unfollow_user(newcomer.id, "1003").data.following is False
        assert ids(next(client.users.get_following(newcomer.id, max_results=1000))) == before

    def test_writes_and_reads_messages(self, connect: Connect, meet: Meet) -> None:
        alice, bob = meet("alice"), meet("bob")
        message = CreateByParticipantIdRequest(text="Are you awake?")
        sent = alice.client.direct_messages.create_by_participant_id(bob.id, message).data
        assert sent.dm_conversation_id == "1001-1002"
        options = {"dm_event_fields": ["created_at", "event_type", "id", "text"], "expansions": ["sender_id"]}
        conversation = next(bob.client.direct_messages.get_events_by_participant_id(alice.id, max_results=1, **options))
        [event] = conversation.data
        assert (event.id, event.event_type, event.text) == (sent.dm_event_id, "MessageCreate", "Are you awake?")
        assert [user.username for user in conversation.includes.users] == ["alice"]
        assert ids(next(bob.client.direct_messages.get_events(max_results=1))) == [sent.dm_event_id]


def test_walks_the_home_timeline_in_pages(server: Sandbox) -> None:
    client = with_bearer(server, server.resident("alice"))
    pages = list(client.users.get_timeline("1001", max_results=10))
    assert [each for page in pages for each in ids(page)] == home_of_alice()
    assert len(pages) > 3
    posts = Cursor(client.users.get_timeline, "1001", max_results=25).items()
    assert [post.id for post in posts] == home_of_alice()


def test_reads_every_field_and_expansion_of_a_timeline(server: Sandbox) -> None:
    client = with_bearer(server, server.resident("alice"))
    page = next(
        client.users.get_timeline(
            "1001",
            max_results=100,
            exclude=["replies"],
            post_fields=POST_FIELDS,
            expansions=EXPANSIONS,
            user_fields=["connection_status", "public_metrics"],
        )
    )
    assert {post.author_id for post in page.data} <= {user.id for user in page.includes.users}
    assert all(post.public_metrics.like_count >= 0 for post in page.data)
    assert page.includes.posts
    assert (page.meta.newest_id, page.meta.oldest_id) == (page.data[0].id, page.data[-1].id)


def test_walks_follows_in_pages(server: Sandbox) -> None:
    client = with_bearer(server, server.resident("alice"))
    pages = list(client.users.get_following("1001", max_results=7))
    assert [each for page in pages for each in ids(page)] == followed_by(1001)


def test_shows_whom_one_blocks(server: Sandbox) -> None:
    client = with_bearer(server, server.resident("bob"))
    page = next(client.users.get_blocking("1002", user_fields=["connection_status"]))
    assert ["blocking" in user.connection_status for user in page.data] == [True]


def test_posts_of_a_protected_account_are_for_its_followers(server: Sandbox) -> None:
    locked = world().people[PROTECTED].id
    seen = next(with_bearer(server, server.resident("alice")).users.get_posts(str(locked), max_results=100))
    assert ids(seen) == posts_of(locked)
    refused = next(with_bearer(server, server.resident("bob")).users.get_posts(str(locked)))
    assert refused.data is None
    assert [error.type.rpartition("/")[2] for error in refused.errors] == ["not-authorized-for-resource"]


REFUSED: dict[str, tuple[Callable[[Client], Any], int]] = {
    "follow-oneself": (
        lambda client: client.users.follow_user("1001", FollowUserRequest(target_user_id="1001")),
        400,
    ),
    "a-home-that-is-not-ones-own": (lambda client: next(client.users.get_timeline("1002")), 400),
    "an-empty-post": (lambda client: client.posts.create({"text": ""}), 400),
    "a-repost-of-nothing": (
        lambda client: client.users.repost_post("1001", RepostPostRequest(tweet_id="1")),
        404,
    ),
    "a-message-to-somebody-who-does-not-want-it": (
        lambda client: client.direct_messages.create_by_participant_id(
            str(out_of_reach(1001)), CreateByParticipantIdRequest(text="Psst.")
        ),
        403,
    ),
}


@pytest.mark.parametrize(("call", "status"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_is_refused(call: Callable[[Client], Any], status: int, server: Sandbox) -> None:
    client = with_bearer(server, server.resident("alice"))
    assert error_of(lambda: call(client)).status_code == status
