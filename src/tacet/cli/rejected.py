"""The file in which an import leaves what it could not use."""

import json
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from tacet.cli.exits import CommandError, Exit

if TYPE_CHECKING:
    from tacet.directory.importing import Rejected


class RejectedFile:
    """JSONL with `line`, `reason` and `raw` of each rejected record, in the order of the file.

    It always tells of the last run: it is written anew at the first rejected record, and a run without any
    removes an older one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._file is not None:
                self._file.close()
            elif kind is None:
                self.path.unlink(missing_ok=True)
        except OSError as problem:
            raise self._failure(problem) from None

    def add(self, rejected: "Rejected") -> None:
        """Write one record; bytes that are not UTF-8 become `\\xNN`."""
        entry = {
            "line": rejected.line,
            "reason": rejected.reason,
            "raw": rejected.raw.decode(errors="backslashreplace"),
        }
        try:
            if self._file is None:
                self._file = self.path.open("w", encoding="utf-8")
            self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        except OSError as problem:
            raise self._failure(problem) from None

    def _failure(self, problem: OSError) -> CommandError:
        return CommandError(
            Exit.FAILED,
            f"{self.path} cannot be written: {problem.strerror}; give another with --rejected PATH",
        )
