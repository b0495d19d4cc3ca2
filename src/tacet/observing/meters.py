"""What one process counts of itself, in plain Python: counting costs a request about a microsecond.

Counting happens on the event loop's thread only. Reading may happen on another one: each number is read at once, and
numbers that belong together may be a request apart.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tacet.clock import Clock
from tacet.observing.metrics import METRICS

_MS = 1_000_000

TIME_BOUNDS_NS = tuple(
    int(ms * _MS) for ms in (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000)
)
"""Ends of the ranges that times are counted in: an answer from a cache takes 0.1 ms, and nothing may take 10 s."""

BATCH_BOUNDS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Ends of the ranges that batches are counted in; a batch holds 256 writes at most."""

Read = Callable[[], float]
"""Reads a number that something else keeps; called from any thread, so it may look at one thing only."""


class Histogram:
    """How many values fell into each range.

    Attributes:
        bounds: upper ends of the ranges, inclusive, ascending.
        counts: one for each range, and one more for what is larger.
        total: the sum of all values.
    """

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[int]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0

    def note(self, value: int) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Route:
    """Requests to one method of one path.

    Attributes:
        statuses: requests by the status they were answered with.
        times: in nanoseconds.
    """

    __slots__ = ("statuses", "times")

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.times = Histogram(TIME_BOUNDS_NS)


class Operation:
    """One operation of the store.

    Attributes:
        failures: by reason.
        times: in nanoseconds, of those that failed as well.
    """

    __slots__ = ("failures", "times")

    def __init__(self) -> None:
        self.failures: dict[str, int] = {}
        self.times = Histogram(TIME_BOUNDS_NS)

    def failed(self, reason: str) -> None:
        """Count a failure."""
        self.failures[reason] = self.failures.get(reason, 0) + 1


@dataclass(frozen=True, slots=True)
class Reading:
    """A number that something else keeps, under a metric's name.

    Attributes:
        labels: values of the metric's labels, in their order.
    """

    name: str
    labels: tuple[str, ...]
    read: Read


@dataclass(frozen=True, slots=True)
class Shown:
    """A histogram that something else keeps, under a metric's name.

    Attributes:
        unit: what its values are divided by.
    """

    name: str
    histogram: Histogram
    unit: int


class Meters:
    """Everything that a process counts.

    Attributes:
        routes: by method and route template.
        operations: of the store, by name: `relations.add`.
        readings: what is asked for when somebody reads the meters.
        histograms: those that have no labels.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.routes: dict[tuple[str, str], Route] = {}
        self.operations: dict[str, Operation] = {}
        self.readings: list[Reading] = []
        self.histograms: list[Shown] = []

    def route(self, method: str, template: str) -> Route:
        """The counts of one route; the same each time."""
        return self.routes.setdefault((method, template), Route())

    def operation(self, name: str) -> Operation:
        """The counts of one operation of the store; the same each time."""
        return self.operations.setdefault(name, Operation())

    def watch(self, name: str, read: Read, *labels: str) -> None:
        """Have a number read whenever somebody asks.

        Args:
            name: of a metric, without its prefix.

        Raises:
            ValueError: there is no such metric, or it has other labels.
        """
        _check(name, labels)
        self.readings.append(Reading(name, labels, read))

    def histogram(self, name: str, bounds: Sequence[int] = TIME_BOUNDS_NS, unit: int = 10**9) -> Histogram:
        """A histogram of its own.

        Args:
            unit: what is noted is divided by it: times are noted in nanoseconds and shown in seconds.

        Raises:
            ValueError: there is no such metric, or it has labels.
        """
        _check(name, ())
        histogram = Histogram(bounds)
        self.histograms.append(Shown(name, histogram, unit))
        return histogram


def _check(name: str, labels: tuple[str, ...]) -> None:
    metric = METRICS.get(name)
    if metric is None or len(metric.labels) != len(labels):
        raise ValueError(f"there is no metric {name!r} with {len(labels)} labels")
