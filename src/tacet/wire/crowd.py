"""The connections of one server that are too many."""

from collections.abc import Callable
from itertools import islice
from typing import Any

MAX_SURPLUS = 64
"""Connections past the most that are kept until their requests have come, each with a file descriptor: as many as
health checks and retries need, and few enough that the database still finds one."""

MAX_SHORT = 8
"""The same where files run out: half of those that are spared for everything else."""

ANY_FILE = 1 << 31
"""No file has a number as large as this."""


class Crowd:
    """Tells which connections are one too many, and ends the oldest of these: whoever says what it wants has said it
    by then.

    Args:
        most: connections whose requests are answered.
        most_files: a connection whose file has this number or a larger one is too many as well: the system gives the
            lowest that is free.
        short: called for each of those.
    """

    def __init__(self, most: int, most_files: int = ANY_FILE, short: Callable[[], None] = lambda: None) -> None:
        self.most = most
        self._most_files = most_files
        self._short = short
        # Oldest first.
        self._surplus: dict[Any, None] = {}

    def joined(self, connection: Any, count: int) -> bool:
        """Take note of a new connection; return whether it is one too many.

        Args:
            connection: a protocol with its transport.
            count: how many are open with it.
        """
        opened = connection.transport.get_extra_info("socket")
        is_short = opened is not None and opened.fileno() >= self._most_files
        if count <= self.most and not is_short:
            return False
        self._surplus[connection] = None
        many = len(self._surplus) - (MAX_SHORT if is_short else MAX_SURPLUS)
        for oldest in [*islice(self._surplus, max(0, many))]:
            del self._surplus[oldest]
            oldest.transport.abort()
        if is_short:
            self._short()
        return True

    def left(self, connection: Any) -> None:
        """Take note of one that has ended."""
        self._surplus.pop(connection, None)

    def is_surplus(self, connection: Any) -> bool:
        """Whether this one was one too many."""
        return connection in self._surplus
