import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacet.directory.importing.entries import COLUMNS, RowError, to_entry
from tacet.directory.importing.rows import MAX_BIO_LENGTH, MAX_MOMENT_MS, MAX_NAME_LENGTH, MAX_POST_LENGTH
from tacet.records.people import (
    MAX_ID,
    Affiliation,
    Metrics,
    Person,
    Post,
    PostDetails,
    PostMetrics,
    Profile,
    Reference,
    State,
    Withheld,
)
from tacet.wire.v2.render_post import EDIT_WINDOW_MS
from tacet.wire.v2.render_user import timestamp

ALICE: dict[str, Any] = {"id": 1, "username": "alice", "name": "Alice"}
HELLO: dict[str, Any] = {"type": "post", "id": 9, "author_id": 1, "text": "Hello", "created_at_ms": 5}

MOMENT_MS = 1_386_995_755_000
"""2013-12-14T04:35:55Z"""


def test_a_person_needs_an_id_a_username_and_a_name_only() -> None:
    assert to_entry(ALICE) == Person(1, "alice", "Alice")


def test_a_person_as_x_answers_it() -> None:
    answer = {
        "id": "2244994945",
        "username": "XDevelopers",
        "name": "Developers",
        "created_at": "2013-12-14T04:35:55.000Z",
        "description": "The voice",
        "location": "127.0.0.1",
        "url": "https://t.co/x",
        "profile_image_url": "https://pbs.example/a.jpg",
        "profile_banner_url": "https://pbs.example/b.jpg",
        "protected": True,
        "verified": True,
        "verified_type": "business",
        "subscription_type": "Premium",
        "is_identity_verified": True,
        "parody": True,
        "pinned_tweet_id": "20",
        "most_recent_tweet_id": "21",
        "connection_status": ["muting"],
        "receives_your_dm": False,
        "subscribes_to_you": False,
        "subscription": {},
        "entities": {"url": {"urls": []}},
        "public_metrics": {
            "followers_count": 1,
            "following_count": 2,
            "tweet_count": 3,
            "listed_count": 4,
            "like_count": 5,
            "media_count": 6,
        },
        "affiliation": {"badge_url": "https://b", "description": "X", "url": None, "user_id": ["12", "13"]},
        "withheld": {"country_codes": ["DE", "FR"], "scope": None},
        "verified_followers_count": 7,
        "confirmed_email": "a@example.org",
    }
    profile = Profile(
        created_at_ms=MOMENT_MS,
        description="The voice",
        location="127.0.0.1",
        url="https://t.co/x",
        profile_image_url="https://pbs.example/a.jpg",
        profile_banner_url="https://pbs.example/b.jpg",
        protected=True,
        verified=True,
        verified_type="business",
        subscription_type="Premium",
        is_identity_verified=True,
        parody=True,
        pinned_post_id=20,
        metrics=Metrics(1, 2, 3, 4, 5, 6),
        affiliation=Affiliation("https://b", "X", "", (12, 13)),
        withheld=Withheld(("DE", "FR"), ""),
        verified_followers_count=7,
        confirmed_email="a@example.org",
    )
    assert to_entry(answer) == Person(2244994945, "XDevelopers", "Developers", State.ACTIVE, profile)


def test_a_post_as_x_answers_it() -> None:
    answer = {
        "type": "post",
        "id": "9",
        "author_id": "1",
        "text": "Hello",
        "created_at": "2013-12-14T04:35:55.000Z",
        "lang": "en",
        "source": "web",
        "possibly_sensitive": False,
        "reply_settings": "following",
        "conversation_id": "8",
        "in_reply_to_user_id": "2",
        "referenced_tweets": [{"type": "replied_to", "id": "8"}],
        "public_metrics": {
            "retweet_count": 1,
            "reply_count": 2,
            "like_count": 3,
            "quote_count": 4,
            "bookmark_count": 5,
            "impression_count": 6,
        },
        "non_public_metrics": {"url_link_clicks": 7, "user_profile_clicks": 8, "engagements": 9},
        "edit_history_tweet_ids": ["9"],
        "withheld": {"country_codes": ["DE"], "copyright": True},
    }
    details = PostDetails(
        lang="en",
        source="web",
        reply_settings="following",
        conversation_id=8,
        in_reply_to_user_id=2,
        references=(Reference("replied_to", 8),),
        metrics=PostMetrics(1, 2, 3, 4, 5, 6, 7, 8),
        withheld=Withheld(("DE",), ""),
    )
    assert to_entry(answer) == Post(9, 1, "Hello", MOMENT_MS, details)


