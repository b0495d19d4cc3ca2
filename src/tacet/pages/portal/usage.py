"""An App's last day as a chart, drawn here: bars of requests an hour, refused ones on top."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tacet.clock import Clock
from tacet.limits.usage import HOUR_MS, UsageCounter
from tacet.records.accounts import Usage

HOURS = 24
"""The last day, the hour under way included."""

WIDTH, HEIGHT = 560, 220
"""Of the drawing, in its own units; the page scales it."""

LEFT, RIGHT, TOP, BOTTOM = 60, 24, 16, 36
"""Room around the bars, for numbers and hours in letters that can still be read on a phone."""

GAP = 4
"""Between two bars."""

LABEL_EVERY_HOURS = 6
"""So many hours from one label to the next: on a phone they must not touch."""

_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour: `x` and heights in the drawing's units, measured from its top left.

    Attributes:
        hour: `13:00`, in UTC.
        label: the same where the axis is labelled, else empty.
        answered: requests that were let through.
    """

    hour: str
    label: str
    x: float
    answered: int
    answered_y: float
    answered_height: float
    refused: int
    refused_y: float
    refused_height: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line across, at a round number of requests."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of `width` times `height`; `bar_width` is that of each bar, `base_y` where they stand."""

    width: int
    height: int
    left: int
    right: int
    base_y: int
    bar_width: float
    bars: list[Bar]
    lines: list[Line]
    requests: int
    refused: int


class DailyUsage:
    """Reads and draws usage."""

    def __init__(self, counter: UsageCounter, clock: Clock) -> None:
        self._counter = counter
        self._clock = clock

    async def chart(self, app_id: int) -> Chart:
        """The last `HOURS` hours of an App."""
        usage = await self._counter.of(app_id, HOURS)
        return draw(usage, self._clock.now_ms() // HOUR_MS)


def draw(usage: Sequence[Usage], last_hour: int) -> Chart:
    """A chart of the `HOURS` hours up to `last_hour` (Unix time in whole hours); others are left out."""
    by_hour = {each.hour: each for each in usage}
    hours = range(last_hour - HOURS + 1, last_hour + 1)
    days = [by_hour.get(hour) or Usage(0, hour, 0, 0) for hour in hours]
    top = round_top(max(each.requests for each in days))
    pitch = (WIDTH - LEFT - RIGHT) / HOURS
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        base_y=HEIGHT - BOTTOM,
        bar_width=round(pitch - GAP, 1),
        bars=[_bar(each, LEFT + n * pitch + GAP / 2, top) for n, each in enumerate(days)],
        lines=[Line(_y(share * top, top), _short(share * top)) for share in (0.5, 1.0)],
        requests=sum(each.requests for each in days),
        refused=sum(each.refused for each in days),
    )


def round_top(most: int) -> int:
    """The lowest of 2, 4, 10, 20, 40, 100 … that is no less: its half is a whole and round number too."""
    scale = 2
    while True:
        for step in _STEPS:
            if step * scale >= most:
                return step * scale
        scale *= 10


def _bar(usage: Usage, x: float, top: int) -> Bar:
    answered = usage.requests - usage.refused
    hour = datetime.fromtimestamp(usage.hour * 3600, UTC)
    text = f"{hour:%H:%M}"
    floor, middle, ceiling = HEIGHT - BOTTOM, _y(answered, top), _y(usage.requests, top)
    return Bar(
        hour=text,
        label=text if hour.hour % LABEL_EVERY_HOURS == 0 else "",
        x=round(x, 1),
        answered=answered,
        answered_y=middle,
        answered_height=round(floor - middle, 1),
        refused=usage.refused,
        refused_y=ceiling,
        refused_height=round(middle - ceiling, 1),
    )


def _y(requests: float, top: int) -> float:
    floor = HEIGHT - BOTTOM
    return round(floor - (floor - TOP) * requests / top, 1)


def _short(number: float) -> str:
    """A round number in five characters."""
    for limit, unit in ((1_000_000, "M"), (1_000, "k")):
        if number >= limit:
            return f"{number / limit:g}{unit}"
    return f"{number:g}"
