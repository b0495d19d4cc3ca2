"""What it costs that processes share: rate limits in Redis, and two processes beside one."""

from collections.abc import Callable
from functools import partial

from bench.cores import enough_for_two
from bench.figures import Figure, Goal, Sense, figure, rate_figure
from bench.load import Load, ratios, rounds
from bench.processes import Server
from bench.serve import COUNTED, UNCOUNTED
from bench.stage import Stage

NAME = "sharing"

MAX_REDIS_US = 150.0
"""Added to the median answer by asking Redis for each request."""

GAIN = 1.6
"""Times the pages of one process that two are to serve."""

ALONE = 1
"""Connections, where the time of one answer is asked for and not how many there are."""


def measure(stage: Stage) -> list[Figure]:
    """Pages of a small world in PostgreSQL: without limits, then with limits in Redis, by one process and by two."""
    small, _ = stage.postgres_worlds
    servers = {
        "free": stage.sharing_server(small, 1, UNCOUNTED),
        "redis": stage.sharing_server(small, 1, COUNTED),
        "two": stage.sharing_server(small, 2, COUNTED),
    }
    for server in servers.values():
        stage.warm_up_world(small, server)
    # One connection, as just now, reaches one process: this one gives both their share.
    stage.world_load(small, "page", 0, server=servers["two"])
    return [*_added(stage, servers), *_spread(stage, servers)]


def _added(stage: Stage, servers: dict[str, Server]) -> list[Figure]:
    done = _rounds(stage, {name: servers[name] for name in ("free", "redis")}, ALONE)
    added_us = [float(shared.p50_us - own.p50_us) for own, shared in zip(done["free"], done["redis"], strict=True)]
    goal = Goal(Sense.BELOW, MAX_REDIS_US, " µs")
    label = "rate limits in Redis: added to the median answer, one connection"
    return [figure(NAME, label, added_us, " µs", goal)]


def _spread(stage: Stage, servers: dict[str, Server]) -> list[Figure]:
    done = _rounds(stage, {name: servers[name] for name in ("redis", "two")}, None)
    one, two = done["redis"], done["two"]
    rows = [
        rate_figure(NAME, "page of 100, PostgreSQL and Redis, one process", one),
        rate_figure(NAME, "page of 100, PostgreSQL and Redis, two processes", two),
    ]
    if enough_for_two():
        goal = Goal(Sense.AT_LEAST, GAIN, " times")
        return [*rows, figure(NAME, "two processes to one", ratios(two, one), " times", goal)]
    dearer = [theirs.cpu_us / own.cpu_us for own, theirs in zip(one, two, strict=True)]
    label = "two processes to one, CPU a request (too few cores here to compare requests a second)"
    return [*rows, figure(NAME, label, dearer, " times")]


def _rounds(stage: Stage, servers: dict[str, Server], connections: int | None) -> dict[str, list[Load]]:
    small, _ = stage.postgres_worlds
    loads: dict[str, Callable[[int], Load]] = {
        name: partial(stage.world_load, small, "page", server=server, connections=connections)
        for name, server in servers.items()
    }
    return rounds(stage.plan.runs, loads)
