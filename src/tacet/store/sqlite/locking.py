"""The lock that keeps a second server away from a SQLite file."""

import fcntl
import os
from pathlib import Path
from typing import IO

from tacet.store.base import StoreError, StoreLocked

PRIVATE_MODE = 0o600
"""Of the files of a new database: what people mute is theirs, and no other user of the machine may hold the lock."""


def take_lock(path: Path) -> IO[str]:
    """The lock of a database file, held until what is returned is closed.

    The kernel gives it back when the process ends, however it ends; the lock's own file stays.

    Raises:
        StoreLocked: another server has it.
        StoreError: its file cannot be opened.
    """
    # Where the path is a link, the file it leads to is what must not be served twice.
    beside = _beside(path)
    while True:
        lock_file = _opened(path, beside)
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock_file.seek(0)
            holder = lock_file.read(20).strip()
            lock_file.close()
            raise StoreLocked(
                f"another server (process {holder}) already serves {path}: stop it, or give this one another file"
            ) from None
        if _is_still_there(lock_file, beside):
            break
        lock_file.close()
    lock_file.truncate(0)
    lock_file.write(str(os.getpid()))
    lock_file.flush()
    return lock_file


def remove_lock(path: Path, lock_file: IO[str]) -> None:
    """Give a lock back and take its file away, where no server is expected soon."""
    _beside(path).unlink(missing_ok=True)
    lock_file.close()


def _beside(path: Path) -> Path:
    file = path.resolve()
    return file.with_name(file.name + ".lock")


def _opened(path: Path, beside: Path) -> IO[str]:
    try:
        return os.fdopen(os.open(beside, os.O_RDWR | os.O_CREAT | os.O_APPEND, PRIVATE_MODE), "a+", encoding="ascii")
    except OSError as error:
        raise StoreError(
            f"{path} cannot be served: its lock file {beside} cannot be opened: {error.strerror}; "
            "check that its folder exists and is writable"
        ) from None


def _is_still_there(lock_file: IO[str], beside: Path) -> bool:
    """Whether it is the file that the next one would lock, and not one that was removed in between."""
    try:
        return os.path.samestat(os.fstat(lock_file.fileno()), beside.stat())
    except FileNotFoundError:
        return False
