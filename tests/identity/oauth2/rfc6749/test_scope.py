import pytest
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth2.rfc6749.utils import scope_to_list

from tacet.identity.oauth2.rfc6749.scope import scope_tokens, within

LISTS = {
    "one": ("a", ("a",)),
    "in-order": ("b a", ("b", "a")),
    "twice": ("b a b", ("b", "a")),
    "blanks": (" b   a ", ("b", "a")),
    "empty": ("", ()),
    "only-blanks": ("  ", ()),
    "a-comma-is-no-blank": ("a,b", ("a,b",)),
    "a-line-break-is-no-blank": ("a\nb", ("a\nb",)),
    "case-counts": ("a A", ("a", "A")),
}


@pytest.mark.parametrize(("text", "tokens"), LISTS.values(), ids=LISTS.keys())
def test_scopes_come_once_and_in_order(text: str, tokens: tuple[str, ...]) -> None:
    assert scope_tokens(text) == tokens


@given(st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1).map(" ".join))
def test_the_set_is_what_oauthlib_reads(text: str) -> None:
    assert set(scope_tokens(text)) == set(scope_to_list(text))


WITHIN = {
    "same": ("a b", "a b", True),
    "other-order": ("b a", "a b", True),
    "fewer": ("b", "a b", True),
    "none": ("", "a b", True),
    "more": ("a b c", "a b", False),
    "other": ("c", "a b", False),
}


@pytest.mark.parametrize(("asked", "granted", "holds"), WITHIN.values(), ids=WITHIN.keys())
def test_a_part_is_within_the_whole(asked: str, granted: str, *, holds: bool) -> None:
    assert within(asked, granted) is holds
