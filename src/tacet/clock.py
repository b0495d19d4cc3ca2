"""The one place that reads the time. Everything else is handed a `Clock`."""

import time
from typing import Protocol


class Clock(Protocol):
    """Two readings: one to compare with stored moments, one to measure durations."""

    def now_ms(self) -> int:
        """Unix time in milliseconds."""
        ...

    def ticks_ns(self) -> int:
        """A reading in nanoseconds that never runs backwards; only differences mean anything."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def ticks_ns(self) -> int:
        return time.monotonic_ns()


class ManualClock:
    """A clock that moves only when told to, for tests and for sandboxes that travel in time.

    Args:
        now_ms: Unix milliseconds to start from.
    """

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms

    def ticks_ns(self) -> int:
        return self._now_ms * 1_000_000

    def advance(self, ms: int) -> None:
        """Move by `ms` milliseconds; a negative number steps back, as real clocks sometimes do."""
        self._now_ms += ms

    def set(self, now_ms: int) -> None:
        """Jump to a moment, in Unix milliseconds."""
        self._now_ms = now_ms
