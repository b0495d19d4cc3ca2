"""Top-level domains: which ones exist, and where in a host one ends."""

import re
from functools import cache

from publicsuffixlist import PublicSuffixList

MAX_DOMAIN_CHARACTERS = 24
"""The longest top-level domain there is, in its ASCII form; those in other scripts are shorter."""

_ASCII_WORD = re.compile(r"[a-z]+", re.ASCII | re.IGNORECASE)
_ENCODED = re.compile(r"xn--[0-9a-z-]+", re.ASCII | re.IGNORECASE)
_MAY_NOT_FOLLOW = re.compile(r"[0-9a-z@+-]", re.ASCII | re.IGNORECASE)


def top_level_domain_end(text: str, start: int, end: int) -> int | None:
    """Where a top-level domain that begins at `start` ends, at most at `end`; None if there is none.

    A domain in ASCII is the whole word. One in another script may be followed by more of that script, since
    many are written without spaces; then the longest domain counts.
    """
    if encoded := _ENCODED.match(text, start, end):
        return encoded.end()
    if word := _ASCII_WORD.match(text, start, end):
        ends = [word.end()]
    else:
        ends = list(range(min(end, start + MAX_DOMAIN_CHARACTERS), start, -1))
    for at in ends:
        if not _MAY_NOT_FOLLOW.match(text, at) and is_top_level_domain(text[start:at]):
            return at
    return None


def is_top_level_domain(word: str) -> bool:
    """Whether somebody can own a name under `word`: one label, in any case."""
    if not word or len(word) > MAX_DOMAIN_CHARACTERS or "." in word:
        return False
    known = _public_suffixes()
    # Some countries' own rules only speak of what is below their domain.
    return known.is_public(word.lower()) or (word.isascii() and known.is_public(f"x.{word.lower()}"))


@cache
def _public_suffixes() -> PublicSuffixList:
    """Read at the first use: 30 ms that whoever has no URL in the directory need not spend."""
    return PublicSuffixList(accept_unknown=False, accept_encoded_idn=False, only_icann=True)
