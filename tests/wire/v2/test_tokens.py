import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacet.messages.actions import MessagePage
from tacet.mutes.paging import Page
from tacet.mutes.positions import Cursor
from tacet.records.people import MAX_ID, Stretch
from tacet.records.relations import MAX_POSITION
from tacet.wire.kinds import Invalid, Parameter
from tacet.wire.v2.tokens import (
    BASE32_PATTERN,
    BASE36_PATTERN,
    MESSAGE_TOKEN,
    POSITION_TOKEN,
    message_meta,
    meta,
    position_meta,
    read_base32,
    read_base36,
    write_base32,
    write_base36,
)
from tests.wire.recorded import Recorded

LARGEST = (1 << 64) - 1

numbers = st.integers(0, LARGEST)


@given(numbers)
def test_a_number_is_read_back_from_its_token(number: int) -> None:
    token = write_base32(number)
    assert re.fullmatch(BASE32_PATTERN, token)
    assert read_base32(token) == number


@given(numbers, numbers)
def test_tokens_are_in_the_order_of_their_numbers(one: int, other: int) -> None:
    assert (write_base32(one) < write_base32(other)) is (one < other)


def test_a_recorded_token_is_a_token(recorded: Recorded) -> None:
    found = re.search(r'base32 16 chars \("([^"]+)"\)', recorded.wire)
    assert found is not None
    number = read_base32(found[1])
    assert number is not None
    assert write_base32(number) == found[1]


WRITTEN = {0: "0000000000000ZZZ", 1: "0000000000002ZZZ", LARGEST: "VVVVVVVVVVVVUZZZ"}


@pytest.mark.parametrize(("number", "token"), WRITTEN.items())
def test_eight_octets_are_thirteen_characters_and_padding(number: int, token: str) -> None:
    assert write_base32(number) == token


NO_TOKENS = {
    "empty": "",
    "decimal": "1710819323648428707",
    "lower-case": "knbgdj8pvcq1ezzz",
    "other-alphabet": "W000000000000ZZZ",
    "bits-beyond-the-octets": "0000000000001ZZZ",
    "too-short": "000000000000ZZZ",
    "too-long": "00000000000000ZZZ",
    "other-padding": "0000000000000===",
    "no-padding": "0000000000000000",
    "line-break": "0000000000000ZZZ\n",
    "other-digits": "٠000000000000ZZZ",
}


@pytest.mark.parametrize("text", NO_TOKENS.values(), ids=NO_TOKENS.keys())
@pytest.mark.parametrize("parameter", [POSITION_TOKEN, MESSAGE_TOKEN], ids=["position", "message"])
def test_anything_else_is_no_token(parameter: Parameter, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parameter.read("pagination_token", text)
    assert str(refused.value) == f"The `pagination_token` query parameter value [{text}] is not valid"


CURSORS = {
    "older": (1_000, Cursor(1_000)),
    "newer": (1_001, Cursor(1_001, newer=True)),
    "largest": (MAX_POSITION, Cursor(MAX_POSITION)),
    "beyond": (LARGEST, Cursor(MAX_POSITION)),
}


@pytest.mark.parametrize(("number", "cursor"), CURSORS.values(), ids=CURSORS.keys())
def test_the_lowest_bit_of_a_position_says_which_way_to_walk(number: int, cursor: Cursor) -> None:
    assert POSITION_TOKEN.read("pagination_token", write_base32(number)) == cursor


@pytest.mark.parametrize("id_", [0, 1, 1_522_929_474_335_673_998, MAX_ID])
def test_messages_are_named_by_all_bits_of_their_ids(id_: int) -> None:
    assert MESSAGE_TOKEN.read("pagination_token", write_base32(id_ << 1)) == Stretch(older_than=id_)
    upwards = MESSAGE_TOKEN.read("pagination_token", write_base32(id_ << 1 | 1))
    assert upwards == Stretch(newer_than=id_, upwards=True)


def test_what_a_page_says_leads_to_the_pages_beside_it() -> None:
    older, newer = write_base32(1_000), write_base32(2_001)
    assert position_meta(Page([1], 1_000, 2_000), 1) == meta(1, older, newer)
    older, newer = write_base32(14), write_base32(19)
    assert message_meta(MessagePage([], 7, 9), 0) == meta(0, older, newer)


METAS = {
    "only": (0, None, None, b'{"result_count":0}'),
    "first": (2, "N", None, b'{"result_count":2,"next_token":"N"}'),
    "last": (2, None, "P", b'{"result_count":2,"previous_token":"P"}'),
    "between": (2, "N", "P", b'{"result_count":2,"next_token":"N","previous_token":"P"}'),
}


@pytest.mark.parametrize(("count", "after", "before", "written"), METAS.values(), ids=METAS.keys())
def test_meta_has_its_members_in_a_fixed_order(
    count: int, after: str | None, before: str | None, written: bytes
) -> None:
    assert meta(count, after, before) == written


@given(st.integers(0, MAX_ID), st.booleans())
def test_a_place_in_a_timeline_is_read_back_from_its_token(post_id: int, newer: bool) -> None:
    token = write_base36(post_id, newer)
    assert re.fullmatch(BASE36_PATTERN, token)
    assert int(token, 36) == post_id * 2 + newer
    assert read_base36(token) == (post_id, newer)


PLACES = {(0, False): "0", (0, True): "1", (18, False): "10", (647, True): "zz", (MAX_ID, True): "3w5e11264sgsf"}


@pytest.mark.parametrize(("place", "token"), PLACES.items())
def test_a_place_in_a_timeline_is_written_without_zeros_before_it(place: tuple[int, bool], token: str) -> None:
    assert write_base36(*place) == token
