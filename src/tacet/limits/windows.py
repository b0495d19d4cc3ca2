"""Rate windows: so many requests of one subject to one route in so many seconds, counted from the first of them.

Source: X's own windows as recorded: the reset is the first request plus 900 s, and each method and route has its own.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

import msgspec

from tacet.clock import Clock
from tacet.limits.rates import RateLimit

MAX_WINDOWS = 200_000
"""Windows kept at once, about 40 MB; past it the ended ones go, then the oldest, which errs in the caller's favour."""

EVICTED_SHARE = 10
"""One part in so many goes at once: looking through all windows takes 40 ms, too long for every new one."""


STEP_BACK_MS = 5_000
"""How far the clock may be set back while windows run on: many times the steps that NTP takes."""


class Spent(msgspec.Struct, frozen=True):
    """What a window says after this request: `resets_at_s` is Unix seconds, `remaining` is already decremented."""

    allowed: bool
    limit: int
    remaining: int
    resets_at_s: int


class Windows(ABC):
    """Counts requests. `route` is one of the routes the limits were configured for."""

    @abstractmethod
    async def spend(self, route: str, subject: int) -> Spent | None:
        """Count one request; None when the route has no limit."""

    @abstractmethod
    async def peek(self, route: str, subject: int) -> Spent | None:
        """The same answer without counting; an untouched window resets one full length from now."""

    @abstractmethod
    async def give_back(self, route: str, subject: int) -> None:
        """Take back one request that was counted, if its window still runs; that does not open or end one."""

    @abstractmethod
    async def forget_before(self, route: str, subject: int, moment_ms: int) -> bool:
        """End a window that runs and was opened before this moment; True if there was one."""


@dataclass(slots=True)
class _Window:
    resets_at_ms: int
    used: int


class InProcessWindows(Windows):
    """Windows in this process's memory.

    Args:
        limits: by route; routes left out are not limited.
    """

    def __init__(self, limits: Mapping[str, RateLimit], clock: Clock, max_windows: int = MAX_WINDOWS) -> None:
        self._limits = dict(limits)
        self._clock = clock
        self._max_windows = max_windows
        self._windows: dict[tuple[str, int], _Window] = {}

    async def spend(self, route: str, subject: int) -> Spent | None:
        limit = self._limits.get(route)
        if limit is None:
            return None
        window = self._current(route, subject, limit)
        if window.used >= limit.count:
            return spent(limit, window.used, window.resets_at_ms, allowed=False)
        window.used += 1
        return spent(limit, window.used, window.resets_at_ms, allowed=True)

    async def peek(self, route: str, subject: int) -> Spent | None:
        limit = self._limits.get(route)
        if limit is None:
            return None
        window = self._running(route, subject, limit) or self._fresh(limit)
        return spent(limit, window.used, window.resets_at_ms, allowed=window.used < limit.count)

    async def give_back(self, route: str, subject: int) -> None:
        window = self._windows.get((route, subject))
        if window is not None and window.used > 0:
            window.used -= 1

    async def forget_before(self, route: str, subject: int, moment_ms: int) -> bool:
        limit = self._limits.get(route)
        window = None if limit is None else self._running(route, subject, limit)
        if limit is None or window is None or window.resets_at_ms - limit.window_s * 1000 >= moment_ms:
            return False
        del self._windows[route, subject]
        return True

    def _current(self, route: str, subject: int, limit: RateLimit) -> _Window:
        window = self._running(route, subject, limit)
        if window is None:
            self._make_room(self._clock.now_ms())
            self._windows.pop((route, subject), None)
            window = self._windows[route, subject] = self._fresh(limit)
        return window

    def _running(self, route: str, subject: int, limit: RateLimit) -> _Window | None:
        window = self._windows.get((route, subject))
        runs = window is not None and _runs(window, self._clock.now_ms(), limit.window_s * 1000)
        return window if runs else None

    def _fresh(self, limit: RateLimit) -> _Window:
        return _Window(self._clock.now_ms() + limit.window_s * 1000, 0)

    def _make_room(self, now_ms: int) -> None:
        if len(self._windows) < self._max_windows:
            return
        self._windows = {key: window for key, window in self._windows.items() if window.resets_at_ms > now_ms}
        if len(self._windows) >= self._max_windows:
            # Dicts keep the order of insertion, so the first are the oldest.
            excess = len(self._windows) - self._max_windows + max(1, self._max_windows // EVICTED_SHARE)
            self._windows = dict(islice(self._windows.items(), excess, None))


def _runs(window: _Window, now_ms: int, length_ms: int) -> bool:
    """Whether it is the current one. One that ends much later than a whole length from now was opened before the clock
    was set back."""
    return now_ms < window.resets_at_ms <= now_ms + length_ms + STEP_BACK_MS


def spent(limit: RateLimit, used: int, resets_at_ms: int, allowed: bool) -> Spent:
    """What a window says. More was used than there is where a process with another limit counted, while one version
    follows another."""
    return Spent(allowed, limit.count, max(0, limit.count - used), resets_at_ms // 1000)
