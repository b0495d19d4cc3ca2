import pytest

from tacet.posts.repeating import ELLIPSIS, MAX_REPOST_CHARACTERS, repost_text

FITS = MAX_REPOST_CHARACTERS - len("RT @ann: ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("hi", "RT @ann: hi", id="short"),
        pytest.param("a" * FITS, "RT @ann: " + "a" * FITS, id="just-fits"),
        pytest.param("a" * FITS + "b", "RT @ann: " + "a" * (FITS - 1) + ELLIPSIS, id="one-too-long"),
    ],
)
def test_a_repost_says_whose_it_is_and_what_fits(text: str, expected: str) -> None:
    assert repost_text("ann", text) == expected
    assert len(expected) <= MAX_REPOST_CHARACTERS == 140
