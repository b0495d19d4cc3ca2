"""The same service on PostgreSQL, beside what the database gives to its own load generator, at two sizes."""

from collections.abc import Callable
from functools import partial
from operator import truediv

from bench import pgbench
from bench.cluster import World
from bench.figures import Figure, Goal, Sense, figure, rate_figure
from bench.load import Load, rounds
from bench.stage import Stage

SHARE_OF_PGBENCH = 0.6
"""Of the rate at which pgbench, a program in C that speaks no HTTP, runs the same statements."""

MAX_GROWTH = 1.3
"""How many times slower the large world may be than the small one."""

NAME = "postgres"


def measure(stage: Stage) -> list[Figure]:
    """Pages, then mutes: pgbench, the small world, the large one, in turn."""
    small, large = stage.postgres_worlds
    stage.warm_up_world(small)
    stage.warm_up_world(large)
    pages = _compared(stage, small, large, "page", pgbench.page_script(small.crowd))
    mutes = _compared(stage, small, large, "mute", pgbench.insert_script(small.crowd))
    return [
        *_rows(pages, "page of 100 on PostgreSQL", "the two statements of that page", small, large),
        *_rows(mutes, "mute on PostgreSQL, on disk", "one row put in", small, large),
    ]


def _compared(stage: Stage, small: World, large: World, script: str, statements: str) -> dict[str, list[Load]]:
    loads: dict[str, Callable[[int], Load]] = {
        "pgbench": partial(stage.pgbench_load, small, statements),
        "small": partial(stage.world_load, small, script),
        "large": partial(stage.world_load, large, script),
    }
    return rounds(stage.plan.runs, loads)


def _rows(done: dict[str, list[Load]], label: str, statements: str, small: World, large: World) -> list[Figure]:
    theirs, ours, grown = (done[name] for name in ("pgbench", "small", "large"))
    return [
        rate_figure(NAME, f"pgbench: {statements}", theirs),
        rate_figure(NAME, f"{label}, {small.crowd.relations:,} mutes", ours),
        rate_figure(NAME, f"{label}, {large.crowd.relations:,} mutes", grown),
        _ratio(f"{label}, to pgbench", ours, theirs, Goal(Sense.AT_LEAST, SHARE_OF_PGBENCH, " times")),
        _ratio("the smaller of these to the larger", ours, grown, Goal(Sense.AT_MOST, MAX_GROWTH, " times")),
    ]


def _ratio(label: str, ours: list[Load], theirs: list[Load], goal: Goal) -> Figure:
    by_round = [truediv(one.rate, other.rate) for one, other in zip(ours, theirs, strict=True)]
    return figure(NAME, label, by_round, " times", goal)
