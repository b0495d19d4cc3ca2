import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tacet.cli.exits import Exit
from tacet.store.opening import open_store
from tacet.store.sqlite.migrating import migrations
from tests.cli.conftest import Stored, Tacet
from tests.databases import Postgres
from tests.store.building import QUEUE_LENGTH

MIGRATE = (sys.executable, "-m", "tacet.cli", "database", "migrate")


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'x.db'}"
    made: str = request.getfixturevalue("postgres_address")
    return made


def can_be_served(address: str) -> bool:
    async def opened() -> bool:
        store = open_store(address, QUEUE_LENGTH)
        await store.open()
        await store.check()
        await store.close()
        return True

    return asyncio.run(opened())


class TestMigrate:
    def test_it_makes_the_tables_and_says_what_it_ran(self, tacet: Tacet, address: str) -> None:
        ended = tacet(f"database migrate --database {address}")
        assert (ended.code, ended.err) == (Exit.OK, "")
        assert ended.out.startswith("run: 0001_first.sql\n")
        assert can_be_served(address)

    def test_again_there_is_nothing_to_be_done(self, tacet: Tacet, address: str) -> None:
        tacet(f"database migrate --database {address}")
        ended = tacet(f"database migrate --database {address}")
        assert (ended.code, ended.out, ended.err) == (Exit.OK, "nothing to be done\n", "")

    def test_of_several_at_once_one_does_it(self, address: str) -> None:
        pipe = subprocess.PIPE
        started = [
            subprocess.Popen([*MIGRATE, "--database", address], stdout=pipe, stderr=pipe, text=True) for _ in range(3)
        ]
        ended = [process.communicate(timeout=60) for process in started]
        done = [out for out, _ in ended if out.startswith("run: 0001_first.sql\n")]
        assert len(done) == 1, ended
        for process, (out, err) in zip(started, ended, strict=True):
            # A file is locked, so that the others are told to come back; a server lets them wait.
            waited = (process.returncode, out, err) == (Exit.OK, "nothing to be done\n", "")
            told = any(each in err for each in ("another command, tacet database migrate", "has just begun with"))
            refused = process.returncode == Exit.DATABASE and address.startswith("sqlite") and told
            assert out in done or waited or refused, ended
        assert can_be_served(address)


class TestCheck:
    def test_it_names_what_is_to_be_run_and_ends_with_its_own_code(self, tacet: Tacet, address: str) -> None:
        ended = tacet(f"database migrate --check --database {address}")
        assert (ended.code, ended.err) == (Exit.PENDING, "")
        assert ended.out.startswith("to be run: 0001_first.sql\n")

    def test_it_changes_nothing(self, tacet: Tacet, address: str, tmp_path: Path) -> None:
        ended = [tacet(f"database migrate --check --database {address}") for _ in range(2)]
        assert [each.code for each in ended] == [Exit.PENDING] * 2
        assert list(tmp_path.iterdir()) == []

    def test_when_all_is_done_it_says_so(self, tacet: Tacet, address: str) -> None:
        tacet(f"database migrate --database {address}")
        ended = tacet(f"database migrate --check --database {address}")
        assert (ended.code, ended.out, ended.err) == (Exit.OK, "nothing to be done\n", "")

    def test_beside_a_server_it_works(self, tacet: Tacet, stored: Stored) -> None:
        assert stored.beside_a_server(lambda: tacet("database migrate --check")).code == Exit.OK


class TestAFile:
    def test_of_the_first_version_gets_the_later_ones(self, tacet: Tacet, tmp_path: Path) -> None:
        number, name, schema = migrations()[0]
        with closing(sqlite3.connect(tmp_path / "tacet.db")) as connection, connection:
            connection.executescript(schema)
            connection.execute("CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
            connection.execute("INSERT INTO migration VALUES (?, ?)", (number, name))
        later = [name for _, name, _ in migrations()[1:]]
        ended = tacet("database migrate --check")
        assert (ended.code, ended.out.splitlines()) == (Exit.PENDING, [f"to be run: {name}" for name in later])
        assert tacet("database migrate").out.splitlines() == [f"run: {name}" for name in later]

    def test_that_is_made_can_be_read_by_its_owner_alone(self, tacet: Tacet, tmp_path: Path) -> None:
        before = os.umask(0)
        try:
            tacet("database migrate")
        finally:
            os.umask(before)
        assert stat.S_IMODE((tmp_path / "tacet.db").stat().st_mode) == 0o600

    def test_that_a_server_has_is_refused(self, tacet: Tacet, stored: Stored) -> None:
        ended = stored.beside_a_server(lambda: tacet("database migrate"))
        assert ended.code == Exit.DATABASE
        assert f"another server (process {os.getpid()}) already serves tacet.db" in ended.complaint

    def test_that_cannot_be_made_is_named(self, tacet: Tacet) -> None:
        ended = tacet("database migrate --database sqlite:///nowhere/x.db")
        assert ended.code == Exit.DATABASE
        assert ended.complaint.startswith("tacet: sqlite:///nowhere/x.db: ")


class TestRefused:
    @pytest.mark.parametrize("line", ["database migrate", "database migrate --check"])
    def test_another_program_s_database(self, tacet: Tacet, tmp_path: Path, line: str) -> None:
        with closing(sqlite3.connect(tmp_path / "tacet.db")) as connection, connection:
            connection.execute("CREATE TABLE somebody_elses (id INTEGER)")
        ended = tacet(line)
        assert ended.code == Exit.DATABASE
        assert "another program's database" in ended.complaint

    @pytest.mark.parametrize("line", ["database migrate", "database migrate --check"])
    def test_another_program_s_database_with_tables_named_as_ours(
        self, tacet: Tacet, tmp_path: Path, line: str
    ) -> None:
        with closing(sqlite3.connect(tmp_path / "tacet.db")) as connection, connection:
            connection.executescript("CREATE TABLE migration (version TEXT); CREATE TABLE relation (id INTEGER)")
        ended = tacet(line)
        assert ended.code == Exit.DATABASE
        assert "another program's database" in ended.complaint

    @pytest.mark.parametrize("line", ["database migrate", "database migrate --check"])
    def test_one_of_a_newer_version(self, tacet: Tacet, address: str, postgres: Postgres, line: str) -> None:
        tacet(f"database migrate --database {address}")
        newer = "INSERT INTO migration (number, name) VALUES (9999, 'newer.sql')"
        if address.startswith("sqlite"):
            with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as connection, connection:
                connection.execute(newer)
        else:
            postgres.run(newer, database=address.rpartition("/")[2])
        ended = tacet(f"{line} --database {address}")
        assert (ended.code, ended.out) == (Exit.DATABASE, "")
        assert "made by a newer version of tacet" in ended.complaint

    def test_one_that_cannot_be_reached_without_showing_the_password(self, tacet: Tacet) -> None:
        ended = tacet("database migrate --database postgresql://ann:hunter2@127.0.0.1:1/tacet")
        assert ended.code == Exit.DATABASE
        assert ended.complaint.startswith(
            "tacet: postgresql://ann:***@127.0.0.1:1/tacet: the database cannot be reached"
        )
        assert "hunter2" not in ended.complaint
