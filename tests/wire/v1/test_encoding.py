import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacet.records.people import MAX_ID
from tacet.wire.v1.encoding import encode_ids, encode_v1

BYTES: dict[str, tuple[Any, bytes]] = {
    "compact": ({"a": 1, "b": [None, True, False]}, b'{"a":1,"b":[null,true,false]}'),
    "order-kept": ({"b": 1, "a": 2}, b'{"b":1,"a":2}'),
    "slash": ("http://x/y", rb'"http:\/\/x\/y"'),
    "slash-in-a-key": ({"/mutes/users/ids": 1}, rb'{"\/mutes\/users\/ids":1}'),
    "less-than": ("<3", rb'"\u003c3"'),
    "greater-than": (">_<", rb'"\u003e_\u003c"'),
    "latin": ("Zürich", rb'"Z\u00fcrich"'),
    "bmp-in-lower-hex": ("☕漢", rb'"\u2615\u6f22"'),
    "astral-as-two": ("🚀", rb'"\ud83d\ude80"'),
    "quote-and-backslash": ('"\\', rb'"\"\\"'),
    "escape-that-was-there-before": ("\\u003c", rb'"\\u003c"'),
    "control": ("\n\t\x01", rb'"\n\t\u0001"'),
    "apostrophe-and-ampersand": ("'&", b'"\'&"'),
    "large-number": (MAX_ID, b"9223372036854775807"),
}


@pytest.mark.parametrize(("value", "expected"), BYTES.values(), ids=BYTES)
def test_bytes_are_those_of_v1(value: Any, expected: bytes) -> None:
    assert encode_v1(value) == expected


def test_recorded_strings_are_escaped_in_the_same_way(shared_wire: Path) -> None:
    facts = (shared_wire / "v1.1.md").read_text()
    assert r'Strings escape "/" as "\/" and "<" as "\u003c"' in facts
    assert encode_v1("</") == rb'"\u003c\/"'


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=9))
def test_whatever_is_written_can_be_read_back(value: Any) -> None:
    written = encode_v1(value)
    assert written.isascii()
    assert json.loads(written) == value


IDS = {"none": [], "one": [1], "some": [3, 1, MAX_ID]}


@pytest.mark.parametrize("ids", IDS.values(), ids=IDS)
def test_a_list_of_ids_is_written_as_by_the_other_encoder(ids: list[int]) -> None:
    assert encode_ids(ids, False) == encode_v1(ids)
    assert encode_ids(ids, True) == encode_v1([str(each) for each in ids])
