from dataclasses import dataclass
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacet.clock import ManualClock
from tacet.limits.rates import RateLimit
from tacet.limits.windows import STEP_BACK_MS, InProcessWindows, Spent, Windows
from tacet.redis.address import read_address
from tacet.redis.client import Redis
from tests.databases import Redis as RedisServer
from tests.limits.conftest import NOW_MS, MakeWindows, aging

NOW_S = NOW_MS // 1000
LIMITS = {"read": RateLimit(3, 900), "write": RateLimit(2, 60)}


@pytest.fixture
def windows(make: MakeWindows) -> Windows:
    return make(LIMITS)


async def spend_all(windows: Windows, route: str, subject: int) -> None:
    for _ in range(LIMITS[route].count):
        spent = await windows.spend(route, subject)
        assert spent is not None
        assert spent.allowed


async def test_a_window_opens_with_the_first_request_and_ends_its_length_later(
    windows: Windows, clock: ManualClock
) -> None:
    assert await windows.spend("read", 1) == Spent(True, 3, 2, NOW_S + 900)
    clock.advance(100_000)
    assert await windows.spend("read", 1) == Spent(True, 3, 1, NOW_S + 900)


async def test_the_request_past_the_limit_is_refused_and_told_when_to_come_back(
    windows: Windows, clock: ManualClock
) -> None:
    await spend_all(windows, "read", 1)
    clock.advance(899_999)
    assert await windows.spend("read", 1) == Spent(False, 3, 0, NOW_S + 900)


async def test_refused_requests_do_not_make_the_window_longer(windows: Windows, clock: ManualClock) -> None:
    await spend_all(windows, "read", 1)
    for _ in range(10):
        await windows.spend("read", 1)
    clock.advance(900_000)
    assert await windows.spend("read", 1) == Spent(True, 3, 2, NOW_S + 1800)


async def test_a_new_window_starts_with_the_next_request_not_with_the_end_of_the_last(
    windows: Windows, clock: ManualClock
) -> None:
    await windows.spend("read", 1)
    clock.advance(5_000_000)
    assert await windows.spend("read", 1) == Spent(True, 3, 2, NOW_S + 5_000 + 900)


async def test_each_route_has_its_own_window(windows: Windows) -> None:
    await spend_all(windows, "read", 1)
    assert await windows.spend("write", 1) == Spent(True, 2, 1, NOW_S + 60)


async def test_each_subject_has_its_own_window(windows: Windows) -> None:
    await spend_all(windows, "read", 1)
    assert await windows.spend("read", -1) == Spent(True, 3, 2, NOW_S + 900)


async def test_a_clock_that_is_set_back_locks_nobody_out(clock: ManualClock) -> None:
    windows = InProcessWindows(LIMITS, clock)
    await spend_all(windows, "read", 1)
    clock.advance(-7_200_000)
    assert await windows.spend("read", 1) == Spent(True, 3, 2, NOW_S - 7_200 + 900)


async def test_a_clock_that_steps_back_within_the_window_keeps_it(windows: Windows, clock: ManualClock) -> None:
    await windows.spend("read", 1)
    clock.advance(5_000)
    clock.advance(-3_000)
    assert await windows.spend("read", 1) == Spent(True, 3, 1, NOW_S + 900)


@pytest.mark.parametrize("limits", [{}, {"write": RateLimit(1, 60)}], ids=["switched-off", "only-another-route"])
async def test_a_route_without_a_limit_is_not_counted(limits: dict[str, RateLimit], make: MakeWindows) -> None:
    windows = make(limits)
    assert [await windows.spend("read", 1) for _ in range(100)] == [None] * 100
    assert await windows.peek("read", 1) is None
    assert not await windows.forget_before("read", 1, NOW_MS + 1)


async def test_a_limit_of_nothing_refuses_everything_and_its_window_stands_still(
    clock: ManualClock, make: MakeWindows
) -> None:
    windows = make({"read": RateLimit(0, 900)})
    for _ in range(2):
        assert await windows.spend("read", 1) == Spent(False, 0, 0, NOW_S + 900)
        clock.advance(10_000)


async def test_peeking_counts_nothing(windows: Windows, clock: ManualClock) -> None:
    await windows.spend("write", 1)
    assert [await windows.peek("write", 1) for _ in range(5)] == [Spent(True, 2, 1, NOW_S + 60)] * 5
    await windows.spend("write", 1)
    assert await windows.peek("write", 1) == Spent(False, 2, 0, NOW_S + 60)
    clock.advance(60_000)
    assert await windows.peek("write", 1) == Spent(True, 2, 2, NOW_S + 120)


async def test_an_untouched_window_ends_one_length_from_now(windows: Windows, clock: ManualClock) -> None:
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


