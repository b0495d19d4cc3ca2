import pytest

from tacet.identity.developers.errors import Refused, Unacceptable
from tacet.identity.developers.texts import (
    MAX_DESCRIPTION_LENGTH,
    MAX_NAME_LENGTH,
    MAX_USE_CASE_LENGTH,
    MIN_USE_CASE_LENGTH,
    description_of,
    name_of,
    read_label,
    use_case_of,
    website_of,
)

NAMES = {
    "plain": ("Quiet evenings", "Quiet evenings"),
    "blanks around and within": ("  Quiet \t evenings\n", "Quiet evenings"),
    "another script": ("静かな夜", "静かな夜"),
    "a family of one emoji": ("👩\u200d👧 app", "👩\u200d👧 app"),
    "a heart on fire": ("❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"),
    "a dark-skinned pilot": ("👩🏿\u200d✈\ufe0f", "👩🏿\u200d✈\ufe0f"),
    "a shaken head": ("🙂\u200d↔\ufe0f", "🙂\u200d↔\ufe0f"),
    "a key": ("1\ufe0f\u20e3 app", "1\ufe0f\u20e3 app"),
    "a flag of two letters": ("🇩🇪 app", "🇩🇪 app"),
    "composed": ("Cafe\u0301", "Café"),
    "a sign": ("!", "!"),
    "as long as may be": ("a" * MAX_NAME_LENGTH, "a" * MAX_NAME_LENGTH),
    "markup, which pages escape": ("<b>&amp;", "<b>&amp;"),
}

WRONG_NAMES = {
    "nothing": "",
    "blanks": " \t\n",
    "only joiners": "\u200d\u200c",
    "a joiner at its end": "App\u200d",
    "a joiner at its start": "\u200dApp",
    "a joiner between letters": "Tac\u200det",
    "a joiner after an emoji at its end": "👩\u200d",
    "a joiner before a letter": "👩\u200dApp",
    "two joiners": "👩\u200d\u200d👧",
    "a joiner of plus signs": "+\u200d+",
    "a non-joiner": "می\u200cخواهم",
    "tags": "🏴\U000e0067\U000e0062\U000e007f",
    "a selector after a letter": "App\ufe0f",
    "a selector alone after a figure": "App 1\ufe0f",
    "two selectors": "❤\ufe0f\ufe0f",
    "a selector of ideographs": "葛\U000e0100",
    "a selector of Mongolian": "ᠠ\u180b",
    "only a combining mark": "\u0301",
    "too long": "a" * (MAX_NAME_LENGTH + 1),
    "NUL": "a\x00b",
    "escape": "a\x1b[31m",
    "reversed": "app\u202egpj.exe",
    "isolated": "\u2066app\u2069",
    "a blank without width": "Tac\u200bet",
    "a soft hyphen": "Ta\u00adcet",
    "private use": "a\ue000",
    "unassigned": "a\U000e0fff",
    "a filler of Hangul": "\u3164",
    "a filler within": "Ta\u115fcet",
    "a filler of half width": "\uffa0",
    "a blank of Braille": "\u2800",
    "a joiner of graphemes": "Ta\u034fcet",
}


@pytest.mark.parametrize(("given", "name"), NAMES.values(), ids=NAMES)
def test_a_name_is_one_line_of_what_can_be_seen(given: str, name: str) -> None:
    assert name_of(given) == name


@pytest.mark.parametrize("given", WRONG_NAMES.values(), ids=WRONG_NAMES)
def test_a_name_that_cannot_be_seen_or_misleads_is_refused(given: str) -> None:
    with pytest.raises(Unacceptable):
        name_of(given)


def test_the_invisible_character_is_named_by_its_number() -> None:
    with pytest.raises(Unacceptable, match=r"\(U\+202E\)"):
        name_of("a\u202eb")


def test_a_description_passes_for_nobody_and_may_join_as_its_script_does() -> None:
    for text in ("می\u200cخواهم", "🏴\U000e0067\U000e0062\U000e007f", "क्\u200dष"):
        assert description_of(text) == text


def test_a_description_may_be_empty_and_has_one_line() -> None:
    assert description_of("") == ""
    assert description_of("Two\r\nlines") == "Two lines"
    assert description_of("a" * MAX_DESCRIPTION_LENGTH)
    with pytest.raises(Unacceptable, match=f"It has {MAX_DESCRIPTION_LENGTH + 1} characters"):
        description_of("a" * (MAX_DESCRIPTION_LENGTH + 1))


def test_a_use_case_says_something() -> None:
    assert use_case_of("a" * MIN_USE_CASE_LENGTH)
    assert use_case_of("a" * MAX_USE_CASE_LENGTH)
    for wrong in ("", "testing", " " * MIN_USE_CASE_LENGTH, "a" * (MAX_USE_CASE_LENGTH + 1)):
        with pytest.raises(Unacceptable):
            use_case_of(wrong)


def test_a_website_may_be_empty_and_is_else_an_address() -> None:
    assert website_of("") == ""
    assert website_of("https://example.com") == "https://example.com"
    with pytest.raises(Unacceptable, match=r"^Write the whole address"):
        website_of("example.com")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(Refused) as refused:
        read_label("", "a" * (MAX_DESCRIPTION_LENGTH + 1))
    assert refused.value.problems == {
        "name": "Give it a name.",
        "description": f"It has {MAX_DESCRIPTION_LENGTH + 1} characters; {MAX_DESCRIPTION_LENGTH} is the most.",
    }
