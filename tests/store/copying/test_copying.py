"""One database becomes another, whatever kind each is, and whatever comes in between."""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tacet.store.address import sqlite_path
from tacet.store.base import Part, StoreError
from tacet.store.copying import Copy
from tacet.store.maintenance import distribute, migrate, pending, side
from tacet.store.opening import open_store
from tacet.store.postgres.connections import connect
from tacet.store.queries import copying as queries
from tacet.store.queries.copying import KEYS
from tacet.store.sqlite.backup import back_up
from tacet.store.sqlite.copying import SqliteSide
from tests.databases import Postgres
from tests.store.building import NOW, QUEUE_LENGTH, mute
from tests.store.copying.copies import (
    SMALL_STRETCH,
    UNFINISHED,
    Databases,
    Pair,
    Templates,
    changing,
    copied,
    opened,
    silent,
    stopped,
    tables,
)
from tests.store.filled import MUTES_EACH, PEOPLE, revisions_of, rows_of
from tests.store.postgres.partitioning import partition


class TestWhatIsCopied:
    async def test_every_row_of_every_table_arrives(self, any_pair: Pair) -> None:
        before = await rows_of(any_pair.source)
        assert min(len(rows) for rows in before.values()) > 0
        counts = await copied(any_pair)
        assert await rows_of(any_pair.destination) == before
        assert counts == {name: len(rows) for name, rows in before.items()}
        assert counts["relation"] > PEOPLE * MUTES_EACH

    async def test_the_source_stays_as_it_is(self, pair: Pair) -> None:
        before = await rows_of(pair.source), await revisions_of(pair.source)
        await copied(pair)
        assert (await rows_of(pair.source), await revisions_of(pair.source)) == before

    async def test_revisions_rise_so_that_servers_notice(self, pair: Pair) -> None:
        before = await revisions_of(pair.source)
        await copied(pair)
        after = await revisions_of(pair.destination)
        assert set(after) == set(Part)
        assert all(after[part] > before.get(part, 0) for part in Part)

    async def test_there_and_back_it_is_the_same(self, pair: Pair, tmp_path: Path) -> None:
        await copied(pair)
        back = Pair(pair.destination, f"sqlite:///{tmp_path / 'back.db'}")
        await copied(back)
        assert await rows_of(back.destination) == await rows_of(pair.source)

    async def test_the_copy_serves(self, pair: Pair) -> None:
        await copied(pair)
        store = open_store(pair.destination, QUEUE_LENGTH)
        await store.open()
        try:
            assert await store.relations.add(mute(9_999, 1 << 40), NOW)
            assert [found.id for found in await store.directory.people([3])] == [3]
            assert await store.directory.ids_of(["user_7"]) == {"user_7": 7}
        finally:
            await store.close()

    async def test_an_empty_database_is_copied_too(self, tmp_path: Path) -> None:
        pair = Pair(f"sqlite:///{tmp_path / 'from.db'}", f"sqlite:///{tmp_path / 'to.db'}")
        await migrate(pair.source)
        assert set((await copied(pair)).values()) == {0}

    @pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
    async def test_no_table_is_forgotten(self, kind: str, templates: Templates) -> None:
        assert await tables(templates[kind]) == {*KEYS, "migration", "revision"}

    @pytest.mark.parametrize("name", KEYS)
    @pytest.mark.parametrize("first", [True, False], ids=["first", "next"])
    async def test_each_stretch_is_found_by_an_index(self, templates: Templates, name: str, first: bool) -> None:
        values = {"digest": "'\\x00'", "username_key": "'a'"}
        sql = queries.read(name, ["*"], first=first).replace("$1", "5000")
        for place, column in enumerate(KEYS[name], 2):
            sql = sql.replace(f"${place}", values.get(column, "17"))
        with closing(sqlite3.connect(sqlite_path(templates["sqlite"]))) as connection:
            (step,) = [step for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
        assert step.startswith("SCAN" if first else "SEARCH")
        server = await connect(templates["postgresql"], None, 10)
        plan = "\n".join(line for (line,) in await server.fetch(f"EXPLAIN {sql}", ()))
        await server.close(10)
        assert "Index" in plan
        assert "Sort" not in plan
        assert ("Index Cond" in plan) == (not first)

    async def test_progress_ends_with_everything(self, pair: Pair) -> None:
        told: list[tuple[int, int]] = []
        async with opened(pair) as copy:
            await copy.open()
            await copy.run(lambda *seen: told.append(seen))
            rows = sum(len(rows) for rows in (await rows_of(pair.source)).values())
            assert told[-1] == (rows, rows)
            assert told == sorted(told)
            assert len(told) > rows // SMALL_STRETCH
            await copy.verify(lambda *seen: told.append(seen))
            assert told[-1] == (2 * rows, 2 * rows)


class TestInterrupted:
    @pytest.mark.parametrize("after_rows", [1, 60, 600, 1_300])
    async def test_the_next_run_goes_on_where_it_stopped(self, pair: Pair, after_rows: int) -> None:
        await stopped(pair, after_rows)
        async with opened(pair) as copy:
            before = await copy.open()
            assert after_rows <= before < after_rows + SMALL_STRETCH
            await copy.run(silent)
            await copy.verify(silent)
        assert await rows_of(pair.destination) == await rows_of(pair.source)

    async def test_again_and_again(self, pair: Pair) -> None:
        for after_rows in range(100, 1_000, 300):
            await stopped(pair, after_rows)
        await copied(pair)
        assert await rows_of(pair.destination) == await rows_of(pair.source)

    async def test_once_all_is_copied_it_only_compares(self, pair: Pair) -> None:
        async with opened(pair) as copy:
            await copy.open()
            await copy.run(silent)
        async with opened(pair) as copy:
            assert await copy.open() == sum(len(rows) for rows in (await rows_of(pair.source)).values())
            await copy.run(silent)
            await copy.verify(silent)
        assert await rows_of(pair.destination) == await rows_of(pair.source)

    async def test_until_it_is_finished_nobody_serves_it(self, pair: Pair) -> None:
        await stopped(pair, 60)
        for server in (True, False):
            store = open_store(pair.destination, QUEUE_LENGTH, server=server)
            with pytest.raises(StoreError, match=UNFINISHED):
                await store.open()
        for work in (migrate, pending):
            with pytest.raises(StoreError, match=UNFINISHED):
                await work(pair.destination)
        await copied(pair)
        assert await revisions_of(pair.destination)

    def test_until_it_is_finished_it_is_not_backed_up(self, files: Pair, tmp_path: Path) -> None:
        backup = tmp_path / "backup.db"

        def back_it_up() -> None:
            back_up(sqlite_path(files.destination), backup, replace=False, progress=silent, pause=time.sleep)

        asyncio.run(stopped(files, 60))
        with pytest.raises(StoreError, match=UNFINISHED):
            back_it_up()
        assert list(tmp_path.glob("backup*")) == []
        asyncio.run(copied(files))
        back_it_up()
        assert asyncio.run(rows_of(f"sqlite:///{backup}")) == asyncio.run(rows_of(files.source))

    async def test_until_it_is_finished_it_is_not_distributed(self, database: Databases) -> None:
        pair = Pair(database("sqlite", full=True), database("postgresql", full=False))
        await stopped(pair, 60)
        with pytest.raises(StoreError, match=UNFINISHED):
            await distribute(pair.destination)

    async def test_by_another_version_it_is_not_gone_on_with(self, pair: Pair) -> None:
        await stopped(pair, 60)
        await changing(pair.destination, "DELETE FROM migration WHERE number = (SELECT MAX(number) FROM migration)")
        with pytest.raises(
            StoreError, match=r"the copy into \S+ was begun by an older version: finish it with that one"
        ):
            await copied(pair)

    async def test_it_is_no_source(self, pair: Pair, tmp_path: Path) -> None:
        await stopped(pair, 60)
        with pytest.raises(StoreError, match="unfinished copy"):
            await copied(Pair(pair.destination, f"sqlite:///{tmp_path / 'third.db'}"))

    async def test_another_source_does_not_go_on_with_it(self, pair: Pair, tmp_path: Path) -> None:
        await stopped(pair, 60)
        other = f"sqlite:///{tmp_path / 'other.db'}"
        await migrate(other)
        with pytest.raises(StoreError, match=r"a copy of \S+ into \S+ is under way") as caught:
            await copied(Pair(other, pair.destination))
        assert "other.db" not in str(caught.value)
        await copied(pair)


async def test_a_full_disk_keeps_what_is_there_and_with_room_it_goes_on(database: Databases, tmp_path: Path) -> None:
    pair = Pair(database("postgresql", full=True), f"sqlite:///{tmp_path / 'to.db'}")
    destination = SqliteSide(sqlite_path(pair.destination))
    copy = Copy(side(pair.source), destination)
    try:
        await copy.open()
        ((pages,),) = destination._rows("PRAGMA page_count")
        destination._rows(f"PRAGMA max_page_count = {pages + 3}")
        with pytest.raises(StoreError, match="the disk is full: free some space"):
            await copy.run(silent)
    finally:
        await copy.close()
    async with opened(pair) as copy:
        assert 0 < await copy.open() < 1_250
        await copy.run(silent)
        await copy.verify(silent)
    assert await rows_of(pair.destination) == await rows_of(pair.source)


class TestATextThatPostgresqlCannotHold:
    @pytest.fixture
    async def with_nul(self, database: Databases) -> Pair:
        pair = Pair(database("sqlite", full=True), database("postgresql", full=False))
        await changing(pair.source, "UPDATE post SET text = 'be' || char(0) || 'ep' WHERE id = 102")
        return pair

    async def test_its_row_is_named_and_nothing_of_the_text_is(self, with_nul: Pair) -> None:
        with pytest.raises(StoreError, match=r"the table post has a text with a NUL .* in the row 102") as caught:
            await copied(with_nul)
        assert "be" not in str(caught.value).split()
        assert "ep" not in str(caught.value).split()

    async def test_once_it_is_changed_the_copy_goes_on(self, with_nul: Pair) -> None:
        with pytest.raises(StoreError):
            await copied(with_nul)
        await changing(with_nul.source, "UPDATE post SET text = 'beep' WHERE id = 102")
        await copied(with_nul)
        assert await rows_of(with_nul.destination) == await rows_of(with_nul.source)


async def test_a_partitioned_schema_is_copied_as_any_other(database: Databases, postgres: Postgres) -> None:
    pair = Pair(database("sqlite", full=True), database("postgresql", full=False))
    await migrate(pair.destination)
    await partition(pair.destination)
    await copied(pair)
    back = Pair(pair.destination, database("sqlite", full=False))
    await copied(back)
    assert await rows_of(back.destination) == await rows_of(pair.source)
