"""Results as JSON, as a table on the terminal, and as the table of `docs/performance.md`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.errors import BenchError
from bench.figures import Figure

COLUMNS = ("measure", "result", "bare route", "of bare", "CPU a request", "half / 99 % within", "to reach", "reached")

MADE = re.compile(r"(<!-- made by `make bench ARGS=--save`: last run -->\n).*?(<!-- end -->)", re.DOTALL)
"""The part of the page that belongs to this program."""

BUSY = 0.9
"""Share of its core that a server under full load has on a machine that does nothing else."""


@dataclass(frozen=True, slots=True)
class Report:
    """One invocation.

    Attributes:
        kind: `full` or `quick`.
        at: when it ended, as `2026-01-31 12:00 UTC`.
        measures: names of those that were asked for.
        failures: why some measures have no figures, one line each.
    """

    kind: str
    at: str
    runs: int
    seconds: int
    measures: list[str]
    machine: dict[str, str]
    figures: list[Figure]
    failures: list[str]

    def notes(self) -> list[str]:
        """What a reader must know before believing the figures."""
        notes = list(self.failures)
        busy = [figure.busy for figure in self.figures if figure.busy is not None and figure.measure == "page-100"]
        if busy and min(busy) < BUSY:
            notes.append(
                f"the server had only {min(busy):.0%} of its core: other work was running, so ratios and "
                "processor time can be trusted, requests a second cannot"
            )
        return notes


def write(report: Report, path: Path) -> None:
    """Keep a report as JSON, whole or not at all."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    unfinished.replace(path)


def read(path: Path) -> Report:
    """A report that was kept.

    Raises:
        BenchError: there is none, or it is another version's.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Report)
    except FileNotFoundError:
        raise BenchError("there is no complete run yet: `make bench` makes one") from None
    except msgspec.DecodeError as error:
        raise BenchError(f"the last run cannot be read ({error}): `make bench` makes a new one") from None


def show(report: Report, console: Console) -> None:
    """Print a report: a drawn table on a terminal, else the same as in the documentation."""
    if console.is_terminal:
        console.print(_drawn(report))
    else:
        console.out(table(report.figures), highlight=False)
    for note in report.notes():
        console.print(Text(f"note: {note}", style="yellow"), soft_wrap=True)


def save(report: Report, page: Path) -> None:
    """Put a report into its place in the documentation.

    Raises:
        BenchError: the report is not fit to be shown, or the page has no place for it.
    """
    if report.failures:
        raise BenchError(f"the last run is not complete: {report.failures[0]}")
    text = page.read_text(encoding="utf-8")
    if not MADE.search(text):
        raise BenchError(f"{page.name} has no place for the table: put its two comments back")
    page.write_text(MADE.sub(lambda found: f"{found[1]}\n{section(report)}\n\n{found[2]}", text), encoding="utf-8")


def section(report: Report) -> str:
    """What stands in the documentation."""
    machine = "; ".join(f"{name}: {value}" for name, value in report.machine.items())
    lines = [
        f"Measured {report.at}, {report.runs} runs of {report.seconds} seconds each; medians.",
        "",
        table(report.figures),
        "",
        f"{machine}.",
        *(f"\nNote: {note}." for note in report.notes()),
    ]
    return "\n".join(lines)


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table."""
    rows = [COLUMNS, tuple("---" for _ in COLUMNS), *(cells(figure) for figure in figures)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def cells(figure: Figure) -> tuple[str, ...]:
    """The row of a figure, a text for each of COLUMNS."""
    bare = figure.bare
    label, cpu, times = figure.label, "", ""
    if figure.reported is not None:
        label += f" (X's simulator, as reported, not measured here: {figure.reported:,g}{figure.unit})"
    if figure.cpu_us is not None:
        cpu = f"{figure.cpu_us:,.0f} µs" + (f" (bare {bare.cpu_us:,.0f})" if bare else "")
    if figure.p50_us is not None and figure.p99_us is not None:
        times = f"{figure.p50_us / 1000:.1f} / {figure.p99_us / 1000:.1f} ms"
    return (
        label,
        f"{_rounded(figure.value)}{figure.unit}",
        f"{bare.rate:,.0f}/s" if bare else "",
        f"{bare.ratio:.2f}" if bare else "",
        cpu,
        times,
        "; ".join(str(goal) for goal in figure.goals),
        "; ".join("yes" if figure.is_reached(goal) else "no" for goal in figure.goals),
    )


def _rounded(value: float) -> str:
    """Three digits that mean something, more where they stand before the point."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _drawn(report: Report) -> Table:
    title = "small world, single runs: nothing about speed" if report.kind == "quick" else None
    drawn = Table(title=title, row_styles=["", "dim"])
    for column in COLUMNS:
        drawn.add_column(column, justify="left" if column in {"measure", "to reach", "reached"} else "right")
    for figure in report.figures:
        row = cells(figure)
        missed = "no" in row[-1]
        drawn.add_row(*row[:-1], Text(row[-1], style="red" if missed else "green"))
    return drawn
