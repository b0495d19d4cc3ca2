"""Cursors: positions as v1.1 shows them. -1 asks for the first page, 0 says that there are no more."""

import re

from tacet.mutes.paging import Page
from tacet.mutes.positions import FIRST_PAGE, Cursor
from tacet.records.relations import MAX_POSITION
from tacet.wire.problems import Refusal
from tacet.wire.v1.problems import INVALID_CURSOR

FIRST = "-1"
"""What a first page is asked for with; leaving the cursor out means the same."""

_CURSOR = re.compile(r"-?[0-9]{1,19}", re.ASCII)


def read_cursor(text: str) -> Cursor:
    """Where a page starts: older than a positive cursor, newer than what a negative one is minus of.

    Raises:
        Refusal: 400 for what is no whole number of at most 19 digits.
    """
    if text in ("", FIRST):
        return FIRST_PAGE
    if not _CURSOR.fullmatch(text):
        raise Refusal(INVALID_CURSOR)
    number = int(text)
    return Cursor(min(abs(number), MAX_POSITION), newer=number < 0)


def with_cursors(name: bytes, items: bytes, page: Page) -> bytes:
    """A whole answer: a list under its name, then where the pages beside it start.

    `total_count` is in no documented example, and `null` in the recorded lists of 2021.
    """
    older, newer = page.older_than or 0, -(page.newer_than or 0)
    return b'{"%b":%b,"next_cursor":%d,"next_cursor_str":"%d","previous_cursor":%d,"previous_cursor_str":"%d",%b}' % (
        name,
        items,
        older,
        older,
        newer,
        newer,
        b'"total_count":null',
    )
