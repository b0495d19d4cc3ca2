"""Hashtags, cashtags and mentions, by twitter-text's rules, in time proportional to the text."""

import re
import unicodedata
from collections.abc import Iterator

from tacet.directory.entities.characters import (
    AT_SIGNS,
    HASH_SIGNS,
    HASHTAG_EXTRAS,
    LATIN_ACCENTS,
    PUNCTUATION,
    SPACES,
)
from tacet.directory.entities.shapes import Mention, Tag

MAX_USERNAME_CHARACTERS = 15
"""Longer than this is nobody's username on X, though twitter-text reads up to 20 characters as a mention."""

_HASH_SIGN = re.compile(f"[{HASH_SIGNS}]")
_AFTER_HASHTAG = re.compile(f"[{HASH_SIGNS}]|://")
_CASHTAG = re.compile(
    rf"(?<![^{SPACES}])\$([a-z]{{1,6}}(?:[._][a-z]{{1,2}})?)(?=[{SPACES}{PUNCTUATION}]|\Z)",
    re.ASCII | re.IGNORECASE,
)
_MENTION = re.compile(
    rf"(?:\A|[^\w!#$%&*{AT_SIGNS}]|(?:\A|[^\w+~.-])rt)([{AT_SIGNS}])(\w{{1,20}})(/[a-z][\w-]{{0,24}})?",
    re.ASCII | re.IGNORECASE,
)
_AFTER_MENTION = re.compile(rf"[{AT_SIGNS}{LATIN_ACCENTS}]|://")

_VARIATION_SELECTORS = "\ufe0e\ufe0f"
_NOT_AFTER_HASH_SIGN = ("\ufe0f", "\u20e3")
"""What makes an emoji of a hash sign: the keycap."""


def hashtags(text: str) -> Iterator[Tag]:
    """A sign that continues no word, then letters, marks, digits and few others; not only digits."""
    free_from = 0
    for sign in _HASH_SIGN.finditer(text):
        start = sign.start()
        if not _may_start_hashtag(text, start, free_from):
            continue
        end = _hashtag_end(text, start + 1)
        if end:
            # What was read once is not read again as what stands before another.
            free_from = end
            if not _AFTER_HASHTAG.match(text, end):
                yield Tag(start, end, text[start + 1 : end])


def cashtags(text: str) -> Iterator[Tag]:
    """A dollar sign after white space, one to six letters, perhaps a dot or underscore and up to two more."""
    for match in _CASHTAG.finditer(text):
        yield Tag(match.start(), match.end(), match[1])


def mentions(text: str) -> Iterator[tuple[int, int, Mention | None]]:
    """Spans that speak to somebody: `(start, end, mention)`.

    The mention is None for lists and for names too long to be anybody's: they only keep others from there.
    """
    for match in _MENTION.finditer(text):
        if _AFTER_MENTION.match(text, match.end()):
            continue
        start, username = match.start(1), match[2]
        is_somebody = not match[3] and len(username) <= MAX_USERNAME_CHARACTERS
        yield start, match.end(), Mention(start, match.end(), username) if is_somebody else None


def _may_start_hashtag(text: str, start: int, free_from: int) -> bool:
    if text.startswith(_NOT_AFTER_HASH_SIGN, start + 1):
        return False
    if start == 0:
        return True
    before = text[start - 1]
    return start > free_from and (before in _VARIATION_SELECTORS or not (before == "&" or _in_hashtag(before)))


def _hashtag_end(text: str, start: int) -> int | None:
    has_letter = False
    end = start
    while end < len(text) and _in_hashtag(text[end]):
        has_letter = has_letter or _is_letter_or_mark(text[end])
        end += 1
    return end if has_letter else None


def _in_hashtag(character: str) -> bool:
    return character.isdecimal() or character in HASHTAG_EXTRAS or _is_letter_or_mark(character)


def _is_letter_or_mark(character: str) -> bool:
    return character.isalpha() or unicodedata.category(character).startswith("M")
