"""The measures without their loads: they run on a tiny world, and nothing is said about how fast."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bench.cores import Cores
from bench.errors import BenchError
from bench.load import Load
from bench.measures import MEASURES, disk, mutes, pages, store
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
