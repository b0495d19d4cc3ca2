import asyncio
import errno
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tacet.cli.exits import Exit
from tacet.store.opening import open_store
from tacet.store.sqlite import backup
from tests.cli.conftest import Stored, Tacet
from tests.crash.connections import Gone, connected
from tests.crash.ledger import walk
from tests.crash.processes import SOURCES, TARGETS, serving
from tests.store.building import QUEUE_LENGTH
from tests.store.filled import fill, rows_of

WORKERS = 2
"""Connections for each source; each has its own targets."""

WELL_UNDER_WAY = 100
"""Mutes, of some hundreds."""


@pytest.fixture
def _filled(stored: Stored) -> None:
    stored(fill)


@pytest.fixture
def _large(stored: Stored, tmp_path: Path) -> None:
    """Some megabytes, so that a backup takes many steps."""
    stored(fill)
    with closing(sqlite3.connect(tmp_path / "tacet.db")) as connection, connection:
        connection.execute("CREATE TABLE ballast (octets BLOB)")
        connection.executemany("INSERT INTO ballast VALUES (randomblob(1000000))", [()] * 12)


def rows(path: Path) -> object:
    return asyncio.run(rows_of(f"sqlite:///{path}"))


def names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


@pytest.mark.usefixtures("_filled")
class TestACopy:
    def test_holds_everything(self, tacet: Tacet, tmp_path: Path) -> None:
        ended = tacet("database backup copy.db")
        assert (ended.code, ended.err) == (Exit.OK, "")
        assert ended.out.startswith("copy.db: 0.")
        assert " MiB, checked; " in ended.out
        assert rows(tmp_path / "copy.db") == rows(tmp_path / "tacet.db")

    def test_can_be_read_by_its_owner_alone(self, tacet: Tacet, tmp_path: Path) -> None:
        before = os.umask(0)
        try:
            tacet("database backup copy.db")
        finally:
            os.umask(before)
        assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600

    def test_is_one_file(self, tacet: Tacet, tmp_path: Path) -> None:
        folder = tmp_path / "backups"
        folder.mkdir()
        tacet("database backup backups/copy.db")
        assert names(folder) == {"copy.db"}

    def test_has_what_is_still_in_the_log(self, tacet: Tacet, stored: Stored, tmp_path: Path) -> None:
        def beside() -> None:
            with closing(sqlite3.connect(tmp_path / "tacet.db")) as connection, connection:
                connection.execute("UPDATE person SET name = 'Newest' WHERE id = 1")
            assert (tmp_path / "tacet.db-wal").stat().st_size > 0
            assert tacet("database backup copy.db").code == Exit.OK

        stored.beside_a_server(beside)
        with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
            assert connection.execute("SELECT name FROM person WHERE id = 1").fetchone() == ("Newest",)

    def test_of_a_link_is_of_the_file(self, tacet: Tacet, tmp_path: Path) -> None:
        (tmp_path / "link.db").symlink_to(tmp_path / "tacet.db")
        assert tacet("database backup --database sqlite:///link.db copy.db").code == Exit.OK
        assert rows(tmp_path / "copy.db") == rows(tmp_path / "tacet.db")

    def test_leaves_the_database_as_it_is(self, tacet: Tacet, tmp_path: Path) -> None:
        before = (tmp_path / "tacet.db").read_bytes()
        tacet("database backup copy.db")
        assert (tmp_path / "tacet.db").read_bytes() == before


