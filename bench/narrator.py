"""Telling whoever waits what is being done: a line that changes on a terminal, else a line for each measure."""

import contextlib
import time
from collections.abc import Iterator
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

LINE_EVERY_S = 5.0
"""Often enough to see that it lives, seldom enough for a log."""


class Narrator(Protocol):
    """Who is told."""

    def begin(self, measure: str) -> None:
        """The next measure starts."""

    def say(self, text: str) -> None:
        """Something else is being done now."""

    def meter(self, what: str, done: int, total: int) -> None:
        """So many of these are made."""


@contextlib.contextmanager
def narrating(console: Console, measures: int) -> Iterator[Narrator]:
    """The narrator that fits what `console` writes to."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Bars(progress, measures)


class _Bars:
    def __init__(self, progress: Progress, measures: int) -> None:
        self._progress = progress
        self._overall = progress.add_task("starting", total=measures)
        self._making = progress.add_task("", visible=False)
        self._begun = 0
        self._measure = ""

    def begin(self, measure: str) -> None:
        self._progress.update(self._overall, completed=self._begun)
        self._begun += 1
        self._measure = measure

    def say(self, text: str) -> None:
        self._progress.update(self._overall, description=f"{self._measure}: {text}")

    def meter(self, what: str, done: int, total: int) -> None:
        making, description = done < total, f"{what} of the world, which is made first"
        self._progress.update(self._making, visible=making, description=description, completed=done, total=total)


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._last_s = 0.0

    def begin(self, measure: str) -> None:
        self._console.out(f"measuring {measure}", highlight=False)

    def say(self, text: str) -> None:
        """The measure's own line is enough for a log."""

    def meter(self, what: str, done: int, total: int) -> None:
        now_s = time.monotonic()
        if now_s - self._last_s >= LINE_EVERY_S or done == total:
            self._last_s = now_s
            self._console.out(f"making the world first: {done:,} of {total:,} {what}", highlight=False)
