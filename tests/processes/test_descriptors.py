import os
import resource
from collections.abc import Callable

import pytest

from tacet.processes.descriptors import MOST, RESERVED, SPARE, allow_many, clients, highest_free, most_with_clients

Limits = tuple[int, int]


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> Callable[[Limits], list[Limits]]:
    """Has the process have these limits; what they are set to."""

    def limit(limits: Limits) -> list[Limits]:
        now = [limits]
        monkeypatch.setattr(resource, "getrlimit", lambda _which: now[-1])
        monkeypatch.setattr(resource, "setrlimit", lambda _which, wanted: now.append(wanted))
        return now

    return limit


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((1_024, 4_096), (4_096, 4_096)),
        ((1_024, 1_000_000), (MOST, 1_000_000)),
        ((1_024, resource.RLIM_INFINITY), (MOST, resource.RLIM_INFINITY)),
        ((100_000, 1_000_000), (100_000, 1_000_000)),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), (resource.RLIM_INFINITY, resource.RLIM_INFINITY)),
    ],
    ids=["to-the-hard-one", "not-to-millions", "not-to-infinity", "not-lowered", "none-at-all"],
)
def test_the_soft_limit_is_raised(limited: Callable[[Limits], list[Limits]], before: Limits, after: Limits) -> None:
    now = limited(before)
    allow_many()
    assert now[-1] == after


@pytest.mark.parametrize(
    ("soft", "expected"), [(100_000, 1_000), (RESERVED + 10 + 300, 300), (64, 1), (resource.RLIM_INFINITY, 1_000)]
)
def test_clients_leave_descriptors_for_the_rest(
    limited: Callable[[Limits], list[Limits]], soft: int, expected: int
) -> None:
    limited((soft, resource.RLIM_INFINITY))
    assert clients(1_000, 10) == expected


@pytest.mark.parametrize(("soft", "expected"), [(1_024, 1_024 - SPARE), (40, 35)], ids=["usual", "hardly-any"])
def test_clients_leave_files_that_nobody_reserved(
    limited: Callable[[Limits], list[Limits]], soft: int, expected: int
) -> None:
    limited((soft, resource.RLIM_INFINITY))
    assert most_with_clients() == expected


def test_without_a_limit_no_client_leaves_too_few(limited: Callable[[Limits], list[Limits]]) -> None:
    limited((resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert most_with_clients() > MOST


def test_the_highest_number_is_that_of_the_last_file_and_all_are_free_again() -> None:
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(3)]
    for each in opened:
        os.close(each)
    assert highest_free(3) == highest_free(3) == max(opened)
