"""What each App asks for, by the hour: statistics for its developer, not a limit."""

import asyncio

from tacet.cancellation import to_the_end
from tacet.clock import Clock
from tacet.records.accounts import Usage
from tacet.store.accounts import AccountStore

HOUR_MS = 3600 * 1000

USAGE_KEPT_HOURS = 48
"""Usage is shown for a day; another day lets a longer look back be offered without having lost what it needs."""


class UsageCounter:
    """Counts requests in memory, and adds them to the store when it is told to.

    A request is counted for the hour in which it is flushed, so that counting it reads no clock: one made up to a flush
    interval before a full hour may stand in the next. What a crash loses is what was counted since the last flush.
    """

    def __init__(self, accounts: AccountStore, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock
        self._counts: dict[int, list[int]] = {}
        self._swept_hour = 0
        # While counts are on their way to the store nobody may add up the two.
        self._moving = asyncio.Lock()

    def count(self, app_id: int, refused: bool) -> None:
        """Count one request of an App; `refused` when a rate window answered it 429."""
        try:
            self._counts[app_id][refused] += 1
        except KeyError:
            self._counts[app_id] = [0, 1] if refused else [1, 0]

    async def flush(self) -> None:
        """Add what was counted to the store; once an hour remove what is older than `USAGE_KEPT_HOURS`.

        Goes to its end also where whoever waits for it is cancelled, or nobody would know what of it was written.

        Raises:
            StoreError: the database failed; what was counted is kept for the next time.
        """
        await to_the_end(self._flush())

    async def _flush(self) -> None:
        async with self._moving:
            hour = self._clock.now_ms() // HOUR_MS
            counts, self._counts = self._counts, {}
            if not counts:
                return
            try:
                # In one order, so that no two processes wait for each other's rows.
                await self._accounts.add_usage([_usage(app_id, hour, counts[app_id]) for app_id in sorted(counts)])
            except Exception:
                self._take_back(counts)
                raise
            if hour != self._swept_hour:
                await self._accounts.sweep_usage(hour - USAGE_KEPT_HOURS)
                self._swept_hour = hour

    async def of(self, app_id: int, hours: int = 24) -> list[Usage]:
        """An App's usage in the current hour and those before it, `hours` in all, oldest first.

        Hours without a request are left out. What is not flushed yet is in the current hour.

        Raises:
            StoreError: the database failed.
        """
        async with self._moving:
            hour = self._clock.now_ms() // HOUR_MS
            stored = await self._accounts.usage(app_id, hour - hours + 1)
            counted = self._counts.get(app_id)
        if counted is None:
            return stored
        fresh = _usage(app_id, hour, counted)
        if stored and stored[-1].hour == hour:
            last = stored.pop()
            fresh = Usage(app_id, hour, last.requests + fresh.requests, last.refused + fresh.refused)
        return [*stored, fresh]

    def _take_back(self, counts: dict[int, list[int]]) -> None:
        for app_id, (answered, refused) in counts.items():
            since = self._counts.setdefault(app_id, [0, 0])
            since[False] += answered
            since[True] += refused


def _usage(app_id: int, hour: int, counted: list[int]) -> Usage:
    return Usage(app_id, hour, sum(counted), counted[True])
