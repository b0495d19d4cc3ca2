"""A copy of a SQLite database that is being written to: https://www.sqlite.org/backup.html.

The whole copy is of one moment. A backup in steps starts anew whenever another process has written in between, so the
steps are taken inside one read transaction, for which the database stands still while its writer goes on.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from tacet.store.base import StoreError
from tacet.store.sqlite.dialect import translated
from tacet.store.sqlite.locking import PRIVATE_MODE, remove_lock, take_lock
from tacet.store.sqlite.migrating import check_ours, migrations, pending
from tacet.store.sqlite.writer import BUSY_TIMEOUT_MS

STEP_PAGES = 256
"""Copied at a time, a mebibyte: about a millisecond's work."""

PAUSE_S = 0.001
"""Between two steps, in which others get at the disk; a gigabyte takes a second longer for it."""

FLUSH_STEPS = 16
"""Steps between two flushes: were all of it flushed at the end, the server's next commit would wait behind it."""

Progress = Callable[[int, int], None]
"""Told after each step how many pages are copied, and how many there are."""


def back_up(source: Path, target: Path, replace: bool, progress: Progress, pause: Callable[[float], None]) -> int:
    """Copy a database as it is now to a file of its own, which is durable when this returns; return its size in bytes.

    The target's name appears only with a complete copy. The copy is readable for its owner alone.

    Args:
        replace: whether a target that is there already may be replaced.
        pause: waits that many seconds.

    Raises:
        StoreLocked: a server has the target open.
        StoreError: there is no source or no place for the target, the copy is damaged, or the disk fails.
    """
    _check_place(source, target)
    lock_file = take_lock(target)
    partial = target.with_name(target.name + ".partial")
    try:
        _check_free(target, replace)
        _copy(source, partial, progress, pause)
        _check_sound(partial)
        _put_in_place(partial, target)
        return target.stat().st_size
    except sqlite3.Error as error:
        raise translated(error) from None
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)
        remove_lock(target, lock_file)


def _check_place(source: Path, target: Path) -> None:
    if not source.is_file():
        raise StoreError(f"{source} does not exist: there is nothing to copy")
    if target.exists() and target.samefile(source):
        raise StoreError(f"{target} is the database itself: give another file")
    if not target.parent.is_dir() or not os.access(target.parent, os.W_OK):
        raise StoreError(f"the folder {target.parent} does not exist or is not writable: give another file")


def _check_free(target: Path, replace: bool) -> None:
    """A log that lies beside a copy would be taken for the copy's own."""
    for file in (target, *_beside(target)):
        if target.is_dir() or (file.exists() and not replace):
            raise StoreError(f"{file} is there already, and stays as it is: give another file, or --force")


def _beside(target: Path) -> list[Path]:
    return [target.with_name(target.name + ending) for ending in ("-wal", "-shm", "-journal")]


def _copy(source: Path, partial: Path, progress: Progress, pause: Callable[[float], None]) -> None:
    # What a backup that was killed left behind; whoever holds the lock owns the name.
    partial.unlink(missing_ok=True)
    file = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE_MODE)
    steps = 0

    def step(_status: int, remaining: int, total: int) -> None:
        nonlocal steps
        steps += 1
        if steps % FLUSH_STEPS == 0:
            os.fsync(file)
        progress(total - remaining, total)
        pause(PAUSE_S)

    try:
        with _standing_still(source) as reading, closing(sqlite3.connect(partial, isolation_level=None)) as writing:
            # What the partial file holds counts only when all of it is on disk.
            writing.execute("PRAGMA journal_mode = OFF")
            writing.execute("PRAGMA synchronous = OFF")
            reading.backup(writing, pages=STEP_PAGES, progress=step)
        os.fsync(file)
    finally:
        os.close(file)


@contextmanager
def _standing_still(source: Path) -> Iterator[sqlite3.Connection]:
    """A connection that sees one moment of the database."""
    address = f"file:{quote(str(source.resolve()))}?mode=rw"
    with closing(
        sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)
    ) as connection:
        connection.execute("BEGIN")
        check_ours(connection, source)
        if len(pending(connection)) == len(migrations()):
            raise StoreError(f"{source} is empty: there is nothing to copy")
        yield connection


def _check_sound(partial: Path) -> None:
    """Without a log or a lock, neither of which may lie beside it."""
    address = f"file:{quote(str(partial.resolve()))}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        found = connection.execute("PRAGMA quick_check(1)").fetchall()
    if found != [("ok",)]:
        raise StoreError("the copy is damaged, and so most likely is the database: restore it from an older backup")


def _put_in_place(partial: Path, target: Path) -> None:
    for file in _beside(target):
        file.unlink(missing_ok=True)
    partial.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
