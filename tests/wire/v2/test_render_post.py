import json
from typing import Any

import pytest

from tacet.records.people import Post, PostDetails, Withheld
from tacet.wire.encoding import encode
from tacet.wire.selection import PRIVATE_METRICS, select
from tacet.wire.v2.render_post import hidden_metrics, render_post
from tacet.wire.vocabulary import POST, TWEET, Vocabulary
from tests.cast import ALICE, FULL, PINNED

ALL = select({"tweet.fields": TWEET.post_fields, "post.fields": POST.post_fields}).post_fields

EXPECTED: dict[str, Any] = {
    "id": "5001",
    "text": "Read https://example.com/post by @alice #now $X",
    "edit_history_tweet_ids": ["5001"],
    "author_id": "1006",
    "created_at": "2022-04-26T19:06:40.000Z",
    "conversation_id": "5000",
    "in_reply_to_user_id": "1001",
    "referenced_tweets": [{"type": "replied_to", "id": "5000"}],
    "lang": "en",
    "source": "Tests",
    "possibly_sensitive": True,
    "reply_settings": "following",
    "display_text_range": [0, 47],
    "edit_controls": {
        "edits_remaining": 5,
        "is_edit_eligible": False,
        "editable_until": "2022-04-26T20:06:40.000Z",
    },
    "entities": {
        "hashtags": [{"start": 40, "end": 44, "tag": "now"}],
        "cashtags": [{"start": 45, "end": 47, "tag": "X"}],
        "mentions": [{"start": 33, "end": 39, "username": "alice"}],
        "urls": [
            {
                "start": 5,
                "end": 29,
                "url": "https://example.com/post",
                "expanded_url": "https://example.com/post",
                "display_url": "example.com/post",
            }
        ],
    },
    "public_metrics": {
        "retweet_count": 1,
        "reply_count": 2,
        "like_count": 3,
        "quote_count": 4,
        "bookmark_count": 5,
        "impression_count": 6,
    },
    "withheld": {"copyright": False, "country_codes": ["DE"], "scope": "tweet"},
}
PRIVATE: dict[str, Any] = {
    "non_public_metrics": {"impression_count": 6, "url_link_clicks": 7, "user_profile_clicks": 8},
    "organic_metrics": {
        "impression_count": 6,
        "retweet_count": 1,
        "reply_count": 2,
        "like_count": 3,
        "url_link_clicks": 7,
        "user_profile_clicks": 8,
    },
}


def rendered(post: Post, fields: frozenset[str], vocabulary: Vocabulary, viewer_id: int | None) -> dict[str, Any]:
    """The post as it reads on the other side."""
    shown: dict[str, Any] = json.loads(encode(render_post(post, fields, vocabulary, viewer_id)))
    return shown


def in_post_words(shown: dict[str, Any]) -> dict[str, Any]:
    words = {
        "edit_history_tweet_ids": "edit_history_post_ids",
        "referenced_tweets": "referenced_posts",
        "retweet_count": "repost_count",
    }

    def spoken(value: Any) -> Any:
        if isinstance(value, dict):
            return {words.get(name, name): spoken(inner) for name, inner in value.items()}
        return "post" if value == "tweet" else value

    spoken_post: dict[str, Any] = spoken(shown)
    return spoken_post


def test_every_field_that_has_a_value_is_shown_in_tweet_words() -> None:
    shown = rendered(PINNED, ALL, TWEET, ALICE.id)
    assert shown == EXPECTED
    assert list(shown) == list(EXPECTED)


def test_every_field_that_has_a_value_is_shown_in_post_words() -> None:
    assert rendered(PINNED, ALL, POST, ALICE.id) == in_post_words(EXPECTED)


@pytest.mark.parametrize("vocabulary", [TWEET, POST], ids=["tweet", "post"])
def test_the_author_sees_private_metrics_too(vocabulary: Vocabulary) -> None:
    expected = {**EXPECTED, **PRIVATE}
    if vocabulary is POST:
        expected = in_post_words(expected)
    assert rendered(PINNED, ALL, vocabulary, FULL.id) == expected


@pytest.mark.parametrize("viewer_id", [ALICE.id, None], ids=["another-person", "an-app"])
def test_hidden_metrics_are_named_as_x_names_them(viewer_id: int | None) -> None:
    fields = frozenset(("id", *PRIVATE_METRICS))
    expected = [f"{name}.impression_count" for name in PRIVATE_METRICS]
    assert hidden_metrics(PINNED, fields, viewer_id) == expected
    assert hidden_metrics(PINNED, frozenset(("id", "public_metrics")), viewer_id) == []
    assert hidden_metrics(PINNED, fields, FULL.id) == []


def test_what_is_empty_is_left_out() -> None:
    post = Post(9, 1, "plain", 1_651_000_000_000, PostDetails(withheld=Withheld()))
    assert rendered(post, ALL, TWEET, None) == {
        "id": "9",
        "text": "plain",
        "edit_history_tweet_ids": ["9"],
        "author_id": "1",
        "created_at": "2022-04-26T19:06:40.000Z",
        "conversation_id": "9",
        "possibly_sensitive": False,
        "reply_settings": "everyone",
        "display_text_range": [0, 5],
        "edit_controls": {
            "edits_remaining": 5,
            "is_edit_eligible": True,
            "editable_until": "2022-04-26T20:06:40.000Z",
        },
        "public_metrics": dict.fromkeys(EXPECTED["public_metrics"], 0),
    }


DEFAULTS = {
    "tweet": ({}, TWEET, {"id": "5001", "text": PINNED.text, "edit_history_tweet_ids": ["5001"]}),
    "post": ({"post.fields": ("id",)}, POST, {"id": "5001", "text": PINNED.text}),
}


@pytest.mark.parametrize(("asked", "vocabulary", "expected"), DEFAULTS.values(), ids=DEFAULTS.keys())
def test_defaults_differ_between_the_vocabularies(
    asked: dict[str, tuple[str, ...]], vocabulary: Vocabulary, expected: dict[str, Any]
) -> None:
    assert rendered(PINNED, select(asked).post_fields, vocabulary, None) == expected


def test_the_length_of_a_text_counts_code_points() -> None:
    post = Post(9, 1, "👩‍🚀é", 1)
    assert rendered(post, frozenset({"display_text_range"}), TWEET, None) == {"display_text_range": [0, 4]}


def test_mentions_of_somebody_say_who_it_is() -> None:
    post = Post(9, 1, "@Alice and @nobody", 1)
    shown = json.loads(encode(render_post(post, frozenset({"entities"}), TWEET, None, {"alice": 1001})))
    assert shown["entities"]["mentions"] == [
        {"start": 0, "end": 6, "username": "Alice", "id": "1001"},
        {"start": 11, "end": 18, "username": "nobody"},
    ]
