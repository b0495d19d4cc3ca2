"""X's own JavaScript SDK where it posts, reads timelines, follows and writes messages, told of the sandbox alone."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.expected import followed_by, home_of_alice
from tests.clients.scripts import outcomes_of
from tests.clients.test_xdk_js import Credentials, both_ways, with_bearer
from tests.sandboxes import Resident, Sandbox

Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def run(node: str, server: Sandbox) -> Run:
    return lambda credentials, *calls: outcomes_of(
        node, "calls.mjs", {"baseUrl": server.url, **credentials, "calls": calls}
    )


def ids(outcome: dict[str, Any]) -> list[str]:
    return [each["id"] for each in outcome["value"].get("data", ())]


@both_ways
def test_a_mute_hides_and_an_unmute_shows_again(credentials: Credentials, run: Run, server: Sandbox) -> None:
    alice, bob = (credentials(server.resident(username)) for username in ("alice", "bob"))
    [made] = run(bob, ["posts.create", {"text": "Will you see this?"}])
    assert made["value"]["data"]["text"] == "Will you see this?"
    id_ = made["value"]["data"]["id"]
    before, _, hidden, profile, _, after = run(
        alice,
        ["getTimeline", "1001"],
        ["muteUser", "1001", {"targetUserId": "1002"}],
        ["getTimeline", "1001"],
        ["getPosts", "1002"],
        ["unmuteUser", "1001", "1002"],
        ["getTimeline", "1001"],
    )
    assert [ids(page)[0] == id_ for page in (before, hidden, profile, after)] == [True, False, True, True]
    [deleted, gone] = run(bob, ["posts.delete", id_], ["posts.delete", id_])
    assert (deleted["value"], gone["value"]) == ({"data": {"deleted": True}}, {"data": {"deleted": False}})


def test_walks_the_home_timeline_and_lists(run: Run, server: Sandbox) -> None:
    walked, followed, blocked = run(
        with_bearer(server.resident("alice")),
        ["walkTimeline", "1001", {"maxResults": 10}],
        ["getFollowing", "1001", {"maxResults": 1000}],
        ["getBlocking", "1001"],
    )
    assert walked["value"] == home_of_alice()
    assert ids(followed) == followed_by(1001)
    assert blocked["value"] == {"meta": {"resultCount": 0}}


def test_reads_fields_and_expansions_of_a_timeline(run: Run, server: Sandbox) -> None:
    wanted = {"postFields": ["created_at", "public_metrics"], "expansions": ["author_id", "referenced_posts"]}
    [page] = run(with_bearer(server.resident("alice")), ["getTimeline", "1001", {**wanted, "maxResults": 100}])
    authors = {user["id"] for user in page["value"]["includes"]["users"]}
    assert {post["authorId"] for post in page["value"]["data"]} <= authors
    assert page["value"]["includes"]["posts"]
    assert all(post["publicMetrics"]["repostCount"] >= 0 for post in page["value"]["data"])


@both_ways
def test_follows_reposts_and_answers(credentials: Credentials, run: Run, server: Sandbox, newcomer: Resident) -> None:
    me = newcomer.id
    [made] = run(credentials(server.resident("alice")), ["posts.create", {"text": "Say it again."}])
    id_ = made["value"]["data"]["id"]
    followed, reposted, again, undone, answered, unfollowed = run(
        credentials(newcomer),
        ["followUser", me, {"targetUserId": "1003"}],
        ["repostPost", me, {"tweetId": id_}],
        ["repostPost", me, {"tweetId": id_}],
        ["unrepostPost", me, id_],
        ["posts.create", {"text": "Say it again, @alice.", "reply": {"inReplyToTweetId": id_}}],
        ["unfollowUser", me, "1003"],
    )
    assert followed == {"value": {"data": {"following": True, "pendingFollow": False}}}
    assert (reposted["value"]["data"]["retweeted"], undone["value"]["data"]) == (True, {"retweeted": False})
    assert again["error"]["status"] == 400
    assert unfollowed == {"value": {"data": {"following": False}}}
    [mentions] = run(credentials(server.resident("alice")), ["getMentions", "1001", {"maxResults": 5}])
    assert ids(mentions)[0] == answered["value"]["data"]["id"]


@pytest.mark.parametrize("text", ["Are you awake?", "Ça va ☕ 🚀?"], ids=["ascii", "unicode"])
def test_writes_and_reads_messages(text: str, run: Run, server: Sandbox) -> None:
    [sent] = run(
        with_bearer(server.resident("alice")), ["directMessages.createByParticipantId", "1002", {"text": text}]
    )
    assert sent["value"]["data"]["dmConversationId"] == "1001-1002"
    conversation, everything = run(
        with_bearer(server.resident("bob")),
        ["directMessages.getEventsByParticipantId", "1001", {"maxResults": 1}],
        ["directMessages.getEvents", {"maxResults": 1}],
    )
    assert ids(conversation) == ids(everything) == [sent["value"]["data"]["dmEventId"]]
    assert conversation["value"]["data"][0]["text"] == text
