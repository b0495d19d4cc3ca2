from collections.abc import Mapping

import pytest

from tacet.clock import ManualClock
from tacet.limits.rates import RateLimit
from tacet.limits.windows import InProcessWindows, Spent

NOW_MS = 1_651_929_656_789
NOW_S = NOW_MS // 1000
LIMITS = {"read": RateLimit(3, 900), "write": RateLimit(2, 60)}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_MS)


@pytest.fixture
def windows(clock: ManualClock) -> InProcessWindows:
    return InProcessWindows(LIMITS, clock)


async def spend_all(windows: InProcessWindows, route: str, subject: int) -> None:
    for _ in range(LIMITS[route].count):
        spent = await windows.spend(route, subject)
        assert spent is not None
        assert spent.allowed


async def test_a_window_opens_with_the_first_request_and_ends_its_length_later(
    windows: InProcessWindows, clock: ManualClock
) -> None:
    assert await windows.spend("read", 1) == Spent(True, 3, 2, NOW_S + 900)
    clock.advance(100_000)
    assert await windows.spend("read", 1) == Spent(True, 3, 1, NOW_S + 900)


async def test_the_request_past_the_limit_is_refused_and_told_when_to_come_back(
    windows: InProcessWindows, clock: ManualClock
) -> None:
    await spend_all(windows, "read", 1)
    clock.advance(899_999)
    assert await windows.spend("read", 1) == Spent(False, 3, 0, NOW_S + 900)


async def test_refused_requests_do_not_make_the_window_longer(windows: InProcessWindows, clock: ManualClock) -> None:
    await spend_all(windows, "read", 1)
    for _ in range(10):
        await windows.spend("read", 1)
    clock.advance(900_000)
    assert await windows.spend("read", 1) == Spent(True, 3, 2, NOW_S + 1800)


async def test_a_new_window_starts_with_the_next_request_not_with_the_end_of_the_last(
    windows: InProcessWindows, clock: ManualClock
) -> None:
    await windows.spend("read", 1)
    clock.advance(5_000_000)
    assert await windows.spend("read", 1) == Spent(True, 3, 2, NOW_S + 5_000 + 900)


async def test_each_route_has_its_own_window(windows: InProcessWindows) -> None:
    await spend_all(windows, "read", 1)
    assert await windows.spend("write", 1) == Spent(True, 2, 1, NOW_S + 60)


async def test_each_subject_has_its_own_window(windows: InProcessWindows) -> None:
    await spend_all(windows, "read", 1)
    assert await windows.spend("read", -1) == Spent(True, 3, 2, NOW_S + 900)


async def test_a_clock_that_is_set_back_locks_nobody_out(windows: InProcessWindows, clock: ManualClock) -> None:
    await spend_all(windows, "read", 1)
    clock.advance(-7_200_000)
    assert await windows.spend("read", 1) == Spent(True, 3, 2, NOW_S - 7_200 + 900)


async def test_a_clock_that_steps_back_within_the_window_keeps_it(
    windows: InProcessWindows, clock: ManualClock
) -> None:
    await windows.spend("read", 1)
    clock.advance(5_000)
    clock.advance(-3_000)
    assert await windows.spend("read", 1) == Spent(True, 3, 1, NOW_S + 900)


@pytest.mark.parametrize("limits", [{}, {"write": RateLimit(1, 60)}], ids=["switched-off", "only-another-route"])
async def test_a_route_without_a_limit_is_not_counted(limits: Mapping[str, RateLimit], clock: ManualClock) -> None:
    windows = InProcessWindows(limits, clock)
    assert [await windows.spend("read", 1) for _ in range(100)] == [None] * 100
    assert await windows.peek("read", 1) is None


async def test_a_limit_of_nothing_refuses_everything(clock: ManualClock) -> None:
    windows = InProcessWindows({"read": RateLimit(0, 900)}, clock)
    assert await windows.spend("read", 1) == Spent(False, 0, 0, NOW_S + 900)


