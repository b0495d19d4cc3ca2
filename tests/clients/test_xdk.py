"""X's own Python SDK, as it comes from the registry, told of the sandbox by `base_url` alone."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from requests import HTTPError
from xdk import Client
from xdk.oauth1_auth import OAuth1
from xdk.paginator import Cursor
from xdk.users.models import MuteUserRequest

from tacet.sandbox.graph import CAROL_MUTES
from tests.clients.expected import muted_by_carol
from tests.sandboxes import Resident, Sandbox

USER_FIELDS = [
    "connection_status",
    "created_at",
    "description",
    "entities",
    "location",
    "profile_image_url",
    "protected",
    "public_metrics",
    "receives_your_dm",
    "subscribes_to_you",
    "url",
    "verified",
    "verified_type",
]
EXPANSIONS = ["affiliation", "most_recent_post_id", "pinned_post_id"]

Connect = Callable[[Sandbox, Resident], Client]


def with_bearer(server: Sandbox, resident: Resident) -> Client:
    return Client(base_url=server.url, access_token=resident.oauth2_token)


def with_oauth1(server: Sandbox, resident: Resident) -> Client:
    keys = resident.oauth1
    auth = OAuth1(keys["consumer_key"], keys["consumer_secret"], "oob", keys["token"], keys["token_secret"])
    return Client(base_url=server.url, auth=auth)


both_ways = pytest.mark.parametrize("connect", [with_bearer, with_oauth1], ids=["bearer", "oauth1"])


def mute(client: Client, source: str, target: str) -> Any:
    return client.users.mute_user(source, MuteUserRequest(target_user_id=target))


def first_page(client: Client, source: str, **options: Any) -> Any:
    return next(client.users.get_muting(source, **options))


def error_of(call: Callable[[], Any]) -> Any:
    """The answer that made this call fail."""
    with pytest.raises(HTTPError) as raised:
        call()
    return raised.value.response


@both_ways
def test_mutes_lists_and_unmutes(connect: Connect, server: Sandbox, newcomer: Resident) -> None:
    client = connect(server, newcomer)
    targets = [resident.id for resident in server.residents[:3]]
    for target in targets:
        assert mute(client, newcomer.id, target).data.muting is True
    assert mute(client, newcomer.id, targets[0]).data.muting is True

    page = first_page(client, newcomer.id)
    assert [user.id for user in page.data] == targets[::-1]
    assert page.meta.result_count == 3

    for target in targets:
        assert client.users.unmute_user(newcomer.id, target).data.muting is False
    assert first_page(client, newcomer.id).meta.result_count == 0


@both_ways
def test_walks_a_long_list_in_pages(connect: Connect, server: Sandbox) -> None:
    carol = server.resident("carol")
    pages = list(connect(server, carol).users.get_muting(carol.id, max_results=100))
    assert len(pages) == -(-CAROL_MUTES // 100)
    assert [user.id for page in pages for user in page.data] == muted_by_carol()
    assert pages[0].meta.next_token
    assert pages[-1].meta.previous_token


def test_cursor_of_the_sdk_walks_users_one_by_one(server: Sandbox) -> None:
    carol = server.resident("carol")
    users = Cursor(with_bearer(server, carol).users.get_muting, carol.id, max_results=1000).items()
    assert [user.id for user in users] == muted_by_carol()


def test_goes_on_from_a_token_that_was_kept(server: Sandbox) -> None:
    carol = server.resident("carol")
    client = with_bearer(server, carol)
    first = first_page(client, carol.id, max_results=50)
    second = first_page(client, carol.id, max_results=50, pagination_token=first.meta.next_token)
    again = first_page(client, carol.id, max_results=50, pagination_token=second.meta.previous_token)
    seen = [[user.id for user in page.data] for page in (first, second, again)]
    assert seen[0] + seen[1] == muted_by_carol()[: len(seen[0]) + len(seen[1])]
    assert seen[2] == seen[0]


def test_shows_an_empty_list_without_data(server: Sandbox) -> None:
    alice = server.resident("alice")
    page = first_page(with_bearer(server, alice), alice.id)
    assert page.data is None
    assert page.meta.model_dump(exclude_none=True) == {"result_count": 0}


@both_ways
def test_reads_every_field_and_expansion_of_a_list(connect: Connect, server: Sandbox) -> None:
    bob = server.resident("bob")
    client = connect(server, bob)
    page = first_page(client, bob.id, user_fields=USER_FIELDS, expansions=EXPANSIONS, post_fields=["created_at"])
    assert len(page.data) == 3
    assert {tuple(user.connection_status) for user in page.data} == {("muting",)}
    assert all(user.public_metrics.post_count >= 0 for user in page.data)
    assert page.includes.posts
    # Two of the three have a pinned post that cannot be shown, which is no reason to fail.
    assert {error.type.rpartition("/")[2] for error in page.errors} == {
        "not-authorized-for-resource",
        "resource-not-found",
    }


@both_ways
def test_knows_who_is_asking(connect: Connect, server: Sandbox) -> None:
    alice = server.resident("alice")
    me = connect(server, alice).users.get_me(user_fields=USER_FIELDS, expansions=["pinned_post_id"])
    assert (me.data.id, me.data.username, me.data.name) == (alice.id, "alice", alice.name)
    assert me.data.public_metrics.followers_count >= 0


@pytest.mark.parametrize("kind", ["user", "app-only"])
def test_looks_up_users(kind: str, server: Sandbox) -> None:
    app_only = Client(base_url=server.url, bearer_token=server.ready["app_only_token"])
    client = app_only if kind == "app-only" else with_bearer(server, server.resident("alice"))
    by_name = client.users.get_by_usernames(["bob", "Carol", "nobody_at_all"])
    assert [user.id for user in by_name.data] == ["1002", "1003"]
    assert [error.detail for error in by_name.errors] == ["Could not find user with usernames: [nobody_at_all]."]
    assert [user.username for user in client.users.get_by_ids(["1002", "1003"]).data] == ["bob", "carol"]
    assert client.users.get_by_id("1003").data.username == "carol"
    assert client.users.get_by_username("bob").data.id == "1002"


UNAUTHORIZED = {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}


@pytest.mark.parametrize("token", ["no-such-token", "sandbox-oauth2-alice-expired"], ids=["unknown", "expired"])
def test_bad_bearers_are_401(token: str, server: Sandbox) -> None:
    client = Client(base_url=server.url, access_token=token)
    answer = error_of(lambda: first_page(client, "1001"))
    assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)
    assert not [name for name in answer.headers if name.lower().startswith("x-rate-limit")]


def test_a_wrong_signature_is_401(server: Sandbox) -> None:
    keys = server.resident("alice").oauth1
    auth = OAuth1(keys["consumer_key"], "wrong", "oob", keys["token"], keys["token_secret"])
    answer = error_of(lambda: first_page(Client(base_url=server.url, auth=auth), "1001"))
    assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)


def test_a_missing_scope_is_403_and_reading_still_works(server: Sandbox) -> None:
    client = Client(base_url=server.url, access_token="sandbox-oauth2-alice-without-mute-write")
    answer = error_of(lambda: mute(client, "1001", "1002"))
    assert (answer.status_code, answer.json()["title"]) == (403, "Forbidden")
    assert first_page(client, "1001").meta.result_count == 0


def test_a_read_only_app_is_403_and_reading_still_works(server: Sandbox) -> None:
    app = server.ready["apps"][1]
    token = app["tokens"][0]
    auth = OAuth1(app["consumer_key"], app["consumer_secret"], "oob", token["token"], token["token_secret"])
    client = Client(base_url=server.url, auth=auth)
    answer = error_of(lambda: mute(client, "1001", "1002"))
    assert answer.status_code == 403
    assert answer.json()["type"] == "https://api.x.com/2/problems/oauth1-permissions"
    assert first_page(client, "1001").meta.result_count == 0


def test_an_app_outside_a_project_is_403(server: Sandbox) -> None:
    client = Client(base_url=server.url, access_token="sandbox-oauth2-alice-standalone")
    answer = error_of(lambda: first_page(client, "1001"))
    assert (answer.status_code, answer.json()["reason"]) == (403, "client-not-enrolled")


def test_an_app_on_its_own_has_no_mutes(server: Sandbox) -> None:
    client = Client(base_url=server.url, access_token=server.ready["app_only_token"])
    answer = error_of(lambda: first_page(client, "1001"))
    assert (answer.status_code, answer.json()["title"]) == (403, "Unsupported Authentication")


@pytest.mark.parametrize(
    ("target", "status", "sentence"),
    [
        ("1001", 400, "You cannot mute yourself."),
        ("999999", 404, "Could not find user with target_user_id: [999999]."),
        ("not-an-id", 400, "$.target_user_id: does not match the regex pattern ^[0-9]{1,19}$"),
    ],
    ids=["oneself", "nobody", "not-an-id"],
)
def test_a_mute_that_cannot_be_says_why(target: str, status: int, sentence: str, server: Sandbox) -> None:
    client = with_bearer(server, server.resident("alice"))
    answer = error_of(lambda: client.users.mute_user("1001", {"target_user_id": target}))
    assert answer.status_code == status
    assert sentence in (answer.json()["detail"], *[each["message"] for each in answer.json().get("errors", ())])


def test_somebody_elses_list_is_400(server: Sandbox) -> None:
    answer = error_of(lambda: first_page(with_bearer(server, server.resident("alice")), "1002"))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"] == (
        "The `id` query parameter value [1002] must be the same as the authenticating user [1001]"
    )


@both_ways
def test_the_sixteenth_look_up_is_429(connect: Connect, limited: Sandbox, limited_newcomer: Resident) -> None:
    client = connect(limited, limited_newcomer)
    for _ in range(15):
        assert first_page(client, limited_newcomer.id).meta.result_count == 0
    answer = error_of(lambda: first_page(client, limited_newcomer.id))
    assert answer.status_code == 429
    assert answer.json() == {
        "title": "Too Many Requests",
        "detail": "Too Many Requests",
        "type": "about:blank",
        "status": 429,
    }
    assert (answer.headers["x-rate-limit-limit"], answer.headers["x-rate-limit-remaining"]) == ("15", "0")
    assert 0 < int(answer.headers["x-rate-limit-reset"]) - time.time() <= 900
    # Another window of the same person is untouched.
    assert mute(client, limited_newcomer.id, "1001").data.muting is True
