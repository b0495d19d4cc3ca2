"""Lines as records: JSON objects, or rows of CSV under the names of its header."""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

from tacet.directory.importing.entries import COLUMNS
from tacet.directory.importing.source import MAX_LINE_BYTES, Line, Source, SourceError


class Format(StrEnum):
    """What a file may be."""

    JSONL = "jsonl"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Record:
    """One object of the file.

    Attributes:
        line: number of its first line, from 1.
        raw: as it stands in the file.
        values: by name; empty if there is a problem.
        problem: why it cannot be read, empty if it can.
    """

    line: int
    raw: bytes
    values: dict[str, Any] = field(default_factory=dict)
    problem: str = ""


def records(source: Source, format_: Format) -> Iterator[Record]:
    """Every record of the file, the unreadable ones with their problem.

    Raises:
        SourceError: the file cannot be read to its end, or its CSV header is wrong.
    """
    if format_ is Format.CSV:
        return _csv(source)
    return (_json(line) for line in source.lines() if line.raw.strip())


def _json(line: Line) -> Record:
    if line.problem:
        return Record(line.number, line.raw, problem=line.problem)
    try:
        values = msgspec.json.decode(line.raw)
    except (ValueError, RecursionError) as error:
        # msgspec's own errors are ValueErrors; so is bad UTF-8, whose text would repeat the line.
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        return Record(line.number, line.raw, problem=f"not JSON: {reason}")
    if not isinstance(values, dict):
        return Record(line.number, line.raw, problem="not a JSON object")
    return Record(line.number, line.raw, values)


def _csv(source: Source) -> Iterator[Record]:
    reader = _CsvReader(source.lines())
    header = next(reader, None)
    if header is None:
        return
    if isinstance(header, Record):
        raise SourceError(f"{source.path}: the header cannot be read: {header.problem}")
    names = _names(source, header.cells)
    for row in reader:
        if isinstance(row, Record):
            yield row
        elif len(row.cells) == len(names):
            present = {name: cell for name, cell in zip(names, row.cells, strict=True) if cell}
            yield Record(row.lines[0].number, _raw(row.lines), present)
        else:
            yield reader.refuse(row.lines, f"{len(row.cells)} values under {len(names)} columns")


def _names(source: Source, header: list[str]) -> list[str]:
    names = [name.strip() for name in header]
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise SourceError(f"{source.path}: unknown column {unknown[0]!r}: known are {', '.join(sorted(COLUMNS))}")
    if len(set(names)) < len(names):
        raise SourceError(f"{source.path}: a column stands twice in the header: keep one")
    return names


def _raw(lines: list[Line]) -> bytes:
    return b"\n".join(line.raw for line in lines)


@dataclass(frozen=True, slots=True)
class _Row:
    cells: list[str]
    lines: list[Line]


class _CsvReader:
    """Rows of CSV, which may span lines; a quote that nobody closes costs its own line and no other."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._again: deque[Line] = deque()

    def __iter__(self) -> Iterator[_Row | Record]:
        return self

    def __next__(self) -> _Row | Record:
        lines: list[Line] = []
        try:
            return _Row(next(csv.reader(self._texts(lines), strict=True)), lines)
        except csv.Error as error:
            return self.refuse(lines, f"not CSV: {error}")

    def _texts(self, lines: list[Line]) -> Iterator[str]:
        """The lines of one row, as the parser asks for them; ends early where the row cannot go on."""
        row_bytes = 0
        while line := self._next_line():
            row_bytes += len(line.raw)
            if lines and (line.problem or row_bytes > MAX_LINE_BYTES):
                self._again.appendleft(line)
                return
            if not lines and not line.raw.strip():
                continue
            lines.append(line)
            try:
                yield line.raw.decode() + "\n"
            except UnicodeDecodeError:
                raise csv.Error("not UTF-8") from None

    def _next_line(self) -> Line | None:
        return self._again.popleft() if self._again else next(self._lines, None)

    def refuse(self, lines: list[Line], problem: str) -> Record:
        """Give up on the first of these lines, and read the others again."""
        self._again.extendleft(reversed(lines[1:]))
        first = lines[0]
        return Record(first.number, first.raw, problem=first.problem or problem)
