"""What X recognises in a bio, a post and a profile's URL: hashtags, cashtags, mentions and URLs.

The rules are twitter-text's. Its port to Python takes seconds over two thousand hostile characters, so the
reading is our own, in time proportional to the text. The public suffix list knows all top-level domains.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from tacet.directory.entities.display import display_url, expanded_url
from tacet.directory.entities.shapes import Link, Mention, Tag, TextEntities
from tacet.directory.entities.tags import cashtags, hashtags, mentions
from tacet.directory.entities.urls import MAX_URL_CHARACTERS, url_spans

__all__ = [
    "MAX_TEXT_CHARACTERS",
    "Link",
    "Mention",
    "Tag",
    "TextEntities",
    "mentioned_usernames",
    "post_entities",
    "profile_entities",
    "text_entities",
    "url_entity",
]

MAX_TEXT_CHARACTERS = 25_000
"""X's longest posts. What stands behind this in a text is not looked at."""


def text_entities(text: str) -> TextEntities:
    """Everything recognised in a bio or post. Of two that overlap, the one that begins first stays."""
    text = text[:MAX_TEXT_CHARACTERS]
    links = [_link(text[start:end], start) for start, end in url_spans(text)]
    tags, symbols, addressed = list(hashtags(text)), list(cashtags(text)), list(mentions(text))
    kept = _starts_without_overlaps(
        [
            *((link.start, link.end) for link in links),
            *((tag.start, tag.end) for tag in (*tags, *symbols)),
            *((start, end) for start, end, _ in addressed),
        ]
    )
    return TextEntities(
        hashtags=tuple(tag for tag in tags if tag.start in kept),
        cashtags=tuple(symbol for symbol in symbols if symbol.start in kept),
        mentions=tuple(mention for start, _, mention in addressed if mention and start in kept),
        urls=tuple(link for link in links if link.start in kept),
    )


def mentioned_usernames(text: str) -> list[str]:
    """Those whom a text speaks to: usernames in lower case, each once, in order."""
    return list(dict.fromkeys(mention.username.lower() for mention in text_entities(text).mentions))


def url_entity(url: str) -> Link | None:
    """A profile's URL as an entity of itself, from end to end; None for none or an overlong one."""
    return _link(url, 0) if 0 < len(url) <= MAX_URL_CHARACTERS else None


def post_entities(text: str, mentioned: Mapping[str, int] | None = None) -> dict[str, Any] | None:
    """`entities` of a post, ready for JSON: `{"hashtags": [{"start", "end", "tag"}], ...}`; None if empty.

    Args:
        mentioned: ids by lower-cased username; the mentions of these people show them.
    """
    found = msgspec.to_builtins(text_entities(text))
    for mention in found.get("mentions", ()):
        id_ = (mentioned or {}).get(mention["username"].lower())
        if id_ is not None:
            mention["id"] = str(id_)
    return {kind: list(entities) for kind, entities in found.items()} or None


def profile_entities(description: str, url: str) -> dict[str, Any] | None:
    """`entities` of a user, ready for JSON: `{"url": {"urls": []}, "description": {}}`; None if empty."""
    entities: dict[str, Any] = {}
    if link := url_entity(url):
        entities["url"] = {"urls": [msgspec.to_builtins(link)]}
    if of_description := post_entities(description):
        entities["description"] = of_description
    return entities or None


def _link(url: str, start: int) -> Link:
    return Link(start, start + len(url), url, expanded_url(url), display_url(url))


def _starts_without_overlaps(spans: list[tuple[int, int]]) -> set[int]:
    """The starts of those spans that begin after the last one kept has ended. No two have the same start."""
    kept = set()
    free_from = 0
    for start, end in sorted(spans):
        if start >= free_from:
            kept.add(start)
            free_from = end
    return kept
