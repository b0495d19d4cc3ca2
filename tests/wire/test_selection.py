import pytest

from tacet.wire.selection import PRIVATE_METRICS, select, select_posts
from tacet.wire.vocabulary import POST, TWEET, USER_FIELD_ORDER, Vocabulary

Asked = dict[str, tuple[str, ...]]

SPOKEN: dict[str, tuple[Asked, Vocabulary]] = {
    "nothing": ({}, TWEET),
    "common-user-fields": ({"user.fields": ("id", "description")}, TWEET),
    "tweet-fields": ({"tweet.fields": ("id",)}, TWEET),
    "post-fields": ({"post.fields": ("id",)}, POST),
    "both": ({"tweet.fields": ("id",), "post.fields": ("id",)}, POST),
    "pinned-tweet": ({"expansions": ("pinned_tweet_id",)}, TWEET),
    "pinned-post": ({"expansions": ("pinned_post_id",)}, POST),
    "most-recent-post": ({"user.fields": ("most_recent_post_id",)}, POST),
    "classic-affiliation": ({"expansions": ("affiliation.user_id",)}, TWEET),
    "affiliation": ({"expansions": ("affiliation",)}, POST),
    "affiliation-beside-tweet-fields": ({"expansions": ("affiliation",), "tweet.fields": ("id",)}, TWEET),
    "affiliation-field": ({"user.fields": ("affiliation",)}, TWEET),
}


@pytest.mark.parametrize(("asked", "vocabulary"), SPOKEN.values(), ids=SPOKEN.keys())
def test_answers_speak_the_requests_vocabulary(asked: Asked, vocabulary: Vocabulary) -> None:
    assert select(asked).vocabulary is vocabulary


def test_users_always_show_id_name_and_username_in_this_order() -> None:
    assert select({}).user_fields == ("id", "name", "username")
    assert select({"user.fields": ("username",)}).user_fields == ("id", "name", "username")


def test_fields_are_answered_in_one_order_whatever_the_requests() -> None:
    asked = ("url", "created_at", "verified", "affiliation")
    expected = ("id", "name", "username", "created_at", "url", "verified", "affiliation")
    assert select({"user.fields": asked}).user_fields == expected
    assert select({"user.fields": asked[::-1]}).user_fields == expected


def test_all_fields_of_both_vocabularies_are_known() -> None:
    fields = select({"user.fields": (*TWEET.user_fields, *POST.user_fields)}).user_fields
    assert fields == USER_FIELD_ORDER


EXPANDED = {
    "pinned_tweet_id": "pinned_tweet_id",
    "pinned_post_id": "pinned_tweet_id",
    "most_recent_tweet_id": "most_recent_tweet_id",
    "most_recent_post_id": "most_recent_tweet_id",
    "affiliation.user_id": "affiliation",
    "affiliation": "affiliation",
}


@pytest.mark.parametrize(("expansion", "field"), EXPANDED.items(), ids=EXPANDED.keys())
def test_an_expansion_shows_the_field_it_expands(expansion: str, field: str) -> None:
    assert field in select({"expansions": (expansion,)}).user_fields


def test_the_same_request_in_other_words_is_the_same_selection() -> None:
    assert select({"user.fields": ("url", "id")}) == select({"user.fields": ("id", "url", "url")})
    assert hash(select({"user.fields": ("url",)})) == hash(select({"user.fields": ("url", "name")}))


DEFAULTS: dict[str, tuple[Asked, set[str]]] = {
    "tweet": ({}, {"id", "text", "edit_history_tweet_ids"}),
    "post": ({"expansions": ("pinned_post_id",)}, {"id", "text"}),
    "more": (
        {"post.fields": ("note_post", "edit_history_post_ids")},
        {"id", "text", "note_tweet", "edit_history_tweet_ids"},
    ),
}


@pytest.mark.parametrize(("asked", "fields"), DEFAULTS.values(), ids=DEFAULTS.keys())
def test_posts_show_their_defaults_and_what_was_asked(asked: Asked, fields: set[str]) -> None:
    assert select(asked).post_fields == fields


PERSONAL = ["connection_status", "receives_your_dm", "subscribes_to_you", "subscription", "confirmed_email"]


@pytest.mark.parametrize("field", PERSONAL)
def test_fields_that_depend_on_the_viewer_make_an_answer_personal(field: str) -> None:
    assert select({"user.fields": (field,)}).is_personal
    assert not select({"user.fields": tuple(set(TWEET.user_fields) - set(PERSONAL))}).is_personal


