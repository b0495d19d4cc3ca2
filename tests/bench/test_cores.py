import os

import pytest

from bench.cores import choose, numbers, siblings


@pytest.mark.parametrize(
    ("listed", "expected"),
    [("0\n", {0}), ("0,4\n", {0, 4}), ("2-3\n", {2, 3}), ("0-1,8-9", {0, 1, 8, 9})],
    ids=["one", "two", "range", "ranges"],
)
def test_lists_of_the_kernel_are_read(listed: str, expected: set[int]) -> None:
    assert numbers(listed) == expected


def test_a_core_is_its_own_sibling_even_where_nobody_says_so() -> None:
    assert 9_999 in siblings(9_999)


def test_server_and_load_share_a_core_only_with_a_note() -> None:
    cores = choose()
    assert (cores.server != cores.load) or cores.note


def test_a_single_core_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    assert choose().note
