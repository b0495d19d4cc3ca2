import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tacet.records.accounts import Project, Session
from tacet.store.base import StoreError
from tacet.store.opening import MEMORY, open_store
from tacet.store.sqlite import migrating
from tests.store.building import (
    NOW,
    QUEUE_LENGTH,
    app,
    code,
    grant,
    listed,
    mute,
    person,
    post,
    refresh_token,
    request_token,
    token,
)
from tests.store.sqlite.files import opened

SYNCHRONOUS_FULL = 2


def executed(path: Path, *statements: str) -> list[Any]:
    """What the last of some statements yields, run by a program that is not ours."""
    rows: list[Any] = []
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            rows = connection.execute(statement).fetchall()
    return rows


def modes(path: Path) -> list[int]:
    """Of a database and the files beside it: its lock, its log and the log's index."""
    return [each.stat().st_mode & 0o777 for each in path.parent.iterdir()]


def make_with_mode(path: Path, mode: int) -> None:
    path.touch()
    path.chmod(mode)


class TestDurability:
    async def test_every_connection_writes_ahead_and_waits_for_the_disk(
        self, path: Path, connections: list[sqlite3.Connection]
    ) -> None:
        async with opened(path):
            assert len(connections) == 3
            for connection in connections:
                assert connection.execute("PRAGMA journal_mode").fetchall() == [("wal",)]
                assert connection.execute("PRAGMA synchronous").fetchall() == [(SYNCHRONOUS_FULL,)]

    async def test_everything_is_there_when_it_is_opened_again(self, path: Path) -> None:
        async with opened(path) as store:
            await store.relations.add(mute(7, 100), NOW)
            await store.relations.add(mute(8, 200), NOW)
            await store.directory.put_people([person(1, "ann")])
            await store.posts.put([post(3, 1)])
            await store.credentials.put_app(app())
            await store.credentials.put_token(token())
            await store.credentials.put_token(token(user_id=1))
            await store.consents.add_grant(grant(), [refresh_token()])
            await store.consents.put_code(code())
            await store.consents.put_request_token(request_token())
            await store.accounts.put_session(Session(b"s", 1, NOW, NOW, NOW + 1))
            await store.accounts.put_project(Project(70, 1, "Project", "", NOW))
            revisions = await store.revisions()
        async with opened(path) as store:
            assert await listed(store) == [(8, 200), (7, 100)]
            assert await store.directory.people([1]) == [person(1, "ann")]
            assert await store.posts.latest([1]) == {1: 3}
            assert await store.credentials.app(1) == app()
            assert await store.credentials.token(token().digest) == token(user_id=1)
            assert await store.consents.grant(50) == grant()
            assert await store.credentials.token(refresh_token().digest) == refresh_token(grant_id=50)
            assert await store.consents.code(code().digest) == code()
            assert await store.consents.request_token(request_token().digest) == request_token()
            assert await store.accounts.session(b"s") == Session(b"s", 1, NOW, NOW, NOW + 1)
            assert await store.accounts.project(70) == Project(70, 1, "Project", "", NOW)
            assert await store.revisions() == revisions

    async def test_no_other_user_of_the_machine_reads_a_new_database(self, path: Path) -> None:
        async with opened(path) as store:
            await store.relations.add(mute(7, 100), NOW)
            assert modes(path) == [0o600] * 4

    async def test_an_existing_database_keeps_its_mode(self, path: Path) -> None:
        make_with_mode(path, 0o640)
        async with opened(path):
            assert modes(path).count(0o640) == 3

    async def test_a_database_in_memory_has_one_connection(self, connections: list[sqlite3.Connection]) -> None:
        store = open_store(MEMORY, QUEUE_LENGTH)
        await store.open()
        await store.close()
        assert len(connections) == 1


def write_text(path: Path) -> None:
    path.write_text("These are notes of somebody's, and no database. " * 100)


def make_folder(path: Path) -> None:
    path.mkdir()


def make_another_programs_database(path: Path) -> None:
    executed(path, "CREATE TABLE bookmark (url TEXT)", "INSERT INTO bookmark VALUES ('https://example.com')")


def make_another_programs_migrations(path: Path) -> None:
    executed(path, "CREATE TABLE migration (id TEXT)", "INSERT INTO migration VALUES ('0001_initial')")


def make_empty(path: Path) -> None:
    path.touch()


def do_nothing(_path: Path) -> None:
    pass


