"""Page tokens of lists whose tokens are no decimal numbers, and the `meta` of a page.

Source: X's OpenAPI document 2.166, `PaginationToken32` and `PaginationToken36`, and a recorded token of the first kind,
`KNBGDJ8PVCQ1EZZZ`: eight octets in base32hex (RFC 4648 section 7), with "Z" for padding.
"""

import base64
import re
from typing import NamedTuple

from tacet.messages.actions import MessagePage
from tacet.mutes.paging import Page
from tacet.mutes.positions import Cursor, cursor_of
from tacet.records.people import MAX_ID, Stretch
from tacet.wire.kinds import Parameter, not_valid

BASE32_PATTERN = "^[0-9A-V]{12}[02468ACEGIKMOQSU]ZZZ$"
"""The last character holds four bits and one that is always 0."""

_BASE32 = re.compile(BASE32_PATTERN[1:-1], re.ASCII)
_OCTETS = 8
_PADDING = "==="


def write_base32(number: int) -> str:
    """A number from 0 up to 64 bits as 16 characters."""
    return base64.b32hexencode(number.to_bytes(_OCTETS)).decode().replace("=", "Z")


def read_base32(token: str) -> int | None:
    """The number in a token; None where it is none."""
    if not _BASE32.fullmatch(token):
        return None
    return int.from_bytes(base64.b32hexdecode(token[: -len(_PADDING)] + _PADDING))


def _read_position(name: str, value: str) -> Cursor:
    number = read_base32(value)
    if number is None:
        raise not_valid(name, value)
    return cursor_of(number)


POSITION_TOKEN = Parameter(_read_position, {"type": "string", "pattern": BASE32_PATTERN})
"""A token of a list of follows or blocks, read as a `Cursor`; the lowest bit says which way to walk, as for mutes."""


BASE36_PATTERN = "^[0-9a-z]{1,13}$"
"""A token of a timeline: 64 bits take 13 characters."""

_BASE36 = re.compile(BASE36_PATTERN[1:-1], re.ASCII)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_PAIRS = tuple(high + low for high in _DIGITS for low in _DIGITS)
"""Two digits at a time take half as long."""


class TimelineCursor(NamedTuple):
    """Where a page of a timeline starts: strictly older, or strictly newer, than `post_id`."""

    post_id: int
    newer: bool


def write_base36(post_id: int, newer: bool) -> str:
    """The token for "older than", or "newer than", `post_id`: both in one number, the direction in its lowest bit."""
    number = post_id << 1 | newer
    written = ""
    while number:
        number, pair = divmod(number, len(_PAIRS))
        written = _PAIRS[pair] + written
    return written.lstrip("0") or "0"


def read_base36(token: str) -> TimelineCursor | None:
    """Where a token leads; None where it is none."""
    if not _BASE36.fullmatch(token):
        return None
    # Thirteen characters hold a little more than 64 bits; larger numbers mean the same as the largest.
    post_id, newer = divmod(int(token, len(_DIGITS)), 2)
    return TimelineCursor(min(post_id, MAX_ID), bool(newer))


def _read_post_id(name: str, value: str) -> TimelineCursor:
    cursor = read_base36(value)
    if cursor is None:
        raise not_valid(name, value)
    return cursor


TIMELINE_TOKEN = Parameter(_read_post_id, {"type": "string", "pattern": BASE36_PATTERN})
"""A token of a timeline, read as a `TimelineCursor`."""


def _read_message(name: str, value: str) -> Stretch:
    number = read_base32(value)
    if number is None:
        raise not_valid(name, value)
    id_, upwards = number >> 1, bool(number & 1)
    return Stretch(newer_than=id_, upwards=True) if upwards else Stretch(older_than=id_)


MESSAGE_TOKEN = Parameter(_read_message, {"type": "string", "pattern": BASE32_PATTERN})
"""A token of a list of messages, read as a `Stretch`: the id, whose bits are all needed, and which way to walk."""


def position_meta(page: Page, result_count: int) -> bytes:
    """`meta` of a page of follows or blocks."""
    return meta(
        result_count,
        None if page.older_than is None else write_base32(page.older_than & ~1),
        None if page.newer_than is None else write_base32(page.newer_than | 1),
    )


def message_meta(page: MessagePage, result_count: int) -> bytes:
    """`meta` of a page of messages."""
    return meta(
        result_count,
        None if page.older_than is None else write_base32(page.older_than << 1),
        None if page.newer_than is None else write_base32(page.newer_than << 1 | 1),
    )


def meta(result_count: int, next_token: str | None, previous_token: str | None) -> bytes:
    """`meta` of a page: `result_count` counts what is shown, which may be fewer than the page holds."""
    written = b'{"result_count":%d' % result_count
    if next_token is not None:
        written += b',"next_token":"%b"' % next_token.encode()
    if previous_token is not None:
        written += b',"previous_token":"%b"' % previous_token.encode()
    return written + b"}"
