"""A file as lines, whatever its size: gzip is opened on the way, no line is held beyond a limit."""

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

MAX_LINE_BYTES = 256 * 1024
"""X's longest post is 25,000 characters, six bytes each where JSON escapes them; twice that, rounded down."""

_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class SourceError(Exception):
    """The file as a whole cannot be read, or not to its end; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its line break; `problem` is why it cannot be used, empty if it can."""

    number: int
    raw: bytes
    problem: str = ""


class Source:
    """An open file to import, plain or gzip by its first bytes.

    Attributes:
        total_bytes: its size on disk; 0 for what has none, a pipe for example.

    Raises:
        SourceError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("rb")
            self.total_bytes = path.stat().st_size
        except OSError as error:
            raise SourceError(f"{path} cannot be opened: {error.strerror}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def read_bytes(self) -> int:
        """How much of `total_bytes` has been read; 0 where the file cannot tell."""
        return self._file.tell() if self.total_bytes else 0

    def lines(self) -> Iterator[Line]:
        """Every line, blank ones too: inside a quoted CSV value they mean something.

        Raises:
            SourceError: reading failed, or a gzip file is damaged or cut off.
        """
        number = 0
        try:
            stream = self._stream()
            while raw := stream.readline(MAX_LINE_BYTES + 1):
                number += 1
                if number == 1:
                    raw = raw.removeprefix(_BYTE_ORDER_MARK)
                if len(raw) > MAX_LINE_BYTES and not raw.endswith(b"\n"):
                    _skip_line(stream)
                    yield Line(number, raw, f"the line is longer than {MAX_LINE_BYTES} bytes")
                else:
                    yield Line(number, raw.rstrip(b"\r\n"))
        except (OSError, EOFError, zlib.error) as error:
            reason = getattr(error, "strerror", None) or "the compressed data is damaged or cut off"
            raise SourceError(f"{self.path} cannot be read past line {number}: {reason}") from None

    def _stream(self) -> io.BufferedIOBase:
        if self._file.peek(len(_GZIP_MAGIC)).startswith(_GZIP_MAGIC):
            return gzip.GzipFile(fileobj=self._file, mode="rb")
        return self._file


def _skip_line(stream: io.BufferedIOBase) -> None:
    while rest := stream.readline(MAX_LINE_BYTES):
        if rest.endswith(b"\n"):
            return
