import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tacet.cli.exits import Exit
from tacet.identity.vault import Vault, new_secret_key
from tacet.ids import SeededRandomness
from tacet.records.credentials import Access
from tacet.store import copying
from tacet.store.base import Serving, Store
from tacet.store.opening import open_store
from tacet.store.postgres import copying as postgres_copying
from tests.cast import CONSUMER_SECRET, app
from tests.cli.conftest import Stored, Tacet
from tests.databases import Postgres
from tests.store.building import QUEUE_LENGTH, person
from tests.store.filled import filled, rows_of

KEY = new_secret_key(SeededRandomness(1))

SUMMARY = re.compile(
    r"1,[0-9]{3} rows copied(, [0-9,]+ of them by an earlier run)?; both sides have the same counts and checksums "
    r"\(person 40, handle 40, relation 1,205, post 4, [a-z_0-9, ]*\); [0-9.]+ s\n"
)


@dataclass(frozen=True, slots=True)
class Pair:
    source: str
    destination: str

    @property
    def line(self) -> str:
        return f"database copy {self.source} {self.destination}"

    def is_copied(self) -> bool:
        return asyncio.run(rows_of(self.destination)) == asyncio.run(rows_of(self.source))


@pytest.fixture(params=["sqlite to postgresql", "postgresql to sqlite"])
def pair(request: pytest.FixtureRequest, tmp_path: Path, postgres: Postgres, migrated_template: str) -> Iterator[Pair]:
    file = f"sqlite:///{tmp_path / 'tacet.db'}"
    outward = request.param == "sqlite to postgresql"
    address = postgres.database(None if outward else migrated_template)
    made = Pair(file, address) if outward else Pair(address, file)
    asyncio.run(filled(made.source))
    yield made
    postgres.drop(address)


@pytest.fixture
def files(tmp_path: Path) -> Pair:
    made = Pair("sqlite:///from.db", "sqlite:///to.db")
    asyncio.run(filled(made.source))
    return made


def test_everything_is_copied_and_it_says_what_was_compared(tacet: Tacet, pair: Pair) -> None:
    ended = tacet(pair.line)
    assert (ended.code, ended.err) == (Exit.OK, "")
    assert SUMMARY.fullmatch(ended.out), ended.out
    assert pair.is_copied()


def test_an_empty_database_says_so(tacet: Tacet, stored: Stored) -> None:
    tacet("database migrate")
    ended = tacet("database copy sqlite:///tacet.db sqlite:///to.db")
    assert ended.out.startswith("0 rows copied; both sides have the same counts and checksums (all empty); ")


def test_what_is_sealed_opens_with_the_same_key(tacet: Tacet, pair: Pair) -> None:
    async def work(address: str, action: str) -> str:
        store: Store = open_store(address, QUEUE_LENGTH)
        await store.open()
        try:
            if action == "seal":
                await store.credentials.put_app(app(Vault(KEY), 9, Access.READ, 77))
            found = await store.credentials.app(9)
            assert found is not None
            return Vault(KEY).open(found.consumer_secret_sealed)
        finally:
            await store.close()

    asyncio.run(work(pair.source, "seal"))
    assert tacet(pair.line).code == Exit.OK
    assert asyncio.run(work(pair.destination, "open")) == CONSUMER_SECRET


HALFWAY = """
import sys
from tacet.cli import main
from tacet.store import copying
from tacet.store.{kind}.copying import {side} as Side

copying.STRETCH_ROWS = 25
rows, stretches = Side._rows, []

def halting(self, sql, *parameters):
    # The rows are written then, and neither their mark nor the commit.
    if sql == copying_queries.PUT_MARK:
        stretches.append(sql)
        if len(stretches) == 20:
            print("halfway", flush=True)
            sys.stdin.readline()
    return rows(self, sql, *parameters)

from tacet.store.queries import copying as copying_queries
Side._rows = halting
sys.exit(main(sys.argv[1:]))
"""


