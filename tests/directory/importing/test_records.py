from pathlib import Path

import pytest

from tacet.directory.importing.records import Format, Record, records
from tacet.directory.importing.source import MAX_LINE_BYTES, Source, SourceError


def read(tmp_path: Path, content: str | bytes, format_: Format) -> list[Record]:
    path = tmp_path / f"file.{format_}"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with Source(path) as source:
        return list(records(source, format_))


def values(found: list[Record]) -> list[dict[str, object]]:
    return [record.values for record in found if not record.problem]


def problems(found: list[Record]) -> list[tuple[int, str]]:
    return [(record.line, record.problem) for record in found if record.problem]


def test_json_lines_are_objects_with_their_line_numbers(tmp_path: Path) -> None:
    found = read(tmp_path, '{"id": 1}\n\n  \n{"id": "2", "x": [null]}\n', Format.JSONL)
    assert [(record.line, record.values) for record in found] == [(1, {"id": 1}), (4, {"id": "2", "x": [None]})]


BAD_JSON = {
    "no JSON": (b"hello", "not JSON: "),
    "cut off": (b'{"id": 1', "not JSON: "),
    "two objects": (b'{"id": 1} {"id": 2}', "not JSON: "),
    "a list": (b"[1]", "not a JSON object"),
    "a number": (b"1", "not a JSON object"),
    "not UTF-8": (b'{"name": "\xff"}', "not JSON: not UTF-8"),
    "half a character": (b'{"name": "\\ud800"}', "not JSON: "),
    "too deep": (b"[" * 100_000, "not JSON: "),
    "too long": (b'{"name": "' + b"x" * MAX_LINE_BYTES + b'"}', "the line is longer than"),
}


@pytest.mark.parametrize(("line", "problem"), BAD_JSON.values(), ids=BAD_JSON)
def test_a_bad_line_of_json_stops_nothing(tmp_path: Path, line: bytes, problem: str) -> None:
    found = read(tmp_path, b'{"id": 1}\n' + line + b'\n{"id": 3}\n', Format.JSONL)
    assert values(found) == [{"id": 1}, {"id": 3}]
    ((number, reason),) = problems(found)
    assert number == 2
    assert reason.startswith(problem)


HEADER = "id,username,name,description\n"

GOOD_CSV = {
    "plain": ("1,alice,Alice,hi\n", [{"id": "1", "username": "alice", "name": "Alice", "description": "hi"}]),
    "empty cells": ("1,,Alice,\n", [{"id": "1", "name": "Alice"}]),
    "quoted comma and quote": ('1,alice,"A, ""B""",\n', [{"id": "1", "username": "alice", "name": 'A, "B"'}]),
    "quoted line breaks": (
        '1,alice,Alice,"one\n\ntwo"\r\n',
        [{"id": "1", "username": "alice", "name": "Alice", "description": "one\n\ntwo"}],
    ),
    "blank lines": ("\n1,alice,,\n\n2,bob,,\n", [{"id": "1", "username": "alice"}, {"id": "2", "username": "bob"}]),
    "Windows breaks": ("1,alice,,\r\n", [{"id": "1", "username": "alice"}]),
    "no break at the end": ("1,alice,,", [{"id": "1", "username": "alice"}]),
    "quote inside": ('1,alice,Al"ice,', [{"id": "1", "username": "alice", "name": 'Al"ice'}]),
}


@pytest.mark.parametrize(("rows", "expected"), GOOD_CSV.values(), ids=GOOD_CSV)
def test_rows_of_csv_stand_under_the_names_of_the_header(
    tmp_path: Path, rows: str, expected: list[dict[str, object]]
) -> None:
    found = read(tmp_path, HEADER + rows, Format.CSV)
    assert problems(found) == []
    assert values(found) == expected


def test_a_row_over_several_lines_has_the_number_of_its_first(tmp_path: Path) -> None:
    found = read(tmp_path, HEADER + '1,alice,,"a\nb\nc"\n2,bob,,\n', Format.CSV)
    assert [record.line for record in found] == [2, 5]
    assert found[0].raw == b'1,alice,,"a\nb\nc"'


BAD_CSV = {
    "too few values": ("9,x\n", "2 values under 4 columns"),
    "too many values": ("9,x,y,z,w\n", "5 values under 4 columns"),
    "a quote never closed": ('9,"x,y,z\n', "not CSV: "),
    "something after a quote": ('9,"x"y,,\n', "not CSV: "),
    "not UTF-8": (b"9,\xff,,\n", "not CSV: not UTF-8"),
    "too long": (b"9," + b"x" * MAX_LINE_BYTES + b",,\n", "the line is longer than"),
    "a value too long": (b"9," + b"x" * 200_000 + b",,\n", "not CSV: field larger than field limit"),
}


@pytest.mark.parametrize(("row", "problem"), BAD_CSV.values(), ids=BAD_CSV)
def test_a_bad_row_of_csv_costs_itself_only(tmp_path: Path, row: str | bytes, problem: str) -> None:
    bad = row.encode() if isinstance(row, str) else row
    rows = b"1,alice,,\n" + bad + b'2,bob,"Bob, the ""builder""",\n3,carol,"C\nD",\n'
    found = read(tmp_path, HEADER.encode() + rows, Format.CSV)
    assert [each["id"] for each in values(found)] == ["1", "2", "3"]
    ((number, reason),) = problems(found)
    assert number == 3
    assert reason.startswith(problem)


def test_an_open_quote_before_a_hundred_thousand_rows_costs_one_of_them(tmp_path: Path) -> None:
    rows = "".join(f"{number},u{number},,\n" for number in range(2, 100_000))
    found = read(tmp_path, HEADER + '1,"alice,,\n' + rows, Format.CSV)
    assert len(values(found)) == 99_998
    assert [line for line, _ in problems(found)] == [2]


def test_every_row_after_an_open_quote_at_the_end_of_the_file_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, HEADER + '1,alice,,"\n2,bob,,\n3,carol,,\n', Format.CSV)
    assert [each["id"] for each in values(found)] == ["2", "3"]
    assert [line for line, _ in problems(found)] == [2]


BAD_HEADERS = {
    "unknown": ("id,user_name\n", "unknown column 'user_name': known are .*username"),
    "no header": ("1,alice,Alice\n", "unknown column '1'"),
    "semicolons": ("id;username;name\n", "unknown column 'id;username;name'"),
    "only in JSONL": ("id,affiliation\n", "unknown column 'affiliation'"),
    "twice": ("id,name,id\n", "a column stands twice"),
    "not CSV": ('"id\n', "the header cannot be read"),
}


@pytest.mark.parametrize(("header", "reason"), BAD_HEADERS.values(), ids=BAD_HEADERS)
def test_a_wrong_header_is_an_error_of_the_whole_file(tmp_path: Path, header: str, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        read(tmp_path, header, Format.CSV)


@pytest.mark.parametrize("format_", Format)
def test_an_empty_file_has_no_records(tmp_path: Path, format_: Format) -> None:
    assert read(tmp_path, "", format_) == []


def test_a_header_may_have_spaces_around_its_names(tmp_path: Path) -> None:
    assert values(read(tmp_path, "id, username \n1,alice\n", Format.CSV)) == [{"id": "1", "username": "alice"}]
