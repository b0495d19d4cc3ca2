"""The words that developers give: names, descriptions, websites. Each rule returns the tidied text.

Raises in every rule:
    Unacceptable: the text breaks it.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tacet.identity.developers.errors import Refused, Unacceptable
from tacet.identity.developers.urls import check_web_url

T = TypeVar("T")

MAX_NAME_LENGTH = 50
"""Characters: a name stands in the heading of the consent page, on a phone in two lines."""

MAX_DESCRIPTION_LENGTH = 200
"""Characters, as X allows: a sentence or two."""

MIN_USE_CASE_LENGTH = 10
"""Characters, about two words. Words are not counted, because not every script puts blanks between them."""

MAX_USE_CASE_LENGTH = 1_000
"""Characters: a paragraph; nobody reads more, and it is stored for good."""

MAX_WEBSITE_LENGTH = 1_000
"""Characters, as for callback URLs."""

# Joiners make one emoji of several and keep Persian letters apart; the tags make flags.
_INVISIBLE_BUT_MEANT = {"\u200c", "\u200d", *map(chr, range(0xE0020, 0xE0080))}
_INVISIBLE = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
# Letters, marks and a sign by their category, yet nothing is drawn for them: the grapheme joiner, the fillers of
# Hangul, two vowels of Khmer, the blank of Braille.
_DRAWN_AS_NOTHING = set("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")

_JOINER = "\u200d"
_KEYCAP = "\u20e3"
_EMOJI_SELECTORS = {"\ufe0e", "\ufe0f"}
# They choose among drawings of the character before them, where a font has several; else they cannot be seen.
_SELECTORS = {*map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))}


@dataclass(frozen=True, slots=True)
class Label:
    """How a Project or an App is called, and what it is for; the description may be empty."""

    name: str
    description: str


class Form:
    """Reads fields by their rules and keeps what is wrong, so that a person hears of everything at once."""

    def __init__(self) -> None:
        self.problems: dict[str, str] = {}

    def read(self, field: str, rule: Callable[[str], T], text: str) -> T | None:
        """The field's value; None where it breaks the rule."""
        try:
            return rule(text)
        except Unacceptable as error:
            self.problems[field] = str(error)
            return None

    def check(self) -> None:
        """Raises: Refused: anything was wrong."""
        if self.problems:
            raise Refused(self.problems)


def read_label(name: str, description: str) -> Label:
    """Raises: Refused: fields `name` and `description`."""
    form = Form()
    label = Label(
        form.read("name", name_of, name) or "",
        form.read("description", description_of, description) or "",
    )
    form.check()
    return label


def name_of(text: str) -> str:
    """A name of one line that can be seen and cannot pass for another by invisible or reversing characters."""
    name = _line(text)
    if not any(unicodedata.category(character)[0] in "LNPS" for character in name):
        raise Unacceptable("Give it a name.")
    for at, character in enumerate(name):
        hidden = unicodedata.category(character) == "Cf" or character in _SELECTORS
        if hidden and not _makes_emoji(name[:at], character, name[at + 1 :]):
            raise _cannot_be_seen(character)
    return _at_most(name, MAX_NAME_LENGTH)


def description_of(text: str) -> str:
    """A description, or nothing; line breaks become blanks."""
    return _at_most(_line(text), MAX_DESCRIPTION_LENGTH)


def use_case_of(text: str) -> str:
    """What a developer says they will build."""
    use_case = _line(text)
    if len(use_case) < MIN_USE_CASE_LENGTH:
        raise Unacceptable(f"Say it in a few words: {MIN_USE_CASE_LENGTH} characters or more.")
    return _at_most(use_case, MAX_USE_CASE_LENGTH)


def website_of(text: str) -> str:
    """An http or https address, or nothing."""
    try:
        if text:
            check_web_url(text, MAX_WEBSITE_LENGTH)
    except Unacceptable as error:
        problem = str(error)
        raise Unacceptable(problem[0].upper() + problem[1:]) from None
    return text


def _line(text: str) -> str:
    line = unicodedata.normalize("NFC", " ".join(text.split()))
    for character in line:
        if _is_invisible(character) and character not in _INVISIBLE_BUT_MEANT:
            raise _cannot_be_seen(character)
    return line


def _cannot_be_seen(character: str) -> Unacceptable:
    return Unacceptable(f"It contains a character that cannot be seen (U+{ord(character):04X}): take it out.")


def _makes_emoji(before: str, character: str, after: str) -> bool:
    """Whether a joiner or selector changes how emoji are drawn, so that it is seen after all."""
    if character in _EMOJI_SELECTORS:
        return _is_emoji(before[-1:]) or after[:1] == _KEYCAP
    joined = before[-2:-1] if before[-1:] in _EMOJI_SELECTORS else before[-1:]
    return character == _JOINER and _is_emoji(joined) and _is_emoji(after[:1])


def _is_emoji(character: str) -> bool:
    """Or something like it: a sign, an arrow, a colour of skin; not a letter, and not nothing."""
    if not character:
        return False
    category = unicodedata.category(character)
    return category == "So" or (category in {"Sk", "Sm"} and character > "\u20ff")


def _is_invisible(character: str) -> bool:
    return character in _DRAWN_AS_NOTHING or unicodedata.category(character) in _INVISIBLE


def _at_most(text: str, length: int) -> str:
    if len(text) > length:
        raise Unacceptable(f"It has {len(text):,} characters; {length:,} is the most.")
    return text
