import pytest

from tacet.identity.oauth2.rfc6749.characters import is_visible

VISIBLE = "".join(map(chr, range(0x20, 0x7F)))


def test_everything_from_space_to_tilde_is_visible() -> None:
    assert is_visible(VISIBLE, 95)


@pytest.mark.parametrize("text", ["", "\x1f", "\x7f", "a\n", "ä", "a\x00", "\ud800", "٣"], ids=ascii)
def test_nothing_else_is(text: str) -> None:
    assert not is_visible(text, 95)


def test_one_character_more_is_too_many() -> None:
    assert (is_visible("aaa", 3), is_visible("aaaa", 3)) == (True, False)