@pytest.mark.parametrize("field", ["most_recent_tweet_id", "most_recent_post_id"])
def test_only_the_most_recent_post_must_be_looked_up(field: str) -> None:
    assert select({"user.fields": (field,)}).needs_latest
    assert select({"expansions": (field,)}).needs_latest
    assert not select({"expansions": ("pinned_tweet_id",)}).needs_latest


POSTS_SPOKEN: dict[str, tuple[Asked, Vocabulary]] = {
    "nothing": ({}, TWEET),
    "author": ({"expansions": ("author_id",)}, TWEET),
    "referenced-tweets": ({"expansions": ("referenced_tweets.id",)}, TWEET),
    "referenced-posts": ({"expansions": ("referenced_posts",)}, POST),
    "edit-history": ({"expansions": ("edit_history_post_ids",)}, POST),
    "username": ({"expansions": ("username",)}, POST),
    "username-beside-tweet-fields": ({"expansions": ("username",), "tweet.fields": ("id",)}, TWEET),
    "username-field": ({"user.fields": ("username",)}, TWEET),
    "post-fields": ({"post.fields": ("id",), "expansions": ("referenced_tweets.id",)}, POST),
    "media": ({"media.fields": ("url",)}, TWEET),
}


@pytest.mark.parametrize(("asked", "vocabulary"), POSTS_SPOKEN.values(), ids=POSTS_SPOKEN.keys())
def test_answers_with_posts_speak_the_requests_vocabulary(asked: Asked, vocabulary: Vocabulary) -> None:
    selection = select_posts(asked)
    assert (selection.vocabulary, selection.users.vocabulary) == (vocabulary, vocabulary)


POSTS_EXPANDED = {
    "author_id": ("author_id", "author_id"),
    "in_reply_to_user_id": ("in_reply_to_user_id", "in_reply_to_user_id"),
    "referenced_tweets.id": ("referenced_tweets.id", "referenced_tweets"),
    "referenced_posts": ("referenced_tweets.id", "referenced_tweets"),
    "referenced_tweets.id.author_id": ("referenced_tweets.id.author_id", "referenced_tweets"),
    "entities.mentions.username": ("entities.mentions.username", "entities"),
    "entities.note.mentions.username": ("entities.mentions.username", "entities"),
    "username": ("entities.mentions.username", "entities"),
    "edit_history_tweet_ids": ("edit_history_tweet_ids", "edit_history_tweet_ids"),
    "edit_history_post_ids": ("edit_history_tweet_ids", "edit_history_tweet_ids"),
}


@pytest.mark.parametrize("word", POSTS_EXPANDED)
def test_an_expansion_of_posts_shows_the_field_it_expands(word: str) -> None:
    selection = select_posts({"expansions": (word,)})
    expansion, field = POSTS_EXPANDED[word]
    assert selection.expansions == {expansion}
    assert field in selection.post_fields


def test_every_expansion_of_posts_is_known_in_tweet_words() -> None:
    words = (*TWEET.post_expansions, *POST.post_expansions)
    assert select_posts({"expansions": words}).expansions <= set(TWEET.post_expansions)


def test_posts_and_the_users_beside_them_have_fields_of_their_own() -> None:
    selection = select_posts({"tweet.fields": ("lang",), "user.fields": ("url",), "expansions": ("author_id",)})
    assert selection.post_fields == {"id", "text", "edit_history_tweet_ids", "lang", "author_id"}
    assert selection.users.user_fields == ("id", "name", "username", "url")
    assert selection.users.expansions == frozenset()


def test_lists_of_media_polls_and_places_choose_nothing() -> None:
    asked = {"media.fields": ("url",), "poll.fields": ("id",), "place.fields": ("id",)}
    assert select_posts(asked) is select_posts({})


def test_the_same_request_for_posts_in_other_words_is_the_same_selection() -> None:
    one = select_posts({"tweet.fields": ("lang", "id"), "user.fields": ("url", "name")})
    assert one is select_posts({"tweet.fields": ("id", "lang", "lang"), "user.fields": ("id", "url")})
    assert one is not select_posts({"tweet.fields": ("lang",)})


@pytest.mark.parametrize("field", PRIVATE_METRICS)
def test_posts_with_private_metrics_look_different_to_their_authors(field: str) -> None:
    assert select_posts({"tweet.fields": (field,)}).is_private
    assert not select_posts({"tweet.fields": tuple(set(TWEET.post_fields) - set(PRIVATE_METRICS))}).is_private
