"""What a request wants to see: fields, expansions and the vocabulary to answer in."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from tacet.wire.vocabulary import (
    ONLY_POST_WORDS,
    POST,
    POST_EXPANSIONS,
    POST_TO_TWEET,
    TWEET,
    USER_FIELD_ORDER,
    Vocabulary,
)

MAX_SELECTIONS = 512
"""Choices remembered: clients make a handful, and a forgotten one only costs rendering anew."""

DEFAULT_USER_FIELDS = ("id", "name", "username")
DEFAULT_TWEET_FIELDS = ("id", "text", "edit_history_tweet_ids")
DEFAULT_POST_FIELDS = ("id", "text")

VIEWER_FIELDS = frozenset(
    ("connection_status", "receives_your_dm", "subscribes_to_you", "subscription", "confirmed_email")
)
"""Fields that depend on who asks; what is rendered without them may be shared by everybody."""

PRIVATE_METRICS = ("non_public_metrics", "organic_metrics", "promoted_metrics")
"""Fields that only a post's author may see."""

MENTIONS = "entities.mentions.username"
REFERENCES = "referenced_tweets.id"
REFERENCED_AUTHORS = "referenced_tweets.id.author_id"

_POST_EXPANSIONS = {
    # No document says what this word of 2167 expands; it stands where the mentions of a note stood.
    "username": MENTIONS,
    "entities.note.mentions.username": MENTIONS,
    "referenced_posts": REFERENCES,
    "edit_history_post_ids": "edit_history_tweet_ids",
}
"""Other names of what is expanded where posts are shown."""


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Fields by their tweet names, in the order they are answered. Equal ones are one object; see `select`.

    Attributes:
        user_fields, post_fields: what each user and each included post shows.
        expansions: of `pinned_tweet_id`, `most_recent_tweet_id`, `affiliation.user_id`.
        is_personal: whether users look different to each who asks.
        needs_latest: whether each user's most recent post must be looked up.
    """

    vocabulary: Vocabulary
    user_fields: tuple[str, ...]
    post_fields: frozenset[str]
    expansions: frozenset[str]
    is_personal: bool
    needs_latest: bool


@dataclass(frozen=True, slots=True, eq=False)
class PostSelection:
    """The same where posts are shown. Equal ones are one object; see `select_posts`.

    Attributes:
        post_fields: what each post shows, included ones too.
        users: what each included user shows.
        expansions: by their tweet names; those of media, polls and places are there and have nothing to expand.
        is_private: whether posts look different to their authors.
    """

    vocabulary: Vocabulary
    post_fields: frozenset[str]
    users: Selection
    expansions: frozenset[str]
    is_private: bool


def vocabulary_of(asked: Mapping[str, Collection[str]]) -> Vocabulary:
    """The vocabulary that a request speaks, by the words in its lists: tweet, where none of them is a post word."""
    expanded = asked.get("expansions", ())
    words = (*asked.get("user.fields", ()), *expanded)
    speaks_post = "post.fields" in asked or not ONLY_POST_WORDS.isdisjoint(words)
    if speaks_post or (not POST_EXPANSIONS.isdisjoint(expanded) and "tweet.fields" not in asked):
        return POST
    return TWEET


def select(asked: Mapping[str, Collection[str]]) -> Selection:
    """The selection of a request whose lists are valid.

    Args:
        asked: the values of `user.fields`, `tweet.fields`, `post.fields` and `expansions`, where given.
    """
    vocabulary = vocabulary_of(asked)
    expansions = frozenset(POST_TO_TWEET.get(name, name) for name in asked.get("expansions", ()))
    # An expansion shows the field that it expands, asked for or not.
    user_fields = _user_fields(asked, (name.partition(".")[0] for name in expansions))
    return _one(vocabulary, user_fields, _post_fields(asked, vocabulary), expansions)


def select_posts(asked: Mapping[str, Collection[str]]) -> PostSelection:
    """The selection of a request for posts whose lists are valid.

    Args:
        asked: as for `select`; lists of media, polls and places choose nothing.
    """
    vocabulary = vocabulary_of(asked)
    expansions = frozenset(_POST_EXPANSIONS.get(name, name) for name in asked.get("expansions", ()))
    shown = _post_fields(asked, vocabulary) | {name.partition(".")[0] for name in expansions}
    users = _one(vocabulary, _user_fields(asked, ()), frozenset(), frozenset())
    return _one_of_posts(vocabulary, shown, users, expansions)


@lru_cache(MAX_SELECTIONS)
def _one(
    vocabulary: Vocabulary, user_fields: tuple[str, ...], post_fields: frozenset[str], expansions: frozenset[str]
) -> Selection:
    """The same object for the same choice: what was rendered for it is then found by its identity."""
    return Selection(
        vocabulary,
        user_fields,
        post_fields,
        expansions,
        is_personal=not VIEWER_FIELDS.isdisjoint(user_fields),
        needs_latest="most_recent_tweet_id" in user_fields,
    )


@lru_cache(MAX_SELECTIONS)
def _one_of_posts(
    vocabulary: Vocabulary, post_fields: frozenset[str], users: Selection, expansions: frozenset[str]
) -> PostSelection:
    """The same object for the same choice, while `_one` keeps its users."""
    is_private = not post_fields.isdisjoint(PRIVATE_METRICS)
    return PostSelection(vocabulary, post_fields, users, expansions, is_private)


def _user_fields(asked: Mapping[str, Collection[str]], expanded: Iterable[str]) -> tuple[str, ...]:
    wanted = {*DEFAULT_USER_FIELDS, *(_user_field(name) for name in asked.get("user.fields", ())), *expanded}
    return tuple(name for name in USER_FIELD_ORDER if name in wanted)


def _user_field(name: str) -> str:
    return name if name == "affiliation" else POST_TO_TWEET.get(name, name)


def _post_fields(asked: Mapping[str, Collection[str]], vocabulary: Vocabulary) -> frozenset[str]:
    wanted = (*asked.get("tweet.fields", ()), *asked.get("post.fields", ()))
    default = DEFAULT_POST_FIELDS if vocabulary is POST else DEFAULT_TWEET_FIELDS
    return frozenset((*default, *(POST_TO_TWEET.get(name, name) for name in wanted)))