class TestRefusals:
    @pytest.mark.parametrize("server", [True, False], ids=["server", "admin"])
    @pytest.mark.parametrize(
        ("make", "name", "reason"),
        [
            pytest.param(write_text, "notes.txt", "no SQLite file", id="no-database"),
            pytest.param(make_folder, "folder", "cannot be opened", id="folder"),
            pytest.param(do_nothing, "missing/tacet.db", "cannot be opened", id="folder-missing"),
            pytest.param(make_another_programs_database, "other.db", "another program's", id="another-programs"),
            pytest.param(make_another_programs_migrations, "other.db", "another program's", id="also-with-migrations"),
        ],
    )
    async def test_a_file_that_is_no_database_of_ours_is_refused_and_left_alone(
        self, tmp_path: Path, make: Callable[[Path], None], name: str, reason: str, server: bool
    ) -> None:
        make(tmp_path / name)
        before = contents(tmp_path)
        with pytest.raises(StoreError, match=reason) as caught:
            async with opened(tmp_path / name, server):
                pass
        assert type(caught.value) is StoreError
        assert "\n" not in str(caught.value)
        assert contents(tmp_path) == before

    @pytest.mark.parametrize("exists", [True, False], ids=["with-a-database", "empty"])
    async def test_a_read_only_file_is_refused(self, path: Path, monkeypatch: pytest.MonkeyPatch, exists: bool) -> None:
        make_empty(path)
        if exists:
            async with opened(path):
                pass
        connect = sqlite3.connect
        # Whoever runs the tests may be allowed to write to anything, so SQLite itself is told not to.
        monkeypatch.setattr(sqlite3, "connect", lambda file, **more: connect(f"file:{file}?mode=ro", uri=True, **more))
        with pytest.raises(StoreError, match="read-only"):
            async with opened(path):
                pass

    async def test_a_database_of_a_newer_version_is_refused_and_left_alone(self, path: Path) -> None:
        async with opened(path) as store:
            await store.relations.add(mute(7, 100), NOW)
        executed(path, "INSERT INTO migration (number, name) VALUES (9999, '9999_future.sql')")
        with pytest.raises(StoreError, match="newer version"):
            async with opened(path):
                pass
        executed(path, "DELETE FROM migration WHERE number = 9999")
        async with opened(path) as store:
            assert await listed(store) == [(7, 100)]

    async def test_a_damaged_file_is_a_store_error(self, path: Path) -> None:
        async with opened(path) as store:
            await store.relations.add_many([mute(n, 2 * n) for n in range(30_000)])
        overwrite_the_middle(path)
        async with opened(path) as store:
            with pytest.raises(StoreError, match="damaged"):
                await listed(store)


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder but the locks that servers leave behind."""
    files = (each for each in folder.rglob("*") if each.is_file() and each.suffix != ".lock")
    return {str(each.relative_to(folder)): each.read_bytes() for each in files}


def overwrite_the_middle(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 4)
        file.write(b"\xaa" * (size // 2))


class TestMigrations:
    async def test_each_runs_once(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        async with opened(path) as store:
            await store.relations.add(mute(7, 100), NOW)
        change = "-- Two statements.\nCREATE TABLE extra (id INTEGER);\nINSERT INTO extra VALUES (1);\n"
        found = migrating.migrations()
        numbers = [number for number, *_ in found]
        extra = (numbers[-1] + 1, "extra.sql", change)
        monkeypatch.setattr(migrating, "migrations", lambda: [*found, extra])
        for _ in range(2):
            async with opened(path) as store:
                assert await listed(store) == [(7, 100)]
        assert executed(path, "SELECT id FROM extra") == [(1,)]
        assert executed(path, "SELECT number FROM migration") == [(number,) for number in (*numbers, extra[0])]

    async def test_one_that_fails_leaves_nothing_behind(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        async with opened(path):
            pass
        before = executed(path, "SELECT name FROM sqlite_master ORDER BY name")
        found = migrating.migrations()
        change = "CREATE TABLE extra (id INTEGER);\nCREATE TABLE extra (id INTEGER);\n"
        with monkeypatch.context() as patched:
            patched.setattr(migrating, "migrations", lambda: [*found, (found[-1][0] + 1, "extra.sql", change)])
            with pytest.raises(StoreError):
                async with opened(path):
                    pass
        assert executed(path, "SELECT name FROM sqlite_master ORDER BY name") == before
        async with opened(path) as store:
            assert await store.relations.add(mute(7, 100), NOW)
