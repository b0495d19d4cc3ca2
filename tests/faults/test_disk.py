"""What becomes of a server on SQLite whose disk is full, whose file may not be written to, or whose file is damaged."""

import asyncio
import random
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.crash.connections import connected
from tests.faults.crowd import SOURCES, TARGETS, Seen, crowd, look_up
from tests.faults.disks import Disk, disks, without_privileges
from tests.faults.history import History
from tests.faults.hosting import Host, hosted, inhabit, refusal
from tests.faults.truth import check_log, recovered, recovers, verify

ANSWERED_WITHIN_S = 10
"""Of every request while the disk is full: it fails at once, but the machine may be busy."""

NOTICED_WITHIN_S = 60
"""By then the crowd has written more than is left of the disk."""

PAGE_BYTES = 4_096

MOST_LINES = 100
"""Of the log: each kind of failure has one a second, however many writes a full disk refuses."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The database's own, beside the server's log."""
    made = tmp_path / "data"
    made.mkdir()
    return made


@pytest.mark.parametrize("kind", disks())
async def test_on_a_full_disk_writes_are_told_to_come_again_reads_go_on_and_nothing_is_lost(
    kind: type[Disk], folder: Path
) -> None:
    database = f"sqlite:///{folder / 'tacet.db'}"
    await inhabit(database)
    disk, history = kind(folder), History()
    async with hosted(folder.parent, database, before=disk.command) as host:
        for seed in range(2):
            async with crowd(host.port, history, seed) as seen:
                await asyncio.sleep(0.3)
                await recovers(host.port, partial(fill_and_free, disk, host, seen))
            seen.judge(ANSWERED_WITHIN_S)
            await verify(host.port, copied(disk, host.pid, folder.parent / f"copy {seed}"), history)
        assert host.stop() == 0
        check_log(host.log, MOST_LINES)
        assert disk.complaint in host.log


async def test_a_server_that_is_killed_on_a_full_disk_has_lost_nothing(folder: Path) -> None:
    database, history = f"sqlite:///{folder / 'tacet.db'}", History()
    await inhabit(database)
    disk = next(kind for kind in reversed(disks()))(folder)
    async with hosted(folder.parent, database, before=disk.command) as host:
        async with crowd(host.port, history, 1) as seen:
            await asyncio.sleep(0.3)
            disk.fill(host.pid)
            await refused(seen)
            await asyncio.to_thread(host.kill)
        history.settle()
        await asyncio.to_thread(host.start)
        await verify(host.port, database, history)
        check_log(host.log, MOST_LINES)


async def fill_and_free(disk: Disk, host: Host, seen: Seen) -> None:
    """Have writes refused for a while, and reads answered."""
    seen.refused.clear()
    disk.fill(host.pid)
    await refused(seen)
    await reads_are_answered(host.port)
    disk.free(host.pid)


async def refused(seen: Seen) -> None:
    """Wait until somebody was told that it does not work now."""
    async with asyncio.timeout(NOTICED_WITHIN_S):
        await seen.refused.wait()


def copied(disk: Disk, pid: int, to: Path) -> str:
    """The address of a copy of a server's database, for a look at it: its file system may be the server's alone."""
    to.mkdir()
    for name in ("tacet.db", "tacet.db-wal"):
        shutil.copy(disk.inside(pid) / name, to)
    return f"sqlite:///{to / 'tacet.db'}"


async def reads_are_answered(port: int) -> None:
    async with connected(port) as connection:
        for source_id in SOURCES:
            assert (await connection.get(source_id, look_up(TARGETS[:50]))).status == 200
            assert (await connection.get(source_id, f"/2/users/{source_id}/muting")).status == 200


@pytest.mark.parametrize("closed", ["file", "folder"])
async def test_a_server_that_may_not_write_says_so_and_does_not_start(closed: str, folder: Path) -> None:
    path = folder / "tacet.db"
    await inhabit(f"sqlite:///{path}")
    (folder / "tacet.db.lock").unlink(missing_ok=True)
    place, mode = (path, 0o444) if closed == "file" else (folder, 0o555)
    place.chmod(mode)
    try:
        said = refusal(folder.parent, f"sqlite:///{path}", without_privileges())
    finally:
        place.chmod(0o755)
    assert "writable" in said
    async with hosted(folder.parent, f"sqlite:///{path}") as host:
        await recovered(host.port)


DAMAGES = {
    "noise instead of a database": lambda octets: random.Random(1).randbytes(len(octets)),
    "noise in the middle": lambda octets: octets[:PAGE_BYTES] + random.Random(2).randbytes(len(octets) - PAGE_BYTES),
    "cut off": lambda octets: octets[: len(octets) // 3],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
async def test_a_damaged_file_is_refused_in_words_and_a_backup_takes_its_place(
    damage: Callable[[bytes], bytes], folder: Path
) -> None:
    path, history = folder / "tacet.db", History()
    await inhabit(f"sqlite:///{path}")
    async with hosted(folder.parent, f"sqlite:///{path}") as host:
        async with crowd(host.port, history, 1):
            await asyncio.sleep(0.3)
        assert host.stop() == 0
        backup = shutil.copy(path, folder.parent / "backup.db")
        path.write_bytes(damage(path.read_bytes()))
        assert "restore it from a backup" in refusal(folder, f"sqlite:///{path}")
        shutil.copy(backup, path)
        host.start()
        await verify(host.port, f"sqlite:///{path}", history)


async def test_a_file_that_is_damaged_while_it_is_served_gives_503_and_never_anything_else(folder: Path) -> None:
    path, history = folder / "tacet.db", History()
    await inhabit(f"sqlite:///{path}")
    async with hosted(folder.parent, f"sqlite:///{path}") as host:
        async with crowd(host.port, history, 1):
            await asyncio.sleep(0.3)
        # Its own log is copied back when it stops: what it reads then comes from the file.
        assert host.stop() == 0
        backup = shutil.copytree(folder, folder.parent / "backup")
        host.start()
        async with crowd(host.port, History(), 2) as seen:
            await asyncio.sleep(0.2)
            with path.open("r+b") as file:
                file.seek(PAGE_BYTES)
                file.write(random.Random(3).randbytes(path.stat().st_size - PAGE_BYTES))
            await refused(seen)
        seen.judge(ANSWERED_WITHIN_S)
        check_log(host.log, MOST_LINES)
        await asyncio.to_thread(host.kill)
        shutil.rmtree(folder)
        shutil.copytree(backup, folder)
        host.start()
        await verify(host.port, f"sqlite:///{path}", history)