async def test_peeking_is_not_fooled_by_a_clock_that_is_set_back(clock: ManualClock) -> None:
    windows = InProcessWindows(LIMITS, clock)
    await spend_all(windows, "read", 1)
    clock.advance(-7_200_000)
    assert await windows.peek("read", 1) == Spent(True, 3, 3, NOW_S - 7_200 + 900)


async def test_what_is_given_back_can_be_spent_again_in_the_same_window(windows: Windows, clock: ManualClock) -> None:
    await spend_all(windows, "read", 1)
    clock.advance(100_000)
    await windows.give_back("read", 1)
    assert await windows.spend("read", 1) == Spent(True, 3, 0, NOW_S + 900)
    assert await windows.spend("read", 1) == Spent(False, 3, 0, NOW_S + 900)


@pytest.mark.parametrize("route", ["read", "no-limit"])
async def test_giving_back_what_was_not_spent_changes_nothing(windows: Windows, route: str) -> None:
    before = await windows.peek(route, 1)
    await windows.give_back(route, 1)
    assert await windows.peek(route, 1) == before
    await windows.spend("read", 1)
    for _ in range(3):
        await windows.give_back("read", 1)
    assert await windows.peek("read", 1) == Spent(True, 3, 3, NOW_S + 900)


async def test_a_window_is_forgotten_that_was_opened_before_a_moment(windows: Windows, clock: ManualClock) -> None:
    await spend_all(windows, "read", 1)
    await windows.spend("read", 2)
    clock.advance(1)
    assert not await windows.forget_before("read", 1, NOW_MS)
    assert await windows.forget_before("read", 1, NOW_MS + 1)
    assert not await windows.forget_before("read", 1, NOW_MS + 1)
    assert await windows.spend("read", 1) == Spent(True, 3, 2, NOW_S + 900)
    assert await windows.peek("read", 2) == Spent(True, 3, 2, NOW_S + 900)


async def test_a_window_runs_on_when_the_clock_is_set_back_a_little(clock: ManualClock) -> None:
    windows = InProcessWindows(LIMITS, clock)
    clock.advance(STEP_BACK_MS)
    await windows.spend("read", 1)
    resets_at_s = (NOW_MS + STEP_BACK_MS) // 1000 + 900
    clock.advance(-STEP_BACK_MS)
    assert await windows.spend("read", 1) == Spent(True, 3, 1, resets_at_s)
    assert await windows.peek("read", 1) == Spent(True, 3, 1, resets_at_s)
    clock.advance(-1)
    assert await windows.spend("read", 1) == Spent(True, 3, 2, NOW_S + 900)


async def test_subjects_of_any_length_are_told_apart(windows: Windows) -> None:
    subjects = [0, 1, -1, 2**63, 2**64 + 1, 2**128 - 1, -(2**128)]
    for subject in subjects:
        await spend_all(windows, "read", subject)
    assert [await windows.spend("read", subject) for subject in subjects] == [Spent(False, 3, 0, NOW_S + 900)] * 7


@dataclass(frozen=True)
class Step:
    """What somebody does with a window, some time after what was done before."""

    wait_ms: int
    what: str
    route: str
    subject: int
    back_ms: int

    async def apply(self, windows: Windows, now_ms: int) -> object:
        if self.what == "spend":
            return await windows.spend(self.route, self.subject)
        if self.what == "peek":
            return await windows.peek(self.route, self.subject)
        if self.what == "give back":
            await windows.give_back(self.route, self.subject)
            return None
        return await windows.forget_before(self.route, self.subject, now_ms - self.back_ms)


# Around every edge of windows of 60 and 900 seconds. Backwards the two differ: Redis does not ask this clock.
MOMENTS = st.sampled_from([0, 1, 999, 59_999, 60_000, 60_001, 450_000, 900_000])
STEPS = st.builds(
    Step,
    MOMENTS,
    st.sampled_from(["spend", "spend", "spend", "peek", "give back", "forget"]),
    st.sampled_from(["read", "write", "never", "free"]),
    st.sampled_from([1, 2]),
    MOMENTS,
)
NAMES = count()


@given(steps=st.lists(STEPS, max_size=40))
async def test_shared_windows_say_what_those_of_one_process_say_whatever_is_done(
    redis: RedisServer, steps: list[Step]
) -> None:
    clock, limits = ManualClock(NOW_MS), {**LIMITS, "never": RateLimit(0, 60)}
    async with Redis(read_address(redis.address), "nothing is shared") as client:
        shared, own = (
            aging(client, f"tacet:model{next(NAMES)}", limits, clock),
            InProcessWindows(limits, clock),
        )
        for step in steps:
            clock.advance(step.wait_ms)
            assert await step.apply(shared, clock.now_ms()) == await step.apply(own, clock.now_ms()), step
