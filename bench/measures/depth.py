"""The same page of lists of different lengths, at their beginning and at their end."""

from collections.abc import Callable, Sequence
from functools import partial

from bench import world
from bench.figures import Figure, Goal, Sense, figure, load_figure
from bench.load import Load, rounds
from bench.stage import Stage

PAGE = 100
"""People on each of the compared pages."""

MAX_SPREAD = 1.3
"""How many times faster the fastest of them may be than the slowest."""


def measure(stage: Stage) -> list[Figure]:
    """First and deepest page of each list, in turn, and how far they lie apart."""
    loads: dict[str, Callable[[int], Load]] = {"bare": stage.bare_load}
    for length in stage.plan.shape.lengths:
        group = f"list-{length}"
        for place, query in pages_of(stage.groups[group].first).items():
            stage.warm_up(group, query)
            loads[f"{place} page of {length:,}"] = partial(stage.page_load, group, query)
    done = rounds(stage.plan.runs, loads)
    bare = done.pop("bare")
    rows = [load_figure("depth", label, done[label], bare) for label in done]
    goal = Goal(Sense.AT_MOST, MAX_SPREAD, " times")
    rates = [row.value for row in rows]
    cpu_us = [row.cpu_us for row in rows if row.cpu_us is not None]
    return [
        *rows,
        figure("depth", "the fastest of these six to the slowest", [spread(rates)], " times", goal),
        figure("depth", "the dearest of them to the cheapest, CPU a request", [spread(cpu_us)], " times"),
    ]


def spread(values: Sequence[float]) -> float:
    """How many times larger the largest is than the smallest."""
    return max(values) / min(values)


def pages_of(index: int) -> dict[str, str]:
    """The queries for a person's first page and for the last one that is full."""
    return {"first": "", "deepest": f"?pagination_token={world.deepest_token(index, PAGE)}"}
