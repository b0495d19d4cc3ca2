import contextlib
import csv
import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tacet.cli.exits import Exit
from tacet.cli.people import ENDINGS
from tacet.directory.importing.batches import BATCH_ROWS
from tests.cli.conftest import Stored, Tacet

Row = dict[str, Any]


def crowd(count: int, start: int = 1) -> list[Row]:
    """People and a post each, generated."""
    rows: list[Row] = []
    for number in range(start, start + (count + 1) // 2):
        person = {"id": str(number), "username": f"user_{number}", "name": f"User {number}"}
        post = {"type": "post", "id": f"9{number}", "author_id": str(number), "text": "hi"}
        rows += [person, {**post, "created_at": "2024-02-03T04:05:06Z"}]
    return rows[:count]


def write_jsonl(path: Path, rows: Iterable[Row | str]) -> Path:
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return path


def write_csv(path: Path, rows: Iterable[Row | str]) -> Path:
    objects = [row for row in rows if isinstance(row, dict)]
    columns = list(dict.fromkeys(name for row in objects for name in row))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(objects)
    return path


@pytest.mark.parametrize(("name", "write"), [("x.jsonl", write_jsonl), ("x.csv", write_csv)], ids=["jsonl", "csv"])
def test_ten_thousand_rows_are_imported_and_a_rerun_changes_nothing(
    tacet: Tacet, stored: Stored, tmp_path: Path, name: str, write: Callable[..., Path]
) -> None:
    write(tmp_path / name, crowd(10_000))
    first = tacet(f"people import {name}")
    assert (first.code, first.err) == (Exit.OK, "")
    assert first.out.startswith(f"{name}: 5,000 people and 5,000 posts; 10,000 changed, 0 unchanged; 0 rejected; ")
    again = tacet(f"people import {name}")
    assert "; 0 changed, 10,000 unchanged; 0 rejected; " in again.out
    assert len(stored(lambda store: store.directory.people(range(1, 5_001)))) == 5_000
    assert len(stored(lambda store: store.posts.latest(range(1, 5_001)))) == 5_000
    assert not (tmp_path / f"{name}.rejected").exists()


def test_a_compressed_file_is_imported(tacet: Tacet, tmp_path: Path) -> None:
    plain = write_jsonl(tmp_path / "x", crowd(10)).read_bytes()
    (tmp_path / "people.jsonl.gz").write_bytes(gzip.compress(plain))
    assert "5 people and 5 posts; 10 changed" in tacet("people import people.jsonl.gz").out


@pytest.mark.parametrize("ending", [*ENDINGS, *(f"{ending}.gz" for ending in ENDINGS)])
def test_the_name_of_the_file_says_its_format(tacet: Tacet, tmp_path: Path, ending: str) -> None:
    write = write_csv if ".csv" in ending else write_jsonl
    write(tmp_path / f"people{ending}", crowd(2))
    assert tacet(f"people import people{ending}").code == Exit.OK


@pytest.mark.parametrize(
    ("rows", "counted"), [(1, "1 person and 0 posts"), (2, "1 person and 1 post"), (4, "2 people and 2 posts")]
)
def test_what_came_in_is_counted_in_words(tacet: Tacet, tmp_path: Path, rows: int, counted: str) -> None:
    write_jsonl(tmp_path / "people.jsonl", crowd(rows))
    assert tacet("people import people.jsonl").out.startswith(f"people.jsonl: {counted}; ")


def test_an_option_says_what_the_name_does_not(tacet: Tacet, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "people.txt", crowd(2))
    ended = tacet("people import people.txt")
    assert ended.code == Exit.USAGE
    assert "give --format jsonl or --format csv" in ended.complaint
    assert tacet("people import --format jsonl people.txt").code == Exit.OK


def bad_rows() -> list[Row | str]:
    return [
        {"id": 1, "username": "alice", "name": "Alice"},
        "no JSON",
        {"id": 2, "username": "bob"},
        "",
        {"id": 3, "username": "ALICE", "name": "Another"},
        {"id": 4, "username": "carol", "name": "Carol ✨"},
        {"id": 0, "username": "dora", "name": "Dora ✨"},
    ]


def test_bad_rows_go_to_a_file_and_stop_nothing(tacet: Tacet, stored: Stored, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "people.jsonl", bad_rows())
    ended = tacet("people import people.jsonl")
    assert (ended.code, ended.err) == (Exit.REJECTED, "")
    assert "2 people and 0 posts; 2 changed, 0 unchanged; 4 rejected (see people.jsonl.rejected)" in ended.out
    rejected = [json.loads(line) for line in (tmp_path / "people.jsonl.rejected").read_text().splitlines()]
    assert [each["line"] for each in rejected] == [2, 3, 5, 7]
    assert rejected[0]["reason"].startswith("not JSON")
    assert rejected[0]["raw"] == "no JSON"
    assert rejected[1]["reason"] == "name is missing"
    assert rejected[2]["reason"] == "username ALICE belongs to id 1"
    assert json.loads(rejected[3]["raw"])["name"] == "Dora ✨"
    assert {each.id for each in stored(lambda store: store.directory.people([1, 2, 3, 4]))} == {1, 4}


def test_bad_rows_are_rejected_again_and_repaired_ones_are_not(tacet: Tacet, tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "people.jsonl", bad_rows())
    assert tacet("people import people.jsonl").code == Exit.REJECTED
    again = tacet("people import people.jsonl")
    assert again.code == Exit.REJECTED
    assert "2 people and 0 posts; 0 changed, 2 unchanged; 4 rejected" in again.out
    write_jsonl(path, [row for row in bad_rows() if isinstance(row, dict) and row["id"] in {1, 4}])
    assert tacet("people import people.jsonl").code == Exit.OK
    assert not (tmp_path / "people.jsonl.rejected").exists()


def test_bad_rows_go_where_an_option_says(tacet: Tacet, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "people.jsonl", ["no JSON"])
    assert tacet("people import people.jsonl --rejected bad.jsonl").code == Exit.REJECTED
    assert (tmp_path / "bad.jsonl").exists()
    assert not (tmp_path / "people.jsonl.rejected").exists()


def test_a_pipe_can_be_imported_and_its_bad_rows_stay_here(tacet: Tacet, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    os.mkfifo(elsewhere / "pipe")
    writer = threading.Thread(target=write_jsonl, args=(elsewhere / "pipe", [*crowd(3_000), "no JSON"]))
    writer.start()
    ended = tacet("people import --format jsonl elsewhere/pipe")
    writer.join()
    assert ended.code == Exit.REJECTED
    assert "1,500 people and 1,500 posts" in ended.out
    assert (tmp_path / "pipe.rejected").exists()
    assert [each.name for each in elsewhere.iterdir()] == ["pipe"]


FAILURES = {
    "no such file": ("people import nobody.jsonl", Exit.FAILED, "nobody.jsonl cannot be opened: No such file"),
    "no such file, whose name says nothing": (
        "people import nowhere/nobody",
        Exit.FAILED,
        "nowhere/nobody cannot be opened: No such file or directory",
    ),
    "no room for bad rows": (
        "people import bad.jsonl --rejected nowhere/x",
        Exit.FAILED,
        "nowhere/x cannot be written: No such file or directory; give another with --rejected PATH",
    ),
    "wrong header": ("people import wrong.csv", Exit.FAILED, "wrong.csv: unknown column 'handle'"),
    "no folder for the database": (
        "people import good.jsonl --database sqlite:///nowhere/x.db",
        Exit.DATABASE,
        "sqlite:///nowhere/x.db: ",
    ),
    "no database": ("people import good.jsonl --database sqlite:///bad.jsonl", Exit.DATABASE, "sqlite:///bad.jsonl: "),
    "PostgreSQL": (
        "people import good.jsonl --database postgresql://127.0.0.1:1/db",
        Exit.DATABASE,
        "postgresql://127.0.0.1:1/db: the database cannot be reached",
    ),
}


@pytest.mark.parametrize(("line", "code", "complaint"), FAILURES.values(), ids=FAILURES)
def test_failures_are_one_line_with_a_code(tacet: Tacet, tmp_path: Path, line: str, code: Exit, complaint: str) -> None:
    write_jsonl(tmp_path / "good.jsonl", crowd(2))
    write_jsonl(tmp_path / "bad.jsonl", ["no JSON " * 200])
    (tmp_path / "wrong.csv").write_text("id,handle\n1,alice\n")
    ended = tacet(line)
    assert ended.code == code
    assert complaint in ended.complaint


def test_a_file_cut_off_says_how_much_is_in_and_what_to_do(tacet: Tacet, stored: Stored, tmp_path: Path) -> None:
    whole = gzip.compress(write_jsonl(tmp_path / "x", crowd(100_000)).read_bytes())
    (tmp_path / "people.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    ended = tacet("people import people.jsonl.gz")
    assert ended.code == Exit.FAILED
    assert "the compressed data is damaged or cut off" in ended.complaint
    assert "rows are in and stay: run the same command again to go on" in ended.complaint
    assert stored(lambda store: store.directory.people([1]))


def test_an_import_works_beside_a_server(tacet: Tacet, stored: Stored, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "people.jsonl", crowd(10))
    ended = stored.beside_a_server(lambda: tacet("people import people.jsonl"))
    assert (ended.code, ended.err) == (Exit.OK, "")


def test_progress_is_lines_where_there_is_no_terminal(
    tacet: Tacet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tacet.cli.progress.LINE_EVERY_NS", 0)
    write_jsonl(tmp_path / "people.jsonl", crowd(BATCH_ROWS * 2))
    shown = tacet("people import people.jsonl").err.splitlines()
    assert len(shown) >= 2
    assert shown[0].startswith("people.jsonl: ")
    assert tacet("people import people.jsonl --quiet").err == ""


def test_progress_is_a_bar_on_a_terminal(tacet: Tacet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    write_jsonl(tmp_path / "people.jsonl", crowd(BATCH_ROWS * 2))
    shown = tacet("people import people.jsonl").err
    assert "\x1b[" in shown
    assert "rows/s" in shown


def has_people(database: Path) -> bool:
    """Whether anybody is in a database; a look so short that an import does not get far meanwhile."""
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as look,
    ):
        return look.execute("SELECT 1 FROM person LIMIT 1").fetchone() is not None
    return False


def test_an_interrupted_import_keeps_what_is_in_and_goes_on_when_run_again(
    tacet: Tacet, stored: Stored, tmp_path: Path
) -> None:
    count = 80_000
    write_jsonl(tmp_path / "people.jsonl", crowd(count))
    process = subprocess.Popen(
        [sys.executable, "-m", "tacet.cli", "people", "import", "people.jsonl"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=dict(os.environ),
    )
    while not has_people(tmp_path / "tacet.db"):
        with contextlib.suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"it ended by itself with {process.wait(timeout=0.01)}")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == Exit.INTERRUPTED
    assert out == ""
    assert err.startswith("tacet: interrupted; ")
    assert err.endswith(" rows are in and stay: run the same command again to go on\n")
    ended = tacet("people import people.jsonl")
    assert ended.code == Exit.OK
    assert f"{count // 2:,} people and {count // 2:,} posts" in ended.out
    assert " 0 unchanged" not in ended.out