def test_texts_are_read_as_csv_has_them() -> None:
    row = {**ALICE, "id": "1", "protected": "true", "verified": "0", "followers_count": "12", "created_at_ms": "5"}
    profile = Profile(created_at_ms=5, protected=True, metrics=Metrics(followers_count=12))
    assert to_entry(row) == Person(1, "alice", "Alice", profile=profile)


@pytest.mark.parametrize("state", State)
def test_states_are_called_by_name(state: State) -> None:
    entry = to_entry({**ALICE, "state": state.name.lower()})
    assert isinstance(entry, Person)
    assert entry.state is state


MOMENTS = {
    "with milliseconds": ("2013-12-14T04:35:55.000Z", MOMENT_MS),
    "with an offset": ("2013-12-14T05:35:55+01:00", MOMENT_MS),
    "without a zone is UTC": ("2013-12-14 04:35:55", MOMENT_MS),
    "finer than milliseconds": ("2013-12-14T04:35:55.000999Z", MOMENT_MS),
    "a day": ("2013-12-14", 1_386_979_200_000),
}


@pytest.mark.parametrize(("text", "moment_ms"), MOMENTS.values(), ids=MOMENTS)
def test_moments_are_iso_8601(text: str, moment_ms: int) -> None:
    entry = to_entry({**ALICE, "created_at": text})
    assert isinstance(entry, Person)
    assert entry.profile.created_at_ms == moment_ms


@pytest.mark.parametrize("name", ["a", "A_1", "x" * 15, "0", "_"])
def test_usernames_are_one_to_fifteen_of_letters_digits_and_underscore(name: str) -> None:
    assert to_entry({**ALICE, "username": name}) == Person(1, name, "Alice")


BAD_PEOPLE: dict[str, tuple[dict[str, Any], str]] = {
    "no id": ({"id": None}, "id is missing"),
    "id 0": ({"id": 0}, f"id is not a whole number from 1 to {MAX_ID}"),
    "id too large": ({"id": MAX_ID + 1}, "id is not a whole number"),
    "id as text too large": ({"id": str(MAX_ID + 1)}, "id is not a whole number"),
    "id of many digits": ({"id": "9" * 5_000}, "id is not a whole number"),
    "id negative": ({"id": "-1"}, "id is not a whole number"),
    "id as a fraction": ({"id": 1.5}, "id is not a whole number"),
    "id that lost digits": ({"id": 1.2345e18}, "id is not a whole number"),
    "id as a spreadsheet writes it": ({"id": "1.23457E+18"}, "id is not a whole number"),
    "id with a point": ({"id": "1.0"}, "id is not a whole number"),
    "id with a space": ({"id": " 1"}, "id is not a whole number"),
    "id in other digits": ({"id": "١"}, "id is not a whole number"),
    "id true": ({"id": True}, "id is not a whole number"),
    "id a list": ({"id": [1]}, "id is not a whole number"),
    "no username": ({"username": None}, "username is missing"),
    "username empty": ({"username": ""}, "username is not 1 to 15 letters, digits or underscores"),
    "username too long": ({"username": "x" * 16}, "username is not"),
    "username with @": ({"username": "@alice"}, "username is not"),
    "username with a line break": ({"username": "alice\n"}, "username is not"),
    "username not ASCII": ({"username": "älice"}, "username is not"),
    "username a number": ({"username": 5}, "username is not"),
    "no name": ({"name": None}, "name is missing"),
    "name empty": ({"name": ""}, "name is not a text of 1 to"),
    "name too long": ({"name": "x" * (MAX_NAME_LENGTH + 1)}, "name is not a text of 1 to"),
    "zero byte": ({"name": "a\0b"}, "name contains a zero byte"),
    "bio too long": ({"description": "x" * (MAX_BIO_LENGTH + 1)}, "description: expected `str` of length"),
    "protected neither": ({"protected": "perhaps"}, "protected: expected `bool`"),
    "state unknown": ({"state": "asleep"}, "state is not active, suspended or deactivated"),
    "verified_type unknown": ({"verified_type": "gold"}, "verified_type is not blue"),
    "count negative": ({"public_metrics": {"followers_count": -1}}, "followers_count: expected `int` >= 0"),
    "count a fraction": ({"followers_count": 1.5}, "followers_count is not a whole number"),
    "metrics no object": ({"public_metrics": 5}, "unknown field `public_metrics`"),
    "unknown name": ({"user_name": "alice"}, "unknown field `user_name`"),
    "a post's name": ({"author_id": 1}, "unknown field `author_id`"),
    "moment no text": ({"created_at": 5}, "created_at is not an ISO 8601 moment"),
    "moment no moment": ({"created_at": "yesterday"}, "created_at is not an ISO 8601 moment"),
    "moment before 1970": ({"created_at": "1969-12-31T23:59:59Z"}, "created_at_ms: expected `int` >= 0"),
    "country unknown": ({"withheld": {"country_codes": ["Germany"]}}, "withheld.country_codes[0]: expected"),
    "type unknown": ({"type": "tweet"}, "type 'tweet' is not person or post"),
    "type no text": ({"type": []}, "type [] is not person or post"),
}


