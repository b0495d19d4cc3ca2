"""What is not copied, and not copied into."""

import asyncio
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tacet.store.address import sqlite_path
from tacet.store.base import Serving, StoreError, StoreLocked
from tacet.store.copying import Differs
from tacet.store.maintenance import migrate, side
from tacet.store.opening import open_store
from tacet.store.postgres import copying as postgres_copying
from tacet.store.postgres import serving as postgres_serving
from tacet.store.postgres.serving import TAKE, TAKE_COPYING
from tacet.store.postgres.store import PostgresStore
from tacet.store.queries.copying import KEYS
from tacet.store.sqlite.migrating import migrations
from tests.store.building import QUEUE_LENGTH
from tests.store.copying.copies import Databases, Pair, changing, connected, copied, opened, silent, tables
from tests.store.filled import filled, rows_of


class TestRefused:
    @pytest.mark.parametrize("table", ["person", "relation", "nonce", "page_session"])
    async def test_a_destination_with_anything_in_it(self, pair: Pair, table: str) -> None:
        await migrate(pair.destination)
        await filled(pair.destination)
        await changing(pair.destination, *(f"DELETE FROM {name}" for name in KEYS if name != table))
        before = await rows_of(pair.destination)
        with pytest.raises(Differs) as caught:
            await copied(pair)
        assert re.search(
            rf"is not empty \(it has rows in {table}\), no copy into it is under way, and", str(caught.value)
        )
        assert re.search(
            r"the same as FROM \(table \w+: \d+ rows, FROM has [\d,]+\): .* empty database", str(caught.value)
        )
        assert await rows_of(pair.destination) == before

    async def test_a_destination_of_another_program(self, pair: Pair) -> None:
        await changing(pair.destination, "CREATE TABLE somebody_elses (id INTEGER)")
        with pytest.raises(StoreError, match="another program's"):
            await copied(pair)
        assert await tables(pair.destination) == {"somebody_elses"}

    async def test_two_copies_into_one_destination_at_once(self, pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(postgres_copying, "PATIENCE_S", 0.3)
        async with opened(pair) as first:
            await first.open()
            other = side(pair.destination)
            try:
                with pytest.raises(StoreLocked):
                    await other.open_destination()
            finally:
                await other.close()
            await first.run(silent)
            await first.verify(silent)

    @pytest.mark.parametrize("end", ["source", "destination"])
    async def test_a_file_that_a_server_has(self, files: Pair, end: str) -> None:
        store = open_store(getattr(files, end), QUEUE_LENGTH)
        await store.open()
        try:
            with pytest.raises(StoreLocked, match=r"another server \(process \d+\) already serves"):
                await copied(files)
        finally:
            await store.close()
        await copied(files)

    @pytest.mark.parametrize("serving", Serving)
    @pytest.mark.parametrize("end", ["source", "destination"])
    async def test_a_postgresql_that_a_server_has(
        self, database: Databases, serving: Serving, end: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kinds = ("postgresql", "sqlite") if end == "source" else ("sqlite", "postgresql")
        pair = Pair(database(kinds[0], full=True), database(kinds[1], full=False))
        await migrate(getattr(pair, end))
        store = PostgresStore(getattr(pair, end), QUEUE_LENGTH, 2, 5.0, serving)
        await store.open()
        try:
            with monkeypatch.context() as impatient:
                impatient.setattr(postgres_copying, "PATIENCE_S", 0.3)
                with pytest.raises(StoreLocked) as caught:
                    await copied(pair)
        finally:
            await store.close()
        assert str(caught.value).startswith(f"a server serves {getattr(pair, end)}: stop it, ")
        assert end == "destination" or not sqlite_path(pair.destination).exists()
        await copied(pair)

    @pytest.mark.parametrize("lock", [TAKE_COPYING, TAKE[Serving.ALONE]], ids=["a copy", "a server"])
    async def test_whoever_was_killed_just_now_is_waited_for(
        self, pair: Pair, lock: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres_copying, "PATIENCE_S", 60.0)
        address = pair.source if pair.source.startswith("postgresql") else pair.destination
        async with connected(address) as killed:
            await killed.execute(lock)
            copying_ = asyncio.create_task(copied(pair))
            await asyncio.sleep(2 * postgres_copying.RETRY_S)
            assert not copying_.done()
        await copying_
        assert await rows_of(pair.destination) == await rows_of(pair.source)

    @pytest.mark.parametrize("serving", Serving)
    async def test_a_server_that_starts_beside_a_copy(
        self, database: Databases, serving: Serving, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pair = Pair(database("postgresql", full=True), database("postgresql", full=False))
        monkeypatch.setattr(postgres_serving, "PATIENCE_S", 0.3)
        async with opened(pair) as copy:
            await copy.open()
            store = PostgresStore(pair.source, QUEUE_LENGTH, 2, 5.0, serving)
            with pytest.raises(StoreLocked, match="`tacet database copy` is under way from or into"):
                await store.open()

    async def test_two_copies_from_one_source_at_once(
        self, pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres_copying, "PATIENCE_S", 0.3)
        async with opened(pair) as first:
            await first.open()
            with pytest.raises(StoreLocked):
                await copied(Pair(pair.source, f"sqlite:///{tmp_path / 'third.db'}"))
        assert not (tmp_path / "third.db").exists()

    async def test_a_copy_of_a_postgresql_into_itself(
        self, database: Databases, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres_copying, "PATIENCE_S", 0.3)
        address = database("postgresql", full=True)
        with pytest.raises(StoreLocked, match="wait for its end, or give two different databases"):
            await copied(Pair(address, f"{address}?application_name=other"))

    async def test_a_copy_into_itself_by_another_name(self, files: Pair) -> None:
        path = sqlite_path(files.source)
        link = path.with_name("link.db")
        link.symlink_to(path)
        with pytest.raises(StoreLocked, match="this command itself has"):
            await copied(Pair(files.source, f"sqlite:///{link}"))

    async def test_a_source_that_is_not_there(self, tmp_path: Path) -> None:
        pair = Pair(f"sqlite:///{tmp_path / 'from.db'}", f"sqlite:///{tmp_path / 'to.db'}")
        with pytest.raises(StoreError, match=r"from\.db does not exist"):
            await copied(pair)
        assert not sqlite_path(pair.destination).exists()

    @pytest.mark.parametrize("end", ["source", "destination"])
    async def test_a_file_of_an_older_version(self, files: Pair, end: str) -> None:
        _make_first_version(sqlite_path(getattr(files, end)))
        with pytest.raises(StoreError, match=r"the schema of sqlite:///\S+ lacks \d migrations: run `tacet database"):
            await copied(files)


def _make_first_version(path: Path) -> None:
    path.unlink(missing_ok=True)
    number, name, schema = migrations()[0]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(schema)
        connection.execute("CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        connection.execute("INSERT INTO migration VALUES (?, ?)", (number, name))
