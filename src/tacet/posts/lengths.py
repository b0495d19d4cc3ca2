"""How long a text is, by X's own counting.

Source: docs.x.com, "Counting characters", and the configuration v3 of github.com/twitter/twitter-text.
"""

import re
import unicodedata

from tacet.directory.entities.urls import url_spans

MAX_LENGTH = 280
"""X's limit of a post, in the units of `length_of`."""

MAX_CHARACTERS = 6_144
"""Texts of more code points are too long, uncounted: room for the longest URL and 128 of the most elaborate pictures,
and the worst of them are counted in some 20 ms."""

MAX_JOINED = 3
"""Signs that may be joined to a first one: no picture in Unicode's list has more, and families have as many."""

MAX_TAGS = 7
"""Letters behind a black flag with their end: a country's two, its region's up to four, and one that ends them."""

URL_LENGTH = 23
"""What any URL counts, however long: X shortens them all to this."""

LIGHT, HEAVY = 1, 2
"""What a character counts: most alphabets are light, Chinese, Japanese, Korean and emoji are heavy."""

_HEAVY = re.compile("[^\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")

_SIGN = "[\u203c-\u32ff\U0001f000-\U0001faff]\ufe0f?[\U0001f3fb-\U0001f3ff]?"
_EMOJI = re.compile(
    rf"[0-9#*]\ufe0f?\u20e3|[\U0001f1e6-\U0001f1ff]{{2}}"
    rf"|{_SIGN}(?:[\U000e0020-\U000e007f]{{1,{MAX_TAGS}}}|(?:\u200d{_SIGN}){{0,{MAX_JOINED}}})"
)
"""One picture: a keycap, a flag, or a sign with what changes it and the signs joined to it."""


def is_too_long(text: str) -> bool:
    """Whether a text is longer than a post may be."""
    return len(text) > MAX_CHARACTERS or length_of(text) > MAX_LENGTH


def length_of(text: str) -> int:
    """The length that X's limit speaks of. A picture counts as one heavy character, whatever it is made of.

    What goes beyond the parts that pictures have counts as characters of its own.
    """
    text = unicodedata.normalize("NFC", text)
    length, end = 0, 0
    for start, next_end in url_spans(text):
        length += _weight(text[end:start]) + URL_LENGTH
        end = next_end
    return length + _weight(text[end:])


def _weight(text: str) -> int:
    rest, pictures = _EMOJI.subn("", text)
    heavy = len(_HEAVY.findall(rest))
    return HEAVY * (pictures + heavy) + LIGHT * (len(rest) - heavy)
