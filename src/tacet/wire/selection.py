"""What a request wants to see: fields, expansions and the vocabulary to answer in."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from tacet.wire.vocabulary import ONLY_POST_WORDS, POST, POST_TO_TWEET, TWEET, USER_FIELD_ORDER, Vocabulary

MAX_SELECTIONS = 512
"""Choices remembered: clients make a handful, and a forgotten one only costs rendering anew."""

DEFAULT_USER_FIELDS = ("id", "name", "username")
DEFAULT_TWEET_FIELDS = ("id", "text", "edit_history_tweet_ids")
DEFAULT_POST_FIELDS = ("id", "text")

VIEWER_FIELDS = frozenset(
    ("connection_status", "receives_your_dm", "subscribes_to_you", "subscription", "confirmed_email")
)
"""Fields that depend on who asks; what is rendered without them may be shared by everybody."""


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


def vocabulary_of(asked: Mapping[str, Collection[str]]) -> Vocabulary:
    """The vocabulary that a request speaks, by the words in its lists: tweet, where none of them is a post word."""
    expanded = asked.get("expansions", ())
    words = (*asked.get("user.fields", ()), *expanded)
    speaks_post = "post.fields" in asked or not ONLY_POST_WORDS.isdisjoint(words)
    # Expanded, "affiliation" is the post word for what tweet calls "affiliation.user_id".
    return POST if speaks_post or ("affiliation" in expanded and "tweet.fields" not in asked) else TWEET


def select(asked: Mapping[str, Collection[str]]) -> Selection:
    """The selection of a request whose lists are valid.

    Args:
        asked: the values of `user.fields`, `tweet.fields`, `post.fields` and `expansions`, where given.
    """
    users, expanded = asked.get("user.fields", ()), asked.get("expansions", ())
    vocabulary = vocabulary_of(asked)
    expansions = frozenset(POST_TO_TWEET.get(name, name) for name in expanded)
    # An expansion shows the field that it expands, asked for or not.
    fields = {_user_field(name) for name in users} | {name.partition(".")[0] for name in expansions}
    return _one(
        vocabulary,
        tuple(name for name in USER_FIELD_ORDER if name in DEFAULT_USER_FIELDS or name in fields),
        _post_fields(asked, vocabulary),
        expansions,
    )


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


def _user_field(name: str) -> str:
    return name if name == "affiliation" else POST_TO_TWEET.get(name, name)


def _post_fields(asked: Mapping[str, Collection[str]], vocabulary: Vocabulary) -> frozenset[str]:
    wanted = (*asked.get("tweet.fields", ()), *asked.get("post.fields", ()))
    default = DEFAULT_POST_FIELDS if vocabulary is POST else DEFAULT_TWEET_FIELDS
    return frozenset((*default, *(POST_TO_TWEET.get(name, name) for name in wanted)))
