import json
from collections.abc import Sequence
from typing import Any

import pytest

from tacet.wire.v2.fragments import FRAGMENT_OVERHEAD_BYTES, HIDDEN, MAX_RENDERED_SELECTIONS, Fragments, joined

AWAY = 13
"""Somebody who is not shown."""


class Printer:
    """Renders numbers, and remembers which."""

    def __init__(self) -> None:
        self.edition = 1
        self.printed: list[int] = []

    async def __call__(self, ids: Sequence[int]) -> dict[int, bytes]:
        self.printed.extend(ids)
        return {id_: HIDDEN if id_ == AWAY else b"%d.%d" % (id_, self.edition) for id_ in ids}


@pytest.fixture
def printer() -> Printer:
    return Printer()


async def test_what_was_rendered_once_is_joined_from_then_on(printer: Printer) -> None:
    fragments: Fragments[str] = Fragments(100, 1 << 20)
    assert list(await fragments.shown([1, 2, 3], "a", printer)) == [b"1.1", b"2.1", b"3.1"]
    printer.edition = 2
    assert list(await fragments.shown([3, 1], "a", printer)) == [b"3.1", b"1.1"]
    assert list(await fragments.shown([4, 2], "a", printer)) == [b"4.2", b"2.1"]
    assert printer.printed == [1, 2, 3, 4]


async def test_selections_share_nothing(printer: Printer) -> None:
    fragments: Fragments[str] = Fragments(100, 1 << 20)
    await fragments.shown([1], "a", printer)
    await fragments.shown([1], "b", printer)
    assert printer.printed == [1, 1]


async def test_what_is_hidden_is_left_out_each_time_and_rendered_once(printer: Printer) -> None:
    fragments: Fragments[str] = Fragments(100, 1 << 20)
    for _ in range(3):
        assert list(await fragments.shown([1, AWAY, 2], "a", printer)) == [b"1.1", b"2.1"]
    assert printer.printed == [1, AWAY, 2]


async def test_what_is_dropped_is_rendered_anew_in_every_selection(printer: Printer) -> None:
    fragments: Fragments[str] = Fragments(100, 1 << 20)
    for selection in ("a", "b"):
        await fragments.shown([1, 2], selection, printer)
    fragments.drop(1)
    printer.edition = 2
    for selection in ("a", "b"):
        assert list(await fragments.shown([1, 2], selection, printer)) == [b"1.2", b"2.1"]


async def test_what_was_read_before_a_drop_is_not_kept_after_it(printer: Printer) -> None:
    fragments: Fragments[str] = Fragments(100, 1 << 20)

    async def dropped_meanwhile(ids: Sequence[int]) -> dict[int, bytes]:
        found = await printer(ids)
        fragments.drop(1)
        return found

    assert list(await fragments.shown([1, 2], "a", dropped_meanwhile)) == [b"1.1", b"2.1"]
    printer.edition = 2
    assert list(await fragments.shown([1, 2], "a", printer)) == [b"1.2", b"2.2"]


async def test_what_was_read_before_everything_is_forgotten_is_not_kept_after_it(printer: Printer) -> None:
    fragments: Fragments[str] = Fragments(100, 1 << 20)

    async def cleared_meanwhile(ids: Sequence[int]) -> dict[int, bytes]:
        found = await printer(ids)
        fragments.clear()
        return found

    await fragments.shown([1, AWAY], "a", printer)
    assert list(await fragments.shown([1, AWAY, 2], "a", cleared_meanwhile)) == [b"1.1", b"2.1"]
    printer.edition = 2
    assert list(await fragments.shown([1, 2], "a", printer)) == [b"1.2", b"2.2"]


async def test_past_the_memory_for_them_all_are_forgotten(printer: Printer) -> None:
    size = FRAGMENT_OVERHEAD_BYTES + len(b"1.1")
    fragments: Fragments[str] = Fragments(100, 2 * size)
    for id_ in (1, 2, 3, 4):
        assert list(await fragments.shown([id_], "a", printer)) == [b"%d.1" % id_]
    # Three are one too many, which the fourth notices.
    assert list(await fragments.shown([1, 4], "a", printer)) == [b"1.1", b"4.1"]
    assert printer.printed == [1, 2, 3, 4, 1]


async def test_more_selections_than_are_kept_are_all_answered(printer: Printer) -> None:
    fragments: Fragments[int] = Fragments(100, 1 << 20)
    for _ in range(2):
        for selection in range(2 * MAX_RENDERED_SELECTIONS):
            assert list(await fragments.shown([1, 2], selection, printer)) == [b"1.1", b"2.1"]


ANSWERS: dict[str, tuple[list[bytes], list[bytes], list[dict[str, Any]], dict[str, Any], str]] = {
    "nothing": ([], [], [], {}, "{}"),
    "data": ([b"1", b"2"], [], [], {}, '{"data":[1,2]}'),
    "one": ([b"1"], [], [], {"one": True}, '{"data":1}'),
    "none-of-one": ([], [], [{"a": 1}], {"one": True}, '{"errors":[{"a":1}]}'),
    "only-meta": ([], [], [], {"meta": b'{"n":0}'}, '{"meta":{"n":0}}'),
    "everything": (
        [b"1"],
        [b'"users":[2]', b'"tweets":[3]'],
        [{"a": 1}],
        {"meta": b'{"n":1}'},
        '{"data":[1],"includes":{"users":[2],"tweets":[3]},"errors":[{"a":1}],"meta":{"n":1}}',
    ),
}


@pytest.mark.parametrize(("data", "includes", "errors", "more", "expected"), ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_has_what_there_is_in_one_order(
    data: list[bytes], includes: list[bytes], errors: list[dict[str, Any]], more: dict[str, Any], expected: str
) -> None:
    answer = joined(data, includes, errors, **more)
    assert answer.decode() == expected
    assert json.loads(answer) == json.loads(expected)
