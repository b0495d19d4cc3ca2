"""Muting and unmuting: answered when it is on disk, and so the disk is measured beside it."""

import fcntl
import os
import random
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

from bench import world
from bench.errors import BenchError
from bench.figures import Figure, Goal, Sense, figure, load_figure
from bench.load import Load, rounds
from bench.stage import Stage

SHARE_OF_BARE = 0.30
"""Of the bare route's rate, for a mute."""

MUTES_A_SECOND = 5_000.0
"""Where the disk allows it."""

SIMULATOR_MUTE = 2_132.0
"""Requests a second reported for X's own simulator, which writes nothing to disk; not measured here."""

MIN_EFFECT = 0.9
"""Share of the answered mutes that must be new rows: the rest may be pairs that were drawn twice."""

UNMUTES_A_SECOND = 20_000
"""More than any run can send: so many existing mutes are kept ready for each of its seconds."""

SYNC_BYTES = 4_096
"""What the disk is asked to keep: a page, the least that a commit writes."""

SYNCS = 300
"""How often; about a tenth of a second on a fast disk, some seconds on a slow one."""


def measure(stage: Stage) -> list[Figure]:
    """Mutes and unmutes in turn, after the disk alone."""
    stage.say("asking the disk to keep something")
    syncs_us = disk_syncs_us(stage.scratch / "sync")
    writes = _Writes(stage)
    done = rounds(stage.plan.runs, {"bare": stage.bare_load, "mute": writes.mute, "unmute": writes.unmute})
    goals = (Goal(Sense.AT_LEAST, SHARE_OF_BARE, of_bare=True), Goal(Sense.AT_LEAST, MUTES_A_SECOND, "/s"))
    return [
        load_figure("mute", "mute, on disk", done["mute"], done["bare"], *goals, reported=SIMULATOR_MUTE),
        load_figure("mute", "unmute, on disk", done["unmute"], done["bare"]),
        figure("mute", "the disk keeping 4 KiB, alone", syncs_us, " µs"),
    ]


def disk_syncs_us(path: Path) -> list[float]:
    """How long the disk takes to keep 4 KiB, written over what is there as SQLite's log is, in microseconds."""
    took_us = []
    file = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        os.write(file, bytes(SYNC_BYTES * SYNCS))
        _keep(file)
        os.lseek(file, 0, os.SEEK_SET)
        for _ in range(SYNCS):
            os.write(file, bytes(SYNC_BYTES))
            started_ns = time.perf_counter_ns()
            _keep(file)
            took_us.append((time.perf_counter_ns() - started_ns) / 1_000)
    finally:
        os.close(file)
        path.unlink()
    return took_us


def _keep(file: int) -> None:
    """What SQLite does at a commit, with the settings of the store."""
    if sys.platform == "darwin":
        fcntl.fcntl(file, fcntl.F_FULLFSYNC)
    else:
        os.fdatasync(file)


class _Writes:
    """Loads that change the database, and proof that they did."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._tacet = stage.tacet
        self._people = str(stage.people("crowd"))
        self._database = stage.scratch / "served.db"
        self._pairs = self._shuffled_pairs()

    def mute(self, number: int) -> Load:
        """Random people mute random people."""
        self._stage.say(f"round {number}: mutes")
        before = self._mutes()
        load = self._stage.load(self._tacet, "mute", self._people, str(number))
        self._see(self._mutes() - before, load, "mutes")
        return load

    def unmute(self, number: int) -> Load:
        """Mutes that were there from the beginning are taken back, each once, in random order."""
        self._stage.say(f"round {number}: unmutes")
        path = self._stage.scratch / "unmute.requests"
        path.write_text("".join(self._next_lines()), encoding="ascii")
        before = self._mutes()
        load = self._stage.load(self._tacet, "lines", str(path))
        self._see(before - self._mutes(), load, "unmutes")
        return load

    def _shuffled_pairs(self) -> list[tuple[int, int]]:
        """(source, target) of existing mutes, as indexes: enough for every round."""
        group = self._stage.groups["crowd"]
        self._a_round = min(
            UNMUTES_A_SECOND * self._stage.plan.seconds, group.count * group.mutes // self._stage.plan.runs
        )
        wanted = self._a_round * self._stage.plan.runs
        dice = random.Random(world.SEED)
        each = -(-wanted // group.count)
        pairs = [(source, target) for source in group.indexes for target in world.targets(group, source)[:each]]
        dice.shuffle(pairs)
        return pairs

    def _next_lines(self) -> list[str]:
        taken, self._pairs = self._pairs[: self._a_round], self._pairs[self._a_round :]
        return [
            f"DELETE\t/2/users/{world.person_id(source)}/muting/{world.person_id(target)}"
            f"\tBearer {world.bearer_text(source)}\n"
            for source, target in taken
        ]

    def _mutes(self) -> int:
        """How many mutes are in the database, read beside the server."""
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT COUNT(*) FROM relation").fetchall()[0][0])

    def _see(self, changed: int, load: Load, what: str) -> None:
        if changed < load.requests * MIN_EFFECT:
            raise BenchError(f"{load.requests} {what} were answered and {changed} are in the database")
