import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacet.wire.encoding import encode, encode_pretty

TEXTS = {
    "ascii": ("plain", '"plain"'),
    "slash": ("https://x.com/a", '"https://x.com/a"'),
    "angle": ("<b>&</b>", '"<b>&</b>"'),
    "quotes": ('a"b\\c', '"a\\"b\\\\c"'),
    "bmp": ("Grüße ☕ 日本語 \uffff", '"Grüße ☕ 日本語 \uffff"'),
    "astral": ("🚀", '"\\uD83D\\uDE80"'),
    "first-astral": ("\U00010000", '"\\uD800\\uDC00"'),
    "last-astral": ("\U0010ffff", '"\\uDBFF\\uDFFF"'),
    "mixed": ("☕🚀é👩‍🚀", '"☕\\uD83D\\uDE80é\\uD83D\\uDC69‍\\uD83D\\uDE80"'),
    "line-break": ("a\nb\t", '"a\\nb\\t"'),
    "control": ("\x01", '"\\u0001"'),
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.values(), ids=TEXTS.keys())
def test_text_is_written_as_recorded(text: str, expected: str) -> None:
    assert encode(text).decode() == expected


def test_astral_keys_are_escaped_too() -> None:
    assert encode({"🚀": 1}).decode() == '{"\\uD83D\\uDE80":1}'


def test_objects_are_compact_and_keep_their_order() -> None:
    assert encode({"b": [1, 2], "a": {"c": None, "d": True}}) == b'{"b":[1,2],"a":{"c":null,"d":true}}'


def test_pretty_is_indented_by_two_spaces() -> None:
    assert encode_pretty({"a": "🚀", "b": 1}).decode() == '{\n  "a": "\\uD83D\\uDE80",\n  "b": 1\n}'


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_what_is_written_reads_back_the_same_and_holds_no_four_byte_characters(value: object) -> None:
    written = encode(value)
    assert json.loads(written) == value
    assert all(byte < 0xF0 for byte in written)
    assert json.loads(encode_pretty(value)) == value
