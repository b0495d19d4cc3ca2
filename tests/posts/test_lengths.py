import pytest

from tacet.posts.lengths import MAX_CHARACTERS, MAX_LENGTH, URL_LENGTH, is_too_long, length_of

LENGTHS = {
    "nothing": ("", 0),
    "latin": ("Hello", 5),
    "accents": ("é", 1),
    "accent-apart": ("e\u0301", 1),
    "cyrillic": ("Привет", 6),
    "arabic": ("سلام", 4),
    "thai": ("ไทย", 3),
    "georgian-edge": ("\u10ff\u1100", 3),
    "chinese": ("漢字", 4),
    "japanese": ("こんにちは", 10),
    "korean": ("안녕", 4),
    "quotation-marks": ("\u201cx\u201d", 3),
    "ellipsis": ("\u2026", 2),
    "euro": ("€", 2),
    "emoji": ("☕🚀", 4),
    "emoji-of-several-characters": ("👩\u200d🚀", 2),
    "family": ("👨\u200d👩\u200d👧\u200d👦", 2),
    "skin-tone": ("👍🏽", 2),
    "coloured-heart": ("❤\ufe0f", 2),
    "flag": ("🇩🇪", 2),
    "two-flags": ("🇩🇪🇫🇷", 4),
    "kiss-of-many-parts": ("👩🏽\u200d❤\ufe0f\u200d💋\u200d👨🏽", 2),
    "one-joined-too-many": ("👨\u200d👩\u200d👧\u200d👦\u200d👦", 2 + 1 + 2),
    "selectors-without-end": ("☕" + "\ufe0f" * 100, 2 + 2 * 99),
    "skin-tones-without-end": ("👍" + "🏽" * 101, 2 + 2 * 50),
    "tags-without-end": ("🏴" + "\U000e0067" * 100, 2 + 2 * 93),
    "flag-of-tags": ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", 2),
    "keycap": ("1\ufe0f\u20e3", 2),
    "digits-are-no-keycap": ("12", 2),
    "line-breaks": ("a\nb", 3),
    "short-url": ("x.com", URL_LENGTH),
    "long-url": (f"https://example.com/{'a' * 300}", URL_LENGTH),
    "urls-and-text": ("see https://example.com/a and 漢 www.example.com.", 4 + 23 + 5 + 2 + 1 + 23 + 1),
}


@pytest.mark.parametrize(("text", "length"), LENGTHS.values(), ids=LENGTHS.keys())
def test_characters_and_urls_weigh_what_x_says(text: str, length: int) -> None:
    assert length_of(text) == length


def test_the_longest_post_of_each_kind() -> None:
    assert length_of("a" * MAX_LENGTH) == MAX_LENGTH
    assert length_of("漢" * (MAX_LENGTH // 2)) == MAX_LENGTH


@pytest.mark.parametrize(
    "text",
    [f"https://example.com/{'a' * 4_000} {'a' * 256}", "👩🏽\u200d❤\ufe0f\u200d💋\u200d👨🏽" * 140],
    ids=["a-long-url", "elaborate-pictures"],
)
def test_many_characters_that_count_as_few_are_not_too_long(text: str) -> None:
    assert not is_too_long(text)
    assert is_too_long(text + "aa")


@pytest.mark.parametrize("unit", ["https://example.com/" + "a" * 4_000 + " ", "a", "☕\ufe0f"])
def test_a_text_of_very_many_characters_is_too_long_uncounted(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def count(text: str) -> int:
        raise AssertionError(f"{len(text)} characters were counted")

    monkeypatch.setattr("tacet.posts.lengths.length_of", count)
    assert is_too_long((unit * (MAX_CHARACTERS + 1))[: MAX_CHARACTERS + 1])
