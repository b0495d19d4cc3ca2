from pathlib import Path

import pytest

from bench import command
from bench.command import FAILED, main
from bench.measures import MEASURES


def test_help_names_every_measure_and_gives_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert [name for name in MEASURES if name not in shown] == []
    assert "make bench ARGS=--quick" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--only", "nothing"], "'nothing' is not one of"), (["--runs", "0"], "0 is not in the range")],
    ids=["unknown-measure", "no-runs"],
)
def test_a_wrong_command_line_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_saving_before_anything_was_measured_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    assert main(["--save"]) == FAILED
    assert "no complete run yet" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("programs", "missing"), [(["pgbench"], "the load generator wrk"), (["wrk"], "pgbench")], ids=["wrk", "pgbench"]
)
def test_a_measure_with_two_generators_needs_both(
    programs: list[str],
    missing: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(command, "FOLDER", tmp_path / "bench")
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in programs:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    assert main(["--only", "postgres"]) == FAILED
    assert f"{missing} is missing" in capsys.readouterr().err
    assert not (tmp_path / "bench").exists()


def test_a_missing_generator_stops_a_load_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "FOLDER", tmp_path / "bench")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["--only", "page-100"]) == FAILED
    assert "the load generator wrk is missing" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