@pytest.mark.parametrize(("change", "reason"), BAD_PEOPLE.values(), ids=BAD_PEOPLE)
def test_a_person_that_cannot_be_is_refused_with_a_reason(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(RowError) as raised:
        to_entry({**ALICE, **change})
    assert str(raised.value).startswith(reason)


BAD_POSTS: dict[str, tuple[dict[str, Any], str]] = {
    "no author": ({"author_id": None}, "author_id is missing"),
    "author 0": ({"author_id": "0"}, "author_id is not a whole number"),
    "no text": ({"text": None}, "text is missing"),
    "text too long": ({"text": "x" * (MAX_POST_LENGTH + 1)}, "text: expected `str` of length"),
    "no moment": ({"created_at_ms": None}, "created_at_ms is missing"),
    "reference unknown": ({"referenced_posts": [{"type": "liked", "id": 1}]}, "referenced_posts[...].type: invalid"),
    "a person's name": ({"username": "alice"}, "unknown field `username`"),
}


@pytest.mark.parametrize(("change", "reason"), BAD_POSTS.values(), ids=BAD_POSTS)
def test_a_post_that_cannot_be_is_refused_with_a_reason(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(RowError) as raised:
        to_entry({**HELLO, **change})
    assert str(raised.value).replace("[0]", "[...]").startswith(reason.replace("[0]", "[...]"))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(sorted(COLUMNS | {"affiliation", "withheld", "referenced_posts", "public_metrics"}))
good = st.sampled_from([ALICE, HELLO])


@given(base=good, changes=st.dictionaries(names | st.text(max_size=8), json_values, max_size=4))
def test_whatever_a_record_holds_it_is_an_entry_or_refused(base: dict[str, Any], changes: dict[str, Any]) -> None:
    with contextlib.suppress(RowError):
        assert 1 <= to_entry({**base, **changes}).id <= MAX_ID


def test_moments_end_with_the_ninth_millennium_so_that_those_soon_after_can_be_written() -> None:
    # What an answer says of a post's last edit lies an hour after the post.
    assert timestamp(MAX_MOMENT_MS + EDIT_WINDOW_MS) == "9999-12-31T01:00:00.000Z"
    with pytest.raises(RowError, match="created_at"):
        to_entry({**ALICE, "created_at": "9999-12-31T23:59:59.000Z"})
