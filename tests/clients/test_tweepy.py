"""tweepy, as it comes from the registry. Its host is fixed, so only where the connection goes is changed."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from tweepy import (
    BadRequest,
    Client,
    Forbidden,
    HTTPException,
    NotFound,
    Paginator,
    TooManyRequests,
    Unauthorized,
)

from tacet.sandbox.graph import CAROL_MUTES
from tests.clients.expected import muted_by_carol
from tests.sandboxes import Resident, Sandbox

HOST = "https://api.twitter.com"
"""Where tweepy sends everything, and what it signs over."""

USER_FIELDS = ["connection_status", "created_at", "description", "entities", "protected", "public_metrics", "verified"]
EXPANSIONS = ["pinned_tweet_id", "most_recent_tweet_id", "affiliation.user_id"]


class Elsewhere(HTTPAdapter):
    """Sends finished, signed requests to another server."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        assert request.url is not None
        request.url = request.url.replace(HOST, self._url, 1)
        return super().send(request, *args, **options)


def keys(resident: Resident) -> dict[str, str]:
    """The OAuth 1.0a keys under tweepy's names."""
    return {
        "consumer_key": resident.oauth1["consumer_key"],
        "consumer_secret": resident.oauth1["consumer_secret"],
        "access_token": resident.oauth1["token"],
        "access_token_secret": resident.oauth1["token_secret"],
    }


def connect(server: Sandbox, **credentials: Any) -> Client:
    client = Client(**credentials)
    client.session.mount(HOST, Elsewhere(server.url))
    return client


class Person:
    """A resident at tweepy, in one of the two ways in which one can be somebody there."""

    def __init__(self, server: Sandbox, resident: Resident, user_auth: bool) -> None:
        self.resident = resident
        self.how = {"user_auth": user_auth}
        credentials = keys(resident) if user_auth else {"bearer_token": resident.oauth2_token}
        self.client = connect(server, **credentials)

    def muted(self, **options: Any) -> Any:
        return self.client.get_muted(**self.how, **options)

    def mute(self, target: str) -> Any:
        return self.client.mute(target, **self.how)

    def unmute(self, target: str) -> Any:
        return self.client.unmute(target, **self.how)


both_ways = pytest.mark.parametrize("user_auth", [False, True], ids=["bearer", "oauth1"])


def ids(response: Any) -> list[str]:
    return [str(user.id) for user in response.data or ()]


@both_ways
def test_mutes_lists_and_unmutes(user_auth: bool, server: Sandbox, newcomer: Resident) -> None:
    person = Person(server, newcomer, user_auth)
    targets = [resident.id for resident in server.residents[:3]]
    for target in targets:
        assert person.mute(target).data == {"muting": True}
    assert person.mute(targets[0]).data == {"muting": True}

    page = person.muted()
    assert ids(page) == targets[::-1]
    assert page.meta == {"result_count": 3}

    for target in targets:
        assert person.unmute(target).data == {"muting": False}
    assert person.unmute(targets[0]).data == {"muting": False}
    page = person.muted()
    assert (page.data, page.meta) == (None, {"result_count": 0})


