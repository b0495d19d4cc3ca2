"""Twython 3.9, as it comes from the registry; its attributes say where the API is."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from twython import Twython, TwythonAuthError, TwythonError, TwythonRateLimitError

from tests.clients.crowd import muted_by_alice
from tests.clients.expected import muted_by_carol
from tests.clients.logins import CALLBACK, SandboxApp, User
from tests.clients.person import Person
from tests.pages.browsing import query_of
from tests.sandboxes import Resident, Sandbox

NOBODY = 999_999


def here(twython: Twython, server: Sandbox) -> Twython:
    """The same, asking the sandbox instead of X."""
    for name, value in vars(twython).items():
        if isinstance(value, str) and value.startswith("https://api.twitter.com/"):
            setattr(twython, name, value.replace("https://api.twitter.com", server.url))
    return twython


def client_of(server: Sandbox, resident: Resident, **other_keys: str) -> Twython:
    given = {
        "app_key": resident.oauth1["consumer_key"],
        "app_secret": resident.oauth1["consumer_secret"],
        "oauth_token": resident.oauth1["token"],
        "oauth_token_secret": resident.oauth1["token_secret"],
    }
    return here(Twython(**{**given, **other_keys}), server)


@pytest.fixture
def alice(server: Sandbox) -> Twython:
    return client_of(server, server.resident("alice"))


@pytest.mark.parametrize("named", [{"user_id": "1002"}, {"screen_name": "bob"}], ids=["user-id", "screen-name"])
def test_mutes_lists_and_unmutes(named: dict[str, str], server: Sandbox, newcomer: Resident) -> None:
    client = client_of(server, newcomer)
    user = client.create_mute(**named)
    # `muting` is what it was before the call.
    assert (user["id"], user["screen_name"], user["muting"]) == (1002, "bob", False)
    assert client.create_mute(**named)["muting"] is True
    assert client.list_mute_ids()["ids"] == [1002]
    assert [(each["screen_name"], each["muting"]) for each in client.list_mutes()["users"]] == [("bob", True)]
    assert client.destroy_mute(**named)["muting"] is True
    ends = {"next_cursor": 0, "next_cursor_str": "0", "previous_cursor": 0, "previous_cursor_str": "0"}
    assert client.list_mute_ids() == {"ids": [], **ends, "total_count": None}
    assert client.list_mutes()["users"] == []


def test_cursor_walks_a_long_list_of_users(server: Sandbox) -> None:
    carol = client_of(server, server.resident("carol"))
    users = list(carol.cursor(carol.list_mutes, skip_status=True))
    assert [user["id_str"] for user in users] == muted_by_carol()
    assert not any("status" in user for user in users)


def test_cursor_takes_larger_pages_where_they_are_asked_for(server: Sandbox) -> None:
    carol = client_of(server, server.resident("carol"))
    pages = list(carol.cursor(carol.list_mutes, return_pages=True, count=200, skip_status=True))
    assert [user["id_str"] for page in pages for user in page] == muted_by_carol()
    assert len(pages) == 7


def test_cursor_walks_a_long_list_of_ids(full: Sandbox) -> None:
    alice = client_of(full, full.resident("alice"))
    pages = list(alice.cursor(alice.list_mute_ids, return_pages=True))
    assert [each for page in pages for each in page] == muted_by_alice()
    assert len(pages) == 3
    assert list(alice.cursor(alice.list_mute_ids, stringify_ids=True)) == [str(each) for each in muted_by_alice()]


def test_knows_who_is_asking(alice: Twython) -> None:
    me = alice.verify_credentials(include_entities=False, include_email=True)
    assert (me["id_str"], me["screen_name"]) == ("1001", "alice")
    assert ("entities" in me["status"], "email" in me) == (False, True)
    assert "status" not in alice.verify_credentials(skip_status=True)


def test_shows_and_looks_people_up(alice: Twython) -> None:
    assert alice.show_user(screen_name="carol")["id"] == 1003
    assert sorted(user["id"] for user in alice.lookup_user(user_id=[1002], screen_name="carol")) == [1002, 1003]


def test_says_whom_one_mutes_and_follows(server: Sandbox, newcomer: Resident) -> None:
    client = client_of(server, newcomer)
    client.create_mute(user_id="1002")
    bob, carol = client.lookup_friendships(screen_name="bob,carol")
    assert (bob["screen_name"], "muting" in bob["connections"]) == ("bob", True)
    assert (carol["screen_name"], "muting" in carol["connections"]) == ("carol", False)
    relationship = client.show_friendship(target_id=1002)["relationship"]
    assert (relationship["source"]["id_str"], relationship["source"]["muting"]) == (newcomer.id, True)


def test_blocks_and_unblocks(server: Sandbox, newcomer: Resident) -> None:
    client = client_of(server, newcomer)
    assert client.create_block(screen_name="carol")["id"] == 1003
    assert "blocking" in client.lookup_friendships(user_id=1003)[0]["connections"]
    assert client.destroy_block(user_id=1003)["screen_name"] == "carol"
    assert "blocking" not in client.lookup_friendships(user_id=1003)[0]["connections"]


IMPOSSIBLE: dict[str, tuple[Callable[[Twython], Any], int, str]] = {
    "mute-oneself": (lambda client: client.create_mute(user_id=1001), 403, "You can't mute yourself."),
    "unmute-whom-one-does-not-mute": (
        lambda client: client.destroy_mute(user_id=1002),
        403,
        "You are not muting the specified user.",
    ),
    "mute-nobody": (lambda client: client.create_mute(user_id=NOBODY), 404, "User not found."),
    "show-nobody": (lambda client: client.show_user(screen_name="nobody_at_all"), 404, "User not found."),
    "look-nobody-up": (lambda client: client.lookup_user(user_id=NOBODY), 404, "No user matches for specified terms."),
    "what-is-not-there": (lambda client: client.list_block_ids(), 404, "Sorry, that page does not exist"),
}


@pytest.mark.parametrize(("call", "status", "message"), IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_what_cannot_be_says_why(call: Callable[[Twython], Any], status: int, message: str, alice: Twython) -> None:
    with pytest.raises(TwythonError) as raised:
        call(alice)
    assert raised.value.error_code == status
    assert raised.value.msg.endswith(f", {message}")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"oauth_token_secret": "wrong"}, "Could not authenticate you."),
        ({"oauth_token": "1001-noSuchToken"}, "Invalid or expired token."),
    ],
    ids=["token-secret", "token"],
)
def test_wrong_keys_are_told(wrong: dict[str, str], message: str, server: Sandbox) -> None:
    with pytest.raises(TwythonAuthError, match=message) as raised:
        client_of(server, server.resident("alice"), **wrong).list_mute_ids()
    assert raised.value.error_code == 401


def test_a_request_without_keys_is_told(server: Sandbox) -> None:
    """It takes a 400 for what it is by the words, whose first two are capitalized."""
    with pytest.raises(TwythonAuthError, match=r"Bad Authentication data\.$") as raised:
        here(Twython(), server).list_mute_ids()
    assert raised.value.error_code == 400


def test_the_sixteenth_look_up_is_too_many(limited: Sandbox, limited_newcomer: Resident) -> None:
    client = client_of(limited, limited_newcomer)
    for left in range(14, -1, -1):
        client.list_mutes()
        assert client.get_lastfunction_header("x-rate-limit-remaining") == str(left)
    with pytest.raises(TwythonRateLimitError, match="Rate limit exceeded") as raised:
        client.list_mutes()
    assert 0 < int(raised.value.retry_after) - time.time() <= 900
    mutes = client.get_application_rate_limit_status(resources="mutes")["resources"]["mutes"]
    assert {name: window["remaining"] for name, window in mutes.items()} == {
        "/mutes/users/list": 0,
        "/mutes/users/ids": 15,
    }


class TestLogin:
    @pytest.mark.parametrize("endpoint", ["authenticate", "authorize"])
    def test_comes_back_to_a_callback(
        self, endpoint: str, server: Sandbox, app: SandboxApp, person: Person, user: User
    ) -> None:
        asking = here(Twython(app.consumer_key, app.consumer_secret, auth_endpoint=endpoint), server)
        asked = asking.get_authentication_tokens(callback_url=CALLBACK)
        returned = query_of(person.allow(asked["auth_url"]))
        self.finish(server, app, asked, returned["oauth_verifier"], user)

    def test_shows_a_pin_where_there_is_no_callback(
        self, server: Sandbox, app: SandboxApp, person: Person, user: User
    ) -> None:
        asked = here(Twython(app.consumer_key, app.consumer_secret), server).get_authentication_tokens()
        self.finish(server, app, asked, person.pin(asked["auth_url"]), user)

    @pytest.mark.usefixtures("plain_http")
    def test_an_app_alone_looks_people_up(self, server: Sandbox, app: SandboxApp) -> None:
        asking = here(Twython(app.consumer_key, app.consumer_secret, oauth_version=2), server)
        client = here(Twython(app.consumer_key, access_token=asking.obtain_access_token()), server)
        assert client.show_user(screen_name="bob")["id"] == 1002
        with pytest.raises(TwythonError, match="Your credentials do not allow access to this resource"):
            client.list_mutes()

    @staticmethod
    def finish(server: Sandbox, app: SandboxApp, asked: dict[str, str], verifier: str, user: User) -> None:
        request_keys = (asked["oauth_token"], asked["oauth_token_secret"])
        finishing = here(Twython(app.consumer_key, app.consumer_secret, *request_keys), server)
        token = finishing.get_authorized_tokens(verifier)
        assert (token["user_id"], token["screen_name"]) == (user.id, user.username)
        access_keys = (token["oauth_token"], token["oauth_token_secret"])
        client = here(Twython(app.consumer_key, app.consumer_secret, *access_keys), server)
        assert client.verify_credentials()["id_str"] == user.id
        client.create_mute(user_id=1001)
        assert client.list_mute_ids()["ids"] == [1001]
        client.destroy_mute(user_id=1001)
