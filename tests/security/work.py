"""What a request makes the service do, counted: a stand-in for its time that is the same in every run."""

import gc
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

_NUMBER = re.compile(r"\b\d+\b")


@dataclass
class Work:
    """What was done while it was counted.

    Attributes:
        statements: every statement of SQL with its values, in order.
        steps: instructions that SQLite's virtual machine ran.
        calls: functions of Python that were called.
    """

    statements: list[str] = field(default_factory=list)
    steps: int = 0
    calls: int = 0


class Counter:
    """Counts what all connections made from now on do."""

    def __init__(self) -> None:
        self._now = Work()
        self._connect = sqlite3.connect

    def connect(self, *arguments: Any, **named: Any) -> sqlite3.Connection:
        """To stand in for `sqlite3.connect`."""
        connection: sqlite3.Connection = self._connect(*arguments, **named)
        connection.set_trace_callback(self._trace)
        connection.set_progress_handler(self._step, 1)
        return connection

    @contextmanager
    def counting(self) -> Iterator[Work]:
        """What is done inside."""
        work = self._now = Work()

        def profile(frame: FrameType, event: str, _argument: object) -> None:
            work.calls += event == "call" and frame.f_code.co_filename != __file__

        # A collection comes when it wants, and calls whoever asked to be told.
        gc.disable()
        sys.setprofile(profile)
        try:
            yield work
        finally:
            sys.setprofile(None)
            gc.enable()
            self._now = Work()

    def _trace(self, statement: str) -> None:
        self._now.statements.append(statement)

    def _step(self) -> int:
        self._now.steps += 1
        return 0


def numbers(statement: str) -> set[int]:
    """The whole numbers in a statement."""
    return {int(number) for number in _NUMBER.findall(statement)}
