"""tweepy's `API`, its v1.1 side, as it comes from the registry. Only where its connections go is changed."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from tweepy import (
    API,
    BadRequest,
    Cursor,
    Forbidden,
    HTTPException,
    NotFound,
    OAuth1UserHandler,
    OAuth2BearerHandler,
    TooManyRequests,
    Unauthorized,
)

from tacet.sandbox.cast import SUSPENDED
from tests.clients.crowd import muted_by_alice
from tests.clients.expected import muted_by_carol, world
from tests.clients.test_tweepy import HOST, Elsewhere, connect, keys
from tests.sandboxes import Resident, Sandbox

LIST_PAGE = 20
IDS_PAGE = 5_000

NOBODY = 999_999


def api_with(server: Sandbox, auth: Any) -> API:
    api = API(auth)
    api.session.mount(HOST, Elsewhere(server.url))
    return api


def api_of(server: Sandbox, resident: Resident, **other_keys: str) -> API:
    return api_with(server, OAuth1UserHandler(**{**keys(resident), **other_keys}))


@pytest.fixture
def alice(server: Sandbox) -> API:
    return api_of(server, server.resident("alice"))


@pytest.fixture
def carol(server: Sandbox) -> API:
    return api_of(server, server.resident("carol"))


NAMED: dict[str, Callable[[Resident], dict[str, Any]]] = {
    "user-id": lambda person: {"user_id": person.id},
    "screen-name": lambda person: {"screen_name": person.username},
    "screen-name-in-capitals": lambda person: {"screen_name": person.username.upper()},
}


class TestMutes:
    @pytest.mark.parametrize("named", NAMED.values(), ids=NAMED.keys())
    def test_mutes_lists_and_unmutes(
        self, named: Callable[[Resident], dict[str, Any]], server: Sandbox, newcomer: Resident
    ) -> None:
        api, bob = api_of(server, newcomer), server.resident("bob")
        user = api.create_mute(**named(bob))
        # `muting` is what it was before the call.
        assert (user.id, user.id_str, user.screen_name, user.muting) == (1002, "1002", "bob", False)
        assert api.create_mute(**named(bob)).muting is True
        assert api.get_muted_ids() == [1002]
        assert [(each.name, each.muting) for each in api.get_mutes()] == [(bob.name, True)]
        assert api.destroy_mute(**named(bob)).muting is True
        assert (list(api.get_muted_ids()), list(api.get_mutes())) == ([], [])

    def test_is_seen_by_v2_at_once_and_the_other_way_round(self, server: Sandbox, newcomer: Resident) -> None:
        api, client = api_of(server, newcomer), connect(server, **keys(newcomer))
        api.create_mute(user_id=1001)
        client.mute(1002)
        assert [user.id for user in client.get_muted().data] == list(api.get_muted_ids()) == [1002, 1001]
        api.destroy_mute(user_id=1002)
        client.unmute(1001)
        assert (client.get_muted().data, list(api.get_muted_ids())) == (None, [])

    def test_ids_come_as_texts_where_they_are_asked_for(self, carol: API) -> None:
        assert list(carol.get_muted_ids(stringify_ids=True)) == muted_by_carol()

    def test_a_page_of_users_has_what_is_asked_for(self, carol: API) -> None:
        whole, without_status, without_entities = (
            carol.get_mutes(**wanted) for wanted in ({}, {"skip_status": True}, {"include_entities": False})
        )
        assert [user.id for user in whole] == [user.id for user in without_status]
        assert not any(hasattr(user, "status") for user in without_status)
        statuses = [user.status for user in whole if hasattr(user, "status")]
        assert statuses
        assert all(hasattr(status, "entities") for status in statuses)
        bare = [user.status for user in without_entities if hasattr(user, "status")]
        assert [status.id for status in bare] == [status.id for status in statuses]
        assert not any(hasattr(status, "entities") for status in bare)

    def test_cursor_walks_a_long_list_of_users(self, carol: API) -> None:
        pages = list(Cursor(carol.get_mutes, skip_status=True).pages())
        assert [user.id_str for page in pages for user in page] == muted_by_carol()
        assert max(map(len, pages)) == LIST_PAGE

    def test_cursor_walks_users_one_by_one_as_far_as_it_is_told(self, carol: API) -> None:
        users = Cursor(carol.get_mutes).items(LIST_PAGE + 5)
        assert [user.id_str for user in users] == muted_by_carol()[: LIST_PAGE + 5]

    def test_cursor_walks_a_long_list_of_ids(self, full: Sandbox) -> None:
        alice = api_of(full, full.resident("alice"))
        pages = list(Cursor(alice.get_muted_ids).pages())
        assert [each for page in pages for each in page] == muted_by_alice()
        # Suspended accounts are left out after a page is cut.
        assert [len(page) for page in pages[:2]] == [IDS_PAGE - IDS_PAGE // 100] * 2
        assert len(pages) == 3

    def test_a_previous_cursor_leads_back(self, full: Sandbox) -> None:
        alice = api_of(full, full.resident("alice"))
        first, (back, on) = alice.get_muted_ids(cursor=-1)
        assert back == 0
        second, (back, on) = alice.get_muted_ids(cursor=on)
        assert back < 0 < on
        again, (back, on) = alice.get_muted_ids(cursor=back)
        assert again == first
        assert (back, second[0] in again) == (0, False)
        assert alice.get_muted_ids(cursor=on)[0] == second


class TestPeople:
    def test_knows_who_is_asking(self, alice: API, server: Sandbox) -> None:
        me = alice.verify_credentials(skip_status=True)
        assert (me.id, me.screen_name, me.name) == (1001, "alice", server.resident("alice").name)
        assert (me.created_at.year, me.followers_count >= 0, me.verified) == (2006, True, True)
        assert not hasattr(me, "status")
        assert hasattr(alice.verify_credentials(), "status")

    def test_shows_one_account(self, alice: API) -> None:
        assert alice.get_user(user_id=1003).screen_name == "carol"
        bob = alice.get_user(screen_name="BOB", include_entities=False)
        assert (bob.id, bob.following, bob.muting, bob.protected) == (1002, True, False, False)

    def test_looks_many_up(self, alice: API) -> None:
        found = alice.lookup_users(user_id=[1003, NOBODY, 1002], screen_name=["alice"])
        assert [user.id for user in found] == [1003, 1002, 1001]

    def test_an_app_on_its_own_looks_people_up(self, server: Sandbox) -> None:
        api = api_with(server, OAuth2BearerHandler(server.ready["app_only_token"]))
        assert [user.screen_name for user in api.lookup_users(user_id=[1002])] == ["bob"]
        assert api.get_user(screen_name="carol").id == 1003


class TestFriendships:
    def test_says_whom_one_mutes(self, server: Sandbox, newcomer: Resident) -> None:
        api = api_of(server, newcomer)
        api.create_mute(user_id=1002)
        source, target = api.get_friendship(target_screen_name="bob")
        assert (source.id_str, source.muting, target.screen_name) == (newcomer.id, True, "bob")
        source, target = api.get_friendship(source_id=newcomer.id, target_id=1003)
        assert (source.screen_name, source.muting, target.id) == (newcomer.username, False, 1003)
        bob, carol = api.lookup_friendships(user_id=[1002], screen_name=["carol"])
        assert (bob.screen_name, bob.is_muted, carol.screen_name, carol.is_muted) == ("bob", True, "carol", False)

    def test_says_who_follows_whom(self, alice: API) -> None:
        source, target = alice.get_friendship(source_screen_name="alice", target_screen_name="bob")
        assert (source.following, source.followed_by, target.following, target.followed_by) == (True,) * 4
        [bob] = alice.lookup_friendships(screen_name=["bob"])
        assert (bob.is_following, bob.is_followed_by, bob.is_blocked, bob.no_relationship) == (True, True, False, False)


class TestBlocks:
    def test_blocks_and_unblocks_and_leaves_the_mute(self, server: Sandbox, newcomer: Resident) -> None:
        api = api_of(server, newcomer)
        api.create_mute(user_id=1003)
        assert api.create_block(screen_name="carol").id == 1003
        assert api.lookup_friendships(user_id=[1003])[0].is_blocked
        assert [user.id for user in connect(server, **keys(newcomer)).get_blocked().data] == [1003]
        assert api.destroy_block(user_id=1003).screen_name == "carol"
        [carol] = api.lookup_friendships(user_id=[1003])
        assert (carol.is_blocked, carol.is_muted) == (False, True)


def suspended_id() -> int:
    return world().people[SUSPENDED].id


IMPOSSIBLE: dict[str, tuple[Callable[[API], Any], type[HTTPException], int, str]] = {
    "mute-oneself": (lambda api: api.create_mute(user_id=1001), Forbidden, 271, "You can't mute yourself."),
    "unmute-whom-one-does-not-mute": (
        lambda api: api.destroy_mute(screen_name="bob"),
        Forbidden,
        272,
        "You are not muting the specified user.",
    ),
    "mute-nobody": (lambda api: api.create_mute(user_id=NOBODY), NotFound, 50, "User not found."),
    "show-nobody": (lambda api: api.get_user(screen_name="nobody_at_all"), NotFound, 50, "User not found."),
    "show-a-suspended-account": (
        lambda api: api.get_user(user_id=suspended_id()),
        Forbidden,
        63,
        "User has been suspended.",
    ),
    "look-nobody-up": (
        lambda api: api.lookup_users(user_id=[NOBODY]),
        NotFound,
        17,
        "No user matches for specified terms.",
    ),
    "what-is-not-there": (
        lambda api: api.get_blocked_ids(),
        NotFound,
        34,
        "Sorry, that page does not exist",
    ),
}


@pytest.mark.parametrize(("call", "error", "code", "message"), IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_what_cannot_be_says_why(
    call: Callable[[API], Any], error: type[HTTPException], code: int, message: str, alice: API
) -> None:
    with pytest.raises(error) as raised:
        call(alice)
    assert (raised.value.api_codes, raised.value.api_messages) == ([code], [message])


class TestAuthentication:
    @pytest.mark.parametrize(
        ("wrong", "code"),
        [
            ({"access_token_secret": "wrong"}, 32),
            ({"consumer_secret": "wrong"}, 32),
            ({"access_token": "1001-noSuchToken"}, 89),
        ],
        ids=["token-secret", "consumer-secret", "token"],
    )
    def test_wrong_keys_are_unauthorized(self, wrong: dict[str, str], code: int, server: Sandbox) -> None:
        with pytest.raises(Unauthorized) as raised:
            api_of(server, server.resident("alice"), **wrong).get_muted_ids()
        assert raised.value.api_codes == [code]

    def test_no_keys_at_all_are_a_bad_request(self, server: Sandbox) -> None:
        with pytest.raises(BadRequest) as raised:
            api_with(server, None).request("GET", "mutes/users/ids", require_auth=False)
        assert raised.value.api_codes == [215]

    @pytest.mark.parametrize("token", ["app-only", "user"])
    def test_a_bearer_lists_no_mutes(self, token: str, server: Sandbox) -> None:
        bearer = server.ready["app_only_token"] if token == "app-only" else server.resident("alice").oauth2_token
        with pytest.raises(Forbidden) as raised:
            api_with(server, OAuth2BearerHandler(bearer)).get_muted_ids()
        assert raised.value.api_codes == [220]

    def test_an_app_that_may_only_read_reads(self, server: Sandbox) -> None:
        api = app_of_alice(server, 1)
        assert list(api.get_muted_ids()) == []
        with pytest.raises(Forbidden) as raised:
            api.create_mute(user_id=1002)
        assert raised.value.api_codes == [261]

    def test_an_app_outside_every_project_may_do_everything(self, server: Sandbox) -> None:
        api = app_of_alice(server, 2)
        api.create_mute(user_id=1002)
        assert list(api.get_muted_ids()) == [1002]
        api.destroy_mute(user_id=1002)


def app_of_alice(server: Sandbox, at: int) -> API:
    """Alice through another App than the sandbox's main one; 0 would be that."""
    app = server.ready["apps"][at]
    token = next(token for token in app["tokens"] if "token_secret" in token)
    return api_of(
        server,
        server.resident("alice"),
        consumer_key=app["consumer_key"],
        consumer_secret=app["consumer_secret"],
        access_token=token["token"],
        access_token_secret=token["token_secret"],
    )


