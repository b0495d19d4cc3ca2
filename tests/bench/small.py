"""The smallest worlds in which everything that is measured is there."""

from dataclasses import dataclass, field

from bench.pgworld import Crowd
from bench.plan import Plan
from bench.world import Shape

SHAPE = Shape(
    crowd=150,
    heavy=2,
    wide=3,
    lengths=(120, 300),
    crowd_mutes=100,
    heavy_mutes=140,
    readers=2,
    reader_mutes=(50, 200),
    reader_follows=60,
    posts=4_000,
)
NOW_MS = 1_800_000_000_000
"""After everything that is made with a world, before what is added to it."""

CROWD = Crowd(sources=180, asked=60, targets=10_000)
PLAN = Plan(
    "tiny", SHAPE, runs=1, seconds=1, starts=1, arrivals=3, calls=2, crowds=(CROWD, Crowd(240, 120, targets=10_000))
)


@dataclass
class Heard:
    """A narrator that keeps what it is told."""

    metered: list[tuple[str, int, int]] = field(default_factory=list)

    def begin(self, measure: str) -> None:
        """Not looked at."""

    def say(self, text: str) -> None:
        """Not looked at."""

    def meter(self, what: str, done: int, total: int) -> None:
        self.metered.append((what, done, total))
