"""A post object as v2 writes it, in either vocabulary. None leaves a field out."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tacet.directory.entities import post_entities
from tacet.records.people import Post
from tacet.wire.selection import PRIVATE_METRICS
from tacet.wire.v2.render_user import timestamp
from tacet.wire.vocabulary import POST, Vocabulary

EDIT_WINDOW_MS = 3_600_000
"""How long X lets a post be edited: one hour."""

EDITS = 5
"""How often X lets a post be edited."""

Mentioned = Mapping[str, int]
"""Ids by lower-cased username."""

NOBODY: Mentioned = MappingProxyType({})


def _public_metrics(post: Post, vocabulary: Vocabulary, _: Mentioned) -> Any:
    metrics = post.details.metrics
    return {
        "repost_count" if vocabulary is POST else "retweet_count": metrics.repost_count,
        "reply_count": metrics.reply_count,
        "like_count": metrics.like_count,
        "quote_count": metrics.quote_count,
        "bookmark_count": metrics.bookmark_count,
        "impression_count": metrics.impression_count,
    }


def _organic_metrics(post: Post, vocabulary: Vocabulary, _: Mentioned) -> Any:
    metrics = post.details.metrics
    return {
        "impression_count": metrics.impression_count,
        "repost_count" if vocabulary is POST else "retweet_count": metrics.repost_count,
        "reply_count": metrics.reply_count,
        "like_count": metrics.like_count,
        "url_link_clicks": metrics.url_link_clicks,
        "user_profile_clicks": metrics.user_profile_clicks,
    }


def _withheld(post: Post, vocabulary: Vocabulary, _: Mentioned) -> Any:
    withheld = post.details.withheld
    if withheld is None or not withheld.country_codes:
        return None
    return {"copyright": False, "country_codes": withheld.country_codes, "scope": vocabulary.noun}


def _edit_controls(post: Post, *_: Any) -> Any:
    return {
        "edits_remaining": EDITS,
        "is_edit_eligible": not post.details.references,
        "editable_until": timestamp(post.created_at_ms + EDIT_WINDOW_MS),
    }


def _references(post: Post, *_: Any) -> Any:
    return [{"type": each.type, "id": str(each.id)} for each in post.details.references] or None


_FIELDS: Mapping[str, Callable[[Post, Vocabulary, Mentioned], Any]] = {
    "id": lambda post, *_: str(post.id),
    "text": lambda post, *_: post.text,
    "edit_history_tweet_ids": lambda post, *_: [str(post.id)],
    "author_id": lambda post, *_: str(post.author_id),
    "created_at": lambda post, *_: timestamp(post.created_at_ms),
    "conversation_id": lambda post, *_: str(post.details.conversation_id or post.id),
    "in_reply_to_user_id": lambda post, *_: str(post.details.in_reply_to_user_id or "") or None,
    "referenced_tweets": _references,
    "lang": lambda post, *_: post.details.lang or None,
    "source": lambda post, *_: post.details.source or None,
    "possibly_sensitive": lambda post, *_: post.details.possibly_sensitive,
    "reply_settings": lambda post, *_: post.details.reply_settings,
    "display_text_range": lambda post, *_: [0, len(post.text)],
    "edit_controls": _edit_controls,
    "entities": lambda post, _, mentioned: post_entities(post.text, mentioned),
    "public_metrics": _public_metrics,
    "withheld": _withheld,
    "non_public_metrics": lambda post, *_: {
        "impression_count": post.details.metrics.impression_count,
        "url_link_clicks": post.details.metrics.url_link_clicks,
        "user_profile_clicks": post.details.metrics.user_profile_clicks,
    },
    "organic_metrics": _organic_metrics,
}
"""By tweet name. What X documents beyond these (media, polls, places, notes) no post here has."""

_POST_NAMES = {"edit_history_tweet_ids": "edit_history_post_ids", "referenced_tweets": "referenced_posts"}


def render_post(
    post: Post,
    fields: frozenset[str],
    vocabulary: Vocabulary,
    viewer_id: int | None,
    mentioned: Mentioned = NOBODY,
) -> dict[str, Any]:
    """One post object, its fields in a fixed order. Private metrics only for the author.

    Args:
        mentioned: who the mentions are, where they are somebody.
    """
    written: dict[str, Any] = {}
    for name, read in _FIELDS.items():
        if name not in fields or (name in PRIVATE_METRICS and viewer_id != post.author_id):
            continue
        value = read(post, vocabulary, mentioned)
        if value is not None:
            written[_POST_NAMES.get(name, name) if vocabulary is POST else name] = value
    return written


def hidden_metrics(post: Post, fields: frozenset[str], viewer_id: int | None) -> list[str]:
    """The private metrics asked for that this viewer may not see, as X names them in its error."""
    if viewer_id == post.author_id:
        return []
    return [f"{name}.impression_count" for name in PRIVATE_METRICS if name in fields]
