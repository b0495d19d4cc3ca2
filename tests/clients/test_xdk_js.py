"""X's own JavaScript SDK, as npm brings it, told of the sandbox by `baseUrl` alone."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.expected import muted_by_carol
from tests.clients.scripts import outcomes_of
from tests.sandboxes import Resident, Sandbox

Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def run(node: str, server: Sandbox) -> Run:
    def calls(credentials: dict[str, Any], *listed: list[Any], at: str = server.url) -> list[dict[str, Any]]:
        """What came of each call: `{"value"}` or `{"error": {"status", "data", "headers"}}`."""
        return outcomes_of(node, "calls.mjs", {"baseUrl": at, **credentials, "calls": listed})

    return calls


def with_bearer(resident: Resident) -> dict[str, Any]:
    return {"accessToken": resident.oauth2_token}


def with_oauth1(resident: Resident) -> dict[str, Any]:
    keys = resident.oauth1
    return {
        "oauth1": {
            "apiKey": keys["consumer_key"],
            "apiSecret": keys["consumer_secret"],
            "callback": "oob",
            "accessToken": keys["token"],
            "accessTokenSecret": keys["token_secret"],
        }
    }


both_ways = pytest.mark.parametrize("credentials", [with_bearer, with_oauth1], ids=["bearer", "oauth1"])
Credentials = Callable[[Resident], dict[str, Any]]

MUTING, NOT_MUTING = {"value": {"data": {"muting": True}}}, {"value": {"data": {"muting": False}}}


@both_ways
def test_mutes_lists_and_unmutes(credentials: Credentials, run: Run, newcomer: Resident) -> None:
    me = newcomer.id
    outcomes = run(
        credentials(newcomer),
        ["muteUser", me, {"targetUserId": "1001"}],
        ["muteUser", me, {"targetUserId": "1002"}],
        ["muteUser", me, {"targetUserId": "1001"}],
        ["getMuting", me, {"userFields": ["connection_status"]}],
        ["unmuteUser", me, "1001"],
        ["unmuteUser", me, "1001"],
        ["unmuteUser", me, "1002"],
        ["getMuting", me],
    )
    assert outcomes[:3] == [MUTING] * 3
    page = outcomes[3]["value"]
    assert [user["id"] for user in page["data"]] == ["1002", "1001"]
    assert all("muting" in user["connectionStatus"] for user in page["data"])
    assert page["meta"] == {"resultCount": 2}
    assert outcomes[4:7] == [NOT_MUTING] * 3
    assert outcomes[7] == {"value": {"meta": {"resultCount": 0}}}


@both_ways
def test_paginator_walks_a_long_list(credentials: Credentials, run: Run, server: Sandbox) -> None:
    carol = server.resident("carol")
    [walk] = run(credentials(carol), ["walkMuting", carol.id, {"maxResults": 100}])
    assert walk["value"] == muted_by_carol()


def test_shows_an_empty_list_without_data(run: Run, server: Sandbox) -> None:
    alice = server.resident("alice")
    [page, walk] = run(with_bearer(alice), ["getMuting", alice.id], ["walkMuting", alice.id, {}])
    assert page == {"value": {"meta": {"resultCount": 0}}}
    assert walk == {"value": []}


@both_ways
def test_reads_fields_and_expansions_of_a_list(credentials: Credentials, run: Run, server: Sandbox) -> None:
    bob = server.resident("bob")
    options = {
        "userFields": ["created_at", "public_metrics", "verified_type"],
        "expansions": ["affiliation", "most_recent_post_id", "pinned_post_id"],
        "postFields": ["created_at", "lang"],
    }
    [page] = run(credentials(bob), ["getMuting", bob.id, options])
    users = page["value"]["data"]
    assert len(users) == 3
    assert all(user["createdAt"] and user["publicMetrics"]["postCount"] >= 0 for user in users)
    assert all(post["createdAt"] for post in page["value"]["includes"]["posts"])
    assert page["value"]["includes"]["users"]
    assert {error["title"] for error in page["value"]["errors"]} == {"Authorization Error", "Not Found Error"}


@both_ways
def test_looks_up_users_and_itself(credentials: Credentials, run: Run, server: Sandbox) -> None:
    me, by_names, by_ids, by_id, by_name = run(
        credentials(server.resident("alice")),
        ["getMe", {"userFields": ["public_metrics"], "expansions": ["pinned_post_id"]}],
        ["getByUsernames", ["bob", "Carol", "nobody_at_all"]],
        ["getByIds", ["1002", "1003"]],
        ["getById", "1003"],
        ["getByUsername", "bob"],
    )
    assert me["value"]["data"]["username"] == "alice"
    assert [user["id"] for user in by_names["value"]["data"]] == ["1002", "1003"]
    assert by_names["value"]["errors"][0]["detail"] == "Could not find user with usernames: [nobody_at_all]."
    assert [user["username"] for user in by_ids["value"]["data"]] == ["bob", "carol"]
    assert by_id["value"]["data"]["username"] == "carol"
    assert by_name["value"]["data"]["id"] == "1002"


def test_looks_up_users_as_an_app(run: Run, server: Sandbox) -> None:
    [found] = run({"bearerToken": server.ready["app_only_token"]}, ["getByUsernames", ["bob"]])
    assert found["value"]["data"][0]["id"] == "1002"


MUTE_BOB = ["muteUser", "1001", {"targetUserId": "1002"}]

REFUSED = {
    "unknown-token": ("no-such-token", ["getMe"], 401, "Unauthorized"),
    "expired-token": ("sandbox-oauth2-alice-expired", MUTE_BOB, 401, "Unauthorized"),
    "scope-missing": ("sandbox-oauth2-alice-without-mute-write", MUTE_BOB, 403, "Forbidden"),
    "standalone-app": ("sandbox-oauth2-alice-standalone", ["getMuting", "1001"], 403, "Client Forbidden"),
    "somebody-else": ("sandbox-oauth2-alice", ["getMuting", "1002"], 400, "Invalid Request"),
    "somebody-elses-mute": ("sandbox-oauth2-alice", ["unmuteUser", "1002", "1001"], 400, "Invalid Request"),
    "mute-oneself": ("sandbox-oauth2-alice", ["muteUser", "1001", {"targetUserId": "1001"}], 400, "Invalid Request"),
    "mute-nobody": ("sandbox-oauth2-alice", ["muteUser", "1001", {"targetUserId": "999999"}], 404, "Not Found Error"),
    "body-missing": ("sandbox-oauth2-alice", ["muteUser", "1001", {}], 400, "Invalid Request"),
}


@pytest.mark.parametrize(("token", "call", "status", "title"), REFUSED.values(), ids=REFUSED.keys())
def test_refusals_come_as_api_errors(token: str, call: list[Any], status: int, title: str, run: Run) -> None:
    [outcome] = run({"accessToken": token}, call)
    assert outcome["error"]["status"] == status
    assert outcome["error"]["data"]["title"] == title


def test_a_wrong_signature_is_an_api_error(run: Run, server: Sandbox) -> None:
    credentials = with_oauth1(server.resident("alice"))
    credentials["oauth1"]["apiSecret"] = "wrong"
    [outcome] = run(credentials, ["getMe"])
    assert outcome["error"]["status"] == 401


def test_a_read_only_app_is_an_api_error(run: Run, server: Sandbox) -> None:
    app = server.ready["apps"][1]
    [token] = app["tokens"]
    keys = {name: app[name] for name in ("consumer_key", "consumer_secret")}
    alice = Resident("1001", "alice", "", "", {**keys, "token": token["token"], "token_secret": token["token_secret"]})
    mute, page = run(with_oauth1(alice), MUTE_BOB, ["getMuting", "1001"])
    assert mute["error"]["status"] == 403
    assert page == {"value": {"meta": {"resultCount": 0}}}


def test_the_sixteenth_look_up_is_429(run: Run, limited: Sandbox, limited_newcomer: Resident) -> None:
    me = limited_newcomer.id
    looks = [["getMuting", me]] * 16
    outcomes = run(with_bearer(limited_newcomer), *looks, ["muteUser", me, {"targetUserId": "1001"}], at=limited.url)
    assert outcomes[:15] == [{"value": {"meta": {"resultCount": 0}}}] * 15
    error = outcomes[15]["error"]
    assert (error["status"], error["data"]["title"]) == (429, "Too Many Requests")
    assert (error["headers"]["x-rate-limit-limit"], error["headers"]["x-rate-limit-remaining"]) == ("15", "0")
    assert 0 < int(error["headers"]["x-rate-limit-reset"]) - time.time() <= 900
    # Another window of the same person is untouched.
    assert outcomes[16] == MUTING