async def test_peeking_counts_nothing(windows: InProcessWindows, clock: ManualClock) -> None:
    await windows.spend("write", 1)
    assert [await windows.peek("write", 1) for _ in range(5)] == [Spent(True, 2, 1, NOW_S + 60)] * 5
    await windows.spend("write", 1)
    assert await windows.peek("write", 1) == Spent(False, 2, 0, NOW_S + 60)
    clock.advance(60_000)
    assert await windows.peek("write", 1) == Spent(True, 2, 2, NOW_S + 120)


async def test_an_untouched_window_ends_one_length_from_now(windows: InProcessWindows, clock: ManualClock) -> None:
    assert await windows.peek("read", 1) == Spent(True, 3, 3, NOW_S + 900)
    clock.advance(1_000)
    assert await windows.peek("read", 1) == Spent(True, 3, 3, NOW_S + 901)


async def test_ended_windows_make_room_before_running_ones(clock: ManualClock) -> None:
    windows = InProcessWindows(LIMITS, clock, max_windows=3)
    await windows.spend("read", 1)
    await windows.spend("write", 2)
    await windows.spend("read", 3)
    clock.advance(60_000)
    await windows.spend("read", 4)
    assert await windows.peek("read", 1) == Spent(True, 3, 2, NOW_S + 900)
    assert await windows.peek("read", 3) == Spent(True, 3, 2, NOW_S + 900)


async def test_the_oldest_window_goes_when_none_has_ended(clock: ManualClock) -> None:
    windows = InProcessWindows(LIMITS, clock, max_windows=3)
    for subject in range(1, 5):
        await windows.spend("read", subject)
    remaining = [await windows.peek("read", subject) for subject in range(1, 5)]
    assert [spent.remaining for spent in remaining if spent] == [3, 2, 2, 2]


async def test_many_subjects_do_not_grow_the_memory_past_the_bound(clock: ManualClock) -> None:
    windows = InProcessWindows(LIMITS, clock, max_windows=10)
    for subject in range(1_000):
        await windows.spend("read", subject)
    kept = [
        subject for subject in range(1_000) if await windows.peek("read", subject) == Spent(True, 3, 2, NOW_S + 900)
    ]
    assert kept == list(range(990, 1_000))


async def test_the_oldest_tenth_goes_at_once_so_that_few_new_windows_pay_for_it(clock: ManualClock) -> None:
    windows = InProcessWindows(LIMITS, clock, max_windows=100)
    for subject in range(101):
        await windows.spend("read", subject)
    kept = [subject for subject in range(101) if await windows.peek("read", subject) == Spent(True, 3, 2, NOW_S + 900)]
    assert kept == list(range(10, 101))


async def test_peeking_is_not_fooled_by_a_clock_that_is_set_back(windows: InProcessWindows, clock: ManualClock) -> None:
    await spend_all(windows, "read", 1)
    clock.advance(-7_200_000)
    assert await windows.peek("read", 1) == Spent(True, 3, 3, NOW_S - 7_200 + 900)


async def test_what_is_given_back_can_be_spent_again_in_the_same_window(
    windows: InProcessWindows, clock: ManualClock
) -> None:
    await spend_all(windows, "read", 1)
    clock.advance(100_000)
    await windows.give_back("read", 1)
    assert await windows.spend("read", 1) == Spent(True, 3, 0, NOW_S + 900)
    assert await windows.spend("read", 1) == Spent(False, 3, 0, NOW_S + 900)


@pytest.mark.parametrize("route", ["read", "no-limit"])
async def test_giving_back_what_was_not_spent_changes_nothing(windows: InProcessWindows, route: str) -> None:
    before = await windows.peek(route, 1)
    await windows.give_back(route, 1)
    assert await windows.peek(route, 1) == before
    await windows.spend("read", 1)
    for _ in range(3):
        await windows.give_back("read", 1)
    assert await windows.peek("read", 1) == Spent(True, 3, 3, NOW_S + 900)
