import pytest

from tacet.directory.texts import cleaned


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("a\x00b\x07", "ab", id="controls go"),
        pytest.param("a\tb\nc", "a\tb\nc", id="tabs and line feeds stay"),
        pytest.param("  a  b \n", "a  b", id="blanks around it go"),
        pytest.param(" \x00\t\n", "", id="nothing is left"),
        pytest.param("\u200b\u2060 \ufeff", "", id="nothing can be seen"),
        pytest.param("\U0001fae8", "\U0001fae8", id="signs newer than this Python stay"),
        pytest.param("🏳️‍🌈", "🏳️‍🌈", id="signs of several characters stay"),
    ],
)
def test_a_text_is_kept_as_people_read_it(text: str, kept: str) -> None:
    assert cleaned(text) == kept