class TestInterrupted:
    @pytest.fixture
    def halted(self, pair: Pair) -> Iterator["subprocess.Popen[str]"]:
        """A copy in the middle of a transaction."""
        kind, side = ("sqlite", "SqliteSide") if "sqlite" in pair.destination else ("postgres", "PostgresSide")
        command = [sys.executable, "-c", HALFWAY.format(kind=kind, side=side), *pair.line.split()]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "halfway\n"
            yield process
            process.kill()

    def test_after_kill_9_the_same_command_goes_on(
        self, tacet: Tacet, pair: Pair, halted: "subprocess.Popen[str]"
    ) -> None:
        halted.kill()
        assert halted.wait(60) == -9
        ended = tacet(pair.line)
        assert (ended.code, ended.err) == (Exit.OK, "")
        assert SUMMARY.fullmatch(ended.out), ended.out
        # The first mark is of the source, and the last one was not written.
        assert re.search(r"rows copied, 4[0-9]{2} of them by an earlier run;", ended.out)
        assert pair.is_copied()

    @pytest.mark.parametrize(
        "line",
        [
            "app list --database {}",
            "database migrate --database {}",
            "database migrate --check --database {}",
            "database distribute --database {}",
            "database backup --database {} other.db",
            "database copy {} sqlite:///other.db",
        ],
        ids=lambda line: line.partition(" --database")[0],
    )
    def test_until_then_nothing_takes_it_for_a_database(
        self, tacet: Tacet, pair: Pair, halted: "subprocess.Popen[str]", tmp_path: Path, line: str
    ) -> None:
        halted.kill()
        halted.wait(60)
        ended = tacet(line.format(pair.destination))
        assert ended.out == ""
        assert not (tmp_path / "other.db").exists()
        on_postgresql = pair.destination.startswith("postgresql")
        if line.startswith("database backup") and on_postgresql:
            assert "PostgreSQL is backed up by its own tools" in ended.complaint
        elif line.startswith("database distribute") and not on_postgresql:
            assert "only PostgreSQL with Citus can be distributed" in ended.complaint
        else:
            assert ended.code == Exit.DATABASE
            assert "unfinished copy" in ended.complaint
            assert ended.complaint.endswith(("run the same `tacet database copy` again", "finish that one first"))

    def test_until_then_no_server_starts(self, pair: Pair, halted: "subprocess.Popen[str]") -> None:
        halted.kill()
        halted.wait(60)
        command = [sys.executable, "-m", "tacet.cli", "serve", "--port", "0", "--database", pair.destination]
        made = {**os.environ, "TACET_SECRET_KEY": KEY}
        ended = subprocess.run(command, env=made, capture_output=True, text=True, timeout=60, check=False)
        assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (Exit.DATABASE, "", 1)
        assert ended.stderr.endswith(" unfinished copy of another database: run the same `tacet database copy` again\n")

    def test_ctrl_c_says_what_stays_and_what_to_do(
        self, tacet: Tacet, pair: Pair, halted: "subprocess.Popen[str]"
    ) -> None:
        halted.send_signal(signal.SIGINT)
        out, err = halted.communicate("\n", timeout=60)
        assert (halted.returncode, out) == (Exit.INTERRUPTED, "")
        assert re.fullmatch(
            r"tacet: interrupted; [0-9]+ rows are in and stay: run the same command again to go on\n", err
        )
        assert tacet(pair.line).code == Exit.OK
        assert pair.is_copied()

    def test_a_second_one_at_the_same_time_is_refused(
        self, tacet: Tacet, pair: Pair, halted: "subprocess.Popen[str]", monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres_copying, "PATIENCE_S", 0.3)
        ended = tacet(pair.line)
        assert ended.code == Exit.DATABASE
        assert "another" in ended.complaint
        halted.communicate("\n", timeout=60)
        assert halted.returncode == Exit.OK
        assert pair.is_copied()


class TestAgain:
    def test_it_says_that_the_copy_is_complete(self, tacet: Tacet, pair: Pair) -> None:
        first = tacet(pair.line)
        ended = tacet(pair.line)
        assert (ended.code, ended.err) == (Exit.OK, "")
        done, compared, _ = ended.out.split("; ")
        assert done == "TO is a complete copy already"
        assert compared == first.out.split("; ")[1]
        assert pair.is_copied()

    def test_it_says_what_was_written_since(self, tacet: Tacet, files: Pair, tmp_path: Path) -> None:
        tacet(files.line)
        Stored(tmp_path / "from.db")(lambda store: store.directory.put_people([person(99, "ann")]))
        ended = tacet(files.line)
        assert (ended.code, ended.out) == (Exit.DATABASE, "")
        assert "it is not the same as FROM (table person: 40 rows, FROM has 41): if a copy was" in ended.complaint
        assert "nothing is left to do; otherwise copy into an empty database (of PostgreSQL" in ended.complaint


