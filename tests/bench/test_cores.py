import os
import subprocess
import sys

import psutil
import pytest

from bench.cores import CORES_FOR_TWO, choose, enough_for_two, numbers, pin, siblings, spread


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


@pytest.mark.parametrize(("cores", "enough"), [(CORES_FOR_TWO - 1, False), (CORES_FOR_TWO, True), (None, False)])
def test_two_processes_need_a_core_each_beside_those_of_the_others(
    monkeypatch: pytest.MonkeyPatch, cores: int | None, enough: bool
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert enough_for_two() is enough


def test_a_server_and_its_children_can_be_freed_from_the_core_of_whoever_started_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bound: dict[int, set[int]] = {}
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "sched_setaffinity", lambda pid, cores: bound.update({pid: set(cores)}), raising=False)
    with subprocess.Popen(["/bin/sh", "-c", "cat; :"], stdin=subprocess.PIPE) as parent:
        while not (children := psutil.Process(parent.pid).children()):
            pass
        spread(parent.pid)
        parent.communicate()
    every = set(range(os.cpu_count() or 1))
    assert bound == {parent.pid: every, **{child.pid: every for child in children}}


@pytest.mark.parametrize(("core", "expected"), [(0, {0}), (None, {0, 1, 2})], ids=["one", "every"])
def test_a_process_is_bound_to_a_core_or_to_none(
    monkeypatch: pytest.MonkeyPatch, core: int | None, expected: set[int]
) -> None:
    bound: list[tuple[int, set[int]]] = []
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    monkeypatch.setattr(os, "sched_setaffinity", lambda pid, cores: bound.append((pid, set(cores))), raising=False)
    pin(77, core)
    assert bound == [(77, expected)]
