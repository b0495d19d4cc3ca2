import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from tacet.directory.lookup import Connections
from tacet.identity.caller import Caller, Method
from tacet.records.credentials import Access
from tacet.records.people import Affiliation, Person, Profile, Withheld
from tacet.wire.selection import VIEWER_FIELDS, select
from tacet.wire.v2.render_user import render_user, timestamp
from tacet.wire.vocabulary import POST, TWEET, USER_FIELD_ORDER
from tests.cast import ALICE, BIO, FULL
from tests.wire.recorded import Recorded

ALL_TWEET = {"user.fields": (*TWEET.user_fields, "subscribes_to_you")}
ALL_POST = {"user.fields": (*POST.user_fields, "affiliation", "pinned_post_id", "most_recent_post_id")}
VIEWER = Caller(Method.OAUTH2_USER, 1, ALICE.id, frozenset({"users.email"}), Access.READ, True)
STRANGERS = Connections(ALICE.id, set(), set(), set(), set())
LATEST = {FULL.id: 5002}


def rendered(
    person: Person,
    asked: Mapping[str, tuple[str, ...]],
    caller: Caller | None = VIEWER,
    connections: Connections | None = STRANGERS,
) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(render_user(person, select(asked), LATEST, caller, connections))
    return shown


EXPECTED: dict[str, Any] = {
    "id": "1006",
    "name": "Full Profile",
    "username": "full",
    "withheld": {"country_codes": ["DE", "FR"], "scope": "user"},
    "created_at": "2013-12-14T04:35:55.000Z",
    "description": BIO,
    "entities": {
        "url": {
            "urls": [
                {
                    "start": 0,
                    "end": 24,
                    "url": "https://example.com/full",
                    "expanded_url": "https://example.com/full",
                    "display_url": "example.com/full",
                }
            ]
        },
        "description": {
            "hashtags": [{"start": 12, "end": 17, "tag": "news"}],
            "cashtags": [{"start": 18, "end": 20, "tag": "X"}],
            "mentions": [{"start": 5, "end": 11, "username": "alice"}],
            "urls": [
                {
                    "start": 21,
                    "end": 44,
                    "url": "https://example.com/bio",
                    "expanded_url": "https://example.com/bio",
                    "display_url": "example.com/bio",
                }
            ],
        },
    },
    "location": "Here",
    "pinned_tweet_id": "5001",
    "profile_banner_url": "https://example.com/full-banner.png",
    "profile_image_url": "https://example.com/full.png",
    "protected": False,
    "public_metrics": {
        "followers_count": 11,
        "following_count": 12,
        "tweet_count": 13,
        "post_count": 13,
        "listed_count": 14,
        "like_count": 15,
        "media_count": 16,
    },
    "url": "https://example.com/full",
    "verified": True,
    "subscription_type": "Premium",
    "verified_type": "blue",
    "most_recent_tweet_id": "5002",
    "is_identity_verified": True,
    "affiliation": {
        "badge_url": "https://example.com/badge.png",
        "description": "Works there",
        "url": "https://example.com/org",
        "user_id": ["1007"],
    },
    "connection_status": [],
    "receives_your_dm": True,
    "verified_followers_count": 17,
    "parody": True,
    "subscribes_to_you": False,
    "subscription": {"subscribes_to_you": False},
}
RENAMED = {"pinned_tweet_id": "pinned_post_id", "most_recent_tweet_id": "most_recent_post_id"}


def test_every_field_that_has_a_value_is_shown_in_tweet_words() -> None:
    assert rendered(FULL, ALL_TWEET) == EXPECTED


def test_every_field_that_has_a_value_is_shown_in_post_words() -> None:
    assert rendered(FULL, ALL_POST) == {RENAMED.get(name, name): value for name, value in EXPECTED.items()}


@pytest.mark.parametrize("asked", [ALL_TWEET, ALL_POST], ids=["tweet", "post"])
def test_fields_come_in_the_live_order(asked: dict[str, tuple[str, ...]]) -> None:
    names = [{post: tweet for tweet, post in RENAMED.items()}.get(name, name) for name in rendered(FULL, asked)]
    assert names == [name for name in USER_FIELD_ORDER if name != "confirmed_email"]


def test_the_default_is_id_name_username() -> None:
    assert render_user(FULL, select({}), {}) == b'{"id":"1006","name":"Full Profile","username":"full"}'


@pytest.mark.parametrize("field", sorted({*TWEET.user_fields, *POST.user_fields} - {"confirmed_email"}))
def test_a_field_asked_for_alone_is_shown_beside_the_default(field: str) -> None:
    assert rendered(FULL, {"user.fields": (field,)}).keys() == {"id", "name", "username", field}


def test_what_is_empty_is_left_out() -> None:
    always = {
        "protected": False,
        "public_metrics": dict.fromkeys(EXPECTED["public_metrics"], 0),
        "verified": False,
        "subscription_type": "None",
        "verified_type": "none",
        "is_identity_verified": False,
        "connection_status": [],
        "receives_your_dm": False,
        "verified_followers_count": 0,
        "parody": False,
        "subscribes_to_you": False,
        "subscription": {"subscribes_to_you": False},
    }
    expected = {"id": "7", "name": "Empty", "username": "empty", **always}
    assert rendered(Person(7, "empty", "Empty"), ALL_TWEET) == expected


