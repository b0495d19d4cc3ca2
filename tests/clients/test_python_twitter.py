"""python-twitter 3.5, as it comes from the registry, told of the sandbox by `base_url` alone."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from twitter import Api, TwitterError
from twitter import api as module

from tests.clients.crowd import muted_by_alice
from tests.clients.expected import muted_by_carol
from tests.sandboxes import Resident, Sandbox

NOBODY = 999_999


def api_of(server: Sandbox, resident: Resident, **options: Any) -> Api:
    # Its cache is a folder for everybody on the machine, which no test may depend on.
    given = {
        "base_url": f"{server.url}/1.1",
        "consumer_key": resident.oauth1["consumer_key"],
        "consumer_secret": resident.oauth1["consumer_secret"],
        "access_token_key": resident.oauth1["token"],
        "access_token_secret": resident.oauth1["token_secret"],
        "cache": None,
    }
    return Api(**{**given, **options})


@pytest.fixture
def alice(server: Sandbox) -> Api:
    return api_of(server, server.resident("alice"))


def shown(user: Any) -> dict[str, Any]:
    """What was received for a user; the class leaves out half of it."""
    received: dict[str, Any] = user._json
    return received


@pytest.mark.parametrize("named", [{"user_id": 1002}, {"screen_name": "bob"}], ids=["user-id", "screen-name"])
def test_mutes_lists_and_unmutes(named: dict[str, Any], server: Sandbox, newcomer: Resident) -> None:
    api = api_of(server, newcomer)
    user = api.CreateMute(**named)
    # `muting` is what it was before the call.
    assert (user.id, user.screen_name, shown(user)["muting"]) == (1002, "bob", False)
    assert api.GetMutesIDs() == [1002]
    assert [(each.screen_name, shown(each)["muting"]) for each in api.GetMutes()] == [("bob", True)]
    assert shown(api.DestroyMute(**named))["muting"] is True
    assert (api.GetMutesIDs(), api.GetMutes()) == ([], [])


def test_leaves_out_of_an_answer_what_is_not_wanted(server: Sandbox, newcomer: Resident) -> None:
    api = api_of(server, newcomer)
    bare = shown(api.CreateMute(user_id=1001, include_entities=False, skip_status=True))
    assert "status" not in bare
    assert "status" in shown(api.DestroyMute(user_id=1001))


def test_walks_a_long_list_of_users(server: Sandbox) -> None:
    carol = api_of(server, server.resident("carol"))
    users = carol.GetMutes(skip_status=True)
    assert [shown(user)["id_str"] for user in users] == muted_by_carol()
    assert not any("status" in shown(user) for user in users)


def test_walks_a_long_list_of_ids(full: Sandbox) -> None:
    alice = api_of(full, full.resident("alice"))
    assert alice.GetMutesIDs() == muted_by_alice()
    assert alice.GetMutesIDs(stringify_ids=True) == [str(each) for each in muted_by_alice()]


def test_walks_a_long_list_back(full: Sandbox) -> None:
    alice = api_of(full, full.resident("alice"))
    cursor, previous, ids = alice.GetMutesIDsPaged()
    pages = [ids]
    while cursor:
        cursor, previous, ids = alice.GetMutesIDsPaged(cursor=cursor)
        pages.append(ids)
    assert len(pages) == 3
    back = []
    while previous:
        _, previous, ids = alice.GetMutesIDsPaged(cursor=previous)
        back.append(ids)
    assert back == pages[-2::-1]


def test_reads_long_texts_of_posts(server: Sandbox) -> None:
    alice = api_of(server, server.resident("alice"), tweet_mode="extended")
    assert alice.GetUser(screen_name="alice").status.full_text
    assert api_of(server, server.resident("alice")).GetUser(screen_name="alice").status.text


def test_knows_who_is_asking(alice: Api) -> None:
    me = alice.VerifyCredentials(include_entities=True, skip_status=True)
    assert (me.id, me.screen_name, me.status) == (1001, "alice", None)
    assert me.created_at.endswith(" 2006")


def test_shows_and_looks_people_up(alice: Api) -> None:
    assert alice.GetUser(user_id=1003).screen_name == "carol"
    assert sorted(user.id for user in alice.UsersLookup(screen_name=["bob", "carol"])) == [1002, 1003]
    assert [user.screen_name for user in alice.UsersLookup(user_id=[1002])] == ["bob"]


def test_says_whom_one_mutes_and_follows(server: Sandbox, newcomer: Resident) -> None:
    api = api_of(server, newcomer)
    api.CreateMute(user_id=1002)
    bob, carol = api.LookupFriendship(user_id=[1002, 1003])
    assert (bob.screen_name, bob.muting, carol.screen_name, carol.muting) == ("bob", True, "carol", False)
    friendship = api.ShowFriendship(source_user_id=int(newcomer.id), target_screen_name="bob")["relationship"]
    assert (friendship["source"]["muting"], friendship["target"]["id_str"]) == (True, "1002")


def test_blocks_and_unblocks(server: Sandbox, newcomer: Resident) -> None:
    api = api_of(server, newcomer)
    assert api.CreateBlock(screen_name="carol").id == 1003
    assert api.LookupFriendship(user_id=1003)[0].blocking
    assert api.DestroyBlock(user_id=1003).screen_name == "carol"
    assert not api.LookupFriendship(user_id=1003)[0].blocking


IMPOSSIBLE: dict[str, tuple[Callable[[Api], Any], int, str]] = {
    "mute-oneself": (lambda api: api.CreateMute(screen_name="alice"), 271, "You can't mute yourself."),
    "unmute-whom-one-does-not-mute": (
        lambda api: api.DestroyMute(user_id=1002),
        272,
        "You are not muting the specified user.",
    ),
    "mute-nobody": (lambda api: api.CreateMute(screen_name="nobody_at_all"), 50, "User not found."),
    "show-nobody": (lambda api: api.GetUser(user_id=NOBODY), 50, "User not found."),
    "look-nobody-up": (
        lambda api: api.UsersLookup(user_id=[NOBODY]),
        17,
        "No user matches for specified terms.",
    ),
    "what-is-not-there": (lambda api: api.GetBlocksIDs(), 34, "Sorry, that page does not exist"),
}


@pytest.mark.parametrize(("call", "code", "message"), IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_what_cannot_be_says_why(call: Callable[[Api], Any], code: int, message: str, alice: Api) -> None:
    with pytest.raises(TwitterError) as raised:
        call(alice)
    assert raised.value.message == [{"code": code, "message": message}]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"access_token_secret": "wrong"}, 32), ({"access_token_key": "1001-noSuchToken"}, 89)],
    ids=["token-secret", "token"],
)
def test_wrong_keys_are_told(wrong: dict[str, str], code: int, server: Sandbox) -> None:
    with pytest.raises(TwitterError) as raised:
        api_of(server, server.resident("alice"), **wrong).VerifyCredentials()
    assert [error["code"] for error in raised.value.message] == [code]


class TestLimits:
    def test_are_read_from_every_answer(self, limited: Sandbox, limited_newcomer: Resident) -> None:
        api = api_of(limited, limited_newcomer)
        ids = f"{limited.url}/1.1/mutes/users/ids.json"
        api.GetMutesIDs()
        limit = api.rate_limit.get_limit(ids)
        assert (limit.limit, limit.remaining) == (15, 14)
        assert 0 < limit.reset - time.time() <= 900
        for _ in range(14):
            api.GetMutesIDs()
        with pytest.raises(TwitterError) as raised:
            api.GetMutesIDs()
        assert raised.value.message == [{"code": 88, "message": "Rate limit exceeded"}]
        assert api.rate_limit.get_limit(ids).remaining == 0

    def test_are_told_before_anything_is_asked(self, limited: Sandbox, limited_newcomer: Resident) -> None:
        api = api_of(limited, limited_newcomer)
        api.InitializeRateLimit()
        for path, limit in (("mutes/users/list", 15), ("users/show", 900), ("account/verify_credentials", 75)):
            window = api.rate_limit.get_limit(f"{limited.url}/1.1/{path}.json")
            assert (window.limit, window.remaining) == (limit, limit)

    def test_a_client_that_waits_knows_how_long(
        self, limited: Sandbox, limited_newcomer: Resident, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        waited: list[float] = []
        monkeypatch.setattr(module.time, "sleep", waited.append)
        api = api_of(limited, limited_newcomer, sleep_on_rate_limit=True)
        for _ in range(15):
            api.GetMutesIDs()
        assert waited == []
        with pytest.raises(TwitterError):
            api.GetMutesIDs()
        # It adds ten seconds to be sure.
        assert [800 < seconds <= 910 for seconds in waited] == [True]
