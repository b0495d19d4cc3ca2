import json

import pytest

from tacet.mutes.paging import Page
from tacet.mutes.positions import FIRST_PAGE, Cursor
from tacet.records.relations import MAX_POSITION
from tacet.wire.problems import Refusal
from tacet.wire.v1.cursors import read_cursor, with_cursors
from tacet.wire.v1.problems import INVALID_CURSOR

READ = {
    "left-out": ("", FIRST_PAGE),
    "first": ("-1", FIRST_PAGE),
    "onward": ("1374004777531007833", Cursor(1374004777531007833)),
    "back": ("-1374003371900410561", Cursor(1374003371900410561, newer=True)),
    "zero": ("0", Cursor(0)),
    "zeros": ("000", Cursor(0)),
    "too-large": ("9" * 19, Cursor(MAX_POSITION)),
    "too-large-back": ("-" + "9" * 19, Cursor(MAX_POSITION, newer=True)),
}

UNREADABLE = ["x", "-", "--1", "+1", "1.0", "1e3", " 1", "1\n", "١", "1" * 20, "\0", "null", "77ZZZ"]


@pytest.mark.parametrize(("text", "cursor"), READ.values(), ids=READ)
def test_a_cursor_says_where_a_page_starts(text: str, cursor: Cursor) -> None:
    assert read_cursor(text) == cursor


@pytest.mark.parametrize("text", UNREADABLE)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_cursor(text)
    assert refused.value.problem is INVALID_CURSOR


@pytest.mark.parametrize(
    ("older", "newer", "shown"),
    [(None, None, (0, 0)), (8, None, (8, 0)), (None, 10, (0, -10)), (8, 10, (8, -10)), (2, 0, (2, 0))],
    ids=["only-page", "first", "last", "between", "at-zero"],
)
def test_an_answer_says_where_its_neighbours_start(
    older: int | None, newer: int | None, shown: tuple[int, int]
) -> None:
    answer = json.loads(with_cursors(b"ids", b"[5]", Page([5], older, newer)))
    assert answer == {
        "ids": [5],
        "next_cursor": shown[0],
        "next_cursor_str": str(shown[0]),
        "previous_cursor": shown[1],
        "previous_cursor_str": str(shown[1]),
        "total_count": None,
    }