class TestRefused:
    @pytest.mark.parametrize(
        ("line", "complaint"),
        [
            (
                "postgresql://ann:x@127.0.0.1:1/a sqlite:///to.db",
                "FROM, postgresql://ann:***@127.0.0.1:1/a: the database",
            ),
            ("{source} postgresql://ann:x@127.0.0.1:1/a", "TO, postgresql://ann:***@127.0.0.1:1/a: the database"),
            ("sqlite:///none.db sqlite:///to.db", "none.db: none.db does not exist: there is nothing to copy"),
        ],
        ids=["FROM is away", "TO is away", "FROM is not there"],
    )
    def test_which_of_both_cannot_be_used_is_said(self, tacet: Tacet, files: Pair, line: str, complaint: str) -> None:
        ended = tacet(f"database copy {line.format(source=files.source)}")
        assert ended.code == Exit.DATABASE
        assert complaint in ended.complaint
        assert ended.complaint.startswith(("tacet: FROM, ", "tacet: TO, "))

    @pytest.mark.parametrize(
        ("line", "complaint"),
        [
            ("database copy sqlite:///x.db sqlite:///x.db", "FROM and TO are the same database"),
            ("database copy mysql://x sqlite:///x.db", "FROM: no database address"),
            ("database copy sqlite:///x.db tacet.db", "TO: no database address"),
            ("database copy sqlite:///x.db postgresql://host", "TO: the database address names no database"),
            ("database copy sqlite:///x.db", "Missing argument 'TO'"),
        ],
        ids=["the same twice", "no source", "no destination", "no name", "only one"],
    )
    def test_what_makes_no_sense(self, tacet: Tacet, tmp_path: Path, line: str, complaint: str) -> None:
        ended = tacet(line)
        assert ended.code == Exit.USAGE
        assert complaint in ended.complaint
        assert list(tmp_path.iterdir()) == []

    def test_a_source_that_is_served(self, tacet: Tacet, stored: Stored, tmp_path: Path) -> None:
        ended = stored.beside_a_server(lambda: tacet("database copy sqlite:///tacet.db sqlite:///to.db"))
        assert ended.code == Exit.DATABASE
        assert "already serves" in ended.complaint
        assert not (tmp_path / "to.db").exists()

    @pytest.mark.parametrize("end", ["FROM", "TO"])
    def test_a_postgresql_that_is_served(
        self, tacet: Tacet, files: Pair, migrated_address: str, end: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres_copying, "PATIENCE_S", 0.3)
        store = open_store(migrated_address, QUEUE_LENGTH, serving=Serving.TOGETHER)
        line = f"{migrated_address} sqlite:///to.db" if end == "FROM" else f"{files.source} {migrated_address}"
        loop = asyncio.new_event_loop()
        loop.run_until_complete(store.open())
        try:
            ended = tacet(f"database copy {line}")
        finally:
            loop.run_until_complete(store.close())
            loop.close()
        assert (ended.code, ended.out) == (Exit.DATABASE, "")
        assert ended.complaint.startswith(f"tacet: {end}: a server serves {migrated_address}: stop it, ")
        assert not Path("to.db").exists()

    def test_a_destination_with_something_in_it(self, tacet: Tacet, files: Pair, tmp_path: Path) -> None:
        Stored(tmp_path / "to.db")(lambda store: store.directory.put_people([person(1, "ann")]))
        ended = tacet(files.line)
        assert ended.code == Exit.DATABASE
        assert "to.db, is not empty (it has rows in person, handle), no copy into it is" in ended.complaint

    def test_a_password_is_never_shown(self, tacet: Tacet, files: Pair) -> None:
        ended = tacet(f"database copy {files.source} postgresql://ann:hunter2@127.0.0.1:1/tacet")
        assert ended.code == Exit.DATABASE
        assert "hunter2" not in ended.out + ended.err

    def test_a_source_that_changes_meanwhile(self, tacet: Tacet, files: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
        run = copying.Copy.run

        async def run_and_change(copy: copying.Copy, progress: copying.Progress) -> None:
            await run(copy, progress)
            with closing(sqlite3.connect("from.db")) as connection, connection:
                connection.execute("DELETE FROM relation WHERE source_id = 7 AND target_id = 1001")

        monkeypatch.setattr(copying.Copy, "run", run_and_change)
        ended = tacet(files.line)
        assert (ended.code, ended.out) == (Exit.DATABASE, "")
        assert "from.db, was written to while it was copied (table relation: 1,204 rows, 1,205" in ended.complaint
        assert (
            "stop whatever writes to it, and copy again into an empty database (of PostgreSQL drop TO"
            in ended.complaint
        )


class TestProgress:
    def test_on_a_terminal_it_is_a_bar(self, tacet: Tacet, files: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        ended = tacet(files.line)
        assert "copying" in ended.err
        assert "comparing" in ended.err
        assert "100%" in ended.err

    def test_quiet_there_is_none(self, tacet: Tacet, files: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        assert tacet(f"{files.line} --quiet").err == ""
