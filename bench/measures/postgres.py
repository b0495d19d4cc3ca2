"""The same service on PostgreSQL, beside what the database gives to its own load generator, at two sizes."""

import asyncio
from collections.abc import Callable
from functools import partial

from bench import pgbench
from bench.cluster import World
from bench.errors import BenchError
from bench.figures import Figure, Goal, Sense, figure, rate_figure
from bench.load import Load, ratios, rounds
from bench.measures.mutes import MIN_EFFECT
from bench.pgworld import checkpoint, mutes
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
    return [*_pages(stage, small, large), *_mutes(stage, small, large)]


def _pages(stage: Stage, small: World, large: World) -> list[Figure]:
    label = "page of 100 on PostgreSQL"
    done = rounds(
        stage.plan.runs,
        {
            "pgbench": partial(stage.pgbench_load, small, pgbench.page_script(small.crowd)),
            "known": partial(stage.pgbench_load, small, pgbench.known_script(small.crowd)),
            "small": partial(stage.world_load, small, "page"),
            "large": partial(stage.world_load, large, "page"),
        },
    )
    return [
        rate_figure(NAME, "pgbench: the two statements of a page", done["pgbench"]),
        rate_figure(NAME, "pgbench: the first of them alone", done["known"]),
        *_rows(label, small, large, done),
        figure(NAME, f"{label}, to the first of them alone", ratios(done["small"], done["known"]), " times"),
    ]


def _mutes(stage: Stage, small: World, large: World) -> list[Figure]:
    """First long after a checkpoint, then just after one, when each page is logged whole at its first change."""
    stage.warm_up_mutes(small)
    stage.warm_up_mutes(large)
    between = rounds(
        stage.plan.runs,
        {
            "pgbench": seen(small, partial(stage.pgbench_load, small, pgbench.insert_script(small.crowd))),
            "small": seen(small, partial(stage.world_load, small, "mute")),
            "large": seen(large, partial(stage.world_load, large, "mute")),
        },
    )
    after = rounds(stage.plan.runs, {"small": _just_after(stage, small), "large": _just_after(stage, large)})
    label = "mute on PostgreSQL, on disk"
    return [
        rate_figure(NAME, "pgbench: one row put in, on disk", between["pgbench"]),
        *_rows(label, small, large, between),
        *_sizes(f"{label}, just after a checkpoint", small, large, after),
    ]


def _just_after(stage: Stage, world: World) -> Callable[[int], Load]:
    """A load of mutes that begins with a checkpoint."""

    def run(number: int) -> Load:
        asyncio.run(checkpoint(world.address))
        # A number draws the same pairs again, and those of the rounds before are there.
        return stage.world_load(world, "mute", stage.plan.runs + number)

    return seen(world, run)


def _rows(label: str, small: World, large: World, done: dict[str, list[Load]]) -> list[Figure]:
    share = Goal(Sense.AT_LEAST, SHARE_OF_PGBENCH, " times")
    *rates, growth = _sizes(label, small, large, done, Goal(Sense.AT_MOST, MAX_GROWTH, " times"))
    to_pgbench = figure(NAME, f"{label}, to pgbench", ratios(done["small"], done["pgbench"]), " times", share)
    return [*rates, to_pgbench, growth]


def _sizes(label: str, small: World, large: World, done: dict[str, list[Load]], *goals: Goal) -> list[Figure]:
    few, many = f"{small.crowd.relations:,}", f"{large.crowd.relations:,}"
    return [
        rate_figure(NAME, f"{label}, {few} mutes", done["small"]),
        rate_figure(NAME, f"{label}, {many} mutes", done["large"]),
        figure(NAME, f"{label}, {few} mutes to {many}", ratios(done["small"], done["large"]), " times", *goals),
    ]


def seen(world: World, load: Callable[[int], Load]) -> Callable[[int], Load]:
    """The same load, which fails where fewer mutes are in the database than were answered."""

    def run(number: int) -> Load:
        before = asyncio.run(mutes(world.address))
        done = load(number)
        added = asyncio.run(mutes(world.address)) - before
        if added < done.requests * MIN_EFFECT:
            raise BenchError(f"{done.requests} mutes were answered and {added} are in the database")
        return done

    return run
