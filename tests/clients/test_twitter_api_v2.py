"""twitter-api-v2 for JavaScript, v1.1 and v2, as npm brings it. Its host is fixed, so its connections are led here."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.crowd import muted_by_alice
from tests.clients.expected import followed_by, home_of_alice, muted_by_carol
from tests.clients.scripts import outcomes_of
from tests.sandboxes import Resident, Sandbox

Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def run(node: str, server: Sandbox) -> Run:
    def calls(keys: Any, *listed: list[Any], at: str = server.url) -> list[dict[str, Any]]:
        """What came of each call: `{"value"}` or `{"error": {"status", "codes", "rateLimit"}}`."""
        return outcomes_of(node, "older.mjs", {"baseUrl": at, "keys": keys, "calls": listed})

    return calls


def keys_of(resident: Resident) -> dict[str, str]:
    return {
        "appKey": resident.oauth1["consumer_key"],
        "appSecret": resident.oauth1["consumer_secret"],
        "accessToken": resident.oauth1["token"],
        "accessSecret": resident.oauth1["token_secret"],
    }


def codes(outcome: dict[str, Any]) -> tuple[int, list[int]]:
    return outcome["error"]["status"], outcome["error"]["codes"]


class TestV1:
    def test_mutes_lists_and_unmutes(self, run: Run, newcomer: Resident) -> None:
        outcomes = run(
            keys_of(newcomer),
            ["v1.post", "mutes/users/create.json", {"screen_name": "bob"}],
            ["v1.post", "mutes/users/create.json", {"user_id": "1001"}],
            ["v1.listMutedUserIds"],
            ["v1.listMutedUsers"],
            ["v1.post", "mutes/users/destroy.json", {"user_id": "1002"}],
            ["v1.listMutedUserIds", {"stringify_ids": False}],
        )
        bob, alice, ids, users, unmuted, left = (outcome["value"] for outcome in outcomes)
        # `muting` is what it was before the call.
        assert [(user["id_str"], user["muting"]) for user in (bob, alice)] == [("1002", False), ("1001", False)]
        assert ids == ["1001", "1002"]
        assert [(user["screen_name"], user["muting"]) for user in users] == [("alice", True), ("bob", True)]
        assert (unmuted["id_str"], unmuted["muting"], left) == ("1002", True, [1001])

    def test_walks_a_long_list_of_users(self, run: Run, server: Sandbox) -> None:
        [walked] = run(keys_of(server.resident("carol")), ["v1.listMutedUsers", {"skip_status": True}])
        assert [user["id_str"] for user in walked["value"]] == muted_by_carol()

    def test_walks_a_long_list_of_ids(self, run: Run, full: Sandbox) -> None:
        [walked] = run(keys_of(full.resident("alice")), ["v1.listMutedUserIds"], at=full.url)
        assert walked["value"] == [str(each) for each in muted_by_alice()]

    def test_reads_who_people_are(self, run: Run, server: Sandbox) -> None:
        me, carol, found, friendship = run(
            keys_of(server.resident("alice")),
            ["v1.verifyCredentials", {"skip_status": True}],
            ["v1.user", {"screen_name": "carol"}],
            ["v1.get", "users/lookup.json", {"user_id": "1002,1003"}],
            ["v1.get", "friendships/show.json", {"target_id": "1002"}],
        )
        assert (me["value"]["id_str"], carol["value"]["id_str"]) == ("1001", "1003")
        assert sorted(user["id_str"] for user in found["value"]) == ["1002", "1003"]
        assert friendship["value"]["relationship"]["source"]["following"] is True

    def test_what_cannot_be_says_why(self, run: Run, server: Sandbox) -> None:
        keys = keys_of(server.resident("alice"))
        outcomes = run(
            keys,
            ["v1.post", "mutes/users/create.json", {"user_id": "1001"}],
            ["v1.post", "mutes/users/destroy.json", {"user_id": "1002"}],
            ["v1.post", "mutes/users/create.json", {"user_id": "999999"}],
            ["v1.get", "mutes/users/nothing.json"],
        )
        assert [codes(outcome) for outcome in outcomes] == [(403, [271]), (403, [272]), (404, [50]), (404, [34])]
        [wrong] = run({**keys, "accessSecret": "wrong"}, ["v1.listMutedUserIds"])
        assert codes(wrong) == (401, [32])
        [bearer] = run(server.ready["app_only_token"], ["v1.listMutedUserIds"])
        assert codes(bearer) == (403, [220])

    def test_the_sixteenth_look_up_is_too_many(self, run: Run, limited: Sandbox, limited_newcomer: Resident) -> None:
        *_, status, last = run(
            keys_of(limited_newcomer),
            *[["v1.listMutedUserIds"]] * 15,
            ["v1.rateLimitStatuses", "mutes"],
            ["v1.listMutedUserIds"],
            at=limited.url,
        )
        assert status["value"]["resources"]["mutes"]["/mutes/users/ids"]["remaining"] == 0
        assert codes(last) == (429, [88])
        rate = last["error"]["rateLimit"]
        assert (rate["limit"], rate["remaining"]) == (15, 0)
        assert 0 < rate["reset"] - time.time() <= 900


class TestV2:
    @pytest.mark.parametrize("way", ["bearer", "oauth1"])
    def test_posts_mutes_and_reads_the_timeline(self, way: str, run: Run, server: Sandbox) -> None:
        def as_(username: str) -> Any:
            resident = server.resident(username)
            return resident.oauth2_token if way == "bearer" else keys_of(resident)

        [made] = run(as_("bob"), ["v2.tweet", "Will you see this?"])
        id_ = made["value"]["data"]["id"]
        before, muted, hidden, unmuted, after = run(
            as_("alice"),
            ["v2.homeTimeline"],
            ["v2.mute", "1001", "1002"],
            ["v2.homeTimeline"],
            ["v2.unmute", "1001", "1002"],
            ["v2.homeTimeline"],
        )
        assert (muted["value"]["data"], unmuted["value"]["data"]) == ({"muting": True}, {"muting": False})
        home = [each["value"] for each in (before, hidden, after)]
        assert [id_ in [post["id"] for post in page] for page in home] == [True, False, True]
        [deleted] = run(as_("bob"), ["v2.deleteTweet", id_])
        assert deleted["value"] == {"data": {"deleted": True}}

    def test_walks_timelines_and_lists(self, run: Run, server: Sandbox) -> None:
        home, following, muted = run(
            keys_of(server.resident("alice")),
            ["v2.homeTimeline", {"max_results": 10}],
            ["v2.following", "1001", {"asPaginator": True, "max_results": 7}],
            ["v2.userMutingUsers", "1001"],
        )
        assert [post["id"] for post in home["value"]] == home_of_alice()
        assert [user["id"] for user in following["value"]] == followed_by(1001)
        assert muted["value"] == []

    def test_follows_reposts_and_writes_messages(self, run: Run, server: Sandbox, newcomer: Resident) -> None:
        me = newcomer.id
        [made] = run(server.resident("alice").oauth2_token, ["v2.tweet", "Say it again."])
        id_ = made["value"]["data"]["id"]
        followed, reposted, undone, unfollowed = run(
            keys_of(newcomer),
            ["v2.follow", me, "1003"],
            ["v2.retweet", me, id_],
            ["v2.unretweet", me, id_],
            ["v2.unfollow", me, "1003"],
        )
        assert followed["value"]["data"] == {"following": True, "pending_follow": False}
        assert (reposted["value"]["data"]["retweeted"], undone["value"]["data"]) == (True, {"retweeted": False})
        assert unfollowed["value"]["data"] == {"following": False}
        sent, events = run(
            keys_of(server.resident("alice")),
            ["v2.sendDmToParticipant", "1002", {"text": "Are you awake?"}],
            ["v2.listDmEventsWithParticipant", "1002", {"max_results": 1}],
        )
        assert sent["value"]["data"]["dm_conversation_id"] == "1001-1002"
        assert events["value"][0]["text"] == "Are you awake?"