@pytest.mark.usefixtures("_filled")
class TestAFileThatIsThere:
    def test_is_not_overwritten(self, tacet: Tacet, tmp_path: Path) -> None:
        (tmp_path / "copy.db").write_text("precious")
        ended = tacet("database backup copy.db")
        assert (ended.code, ended.out) == (Exit.FAILED, "")
        assert ended.complaint == ("tacet: copy.db is there already, and stays as it is: give another file, or --force")
        assert (tmp_path / "copy.db").read_text() == "precious"

    def test_is_replaced_where_one_says_so(self, tacet: Tacet, tmp_path: Path) -> None:
        (tmp_path / "copy.db").write_text("old")
        assert tacet("database backup --force copy.db").code == Exit.OK
        assert rows(tmp_path / "copy.db") == rows(tmp_path / "tacet.db")

    def test_goes_with_its_log_which_would_be_taken_for_the_copy_s_own(self, tacet: Tacet, tmp_path: Path) -> None:
        (tmp_path / "copy.db-wal").write_bytes(b"of another database")
        assert "copy.db-wal is there already" in tacet("database backup copy.db").complaint
        assert tacet("database backup --force copy.db").code == Exit.OK
        assert "copy.db-wal" not in names(tmp_path)

    def test_stays_until_the_copy_is_complete(self, tacet: Tacet, tmp_path: Path) -> None:
        (tmp_path / "copy.db").write_text("old")
        damage(tmp_path / "tacet.db")
        ended = tacet("database backup --force copy.db")
        assert ended.code == Exit.DATABASE
        assert "damaged" in ended.complaint
        assert (tmp_path / "copy.db").read_text() == "old"

    @pytest.mark.parametrize("mode", ["WAL", "DELETE"])
    def test_stays_whole_with_what_is_in_its_log_where_the_copy_cannot_take_its_place(
        self, tacet: Tacet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
    ) -> None:
        left_by_a_crash(tmp_path / "copy.db", mode)

        def fails(_self: Path, _target: Path) -> Path:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", fails)
            assert tacet("database backup --force copy.db").code == Exit.DATABASE
        with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
            assert connection.execute("SELECT sum(number), count(*) FROM kept").fetchone() == (1_000, 1_000)
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert tacet("database backup --force copy.db").code == Exit.OK
        assert rows(tmp_path / "copy.db") == rows(tmp_path / "tacet.db")
        assert not names(tmp_path) & {f"copy.db{ending}" for ending in backup.LOG_ENDINGS}

    @pytest.mark.parametrize("force", ["", " --force"], ids=["plain", "forced"])
    def test_is_never_the_database_itself(self, tacet: Tacet, tmp_path: Path, force: str) -> None:
        before = rows(tmp_path / "tacet.db")
        (tmp_path / "link.db").symlink_to(tmp_path / "tacet.db")
        for name in ("tacet.db", "link.db"):
            assert "is the database itself" in tacet(f"database backup{force} {name}").complaint
        assert rows(tmp_path / "tacet.db") == before

    def test_is_never_one_that_a_server_has(self, tacet: Tacet, tmp_path: Path) -> None:
        other = Stored(tmp_path / "other.db")
        ended = other.beside_a_server(lambda: tacet("database backup --force other.db"))
        assert ended.code == Exit.DATABASE
        assert f"another server (process {os.getpid()}) already serves other.db" in ended.complaint


