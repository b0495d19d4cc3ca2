"""The store without anything around it, in a process of its own."""

import msgspec

from bench.errors import BenchError
from bench.figures import Figure, Goal, Sense, figure
from bench.processes import started, why
from bench.stage import Stage

TIMEOUT_S = 300
"""Longer than all calls take together on a slow disk."""

MAX_WHICH_US = 1_000.0
"""For which of some hundred accounts somebody mutes: a home timeline asks it for a page."""


def measure(stage: Stage) -> list[Figure]:
    """Microseconds a call; what is left of a request is HTTP and rendering."""
    database = stage.copied_world("alone")
    log = stage.scratch / "store.log"
    stage.say("calling the store alone")
    command = stage.command("alone", str(database), msgspec.json.encode(stage.plan).decode())
    with started(command, stage.cores.server, log) as process:
        output, _ = process.communicate(timeout=TIMEOUT_S)
    if process.returncode != 0:
        raise BenchError(f"the store could not be called: {why(log)}")
    samples = msgspec.json.decode(output, type=dict[str, list[float]])
    return [_figure(label, took_us) for label, took_us in samples.items()]


def _figure(label: str, took_us: list[float]) -> Figure:
    goals = [Goal(Sense.BELOW, MAX_WHICH_US, " µs")] if label.startswith("which of") else []
    return figure("store", f"store alone: {label}", took_us, " µs", *goals)
