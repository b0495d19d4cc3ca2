"""Keeping the write-ahead log short without making writes wait for it."""

import contextlib
import sqlite3
import threading
from pathlib import Path

CHECKPOINT_BYTES = 8 << 20
"""Size of the log from which it is copied back into the database, beside the writer."""

CHECKPOINT_STOP_BYTES = 256 << 20
"""Size at which the writer waits for that: a log that only grows fills the disk and slows reads."""

ROUNDS = 2
"""Copies beside the writer: the second takes what came during the first, and so leaves little for the writer."""


def leave_log_alone(writing: sqlite3.Connection) -> None:
    """Have the connection that writes leave copying to a `Checkpointer`, and shorten the log when it starts over."""
    writing.execute("PRAGMA wal_autocheckpoint = 0")
    writing.execute(f"PRAGMA journal_size_limit = {CHECKPOINT_BYTES}")


class Checkpointer:
    """Copies the write-ahead log of one database back into it.

    The log starts over only when a write begins after a copy that missed nothing, and under load something is always
    missed. So a thread copies nearly all of it beside the writer, and the writer the small rest, between two writes.

    Args:
        connection: used for nothing else.
        path: of the database file itself, for that is what the log lies beside, not a link to it.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._log = path.with_name(path.name + "-wal")
        self._thread: threading.Thread | None = None

    def after_commit(self) -> None:
        """On the writer's thread, before its next transaction begins: do what is due."""
        log_bytes = self.log_bytes()
        if log_bytes <= CHECKPOINT_BYTES:
            return
        if self._thread is None:
            thread = threading.Thread(target=self._copy, args=(ROUNDS,), name="tacet-log", daemon=True)
            thread.start()
            self._thread = thread
        elif log_bytes > CHECKPOINT_STOP_BYTES or not self._thread.is_alive():
            self.close()
            self._copy(rounds=1)

    def close(self) -> None:
        """Wait for the copy that is under way."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def log_bytes(self) -> int:
        """Size of the write-ahead log."""
        try:
            return self._log.stat().st_size
        except OSError:
            return 0

    def _copy(self, rounds: int) -> None:
        # Nothing is lost by a copy that did not happen: the next commit asks again.
        with contextlib.suppress(sqlite3.Error):
            for _ in range(rounds):
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
