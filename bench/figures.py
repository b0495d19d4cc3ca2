"""What was measured, beside what is to be reached."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bench.load import Load, median_rate, ratios


class Sense(StrEnum):
    """Which side of a bound is good."""

    AT_LEAST = "≥"
    AT_MOST = "≤"
    BELOW = "<"


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be reached.

    Attributes:
        of_bare: it is about the ratio to the bare route, not about the figure itself.
        unit: of the bound, with the space before it where one belongs there.
    """

    sense: Sense
    bound: float
    unit: str = ""
    of_bare: bool = False

    def __str__(self) -> str:
        return f"{self.sense} {self.bound:,g}{' of bare' if self.of_bare else self.unit}"

    def is_reached(self, value: float) -> bool:
        """Whether a measured value is on the good side."""
        if self.sense is Sense.AT_LEAST:
            return value >= self.bound
        return value <= self.bound if self.sense is Sense.AT_MOST else value < self.bound


@dataclass(frozen=True, slots=True)
class Beside:
    """The bare route in the same rounds.

    Attributes:
        rate: its requests a second, median.
        ratio: the median of `ratios`.
        ratios: the figure's rate over this one, round by round.
        cpu_us: processor time for each of its requests, in microseconds.
    """

    rate: float
    ratio: float
    ratios: list[float]
    cpu_us: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table.

    Attributes:
        measure: the name of the measure that it belongs to.
        label: what was measured.
        value: the median of the samples.
        unit: with the space before it where one belongs there.
        samples: every run.
        bare: of loads alone.
        cpu_us: processor time of the server for each request, in microseconds; of loads alone.
        busy: share of its core that the server had; of loads alone.
        p50_us, p99_us: times of answers in microseconds; of loads alone.
        reported: the figure published for X's own simulator, which nobody measured here.
    """

    measure: str
    label: str
    value: float
    unit: str
    samples: list[float]
    goals: list[Goal] = field(default_factory=list)
    bare: Beside | None = None
    cpu_us: float | None = None
    busy: float | None = None
    p50_us: float | None = None
    p99_us: float | None = None
    reported: float | None = None

    def is_reached(self, goal: Goal) -> bool:
        """Whether one of its goals is reached; False for a ratio to a bare route that was not measured."""
        if not goal.of_bare:
            return goal.is_reached(self.value)
        return self.bare is not None and goal.is_reached(self.bare.ratio)


def figure(measure: str, label: str, samples: Sequence[float], unit: str, *goals: Goal) -> Figure:
    """The figure that is the median of some samples."""
    return Figure(measure, label, statistics.median(samples), unit, list(samples), list(goals))


def rate_figure(measure: str, label: str, loads: Sequence[Load], *goals: Goal) -> Figure:
    """The requests a second of a load that has no bare neighbour; what its generator does not tell is left out."""
    return Figure(
        measure,
        label,
        median_rate(loads),
        "/s",
        [load.rate for load in loads],
        list(goals),
        cpu_us=_median_cpu_us(loads) or None,
        busy=statistics.median(load.busy for load in loads) or None,
        p50_us=statistics.median(load.p50_us for load in loads) or None,
        p99_us=statistics.median(load.p99_us for load in loads) or None,
    )


def load_figure(
    measure: str, label: str, loads: Sequence[Load], bare: Sequence[Load], *goals: Goal, reported: float | None = None
) -> Figure:
    """The requests a second of a load, beside those of the bare route in the same rounds."""
    by_round = ratios(loads, bare)
    return Figure(
        measure,
        label,
        median_rate(loads),
        "/s",
        [load.rate for load in loads],
        list(goals),
        bare=Beside(median_rate(bare), statistics.median(by_round), by_round, _median_cpu_us(bare)),
        cpu_us=_median_cpu_us(loads),
        busy=statistics.median(load.busy for load in loads),
        p50_us=statistics.median(load.p50_us for load in loads),
        p99_us=statistics.median(load.p99_us for load in loads),
        reported=reported,
    )


def _median_cpu_us(loads: Sequence[Load]) -> float:
    return statistics.median(load.cpu_us for load in loads)