PARTS: dict[str, tuple[Profile, str, object]] = {
    "withheld-without-countries": (Profile(withheld=Withheld()), "withheld", None),
    "withheld-without-scope": (Profile(withheld=Withheld(("DE",))), "withheld", {"country_codes": ["DE"]}),
    "affiliation-of-nothing": (Profile(affiliation=Affiliation()), "affiliation", None),
    "affiliation-in-part": (
        Profile(affiliation=Affiliation(url="https://a.example")),
        "affiliation",
        {"url": "https://a.example"},
    ),
    "bio-without-entities": (Profile(description="plain"), "entities", None),
}


@pytest.mark.parametrize(("profile", "field", "expected"), PARTS.values(), ids=PARTS.keys())
def test_parts_that_are_empty_are_left_out(profile: Profile, field: str, expected: object) -> None:
    shown = rendered(Person(7, "p", "P", profile=profile), {"user.fields": (field,)})
    assert shown.get(field) == expected
    assert (field in shown) == (expected is not None)


CONNECTIONS: dict[str, tuple[Connections, list[str]]] = {
    "strangers": (STRANGERS, []),
    "muting": (Connections(ALICE.id, {FULL.id}, set(), set(), set()), ["muting"]),
    "following": (Connections(ALICE.id, set(), {FULL.id}, set(), set()), ["following"]),
    "blocking": (Connections(ALICE.id, set(), set(), {FULL.id}, set()), ["blocking"]),
    "followed-by": (Connections(ALICE.id, set(), set(), set(), {FULL.id}), ["followed_by"]),
    "asked-to-follow": (Connections(ALICE.id, requested={FULL.id}), ["follow_request_sent"]),
    "asked-to-be-followed": (Connections(ALICE.id, requested_by={FULL.id}), ["follow_request_received"]),
    "blocked": (Connections(ALICE.id, blocked_by={FULL.id}), []),
    "all": (
        Connections(ALICE.id, *[{FULL.id}] * 8),
        ["follow_request_received", "follow_request_sent", "blocking", "followed_by", "following", "muting"],
    ),
    "of-others": (Connections(ALICE.id, {1}, {2}, {3}, {4}), []),
}


@pytest.mark.parametrize(("connections", "expected"), CONNECTIONS.values(), ids=CONNECTIONS.keys())
def test_connection_status_is_what_the_viewer_is_to_them(connections: Connections, expected: list[str]) -> None:
    shown = rendered(FULL, {"user.fields": ("connection_status",)}, connections=connections)
    assert shown["connection_status"] == expected


def test_an_app_on_its_own_sees_nothing_personal() -> None:
    app = Caller(Method.APP_ONLY, 1, None, frozenset(), Access.READ, True)
    shown = rendered(FULL, {"user.fields": tuple(VIEWER_FIELDS)}, app, None)
    assert shown.keys() == {"id", "name", "username"}


def test_who_follows_the_viewer_receives_their_messages() -> None:
    follower = Connections(ALICE.id, set(), set(), set(), {7})
    asked = {"user.fields": ("receives_your_dm",)}
    assert rendered(Person(7, "p", "P"), asked, connections=follower)["receives_your_dm"] is True
    assert rendered(Person(8, "q", "Q"), asked, connections=follower)["receives_your_dm"] is False


def test_whoever_blocks_the_viewer_does_not_receive_their_messages() -> None:
    blocker = Connections(ALICE.id, followed_by={7}, blocked_by={7})
    asked = {"user.fields": ("receives_your_dm",)}
    assert rendered(Person(7, "p", "P"), asked, connections=blocker)["receives_your_dm"] is False


def test_the_connections_come_in_the_order_of_xs_enumeration(recorded: Recorded) -> None:
    listed = re.search(r"connection_status enum: ([a-z_, ]+) \(array", recorded.wire)
    assert listed is not None
    shown = rendered(FULL, {"user.fields": ("connection_status",)}, connections=Connections(ALICE.id, *[{FULL.id}] * 8))
    assert shown["connection_status"] == listed[1].split(", ")


def email_reader(method: Method, user_id: int, *scopes: str) -> Caller:
    return Caller(method, 1, user_id, frozenset(scopes), Access.READ, True)


EMAIL = {
    "ones-own-with-the-scope": (email_reader(Method.OAUTH2_USER, FULL.id, "users.email"), True),
    "ones-own-without": (email_reader(Method.OAUTH2_USER, FULL.id, "users.read"), False),
    "ones-own-with-oauth1": (email_reader(Method.OAUTH1_USER, FULL.id), True),
    "anothers-with-the-scope": (email_reader(Method.OAUTH2_USER, ALICE.id, "users.email"), False),
    "anothers-with-oauth1": (email_reader(Method.OAUTH1_USER, ALICE.id), False),
}


@pytest.mark.parametrize(("caller", "shown"), EMAIL.values(), ids=EMAIL.keys())
def test_an_email_address_is_its_owners(caller: Caller, shown: bool) -> None:
    user = rendered(FULL, {"user.fields": ("confirmed_email",)}, caller)
    assert user.get("confirmed_email") == ("full@example.com" if shown else None)


MOMENTS = {
    "recorded": (1_386_995_755_000, "2013-12-14T04:35:55.000Z"),
    "milliseconds": (1_386_995_755_007, "2013-12-14T04:35:55.007Z"),
    "last-millisecond": (1_386_995_755_999, "2013-12-14T04:35:55.999Z"),
    "leap-day": (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
    "unknown": (0, None),
}


@pytest.mark.parametrize(("ms", "expected"), MOMENTS.values(), ids=MOMENTS.keys())
def test_moments_are_written_as_recorded(ms: int, expected: str | None) -> None:
    assert timestamp(ms) == expected


def test_the_quickstarts_moment_is_recorded(recorded: Recorded) -> None:
    assert f'created_at "{timestamp(1_386_995_755_000)}"' in recorded.wire