class TestLimits:
    @pytest.mark.parametrize("name", ["get_muted_ids", "get_mutes"])
    def test_the_sixteenth_look_up_is_too_many(self, name: str, limited: Sandbox, limited_newcomer: Resident) -> None:
        api = api_of(limited, limited_newcomer)
        for _ in range(15):
            getattr(api, name)()
        with pytest.raises(TooManyRequests) as raised:
            getattr(api, name)()
        assert (raised.value.api_codes, raised.value.api_messages) == ([88], ["Rate limit exceeded"])
        headers = raised.value.response.headers
        assert (headers["x-rate-limit-limit"], headers["x-rate-limit-remaining"]) == ("15", "0")
        assert raised.value.reset_time == int(headers["x-rate-limit-reset"])
        assert 0 < raised.value.reset_time - time.time() <= 900
        # Another window of the same person is untouched.
        assert api.create_mute(user_id=1001).id == 1001

    def test_says_what_is_left(self, limited: Sandbox, limited_newcomer: Resident) -> None:
        api = api_of(limited, limited_newcomer)
        api.get_muted_ids()
        status = api.rate_limit_status()
        assert status["rate_limit_context"] == {"access_token": limited_newcomer.oauth1["token"]}
        mutes = status["resources"]["mutes"]
        left = {name: (window["limit"], window["remaining"]) for name, window in mutes.items()}
        assert left == {"/mutes/users/list": (15, 15), "/mutes/users/ids": (15, 14)}
        assert all(0 < window["reset"] - time.time() <= 901 for window in mutes.values())
        assert list(api.rate_limit_status(resources="mutes")["resources"]) == ["mutes"]

    def test_the_fifty_first_mute_is_too_many_and_says_nothing_of_when(
        self, limited: Sandbox, limited_newcomer: Resident
    ) -> None:
        api = api_of(limited, limited_newcomer)
        for _ in range(50):
            api.create_mute(user_id=1001)
        with pytest.raises(TooManyRequests) as raised:
            api.create_mute(user_id=1002)
        assert (raised.value.api_codes, raised.value.reset_time) == ([88], None)
        assert list(api.get_muted_ids()) == [1001]
