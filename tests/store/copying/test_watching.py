"""What others do to both sides while one is copied into the other."""

import asyncio
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import asyncpg
import pytest

from tacet.store.address import sqlite_path
from tacet.store.base import StoreError
from tacet.store.copying import Changed, Differs
from tacet.store.postgres import copying as postgres_copying
from tacet.store.queries.copying import KEYS
from tests.databases import Postgres
from tests.store.copying.copies import (
    SMALL_STRETCH,
    Databases,
    Pair,
    changing,
    connected,
    copied,
    opened,
    silent,
    stopped,
    writing_once,
)
from tests.store.filled import revisions_of, rows_of

WRITES = {
    "a row more where it was copied already": ("person", "INSERT INTO person VALUES (-5, 'x', 'x', 0, '{}')"),
    "a row less": ("handle", "DELETE FROM handle WHERE person_id = 3"),
    "a row that is another": (
        "relation",
        "UPDATE relation SET end_at_ms = 7 WHERE source_id = 1 AND position = 4",
    ),
    "a row that moved back": (
        "relation",
        "UPDATE relation SET position = 1 WHERE source_id = 40 AND position = 8",
    ),
    "a row that moved on and is met again": (
        "relation",
        "UPDATE relation SET position = 90000 WHERE source_id = 40 AND position = 2",
    ),
}


WAITING = "SELECT mode FROM pg_locks WHERE NOT granted AND relation = CAST('handle' AS REGCLASS)"


class TestAWatchedSource:
    @pytest.mark.parametrize(("table", "statement"), WRITES.values(), ids=WRITES)
    async def test_what_changes_meanwhile_is_found_and_named(self, pair: Pair, table: str, statement: str) -> None:
        rows = await rows_of(pair.source)
        before = 0
        for name in KEYS:
            before += len(rows[name])
            if name == table:
                break

        # Where the table is nearly done; of a small one, all of it.
        await stopped(pair, before - SMALL_STRETCH)
        await changing(pair.source, statement)
        with pytest.raises(Changed, match=rf"was written to while it was copied \(table {table}: ") as caught:
            await copied(pair)
        assert "copy again into an empty database" in str(caught.value)
        with pytest.raises(StoreError, match="unfinished copy"):
            await revisions_of(pair.destination)

    @pytest.fixture
    def servers(self, database: Databases) -> Pair:
        """From PostgreSQL, where a server may be writing, to a file."""
        return Pair(database("postgresql", full=True), database("sqlite", full=False))

    async def test_while_it_is_compared_nobody_writes(self, servers: Pair) -> None:
        writing: list[asyncio.Task[str]] = []
        async with opened(servers) as copy, connected(servers.source) as connection:
            await copy.open()
            await copy.run(silent)

            def begin(_done: int, _total: int) -> None:
                if not writing:
                    sql = "SET lock_timeout = 1; DELETE FROM handle WHERE person_id = 3"
                    writing.append(asyncio.create_task(connection.execute(sql)))

            with suppress(StoreError):
                await copy.verify(begin)
            with pytest.raises(asyncpg.LockNotAvailableError):
                await writing[0]

    def test_a_server_that_waits_to_write_is_found(self, servers: Pair, postgres: Postgres) -> None:
        name = servers.source.rpartition("/")[2]
        writing: list[Future[str]] = []

        def begin(_done: int, _total: int) -> None:
            if not writing:
                sql = "DELETE FROM handle WHERE person_id = 3"
                writing.append(threads.submit(postgres.run, sql, database=name))
                while not postgres.run(WAITING, database=name):
                    assert not writing[0].done()

        async def compared() -> None:
            async with opened(servers) as copy:
                await copy.open()
                await copy.run(silent)
                await copy.verify(begin)

        with ThreadPoolExecutor() as threads:
            with pytest.raises(
                StoreError, match=r"\(a server waits to write\): stop whatever does that, then run this"
            ):
                asyncio.run(compared())
            # It was let go on.
            assert writing[0].result() == ""

    async def test_a_command_that_writes_to_a_file_while_it_is_compared_is_found(self, files: Pair) -> None:
        async with opened(files) as copy:
            await copy.open()
            await copy.run(silent)
            with pytest.raises(StoreError, match=r"\(another program wrote\): stop whatever does that, then run this"):
                await copy.verify(writing_once(files.source))
        with pytest.raises(Changed, match=r"table handle: 39 rows, 40 were copied"):
            await copied(files)

    async def test_a_source_that_is_never_left_alone_is_told(
        self, servers: Pair, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres_copying, "_HOLD", postgres_copying._HOLD.replace("10s", "100ms"))
        async with opened(servers) as copy, connected(servers.source) as connection:
            await copy.open()
            await copy.run(silent)
            async with connection.transaction():
                await connection.execute("DELETE FROM handle WHERE person_id = 3")
                with pytest.raises(StoreError, match="is being written to: stop its servers"):
                    await copy.verify(silent)

    async def test_what_is_written_before_it_is_read_is_copied(self, pair: Pair) -> None:
        await stopped(pair, 60)
        await changing(pair.source, "INSERT INTO relation (source_id, kind, position, target_id) VALUES (99, 1, 2, 3)")
        await copied(pair)
        assert await rows_of(pair.destination) == await rows_of(pair.source)

    async def test_a_copy_that_something_else_wrote_to_is_found(self, pair: Pair) -> None:
        async with opened(pair) as copy:
            await copy.open()
            await copy.run(silent)
            await changing(pair.destination, "UPDATE relation SET target_id = 5 WHERE source_id = 4 AND position = 4")
            with pytest.raises(Differs, match="does not hold what was copied into it") as caught:
                await copy.verify(silent)
        assert not isinstance(caught.value, Changed)


class TestAFileThatGoes:
    async def test_where_it_is_written_to_is_noticed(self, pair: Pair, database: Databases) -> None:
        files = Pair(pair.source, database("sqlite", full=False).replace("empty.db", "target.db"))
        path = sqlite_path(files.destination)

        def remove(_done: int, _total: int) -> None:
            path.unlink(missing_ok=True)

        async with opened(files) as copy:
            await copy.open()
            with pytest.raises(StoreError, match=r"target\.db was removed or replaced meanwhile: see what did that"):
                await copy.run(remove)
        assert not path.exists()

    async def test_before_the_end_it_is_no_copy(self, files: Pair) -> None:
        path = sqlite_path(files.destination)
        async with opened(files) as copy:
            await copy.open()
            await copy.run(silent)
            path.replace(path.with_name("elsewhere.db"))
            with pytest.raises(StoreError, match="was removed or replaced meanwhile"):
                await copy.verify(silent)
        assert not path.exists()

    async def test_where_it_is_read_another_in_its_place_is_noticed(self, files: Pair) -> None:
        path = sqlite_path(files.source)
        async with opened(files) as copy:
            await copy.open()
            await copy.run(silent)
            shutil.copy(path, path.with_name("other.db"))
            path.with_name("other.db").replace(path)
            with pytest.raises(StoreError, match="was removed or replaced meanwhile"):
                await copy.verify(silent)
