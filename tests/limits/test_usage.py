import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from tacet.clock import ManualClock
from tacet.limits.usage import HOUR_MS, USAGE_KEPT_HOURS, UsageCounter
from tacet.records.accounts import Usage
from tacet.store.accounts import AccountStore
from tacet.store.base import Store, StoreBusy
from tests import worlds

HOUR = 458_869
NOW_MS = HOUR * HOUR_MS + 1_256_789
APP, OTHER = 2001, 2002


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with worlds.empty_store() as opened:
        yield opened


@pytest.fixture
def accounts(store: Store) -> AccountStore:
    return store.accounts


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_MS)


@pytest.fixture
def usage(accounts: AccountStore, clock: ManualClock) -> UsageCounter:
    return UsageCounter(accounts, clock)


def count(usage: UsageCounter, app_id: int, answered: int, refused: int = 0) -> None:
    for number in range(answered + refused):
        usage.count(app_id, number < refused)


async def stored(accounts: AccountStore, app_id: int = APP) -> list[Usage]:
    return await accounts.usage(app_id, 0)


async def test_each_apps_requests_and_refusals_are_added_up(usage: UsageCounter, accounts: AccountStore) -> None:
    count(usage, APP, 5, refused=2)
    count(usage, OTHER, 1)
    await usage.flush()
    count(usage, APP, 10, refused=1)
    await usage.flush()
    assert await stored(accounts) == [Usage(APP, HOUR, 18, 3)]
    assert await stored(accounts, OTHER) == [Usage(OTHER, HOUR, 1, 0)]


async def test_a_request_belongs_to_the_hour_in_which_it_is_flushed(
    usage: UsageCounter, accounts: AccountStore, clock: ManualClock
) -> None:
    clock.set((HOUR + 1) * HOUR_MS - 1)
    count(usage, APP, 3)
    await usage.flush()
    count(usage, APP, 2)
    clock.advance(1)
    await usage.flush()
    assert await stored(accounts) == [Usage(APP, HOUR, 3, 0), Usage(APP, HOUR + 1, 2, 0)]


async def test_what_is_not_flushed_yet_is_seen_already(usage: UsageCounter, clock: ManualClock) -> None:
    count(usage, APP, 5, refused=2)
    assert await usage.of(APP) == [Usage(APP, HOUR, 7, 2)]
    await usage.flush()
    count(usage, APP, 1, refused=1)
    assert await usage.of(APP) == [Usage(APP, HOUR, 9, 3)]
    clock.advance(HOUR_MS)
    assert await usage.of(APP) == [Usage(APP, HOUR, 7, 2), Usage(APP, HOUR + 1, 2, 1)]


async def test_an_app_that_asked_for_nothing_has_no_hours(usage: UsageCounter) -> None:
    count(usage, APP, 5)
    assert await usage.of(OTHER) == []


async def test_a_day_is_the_current_hour_and_twenty_three_before_it(usage: UsageCounter, clock: ManualClock) -> None:
    for _ in range(30):
        count(usage, APP, 1)
        await usage.flush()
        clock.advance(HOUR_MS)
    clock.advance(-HOUR_MS)
    assert [each.hour for each in await usage.of(APP)] == list(range(HOUR + 6, HOUR + 30))
    assert [each.hour for each in await usage.of(APP, hours=2)] == [HOUR + 28, HOUR + 29]


async def test_hours_that_are_too_old_go_with_the_first_flush_of_another_hour(
    usage: UsageCounter, accounts: AccountStore, clock: ManualClock
) -> None:
    await accounts.add_usage([Usage(APP, HOUR - USAGE_KEPT_HOURS + n, 1, 0) for n in range(-3, 3)])
    count(usage, APP, 1)
    await usage.flush()
    assert [each.hour for each in await stored(accounts)] == [HOUR - 48, HOUR - 47, HOUR - 46, HOUR]
    clock.advance(HOUR_MS)
    count(usage, APP, 1)
    await usage.flush()
    assert [each.hour for each in await stored(accounts)] == [HOUR - 47, HOUR - 46, HOUR, HOUR + 1]


class Recorder:
    """A store of usage that notes what it is asked for, and fails or waits when told to."""

    def __init__(self, accounts: AccountStore, monkeypatch: pytest.MonkeyPatch) -> None:
        self._add, self._sweep = accounts.add_usage, accounts.sweep_usage
        self.added = self.swept = 0
        self.failing = False
        self.free = asyncio.Event()
        self.free.set()
        self.begun = asyncio.Event()
        monkeypatch.setattr(accounts, "add_usage", self.add_usage)
        monkeypatch.setattr(accounts, "sweep_usage", self.sweep_usage)

    async def add_usage(self, usage: Sequence[Usage]) -> None:
        self.added += 1
        self.begun.set()
        await self.free.wait()
        if self.failing:
            raise StoreBusy("too many writes are waiting")
        await self._add(usage)

    async def sweep_usage(self, before_hour: int) -> int:
        self.swept += 1
        return await self._sweep(before_hour)


@pytest.fixture
def recorder(accounts: AccountStore, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    return Recorder(accounts, monkeypatch)


async def test_nothing_counted_writes_nothing(usage: UsageCounter, recorder: Recorder, clock: ManualClock) -> None:
    for _ in range(3):
        await usage.flush()
        clock.advance(HOUR_MS)
    assert (recorder.added, recorder.swept) == (0, 0)


async def test_sweeping_is_once_an_hour(usage: UsageCounter, recorder: Recorder) -> None:
    for _ in range(3):
        count(usage, APP, 1)
        await usage.flush()
    assert (recorder.added, recorder.swept) == (3, 1)


async def test_what_the_store_does_not_take_is_kept_for_the_next_time(
    usage: UsageCounter, accounts: AccountStore, recorder: Recorder
) -> None:
    recorder.failing = True
    count(usage, APP, 5, refused=2)
    for _ in range(3):
        with pytest.raises(StoreBusy):
            await usage.flush()
        count(usage, APP, 0, refused=1)
    recorder.failing = False
    assert await usage.of(APP) == [Usage(APP, HOUR, 10, 5)]
    await usage.flush()
    assert await stored(accounts) == [Usage(APP, HOUR, 10, 5)]


async def test_what_is_on_its_way_is_neither_missed_nor_seen_twice(usage: UsageCounter, recorder: Recorder) -> None:
    count(usage, APP, 5)
    recorder.free.clear()
    flushing = asyncio.create_task(usage.flush())
    await recorder.begun.wait()
    asking = asyncio.create_task(usage.of(APP))
    await asyncio.sleep(0)
    count(usage, APP, 2)
    recorder.free.set()
    await flushing
    assert await asking == [Usage(APP, HOUR, 7, 0)]


async def test_a_flush_that_is_cancelled_after_it_was_handed_over_counts_once(
    usage: UsageCounter, accounts: AccountStore
) -> None:
    count(usage, APP, 5)
    flushing = asyncio.create_task(usage.flush())
    await asyncio.sleep(0)
    flushing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await flushing
    await usage.flush()
    assert await stored(accounts) == [Usage(APP, HOUR, 5, 0)]
