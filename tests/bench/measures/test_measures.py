"""The measures without their loads: they run on a tiny world, and nothing is said about how fast."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from bench.cores import Cores
from bench.errors import BenchError
from bench.load import Load
from bench.measures import MEASURES, disk, home, mutes, pages, store, v1
from bench.measures.depth import pages_of
from bench.processes import Server
from bench.stage import Stage
from tests.bench.small import PLAN, Heard
from tests.bench.test_load import load


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(PLAN, tmp_path, Cores(None, None), Heard()) as made:
        yield made


def test_every_measure_is_explained_in_the_documentation() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "performance.md").read_text(encoding="utf-8")
    assert [name for name in MEASURES if f"| `{name}` |" not in page] == []


def test_bytes_a_mute_count_the_relations_and_nothing_else(stage: Stage) -> None:
    made, bulk = disk.measure(stage)
    # Two entries with four numbers each, at most eight bytes long, in pages that are at least half empty here.
    assert 40 < made.value < 400
    assert 40 < bulk.value < 400


def test_the_store_is_called_in_a_process_of_its_own(stage: Stage) -> None:
    figures = store.measure(stage)
    assert len(figures) == 6
    assert all(figure.value > 0 and len(figure.samples) == 3 for figure in figures)
    assert {"which of" in figure.label for figure in figures if figure.goals} == {True}


def test_the_disk_is_asked_and_left_clean(tmp_path: Path) -> None:
    took_us = mutes.disk_syncs_us(tmp_path / "sync")
    assert len(took_us) == mutes.SYNCS
    assert list(tmp_path.iterdir()) == []


def test_first_and_deepest_page_differ_by_a_token() -> None:
    assert pages_of(7)["first"] == ""
    assert pages_of(7)["deepest"].startswith("?pagination_token=1")


def test_a_page_is_measured_beside_the_bare_route(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def answered(server: Server, script: str, *_: object) -> Load:
        asked.append((server.url, script))
        return load(rate=200 if script == "bare" else 100)

    monkeypatch.setattr("bench.stage.apply", answered)
    [figure] = pages.of_thousand(stage)
    assert asked == [(stage.bare.url, "bare"), (stage.tacet.url, "page")]
    assert figure.bare is not None
    assert figure.bare.ratio == 0.5
    assert [figure.is_reached(goal) for goal in figure.goals] == [False]


def test_a_page_of_another_length_than_expected_is_noticed(stage: Stage) -> None:
    stage.groups["heavy"] = dataclasses.replace(stage.groups["heavy"], mutes=141)
    with pytest.raises(BenchError, match="a page of 1000 came with 140 people"):
        stage.warm_up("heavy", "?max_results=1000")


def test_pages_of_ids_are_asked_for_at_the_start_and_anywhere(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def answered(server: Server, script: str, arguments: Sequence[str], *_: object) -> Load:
        lines = Path(arguments[0]).read_text(encoding="ascii").splitlines() if script == "lines" else []
        asked.append((server.url, script, len({line.split("\t")[1] for line in lines})))
        return load(rate=700)

    monkeypatch.setattr("bench.stage.apply", answered)
    monkeypatch.setattr(v1, "MOST_A_SECOND", 50)
    first, anywhere = v1.measure(stage)
    (_, bare, _), (url, lines, one), (_, _, many) = asked
    assert (bare, url, lines, one) == ("bare", stage.tacet.url, "lines", 1)
    assert many > 1
    assert [first.is_reached(goal) for goal in first.goals] == [True]
    assert anywhere.goals == []


def test_a_page_of_ids_of_another_length_than_expected_is_noticed(stage: Stage) -> None:
    stage.groups["list-300"] = dataclasses.replace(stage.groups["list-300"], mutes=301)
    with pytest.raises(BenchError, match="a page of 5,000 ids came with 300"):
        v1.measure(stage)


def test_homes_are_measured_for_few_and_many_mutes_and_beyond_what_is_kept(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def answered(server: Server, script: str, arguments: Sequence[str], *_: object) -> Load:
        asked.append(f"{script} {Path(arguments[0]).stem} {'token' in arguments[-2:][0]}")
        return load(rate={"bare": 400, "page": 200}[script])

    monkeypatch.setattr("bench.stage.apply", answered)
    few, many, *between, deep = home.measure(stage)
    assert [each.partition(" ")[2] for each in asked[1:]] == ["reader-50 False", "reader-200 False", "reader-50 True"]
    assert [figure.bare and figure.bare.ratio for figure in (few, many, deep)] == [0.5, 0.5, 0.5]
    assert [figure.value for figure in between] == [1.0, 1.0]
    assert [figure.is_reached(goal) for figure in (few, *between) for goal in figure.goals] == [True, True]


def test_a_home_that_is_not_full_is_noticed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "PAGE", 101)
    with pytest.raises(BenchError, match="a page of 101 came with 100 posts"):
        home.measure(stage)


def test_mutes_that_are_not_in_the_file_are_noticed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.stage.apply", lambda *_: load(rate=100))
    with pytest.raises(BenchError, match="1 mutes were answered and 0 are in the database"):
        mutes.measure(stage)


def test_a_stage_leaves_nothing_but_the_world(tmp_path: Path) -> None:
    with Stage(PLAN, tmp_path, Cores(None, None), Heard()) as stage:
        pids = [stage.tacet.pid, stage.bare.pid]
        assert stage.people("crowd").read_text(encoding="ascii").count("\n") == PLAN.shape.crowd
    assert [psutil.pid_exists(pid) for pid in pids] == [False, False]
    assert [path.suffix for path in tmp_path.iterdir()] == [".db"]
