"""How far a long command is: a bar on a terminal, else a line every few seconds."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TextIO

import click

from tacet.clock import Clock

NS = 1_000_000_000
"""Nanoseconds a second."""

LINE_EVERY_NS = 5 * NS
"""Often enough to see that it lives, seldom enough for a log."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How far a run is; `total_bytes` is 0 where nobody knows."""

    read_bytes: int
    total_bytes: int
    rows: int
    rejected: int


Meter = Callable[[Seen], None]
"""Told after each batch how far it is."""


def meter(name: str, quiet: bool, clock: Clock, unit: str = "rows") -> AbstractContextManager[Meter]:
    """The meter that fits where standard error goes to; `unit` is what is counted."""
    if quiet:
        return silence()
    if sys.stderr.isatty():
        return bar(name, clock, sys.stderr, unit)
    return lines(name, clock, lambda line: click.echo(line, err=True), unit)


@contextmanager
def silence() -> Iterator[Meter]:
    """A meter that shows nothing."""
    yield lambda seen: None


@contextmanager
def lines(name: str, clock: Clock, write: Callable[[str], object], unit: str = "rows") -> Iterator[Meter]:
    """A meter that writes a line every `LINE_EVERY_NS`."""
    started_ns = last_ns = clock.ticks_ns()

    def show(seen: Seen) -> None:
        nonlocal last_ns
        now_ns = clock.ticks_ns()
        if now_ns - last_ns >= LINE_EVERY_NS:
            last_ns = now_ns
            write(_line(name, seen, now_ns - started_ns, unit))

    yield show


@contextmanager
def bar(name: str, clock: Clock, out: TextIO, unit: str = "rows") -> Iterator[Meter]:
    """A meter that draws a bar on a terminal, with rate and time left."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    started_ns = clock.ticks_ns()
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn(f"{{task.fields[rows]}} {unit}"),
        TextColumn(f"{{task.fields[rate]}} {unit}/s"),
        TimeRemainingColumn(),
        TextColumn("[red]{task.fields[rejected]}"),
    )
    with Progress(*columns, console=Console(file=out), transient=True) as progress:
        task = progress.add_task(name, total=None, rows="0", rate="0", rejected="")

        def show(seen: Seen) -> None:
            progress.update(
                task,
                completed=seen.read_bytes,
                total=seen.total_bytes or None,
                rows=f"{seen.rows:,}",
                rate=f"{rate(seen.rows, clock.ticks_ns() - started_ns):,}",
                rejected=f"{seen.rejected:,} rejected" if seen.rejected else "",
            )

        yield show


def rate(rows: int, taken_ns: int) -> int:
    """Rows a second."""
    return rows * NS // max(taken_ns, 1)


def _line(name: str, seen: Seen, taken_ns: int, unit: str) -> str:
    parts = [f"{seen.rows:,} {unit}", f"{rate(seen.rows, taken_ns):,} {unit}/s"]
    if seen.total_bytes and seen.read_bytes:
        left_s = taken_ns * (seen.total_bytes - seen.read_bytes) // seen.read_bytes // NS
        parts = [
            f"{seen.read_bytes * 100 // seen.total_bytes} %",
            *parts,
            f"{left_s // 60}:{left_s % 60:02} left",
        ]
    if seen.rejected:
        parts.append(f"{seen.rejected:,} rejected")
    return f"{name}: {', '.join(parts)}"
