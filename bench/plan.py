"""How much is measured: all of it, or quickly."""

from dataclasses import dataclass

from bench.pgworld import Crowd
from bench.world import Shape

CONNECTIONS = 32
"""Open at once during every load."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one invocation does.

    Attributes:
        kind: names its results and its world: `full` or `quick`.
        shape: the world.
        runs: how often each load is repeated; the median counts.
        seconds: how long one load lasts.
        starts: how often a server is started for the time that takes.
        arrivals: people, each with the mutes of the crowd, in the database whose size is measured.
        crowds: a small world in PostgreSQL and a large one.
        calls: of the store, timed alone, for each of its figures.
    """

    kind: str
    shape: Shape
    runs: int
    seconds: int
    starts: int
    arrivals: int
    calls: int
    crowds: tuple[Crowd, Crowd] = (Crowd(1_000, 1_000, 20_000), Crowd(100_000, 20_000, 20_000))


FULL = Plan("full", Shape(), runs=3, seconds=5, starts=5, arrivals=2_000, calls=2_000)
"""What `docs/performance.md` shows."""

_SMALL = Shape(
    crowd=1_200, heavy=50, wide=100, lengths=(1_000, 5_000, 20_000), reader_mutes=(500, 10_000), posts=20_000
)

_CROWDS = (Crowd(100, 100, 10_000), Crowd(1_000, 500, 10_000))

QUICK = Plan("quick", _SMALL, runs=1, seconds=1, starts=2, arrivals=200, calls=200, crowds=_CROWDS)
"""Everything once, on a small world: shows that the bench works, and nothing about speed."""
