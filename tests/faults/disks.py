"""Disks that fill up: ways to make every write of a running server fail, and to end that."""

import contextlib
import os
import shlex
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import psutil

DISK_BYTES = 4 << 20
"""Room for a small database and a little of its log."""

FILL_BYTES = 64 << 10

ROOM_BYTES = 64 << 10
"""That a limited file may still grow: enough that the server's own log has no part in it."""


class Disk(ABC):
    """Where a server has its database, whose room somebody else decides on.

    Attributes:
        command: what the server's own is put behind.
        complaint: what the server's log says of it.
    """

    command: Sequence[str] = ()
    complaint: str

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @abstractmethod
    def fill(self, pid: int) -> None:
        """Leave nothing for this process to write to."""

    @abstractmethod
    def free(self, pid: int) -> None:
        """Give it room again."""

    @abstractmethod
    def inside(self, pid: int) -> Path:
        """The folder as this process has it."""


class SmallDisk(Disk):
    """A file system of a few megabytes that only the server sees, and that is gone with it.

    Args:
        folder: where it is; a copy of what is in there is put on it.
    """

    complaint = "the disk is full: free some space; nothing was written"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        place = shlex.quote(str(folder))
        setting_up = (
            f"copy=$(mktemp -d) && cp -a {place}/. $copy && mount -t tmpfs -o size={DISK_BYTES} tacet {place}"
            f' && cp -a $copy/. {place} && rm -rf $copy && exec "$@"'
        )
        self.command = (*_unsharing(), "sh", "-c", setting_up, "sh")

    def fill(self, pid: int) -> None:
        with (self.inside(pid) / "filler").open("ab", buffering=0) as filler:
            for size in (FILL_BYTES, 512, 1):
                with contextlib.suppress(OSError):
                    while filler.write(b"x" * size) == size:
                        pass

    def free(self, pid: int) -> None:
        (self.inside(pid) / "filler").unlink()

    def inside(self, pid: int) -> Path:
        return Path(f"/proc/{pid}/root{self._folder}")


class LimitedFiles(Disk):
    """A limit on how large the process's files may be."""

    complaint = "a limit on file sizes is reached"

    def fill(self, pid: int) -> None:
        largest = max(each.stat().st_size for each in self._folder.iterdir())
        psutil.Process(pid).rlimit(psutil.RLIMIT_FSIZE, (largest + ROOM_BYTES, psutil.RLIM_INFINITY))

    def free(self, pid: int) -> None:
        psutil.Process(pid).rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))

    def inside(self, pid: int) -> Path:
        return self._folder


@cache
def _unsharing() -> Sequence[str]:
    """How to give a process mounts of its own; empty where that is not allowed."""
    for command in (("unshare", "--mount"), ("unshare", "--map-root-user", "--mount")):
        with contextlib.suppress(FileNotFoundError):
            mounting = [*command, "mount", "-t", "tmpfs", "-o", "size=1m", "tacet", "/mnt"]
            if subprocess.run(mounting, capture_output=True).returncode == 0:
                return command
    return ()


def disks() -> list[type[Disk]]:
    """The ways that this machine allows; where nobody may mount, a limit on files remains."""
    return [SmallDisk, LimitedFiles] if _unsharing() else [LimitedFiles]


def without_privileges() -> Sequence[str]:
    """What a command is put behind so that files' permissions hold for it, also where it is root's."""
    return ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
