"""Which passwords are taken, and the form in which they are compared.

Sources: OWASP ASVS 4.0.3 chapter 2.1; RFC 8265 section 4.2 (OpaqueString); NIST SP 800-63B section 5.1.1.2.
"""

import re
import unicodedata
from itertools import pairwise

MIN_CHARACTERS = 12
"""ASVS 2.1.1; of several blanks in a row one counts."""

MAX_CHARACTERS = 128
"""ASVS 2.1.2; nothing is ever cut off."""

MAX_BYTES = 4_096
"""Of what is looked at in the first place: 128 characters have at most 512, and eight times that decomposed."""

MIN_DIFFERENT = 5
"""Different characters: with fewer, twelve are a rhythm on one hand."""

MIN_UNEXPLAINED = 6
"""Characters that neither follow from the one before nor belong to an obvious word: a guesser gets those for free."""

MIN_USERNAME_CHARACTERS = 4
"""Shorter usernames are syllables of anything."""

OBVIOUS = ("password", "passphrase", "secret", "tacet", "welcome", "letmein", "changeme", "admin")
"""What people write when a service of this name asks for a password (NIST: "context-specific words")."""

ROWS = ("qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm", "1234567890")
"""Neighbours on keyboards."""

_LOOK_ALIKES = str.maketrans("@43!105$7", "aaeiiosst")
_WORDS = re.compile("|".join(OBVIOUS))
_NEIGHBOURS = {pair for row in ROWS for pair in (*pairwise(row), *pairwise(row[::-1]))}


class WeakPassword(ValueError):
    """A password that is not taken; the message tells the person why, in a sentence."""


def prepared(plain: str) -> str:
    """A password in the form that is hashed, so that every keyboard that writes it writes the same.

    Args:
        plain: as it was typed; blanks at its ends belong to it.

    Raises:
        WeakPassword: it can be nobody's password.
    """
    too_long = WeakPassword(f"This password is too long: {MAX_CHARACTERS} characters are the most.")
    if len(plain.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise too_long
    spaced = "".join(" " if unicodedata.category(each) == "Zs" else each for each in plain)
    text = unicodedata.normalize("NFC", spaced)
    if len(text) > MAX_CHARACTERS:
        raise too_long
    if any(unicodedata.category(each) in {"Cc", "Cs"} for each in text):
        raise WeakPassword("A password cannot contain control characters, such as tabs and line ends.")
    return text


def refuse_easy(text: str, username: str) -> None:
    """See that a new password is not among the first that a guesser tries.

    Args:
        text: prepared.
        username: of its owner, without the @.

    Raises:
        WeakPassword: it is.
    """
    if len(re.sub(" +", " ", text)) < MIN_CHARACTERS:
        raise WeakPassword(f"This password is too short: use at least {MIN_CHARACTERS} characters, or a few words.")
    folded, name = text.casefold(), username.casefold()
    if len(name) >= MIN_USERNAME_CHARACTERS and name in folded:
        raise WeakPassword("A password cannot contain the username: that is what is tried first.")
    if len(set(folded)) < MIN_DIFFERENT or _repeats(folded):
        raise WeakPassword("This password repeats itself: use something that does not.")
    if _unexplained(folded) < MIN_UNEXPLAINED:
        raise WeakPassword("This password is easy to guess: use a few unrelated words, or let a program make one.")


def _repeats(text: str) -> bool:
    """Whether it is one short piece again and again; a piece that is long enough by itself may be repeated."""
    longest = min(len(text) // 2, MIN_CHARACTERS - 1)
    return any((text[:length] * len(text)).startswith(text) for length in range(1, longest + 1))


def _unexplained(text: str) -> int:
    free = {place for word in _WORDS.finditer(text.translate(_LOOK_ALIKES)) for place in range(*word.span())}
    free |= {place for place, pair in enumerate(pairwise(text), 1) if _follows(*pair)}
    return len(text) - len(free)


def _follows(before: str, after: str) -> bool:
    return abs(ord(before) - ord(after)) <= 1 or (before, after) in _NEIGHBOURS