@both_ways
def test_paginator_walks_a_long_list(user_auth: bool, server: Sandbox) -> None:
    carol = Person(server, server.resident("carol"), user_auth)
    pages = list(Paginator(carol.client.get_muted, max_results=100, **carol.how))
    assert len(pages) == -(-CAROL_MUTES // 100)
    assert [each for page in pages for each in ids(page)] == muted_by_carol()


def test_paginator_walks_back(server: Sandbox) -> None:
    carol = Person(server, server.resident("carol"), user_auth=False)
    forward = list(Paginator(carol.client.get_muted, max_results=300, **carol.how))
    options = {"max_results": 300, "pagination_token": forward[-1].meta["previous_token"], **carol.how}
    back = list(reversed(Paginator(carol.client.get_muted, **options)))
    assert [ids(page) for page in back] == [ids(page) for page in forward[-2::-1]]


def test_paginator_flattens_users(server: Sandbox) -> None:
    carol = Person(server, server.resident("carol"), user_auth=False)
    users = Paginator(carol.client.get_muted, max_results=1000, **carol.how).flatten()
    assert [str(user.id) for user in users] == muted_by_carol()


@both_ways
def test_reads_fields_and_expansions_of_a_list(user_auth: bool, server: Sandbox) -> None:
    bob = Person(server, server.resident("bob"), user_auth)
    page = bob.muted(user_fields=USER_FIELDS, expansions=EXPANSIONS, tweet_fields=["created_at", "author_id"])
    assert len(page.data) == 3
    for user in page.data:
        assert user["connection_status"] == ["muting"]
        assert user.public_metrics["tweet_count"] >= 0
        assert user.created_at.year >= 2006
    assert {tweet.author_id for tweet in page.includes["tweets"]} <= {user.id for user in page.data}
    assert page.includes["users"]
    assert {error["title"] for error in page.errors} == {"Authorization Error", "Not Found Error"}


@both_ways
def test_knows_who_is_asking(user_auth: bool, server: Sandbox) -> None:
    alice = Person(server, server.resident("alice"), user_auth)
    me = alice.client.get_me(user_fields=USER_FIELDS, expansions=["pinned_tweet_id"], **alice.how)
    assert (me.data.id, me.data.username, me.data.name) == (1001, "alice", alice.resident.name)
    assert me.data.created_at.year == 2006


@pytest.mark.parametrize("kind", ["user", "oauth1", "app-only"])
def test_looks_up_users(kind: str, server: Sandbox) -> None:
    alice = server.resident("alice")
    token = alice.oauth2_token if kind == "user" else server.ready["app_only_token"]
    client = connect(server, **keys(alice)) if kind == "oauth1" else connect(server, bearer_token=token)
    how = {"user_auth": kind == "oauth1"}
    by_name = client.get_users(usernames=["bob", "Carol", "nobody_at_all"], **how)
    assert ids(by_name) == ["1002", "1003"]
    assert by_name.errors[0]["detail"] == "Could not find user with usernames: [nobody_at_all]."
    assert ids(client.get_users(ids=["1002", "1003"], user_fields=["description", "url"], **how)) == ["1002", "1003"]
    assert client.get_user(id=1003, **how).data.username == "carol"
    assert str(client.get_user(username="bob", **how).data.id) == "1002"
    missing = client.get_user(username="nobody_at_all", **how)
    assert missing.data is None
    assert missing.errors[0]["title"] == "Not Found Error"


@pytest.mark.parametrize("token", ["no-such-token", "sandbox-oauth2-alice-expired"], ids=["unknown", "expired"])
def test_bad_bearers_are_unauthorized(token: str, server: Sandbox) -> None:
    with pytest.raises(Unauthorized, match=r"^401 Unauthorized\nUnauthorized$"):
        connect(server, bearer_token=token).get_me(user_auth=False)


def test_a_wrong_signature_is_unauthorized(server: Sandbox) -> None:
    credentials = keys(server.resident("alice")) | {"access_token_secret": "wrong"}
    with pytest.raises(Unauthorized, match=r"^401 Unauthorized"):
        connect(server, **credentials).get_me()


REFUSED: dict[str, tuple[Callable[[Sandbox], Any], str]] = {
    "scope-missing": (
        lambda server: connect(server, bearer_token="sandbox-oauth2-alice-without-mute-write").mute(
            "1002", user_auth=False
        ),
        "^403 Forbidden\nForbidden$",
    ),
    "read-only-app": (
        lambda server: connect(
            server,
            consumer_key=server.ready["apps"][1]["consumer_key"],
            consumer_secret=server.ready["apps"][1]["consumer_secret"],
            access_token=server.ready["apps"][1]["tokens"][0]["token"],
            access_token_secret=server.ready["apps"][1]["tokens"][0]["token_secret"],
        ).mute("1002"),
        "^403 Forbidden\nYour client app is not configured with the appropriate oauth1 app permissions",
    ),
    "standalone-app": (
        lambda server: connect(server, bearer_token="sandbox-oauth2-alice-standalone").get_me(user_auth=False),
        "^403 Forbidden\nWhen authenticating requests to the Twitter API v2 endpoints, you must use keys",
    ),
    "app-only": (
        lambda server: connect(server, bearer_token=server.ready["app_only_token"]).get_me(user_auth=False),
        "^403 Forbidden\nAuthenticating with OAuth 2.0 Application-Only is forbidden for this endpoint",
    ),
}


@pytest.mark.parametrize(("call", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_callers_who_may_not_are_forbidden(call: Callable[[Sandbox], Any], sentence: str, server: Sandbox) -> None:
    with pytest.raises(Forbidden, match=sentence):
        call(server)


IMPOSSIBLE: dict[str, tuple[Callable[[Person], Any], type[HTTPException], str]] = {
    "mute-oneself": (lambda alice: alice.mute("1001"), BadRequest, "You cannot mute yourself."),
    "mute-nobody": (
        lambda alice: alice.mute("999999"),
        NotFound,
        "Could not find user with target_user_id: [999999].",
    ),
    "page-of-nothing": (
        lambda alice: alice.muted(max_results=0),
        BadRequest,
        "The `max_results` query parameter value [0] is not between 1 and 1000",
    ),
    "bad-token": (
        lambda alice: alice.muted(pagination_token="yesterday"),
        BadRequest,
        "The `pagination_token` query parameter value [yesterday] is not valid",
    ),
}


@both_ways
@pytest.mark.parametrize(("call", "error", "message"), IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_what_cannot_be_says_why(
    call: Callable[[Person], Any], error: type[HTTPException], message: str, user_auth: bool, server: Sandbox
) -> None:
    with pytest.raises(error) as raised:
        call(Person(server, server.resident("alice"), user_auth))
    assert raised.value.api_messages == [message]


@both_ways
def test_the_sixteenth_look_up_is_too_many(user_auth: bool, limited: Sandbox, limited_newcomer: Resident) -> None:
    person = Person(limited, limited_newcomer, user_auth)
    for _ in range(15):
        person.muted()
    with pytest.raises(TooManyRequests) as raised:
        person.muted()
    headers = raised.value.response.headers
    assert (headers["x-rate-limit-limit"], headers["x-rate-limit-remaining"]) == ("15", "0")
    assert raised.value.reset_time == int(headers["x-rate-limit-reset"])
    assert 0 < raised.value.reset_time - time.time() <= 900
    # Another window of the same person is untouched.
    assert person.mute("1001").data == {"muting": True}