def left_by_a_crash(path: Path, mode: str) -> None:
    """A database of a thousand ones, as its files lie there while a transaction of many pages is under way."""
    made = path.with_name("made.db")
    with closing(sqlite3.connect(made, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
        connection.execute("CREATE TABLE kept (number INTEGER, ballast BLOB)")
        connection.executemany("INSERT INTO kept VALUES (1, zeroblob(500))", [()] * 1_000)
        # What has no room in memory is written before its transaction ends.
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN")
        connection.execute("UPDATE kept SET number = 2")
        for ending in ("", "-wal", "-journal"):
            file = made.with_name(made.name + ending)
            if file.exists():
                path.with_name(path.name + ending).write_bytes(file.read_bytes())
    made.unlink()


FILES = ("tacet.db-wal", "tacet.db-shm", "tacet.db-journal", "tacet.db.lock")
"""That a database and its server need, some of them only at times."""


@pytest.mark.usefixtures("_filled")
class TestWhatADatabaseNeeds:
    @pytest.mark.parametrize("name", FILES)
    def test_is_never_replaced(self, tacet: Tacet, stored: Stored, tmp_path: Path, name: str) -> None:
        def beside() -> None:
            before = {each.name: each.stat().st_ino for each in tmp_path.iterdir()}
            ended = tacet(f"database backup --force {name}")
            assert ended.code != Exit.OK
            assert "give another file" in ended.complaint
            assert {each.name: each.stat().st_ino for each in tmp_path.iterdir()} == before

        stored.beside_a_server(beside)

    @pytest.mark.parametrize("name", ["tacet.db-wal", "tacet.db-shm", "tacet.db.lock"])
    def test_is_never_replaced_by_another_name(self, tacet: Tacet, stored: Stored, tmp_path: Path, name: str) -> None:
        (tmp_path / "symbolic").symlink_to(tmp_path / name)

        def beside() -> None:
            (tmp_path / "hard").hardlink_to(tmp_path / name)
            for other in ("hard", "symbolic"):
                before = names(tmp_path)
                assert "give another file" in tacet(f"database backup --force {other}").complaint
                assert names(tmp_path) == before
                assert (tmp_path / name).samefile(tmp_path / other)

        stored.beside_a_server(beside)

    @pytest.mark.parametrize("ending", ["-wal", "-shm", "-journal", ".partial", ".lock"])
    def test_is_no_leftover_of_the_copy_either(self, tacet: Tacet, tmp_path: Path, ending: str) -> None:
        path = tmp_path / f"copy{ending}"
        (tmp_path / "tacet.db").rename(path)
        before = path.read_bytes()
        ended = tacet(f"database backup --force --database sqlite:///copy{ending} copy")
        assert f"copy{ending} belongs to the database" in ended.complaint
        assert path.read_bytes() == before


@pytest.mark.usefixtures("_filled")
class TestWhatIsNoFile:
    @pytest.mark.parametrize("name", ["copy.db", "copy.db-wal", "copy.db.partial", "copy.db.lock"])
    @pytest.mark.parametrize("force", ["", " --force"], ids=["plain", "forced"])
    def test_a_pipe_stays(self, tacet: Tacet, tmp_path: Path, name: str, force: str) -> None:
        os.mkfifo(tmp_path / name)
        before = names(tmp_path)
        ended = tacet(f"database backup{force} copy.db")
        assert ended.code != Exit.OK
        assert f"{name} is there already, and stays as it is, for it is no ordinary file" in ended.complaint
        assert (tmp_path / name).is_fifo()
        assert names(tmp_path) == before

    def test_a_link_is_followed(self, tacet: Tacet, tmp_path: Path) -> None:
        (tmp_path / "real.db").write_text("old")
        (tmp_path / "link.db").symlink_to(tmp_path / "real.db")
        before = names(tmp_path)
        assert "real.db is there already" in tacet("database backup link.db").complaint
        assert tacet("database backup --force link.db").code == Exit.OK
        assert (tmp_path / "link.db").is_symlink()
        assert rows(tmp_path / "real.db") == rows(tmp_path / "tacet.db")
        assert names(tmp_path) == before

    @pytest.mark.parametrize("target", ["victim", "nowhere"])
    def test_a_link_in_place_of_the_lock_is_not_followed(self, tacet: Tacet, tmp_path: Path, target: str) -> None:
        (tmp_path / "victim").write_text("precious")
        (tmp_path / "copy.db.lock").symlink_to(tmp_path / target)
        before = names(tmp_path)
        assert "copy.db.lock is there already" in tacet("database backup copy.db").complaint
        assert names(tmp_path) == before
        assert (tmp_path / "victim").read_text() == "precious"


def damage(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 4)
        file.write(b"\xaa" * (size // 2))


def not_ours(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE somebody_elses (id INTEGER)")


REFUSED = {
    "no database": ("--database sqlite:///none.db x", Exit.DATABASE, "none.db does not exist"),
    "an empty file": ("--database sqlite:///empty.db x", Exit.DATABASE, "empty.db is empty: there is nothing to copy"),
    "another program's": (
        "--database sqlite:///other.db x",
        Exit.DATABASE,
        "other.db is another program's database",
    ),
    "no folder": ("nowhere/x", Exit.FAILED, "the folder nowhere does not exist"),
    "no folder for files": ("/proc/x.db", Exit.FAILED, "/proc"),
    "a folder": ("folder", Exit.FAILED, "folder is there already, and stays as it is"),
    "a folder, forced": ("--force folder", Exit.FAILED, "folder is there already, and stays as it is"),
}


@pytest.mark.parametrize(("words", "code", "complaint"), REFUSED.values(), ids=REFUSED)
@pytest.mark.usefixtures("_filled")
def test_what_cannot_be_done_is_one_line_and_leaves_nothing(
    tacet: Tacet, tmp_path: Path, words: str, code: Exit, complaint: str
) -> None:
    (tmp_path / "empty.db").touch()
    (tmp_path / "folder").mkdir()
    not_ours(tmp_path / "other.db")
    before = names(tmp_path)
    ended = tacet(f"database backup {words}")
    assert (ended.code, ended.out) == (code, "")
    assert complaint in ended.complaint
    assert "served" not in ended.complaint
    assert names(tmp_path) == before


@pytest.mark.usefixtures("_filled")
def test_a_full_disk_is_named_and_nothing_of_the_copy_stays(
    tacet: Tacet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = backup._copy

    def copy_until_full(source: Path, partial: Path, *others: Any) -> None:
        copied(source, partial, *others)
        with closing(sqlite3.connect(partial)) as connection:
            connection.execute("PRAGMA max_page_count = 1")
            connection.execute("CREATE TABLE one_too_many (octets BLOB)")

    monkeypatch.setattr(backup, "_copy", copy_until_full)
    (tmp_path / "copy.db").write_text("old")
    before = names(tmp_path)
    ended = tacet("database backup --force copy.db")
    assert (ended.code, ended.out) == (Exit.DATABASE, "")
    assert ended.complaint == "tacet: copy.db cannot be written, its disk is full: free some, or give another file"
    assert names(tmp_path) == before
    assert (tmp_path / "copy.db").read_text() == "old"


@pytest.mark.usefixtures("_filled")
def test_what_cannot_be_tidied_away_keeps_nobody_from_the_copy(
    tacet: Tacet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove, removed = Path.unlink, list[Path]()

    def fails_in_the_end(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == backup.PARTIAL_ENDING:
            removed.append(path)
            if len(removed) > 1:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
        remove(path, missing_ok=missing_ok)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", fails_in_the_end)
        assert tacet("database backup copy.db").code == Exit.OK
    assert len(removed) == 2
    assert "copy.db.lock" not in names(tmp_path)
    assert rows(tmp_path / "copy.db") == rows(tmp_path / "tacet.db")


@pytest.mark.usefixtures("_filled")
def test_a_damaged_database_is_found_and_no_copy_of_it_is_kept(tacet: Tacet, tmp_path: Path) -> None:
    damage(tmp_path / "tacet.db")
    before = names(tmp_path)
    ended = tacet("database backup copy.db")
    assert ended.code == Exit.DATABASE
    assert "damaged" in ended.complaint
    assert "restore it from a" in ended.complaint
    assert names(tmp_path) == before


def test_of_postgresql_it_says_what_to_run_without_the_password(tacet: Tacet, tmp_path: Path) -> None:
    address = "postgresql://ann:se:cret@db.example:6432/tacet?sslmode=require&password=hunter2"
    ended = tacet("database", "backup", "--database", address, "a b")
    assert (ended.code, ended.out) == (Exit.FAILED, "")
    assert ended.complaint == (
        "tacet: PostgreSQL is backed up by its own tools: pg_dump --format=custom --file='a b' "
        "'postgresql://ann@db.example:6432/tacet?sslmode=require'"
    )
    assert names(tmp_path) == set()


@pytest.mark.usefixtures("_large")
class TestProgress:
    def test_on_a_terminal_it_is_a_bar(self, tacet: Tacet, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        ended = tacet("database backup copy.db")
        assert "pages" in ended.err
        assert "pages/s" in ended.err

    def test_quiet_there_is_none(self, tacet: Tacet, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        assert tacet("database backup --quiet copy.db").err == ""


HALFWAY = """
import sys
from tacet.cli import main
from tacet.store.sqlite import backup

back_up, steps = backup.back_up, []

def halting(source, target, replace, progress, pause):
    def step(seconds):
        steps.append(seconds)
        if len(steps) == 5:
            print("halfway", flush=True)
            sys.stdin.readline()
    return back_up(source, target, replace, progress, step)

backup.back_up = halting
sys.exit(main(["database", "backup", "backups/copy.db"]))
"""


@pytest.mark.usefixtures("_large")
class TestInterrupted:
    @pytest.fixture
    def halted(self, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
        """A backup that has copied some of the pages and waits there."""
        (tmp_path / "backups").mkdir()
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", HALFWAY]
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "halfway\n"
            assert "copy.db.partial" in names(tmp_path / "backups")
            yield process
            process.kill()

    def test_after_kill_9_there_is_no_copy_and_the_next_run_makes_one(
        self, tacet: Tacet, halted: "subprocess.Popen[str]", tmp_path: Path
    ) -> None:
        halted.kill()
        assert halted.wait(60) == -9
        assert "copy.db" not in names(tmp_path / "backups")
        assert tacet("database backup backups/copy.db").code == Exit.OK
        assert names(tmp_path / "backups") == {"copy.db"}
        assert rows(tmp_path / "backups" / "copy.db") == rows(tmp_path / "tacet.db")

    def test_ctrl_c_leaves_nothing(self, halted: "subprocess.Popen[str]", tmp_path: Path) -> None:
        halted.send_signal(signal.SIGINT)
        _, err = halted.communicate(timeout=60)
        assert (halted.returncode, err.strip()) == (Exit.INTERRUPTED, "tacet: interrupted")
        assert names(tmp_path / "backups") == set()

    def test_two_at_once_into_one_file_do_not_mix(
        self, tacet: Tacet, halted: "subprocess.Popen[str]", tmp_path: Path
    ) -> None:
        ended = tacet("database backup --force backups/copy.db")
        assert ended.code == Exit.DATABASE
        assert f"process {halted.pid}" in ended.complaint
        halted.communicate("\n", timeout=60)
        assert halted.returncode == Exit.OK
        assert rows(tmp_path / "backups" / "copy.db") == rows(tmp_path / "tacet.db")

    def test_what_is_written_meanwhile_is_not_in_it_and_nothing_waits(
        self, halted: "subprocess.Popen[str]", stored: Stored, tmp_path: Path
    ) -> None:
        before = rows(tmp_path / "tacet.db")
        with closing(sqlite3.connect(tmp_path / "tacet.db", timeout=0)) as connection, connection:
            connection.execute("UPDATE person SET name = 'Newest'")
        halted.communicate("\n", timeout=60)
        assert halted.returncode == Exit.OK
        assert rows(tmp_path / "backups" / "copy.db") == before


async def listed(port: int, source_id: int) -> set[int]:
    async with connected(port) as connection:
        return set(await walk(connection, source_id))


class Muting:
    """People who mute one target after another, until their server is gone."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.asked: set[tuple[int, int]] = set()
        self.acknowledged: set[tuple[int, int]] = set()
        self.is_well_under_way = asyncio.Event()

    async def run(self) -> None:
        workers = [self._one(source_id, place) for source_id in SOURCES for place in range(WORKERS)]
        await asyncio.gather(*workers)

    async def _one(self, source_id: int, place: int) -> None:
        try:
            async with connected(self._port) as connection:
                for target_id in TARGETS[place::WORKERS]:
                    self.asked.add((source_id, target_id))
                    assert (await connection.mute(source_id, target_id)).status == 200
                    self.acknowledged.add((source_id, target_id))
                    if len(self.acknowledged) >= WELL_UNDER_WAY:
                        self.is_well_under_way.set()
                    await asyncio.sleep(0.01)
        except Gone:
            return


def test_a_copy_made_under_load_serves_every_mute_acknowledged_before_it(tmp_path: Path) -> None:
    path, copy = tmp_path / "tacet.db", tmp_path / "copy.db"

    async def back_up_under_load(port: int) -> tuple[set[tuple[int, int]], Muting]:
        muting = Muting(port)
        load = asyncio.create_task(muting.run())
        await muting.is_well_under_way.wait()
        before = set(muting.acknowledged)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tacet.cli", "database", "backup", "--database", f"sqlite:///{path}", str(copy)),
            stdout=subprocess.DEVNULL,
        )
        assert await process.wait() == Exit.OK
        assert muting.acknowledged > before
        await load
        return before, muting

    with serving(path) as server:
        before, muting = asyncio.run(back_up_under_load(server.port))
        assert len(muting.acknowledged) == len(SOURCES) * len(TARGETS)
    with serving(copy) as server:
        kept = {(source_id, target) for source_id in SOURCES for target in asyncio.run(listed(server.port, source_id))}
    assert before <= kept <= muting.asked
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_served_copy_takes_writes(tacet: Tacet, stored: Stored, tmp_path: Path) -> None:
    stored(fill)
    tacet("database backup copy.db")

    async def write() -> bool:
        store = open_store(f"sqlite:///{tmp_path / 'copy.db'}", QUEUE_LENGTH)
        await store.open()
        try:
            return await store.nonces.remember(b"x" * 32, 1 << 50)
        finally:
            await store.close()

    assert asyncio.run(write())
