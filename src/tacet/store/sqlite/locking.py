"""The lock that keeps a second server away from a SQLite file."""

import fcntl
import os
import stat
from pathlib import Path
from typing import IO, Literal

from tacet.store.base import StoreError, StoreLocked

PRIVATE_MODE = 0o600
"""Of the files of a new database: what people mute is theirs, and no other user of the machine may hold the lock."""


Holder = Literal["server", "copy", "backup", "migrate"]
"""A server, or which of the commands `tacet database ...`."""

HOLDER_LENGTH = 40
"""Read of a lock's file: the process and what it is, with room to spare."""


def take_lock(path: Path, holder: Holder = "server") -> IO[str]:
    """The lock of a database file, held until what is returned is closed.

    The kernel gives it back when the process ends, however it ends; the lock's own file stays.

    Raises:
        StoreLocked: another process has it, or this one already.
        StoreError: its file cannot be opened, or is not one that we made.
    """
    # Where the path is a link, the file it leads to is what must not be served twice.
    beside = lock_path(path)
    while True:
        lock_file = _opened(path, beside)
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock_file.seek(0)
            held_by = lock_file.read(HOLDER_LENGTH)
            lock_file.close()
            raise StoreLocked(_conflict(path, held_by)) from None
        if _is_still_there(lock_file, beside):
            break
        lock_file.close()
    lock_file.truncate(0)
    lock_file.write(f"{os.getpid()} {holder}")
    lock_file.flush()
    return lock_file


def remove_lock(path: Path, lock_file: IO[str]) -> None:
    """Give a lock back and take its file away, where no server is expected soon."""
    lock_path(path).unlink(missing_ok=True)
    lock_file.close()


def check_one_name(path: Path) -> None:
    """Let a database file pass that has no other name, or is not there.

    A lock on the file itself would not do: SQLite keeps its log beside the name it was opened by, and what is in the
    log of one name is lost to the other even if they are served one after the other.

    Raises:
        StoreError: there are hard links to it.
    """
    if path.is_file() and (names := path.stat().st_nlink) > 1:
        raise StoreError(
            f"{path} is a file with {names} names (hard links), and what is written by one is lost to the others: "
            "remove all but one, or copy it"
        )


def lock_path(path: Path) -> Path:
    """The file of the lock of a database file."""
    file = path.resolve()
    return file.with_name(file.name + ".lock")


def _conflict(path: Path, held_by: str) -> str:
    process, _, holder = held_by.strip().partition(" ")
    if not process:
        # It has the lock, and has not written yet who it is.
        return f"another server or command has just begun with {path}: wait for its end, or give this one another file"
    if holder not in ("copy", "backup", "migrate"):
        return f"another server (process {process}) already serves {path}: stop it, or give this one another file"
    if process == str(os.getpid()):
        return f"this command itself has {path} open already: give it two different files"
    return f"another command, tacet database {holder} (process {process}), works on {path}: wait for its end"


def _opened(path: Path, beside: Path) -> IO[str]:
    if beside.is_symlink():
        raise _no_lock(path, beside)
    try:
        # Whoever put a link or a pipe there in between is not followed and not waited for.
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
        file = os.open(beside, flags, PRIVATE_MODE)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be served: its lock file {beside} cannot be opened: {error.strerror}; "
            "check that its folder exists and is writable"
        ) from None
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        os.close(file)
        raise _no_lock(path, beside)
    return os.fdopen(file, "a+", encoding="ascii", errors="replace")


def _no_lock(path: Path, beside: Path) -> StoreError:
    """Taking a lock empties its file, so that nothing else may be reached by its name."""
    return StoreError(f"{path} cannot be served: {beside} is no ordinary file, and so no lock: remove it")


def _is_still_there(lock_file: IO[str], beside: Path) -> bool:
    """Whether it is the file that the next one would lock, and not one that was removed in between."""
    try:
        return os.path.samestat(os.fstat(lock_file.fileno()), beside.stat())
    except FileNotFoundError:
        return False
