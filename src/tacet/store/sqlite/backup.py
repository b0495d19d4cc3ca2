"""A copy of a SQLite database that is being written to: https://www.sqlite.org/backup.html.

The whole copy is of one moment. A backup in steps starts anew whenever another process has written in between, so the
steps are taken inside one read transaction, for which the database stands still while its writer goes on.
"""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

from tacet.store.base import StoreError, StoreLocked
from tacet.store.sqlite.dialect import translated
from tacet.store.sqlite.locking import PRIVATE_MODE, check_one_name, lock_path, remove_lock, take_lock
from tacet.store.sqlite.migrating import check_finished, check_ours, migrations, pending
from tacet.store.sqlite.writer import BUSY_TIMEOUT_MS

STEP_PAGES = 256
"""Copied at a time, a mebibyte: about a millisecond's work."""

PAUSE_S = 0.001
"""Between two steps, in which others get at the disk; a gigabyte takes a second longer for it."""

FLUSH_STEPS = 16
"""Steps between two flushes: were all of it flushed at the end, the server's next commit would wait behind it."""

LOG_ENDINGS = ("-wal", "-shm", "-journal")
"""Of the files that SQLite keeps beside a database: https://www.sqlite.org/tempfiles.html."""

PARTIAL_ENDING = ".partial"

Progress = Callable[[int, int], None]
"""Told after each step how many pages are copied, and how many there are."""


class NoPlace(StoreError):
    """A copy cannot be made where it was asked for; nothing is wrong with the database."""


def back_up(source: Path, target: Path, replace: bool, progress: Progress, pause: Callable[[float], None]) -> int:
    """Copy a database as it is now to a file of its own, which is durable when this returns; return its size in bytes.

    The target's name appears only with a complete copy. The copy is readable for its owner alone.

    Args:
        target: where it is a link, the file it leads to.
        replace: whether a file that is there already may be replaced; nothing else ever is.
        pause: waits that many seconds.

    Raises:
        StoreLocked: a server has the target open.
        NoPlace: the target is there already, or its folder is not, or takes no file.
        StoreError: there is no source, or it is an unfinished copy itself, the copy is damaged, or the disk fails.
    """
    if target.is_symlink():
        target = Path(os.path.realpath(target))
    _check_place(source, target)
    lock_file = _locked(target)
    partial = _partial(target)
    try:
        _check_free(target, replace)
        _copy(source, partial, progress, pause)
        _check_sound(partial)
        _put_in_place(partial, target)
        return target.stat().st_size
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise StoreError(f"{target} cannot be written, its disk is full: free some, or give another file") from None
        raise translated(error) from None
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror}") from None
    finally:
        # What cannot be removed now the next backup removes.
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        remove_lock(target, lock_file)


def _locked(target: Path) -> IO[str]:
    try:
        return take_lock(target, "backup")
    except StoreLocked:
        raise
    except StoreError:
        raise NoPlace(f"{target} cannot be written: its folder takes no files; give another file") from None


def _check_place(source: Path, target: Path) -> None:
    if not source.is_file():
        raise StoreError(f"{source} does not exist: there is nothing to copy")
    check_one_name(source)
    if target.exists() and target.samefile(source):
        raise NoPlace(f"{target} is the database itself: give another file")
    if target.name.endswith((*LOG_ENDINGS, PARTIAL_ENDING, ".lock")):
        raise NoPlace(f"{target} is the name of a file that belongs to a database: give another file")
    _check_apart(source, target)
    for file in (target, *_beside(target), _partial(target), lock_path(target)):
        if os.path.lexists(file) and not stat.S_ISREG(file.lstat().st_mode):
            raise NoPlace(f"{file} is there already, and stays as it is, for it is no ordinary file: give another")
    if not target.parent.is_dir() or not os.access(target.parent, os.W_OK):
        raise NoPlace(f"the folder {target.parent} does not exist or is not writable: give another file")


def _check_apart(source: Path, target: Path) -> None:
    """What is written or removed here must be nothing that the database, or its server, needs."""
    database = source.resolve()
    needed = (database, *_beside(database), lock_path(database))
    folder = target.parent.resolve()
    for file in (target, *_beside(target), _partial(target), lock_path(target)):
        for other in needed:
            is_same = file.exists() and other.exists() and file.samefile(other)
            if is_same or folder / file.name == other:
                raise NoPlace(f"{file} belongs to the database {source}, which is copied: give another file")


def _check_free(target: Path, replace: bool) -> None:
    """A log that lies beside a copy would be taken for the copy's own."""
    for file in (target, *_beside(target)):
        if file.exists() and not replace:
            raise NoPlace(f"{file} is there already, and stays as it is: give another file, or --force")


def _beside(target: Path) -> list[Path]:
    return [target.with_name(target.name + ending) for ending in LOG_ENDINGS]


def _partial(target: Path) -> Path:
    return target.with_name(target.name + PARTIAL_ENDING)


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
        check_finished(connection, source)
        yield connection


def _check_sound(partial: Path) -> None:
    """Without a log or a lock, neither of which may lie beside it."""
    address = f"file:{quote(str(partial.resolve()))}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        found = connection.execute("PRAGMA quick_check(1)").fetchall()
    if found != [("ok",)]:
        raise StoreError("the copy is damaged, and so most likely is the database: restore it from an older backup")


def _put_in_place(partial: Path, target: Path) -> None:
    _make_whole(target)
    for file in _beside(target):
        file.unlink(missing_ok=True)
    partial.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _make_whole(target: Path) -> None:
    """Have an old copy need no file beside it: whatever happens between their removal and its own, it is all there."""
    if not (target.exists() and any(file.exists() for file in _beside(target))):
        return
    address = f"file:{quote(str(target.resolve()))}?mode=rw"
    # What is no database, or a damaged one, goes as it is.
    with suppress(sqlite3.Error), closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        # Whoever reads it first takes back what a transaction has left undone.
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
