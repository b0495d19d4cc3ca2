import gzip
from pathlib import Path

import pytest

from tacet.directory.importing.source import MAX_LINE_BYTES, Line, Source, SourceError


def lines_of(path: Path) -> list[Line]:
    with Source(path) as source:
        return list(source.lines())


CONTENTS = {
    "nothing": (b"", []),
    "no break at the end": (b"a\nb", [Line(1, b"a"), Line(2, b"b")]),
    "Windows breaks": (b"a\r\nb\r\n", [Line(1, b"a"), Line(2, b"b")]),
    "blank lines count": (b"\n\na\n", [Line(1, b""), Line(2, b""), Line(3, b"a")]),
    "byte order mark": (b"\xef\xbb\xbfa\n", [Line(1, b"a")]),
    "bytes that are no text": (b"\xff\x00\n", [Line(1, b"\xff\x00")]),
}


@pytest.mark.parametrize(("content", "expected"), CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
def test_lines_are_numbered_from_one(tmp_path: Path, content: bytes, expected: list[Line], compressed: bool) -> None:
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(content) if compressed else content)
    assert lines_of(path) == expected


def test_a_line_of_just_the_limit_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * MAX_LINE_BYTES + b"\nnext\n")
    assert lines_of(path) == [Line(1, b"x" * MAX_LINE_BYTES), Line(2, b"next")]


@pytest.mark.parametrize("excess", [1, MAX_LINE_BYTES, 3 * MAX_LINE_BYTES + 7])
def test_a_longer_line_is_a_problem_and_the_next_one_is_not(tmp_path: Path, excess: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * (MAX_LINE_BYTES + excess) + b"\nnext\n")
    long, following = lines_of(path)
    assert long.problem == f"the line is longer than {MAX_LINE_BYTES} bytes"
    assert len(long.raw) <= MAX_LINE_BYTES + 1
    assert following == Line(2, b"next")


def test_a_missing_file_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nobody\.jsonl cannot be opened: No such file"):
        Source(tmp_path / "nobody.jsonl")


def test_a_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="Is a directory"):
        Source(tmp_path)


def test_a_compressed_file_cut_off_gives_its_lines_and_then_an_error(tmp_path: Path) -> None:
    path = tmp_path / "file.gz"
    whole = gzip.compress(b"".join(b"%d\n" % number for number in range(100_000)))
    path.write_bytes(whole[: len(whole) // 2])
    with Source(path) as source:
        lines = source.lines()
        assert next(lines) == Line(1, b"0")
        with pytest.raises(SourceError, match=r"cannot be read past line \d+: the compressed data is damaged"):
            list(lines)


def test_read_bytes_are_bytes_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(b"x\n" * 1_000_000))
    with Source(path) as source:
        assert source.read_bytes() == 0
        assert len(list(source.lines())) == 1_000_000
        assert source.read_bytes() == source.total_bytes == path.stat().st_size
