import io
from pathlib import Path

import pytest

from tacet.cli.exits import CommandError, Exit
from tacet.cli.progress import LINE_EVERY_NS, Seen, bar, lines, rate, silence
from tacet.cli.rejected import RejectedFile
from tacet.clock import ManualClock
from tacet.directory.importing import Rejected

LINE_EVERY_MS = LINE_EVERY_NS // 1_000_000


def test_lines_come_every_few_seconds_with_rate_and_time_left() -> None:
    clock, written = ManualClock(0), list[str]()
    with lines("people.jsonl", clock, written.append) as show:
        clock.advance(LINE_EVERY_MS - 1)
        show(Seen(10, 1000, 1_000, 0))
        assert written == []
        clock.advance(1)
        show(Seen(50, 1000, 20_000, 0))
        show(Seen(51, 1000, 20_001, 0))
        clock.advance(LINE_EVERY_MS)
        show(Seen(500, 1000, 30_000, 4))
    assert written == [
        "people.jsonl: 5 %, 20,000 rows, 4,000 rows/s, 1:35 left",
        "people.jsonl: 50 %, 30,000 rows, 3,000 rows/s, 0:10 left, 4 rejected",
    ]


def test_lines_leave_out_what_nobody_knows() -> None:
    clock, written = ManualClock(0), list[str]()
    with lines("pipe", clock, written.append) as show:
        clock.advance(LINE_EVERY_MS)
        show(Seen(0, 0, 10, 0))
    assert written == ["pipe: 10 rows, 2 rows/s"]


@pytest.mark.parametrize("total_bytes", [1000, 0], ids=["size known", "size unknown"])
def test_a_bar_shows_rows_rate_and_what_was_rejected(total_bytes: int) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    clock, out = ManualClock(0), Terminal()
    with bar("people[1].jsonl", clock, out) as show:
        clock.advance(1_000)
        show(Seen(500, total_bytes, 12_345, 6))
    shown = out.getvalue()
    assert "people[1].jsonl" in shown
    assert "12,345 rows" in shown
    assert "12,345 rows/s" in shown
    assert "6 rejected" in shown
    assert ("50%" in shown) == bool(total_bytes)


def test_silence_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with silence() as show:
        show(Seen(1, 1, 1, 1))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("rows", "taken_ns", "expected"), [(10, 2_000_000_000, 5), (10, 0, 10_000_000_000)])
def test_a_rate_is_rows_a_second(rows: int, taken_ns: int, expected: int) -> None:
    assert rate(rows, taken_ns) == expected


class TestRejectedFile:
    """It always tells of the last run."""

    def test_is_not_made_without_need(self, tmp_path: Path) -> None:
        with RejectedFile(tmp_path / "x"):
            pass
        assert not (tmp_path / "x").exists()

    def test_replaces_an_older_one(self, tmp_path: Path) -> None:
        for line in (1, 2):
            with RejectedFile(tmp_path / "x") as rejects:
                rejects.add(Rejected(line, "why", b"raw"))
        assert (tmp_path / "x").read_text() == '{"line": 2, "reason": "why", "raw": "raw"}\n'

    def test_removes_an_older_one_when_all_went_well(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_text("old")
        with RejectedFile(tmp_path / "x"):
            pass
        assert not (tmp_path / "x").exists()

    def test_leaves_an_older_one_when_it_did_not(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_text("old")
        with pytest.raises(KeyboardInterrupt), RejectedFile(tmp_path / "x"):
            raise KeyboardInterrupt
        assert (tmp_path / "x").read_text() == "old"

    def test_holds_bytes_that_are_no_text(self, tmp_path: Path) -> None:
        with RejectedFile(tmp_path / "x") as rejects:
            rejects.add(Rejected(1, "why", b"\xff \xe2\x9c\xa8"))
        assert r'"raw": "\\xff ✨"' in (tmp_path / "x").read_text(encoding="utf-8")

    def test_that_cannot_be_written_is_a_failure_with_a_remedy(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="--rejected PATH") as raised:
            RejectedFile(tmp_path / "no" / "x").add(Rejected(1, "why", b""))
        assert raised.value.code is Exit.FAILED
