"""Reads of one SQLite database: on the event loop's own thread, for they take microseconds."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from tacet.store.sqlite.dialect import translated


class Reader:
    """Runs queries.

    Args:
        connection: used for reads only, and only from the event loop's thread.

    Raises in every method:
        StoreError: the database failed.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute

    def rows(self, sql: str, parameters: Sequence[int | str | bytes] = ()) -> list[Any]:
        """All rows of a query; none when a parameter is larger than any integer that can be stored."""
        try:
            return self._execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise translated(error) from None
        except OverflowError:
            return []
