"""The command line of the bench."""

import contextlib
import dataclasses
import fcntl
import os
import signal
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click
from rich.console import Console

from bench import pgbench
from bench.cores import choose, pin
from bench.errors import BenchError
from bench.figures import Figure
from bench.load import generator
from bench.machine import description
from bench.measures import MEASURES, postgres
from bench.narrator import Narrator, narrating
from bench.plan import FULL, QUICK, Plan
from bench.processes import REPOSITORY
from bench.report import Report, read, save, show, write
from bench.stage import Stage

FOLDER = REPOSITORY / ".bench"
"""Worlds, results and what is thrown away; git does not see it."""

PAGE = REPOSITORY / "docs" / "performance.md"

LAST, QUICKLY, PARTLY = "last.json", "quick.json", "part.json"
"""Results of a complete run, a quick one and one of some measures: only the first is shown to others."""

WITHOUT_LOAD = {"start", "disk", "store"}
"""Measures that need no load generator."""

FAILED, INTERRUPTED = 1, 130


@click.command(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=f"""\b
Measures: {", ".join(MEASURES)}.

\b
Examples:
  make bench                                  everything, in about a quarter of an hour
  make bench ARGS=--save                      put the last complete run into docs/performance.md
  make bench ARGS=--quick                     see that it works, in about two minutes
  make bench ARGS="--only mute --only disk"   some measures
  .venv/bin/python -m bench --runs 5 --seconds 10
""",
)
@click.option("--quick", is_flag=True, help="A small world and single runs of a second: no figures to believe.")
@click.option("--only", "names", multiple=True, type=click.Choice(list(MEASURES)), help="Only this; may be repeated.")
@click.option("--runs", type=click.IntRange(1, 100), help=f"Repetitions of each load; {FULL.runs} unless --quick.")
@click.option("--seconds", type=click.IntRange(1, 600), help=f"Length of each load; {FULL.seconds} unless --quick.")
@click.option("--save", "saving", is_flag=True, help="Measure nothing: show the last complete run in the docs.")
def bench(quick: bool, names: tuple[str, ...], runs: int | None, seconds: int | None, saving: bool) -> int:
    """Measure how fast Tacet is on this machine, beside a bare Starlette route in the same run.

    Servers are bound to one core and listen on loopback only; the load comes from another core. Everything that is
    started is ended, and what it wrote is removed, except for the world, which is kept in .bench for the next time.
    """
    console = Console()
    if saving:
        save(read(FOLDER / LAST), PAGE)
        console.print(f"{PAGE.relative_to(REPOSITORY)} shows the last complete run now")
        return 0
    plan = _plan(quick, runs, seconds)
    wanted = [name for name in MEASURES if not names or name in names]
    if not set(wanted) <= WITHOUT_LOAD:
        generator()
    if postgres.NAME in wanted:
        pgbench.program()
    with _alone(FOLDER):
        report = _measured(plan, wanted, console)
    path = FOLDER / (QUICKLY if quick else LAST if len(wanted) == len(MEASURES) else PARTLY)
    write(report, path)
    show(report, console)
    console.print(f"all samples: {path.relative_to(REPOSITORY)}")
    return FAILED if report.failures else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code. What went wrong is one line on standard error."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return int(bench.main(arguments, prog_name="bench", standalone_mode=False) or 0)
    except click.UsageError as error:
        return _end(2, error.format_message())
    except (click.Abort, KeyboardInterrupt):
        return _end(INTERRUPTED, "interrupted; everything that was started is ended")
    except BenchError as error:
        return _end(FAILED, str(error))


def _plan(quick: bool, runs: int | None, seconds: int | None) -> Plan:
    plan = QUICK if quick else FULL
    return dataclasses.replace(plan, runs=runs or plan.runs, seconds=seconds or plan.seconds)


def _measured(plan: Plan, wanted: Sequence[str], console: Console) -> Report:
    """Everything that was asked for; a measure that fails does not stop the others."""
    cores = choose()
    machine = description(cores)
    failures: list[str] = []
    figures: list[Figure] = []
    pin(os.getpid(), cores.load)
    began_s = time.monotonic()
    with narrating(console, len(wanted)) as narrator, Stage(plan, FOLDER, cores, narrator) as stage:
        for name in wanted:
            figures += _tried(name, stage, narrator, failures)
    machine["took"] = f"{time.monotonic() - began_s:.0f} s"
    at = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return Report(plan.kind, at, plan.runs, plan.seconds, list(wanted), machine, figures, failures)


def _tried(name: str, stage: Stage, narrator: Narrator, failures: list[str]) -> list[Figure]:
    narrator.begin(name)
    try:
        return MEASURES[name](stage)
    except BenchError as error:
        failures.append(f"{name}: {error}")
        return []


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two of these would measure each other.

    Raises:
        BenchError: another one is running.
    """
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BenchError("another bench is running here: wait until it is done") from None
        yield


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _end(code: int, message: str) -> int:
    click.echo(f"bench: {message}", err=True)
    return code
