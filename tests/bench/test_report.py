import dataclasses
import io
from pathlib import Path

import pytest
from rich.console import Console

from bench.command import PAGE
from bench.errors import BenchError
from bench.figures import Figure, Goal, Sense, figure, load_figure, rate_figure
from bench.load import Load
from bench.report import COLUMNS, MADE, Report, cells, read, save, show, table, write
from tests.bench.test_load import load

PAGES = load_figure(
    "page-100",
    "page of 100",
    [load(4_500)],
    [load(10_000)],
    Goal(Sense.AT_LEAST, 0.45, of_bare=True),
    Goal(Sense.AT_LEAST, 5_000.0, "/s"),
    reported=450.0,
)
START = figure("start", "start", [0.412], " s", Goal(Sense.BELOW, 0.6, " s"))
PLACE = "<!-- made by `make bench ARGS=--save`: last run -->\n\nold\n\n<!-- end -->\n"


def report(*figures: Figure, failures: tuple[str, ...] = ()) -> Report:
    machine = {"processor": "made up", "Python": "3.11"}
    return Report("full", "2026-01-31 12:00 UTC", 3, 5, ["page-100"], machine, list(figures), list(failures))


def test_a_row_has_the_figure_the_bare_route_and_what_is_to_be_reached() -> None:
    assert cells(PAGES) == (
        "page of 100 (X's simulator, as reported, not measured here: 450/s)",
        "4,500/s",
        "10,000/s",
        "0.45",
        "1 µs (bare 1)",
        "0.0 / 0.0 ms",
        "≥ 0.45 of bare; ≥ 5,000/s",
        "yes; no",
    )


def test_a_row_without_a_neighbour_has_the_servers_time_alone() -> None:
    made = rate_figure("postgres", "mute", [load(900)], Goal(Sense.AT_LEAST, 500.0, "/s"))
    assert cells(made) == ("mute", "900/s", "", "", "1 µs", "0.0 / 0.0 ms", "≥ 500/s", "yes")


def test_a_row_of_another_generator_has_its_rate_alone() -> None:
    made = rate_figure("postgres", "pgbench", [Load(10, 5.0, 0.0, 0.0, 0, 0, 0)])
    assert cells(made) == ("pgbench", "5.00/s", "", "", "", "", "", "")


def test_a_row_without_a_load_leaves_its_cells_empty() -> None:
    assert cells(START) == ("start", "0.41 s", "", "", "", "", "< 0.6 s", "yes")


def test_a_table_has_a_line_for_each_figure() -> None:
    lines = table([PAGES, START]).splitlines()
    assert len(lines) == 4
    assert {line.count("|") for line in lines} == {len(COLUMNS) + 1}


def test_a_report_is_the_same_after_it_was_kept(tmp_path: Path) -> None:
    kept = report(PAGES, START)
    write(kept, tmp_path / "last.json")
    assert read(tmp_path / "last.json") == kept
    assert [path.name for path in tmp_path.iterdir()] == ["last.json"]


@pytest.mark.parametrize(
    ("content", "message"), [(None, "no complete run yet"), (b"{", "cannot be read")], ids=["missing", "broken"]
)
def test_a_report_that_is_not_there_is_an_error(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "last.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BenchError, match=message):
        read(path)


def test_saving_replaces_what_stands_between_the_comments(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{PLACE}after\n", encoding="utf-8")
    save(report(START), page)
    once = page.read_text(encoding="utf-8")
    save(report(START), page)
    assert page.read_text(encoding="utf-8") == once
    assert once.startswith("before\n<!-- made by")
    assert once.endswith("<!-- end -->\nafter\n")
    assert table([START]) in once
    assert "old" not in once


def test_a_report_with_failures_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="not complete: mute: the disk is full"):
        save(report(START, failures=("mute: the disk is full",)), tmp_path / "performance.md")


def test_a_page_without_a_place_is_an_error(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("nothing", encoding="utf-8")
    with pytest.raises(BenchError, match="no place"):
        save(report(START), page)


def test_the_documentation_has_one_place_for_the_table() -> None:
    assert len(MADE.findall(PAGE.read_text(encoding="utf-8"))) == 1


def test_a_server_that_shared_its_core_is_noted() -> None:
    assert report(PAGES).notes() == []
    [note] = report(dataclasses.replace(PAGES, busy=0.5)).notes()
    assert note.startswith("the server had only 50% of its core")


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "file"])
def test_what_is_shown_names_every_figure_and_every_failure(terminal: bool) -> None:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=200)
    show(report(PAGES, START, failures=("mute: no disk",)), console)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert all(text in shown for text in ("4,500/s", "0.41 s", "mute: no disk"))
