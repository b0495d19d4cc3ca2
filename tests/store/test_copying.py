"""One database becomes another, whatever kind each is, and whatever comes in between."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import asyncpg
import pytest

from tacet.store import copying
from tacet.store.address import sqlite_path
from tacet.store.base import Part, Serving, StoreError, StoreLocked
from tacet.store.copying import Changed, Copy, Differs, Row, checksum
from tacet.store.maintenance import migrate, side
from tacet.store.opening import open_store
from tacet.store.postgres import copying as postgres_copying
from tacet.store.postgres.connections import connect
from tacet.store.postgres.store import PostgresStore
from tacet.store.queries import copying as queries
from tacet.store.queries.copying import KEYS
from tacet.store.sqlite.migrating import migrations
from tests.databases import Postgres
from tests.store.building import NOW, QUEUE_LENGTH, mute
from tests.store.filled import MUTES_EACH, PEOPLE, filled, revisions_of, rows_of
from tests.store.postgres.partitioning import partition

THERE_AND_BACK = [("sqlite", "postgresql"), ("postgresql", "sqlite")]
PAIRS = [*THERE_AND_BACK, ("sqlite", "sqlite"), ("postgresql", "postgresql")]

SMALL_STRETCH = 25
"""So that most tables take several."""


class Databases(Protocol):
    """Makes a database of a kind: full, or without even a table."""

    def __call__(self, kind: str, full: bool) -> str: ...


@dataclass(frozen=True, slots=True)
class Pair:
    """The addresses of a filled database and of an empty one."""

    source: str
    destination: str


Templates = dict[str, str]
"""The address of a filled database of each kind, to be copied by its own means."""


@pytest.fixture(scope="module")
def templates(postgres: Postgres, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Templates:
    file = f"sqlite:///{tmp_path_factory.mktemp('copying') / 'filled.db'}"
    made = {"sqlite": file, "postgresql": postgres.database(migrated_template)}
    for address in made.values():
        asyncio.run(filled(address))
    return made


@pytest.fixture
def database(postgres: Postgres, templates: Templates, tmp_path: Path) -> Iterator[Databases]:
    made: list[str] = []

    def make(kind: str, full: bool) -> str:
        if kind == "postgresql":
            made.append(postgres.database(templates[kind] if full else None))
            return made[-1]
        path = tmp_path / ("full.db" if full else "empty.db")
        if full:
            shutil.copy(sqlite_path(templates[kind]), path)
        return f"sqlite:///{path}"

    yield make
    for address in made:
        postgres.drop(address)


@pytest.fixture(params=THERE_AND_BACK, ids=[" to ".join(pair) for pair in THERE_AND_BACK])
def pair(request: pytest.FixtureRequest, database: Databases) -> Pair:
    source, destination = request.param
    return Pair(database(source, full=True), database(destination, full=False))


@pytest.fixture(params=PAIRS, ids=[" to ".join(pair) for pair in PAIRS])
def any_pair(request: pytest.FixtureRequest, database: Databases) -> Pair:
    """For what is worth its time with each of them."""
    source, destination = request.param
    return Pair(database(source, full=True), database(destination, full=False))


@pytest.fixture
def files(database: Databases) -> Pair:
    """For what is the same whatever kind a database is."""
    return Pair(database("sqlite", full=True), database("sqlite", full=False))


@pytest.fixture(autouse=True)
def _short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "STRETCH_ROWS", SMALL_STRETCH)


def silent(_done: int, _total: int) -> None:
    """Shows no progress."""


@asynccontextmanager
async def opened(pair: Pair) -> AsyncIterator[Copy]:
    copy = Copy(side(pair.source), side(pair.destination))
    try:
        yield copy
    finally:
        await copy.close()


async def copied(pair: Pair) -> dict[str, int]:
    """The rows of each table, once it is all done."""
    async with opened(pair) as copy:
        await copy.open()
        await copy.run(silent)
        return dict(await copy.verify(silent))


class Stopped(Exception):
    """Stands for whatever ends a copy early."""


async def stopped(pair: Pair, after_rows: int) -> None:
    """Begin a copy, and end it early."""

    def stop(done: int, _total: int) -> None:
        if done >= after_rows:
            raise Stopped

    async with opened(pair) as copy:
        await copy.open()
        with pytest.raises(Stopped):
            await copy.run(stop)


async def changing(address: str, *statements: str) -> None:
    """Run SQL on a database of either kind."""
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(sqlite_path(address))) as connection, connection:
            for statement in statements:
                connection.execute(statement)
        return
    async with _connected(address) as connection:
        for statement in statements:
            await connection.execute(statement)


@asynccontextmanager
async def _connected(address: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(address)
    try:
        yield connection
    finally:
        await connection.close()


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
        assert await _tables(templates[kind]) == {*KEYS, "migration", "revision"}

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


async def _tables(address: str) -> set[str]:
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(sqlite_path(address))) as connection:
            return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    async with _connected(address) as connection:
        rows = await connection.fetch("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
        return {name for (name,) in rows}


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
            with pytest.raises(StoreError, match=r"unfinished copy .*: run the same `tacet database copy` again"):
                await store.open()
        with pytest.raises(StoreError, match=r"unfinished copy .*: run the same `tacet database copy` again"):
            await migrate(pair.destination)
        await copied(pair)
        assert await revisions_of(pair.destination)

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


class TestRefused:
    @pytest.mark.parametrize("table", ["person", "relation", "nonce", "page_session"])
    async def test_a_destination_with_anything_in_it(self, pair: Pair, table: str) -> None:
        await migrate(pair.destination)
        await filled(pair.destination)
        await changing(pair.destination, *(f"DELETE FROM {name}" for name in KEYS if name != table))
        before = await rows_of(pair.destination)
        with pytest.raises(StoreError, match=rf"not empty \(it has rows in {table}\), .* give an empty database"):
            await copied(pair)
        assert await rows_of(pair.destination) == before

    async def test_a_destination_of_another_program(self, pair: Pair) -> None:
        await changing(pair.destination, "CREATE TABLE somebody_elses (id INTEGER)")
        with pytest.raises(StoreError, match="another program's"):
            await copied(pair)
        assert await _tables(pair.destination) == {"somebody_elses"}

    async def test_a_finished_copy_is_not_copied_into_again(self, pair: Pair) -> None:
        await copied(pair)
        with pytest.raises(StoreError, match="not empty"):
            await copied(pair)

    async def test_two_copies_into_one_destination_at_once(self, pair: Pair) -> None:
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
    async def test_a_destination_on_postgresql_that_a_server_has(self, database: Databases, serving: Serving) -> None:
        pair = Pair(database("sqlite", full=True), database("postgresql", full=False))
        await migrate(pair.destination)
        store = PostgresStore(pair.destination, QUEUE_LENGTH, 2, 5.0, serving)
        await store.open()
        try:
            with pytest.raises(StoreLocked, match=r"a server serves postgresql://\S+, into which is copied"):
                await copied(pair)
        finally:
            await store.close()
        await copied(pair)

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
        async with opened(servers) as copy, _connected(servers.source) as connection:
            await copy.open()
            await copy.run(silent)

            def begin(_done: int, _total: int) -> None:
                if not writing:
                    sql = "SET lock_timeout = 1; DELETE FROM handle WHERE person_id = 3"
                    writing.append(asyncio.create_task(connection.execute(sql)))

            with suppress(Changed):
                await copy.verify(begin)
            with pytest.raises(asyncpg.LockNotAvailableError):
                await writing[0]

    async def test_a_server_that_waits_to_write_is_found(self, servers: Pair) -> None:
        async with opened(servers) as copy, _connected(servers.source) as connection:
            await copy.open()
            await copy.run(silent)
            writing: list[asyncio.Task[str]] = []

            def begin(_done: int, _total: int) -> None:
                if not writing:
                    writing.append(asyncio.create_task(connection.execute("DELETE FROM handle WHERE person_id = 3")))

            with pytest.raises(Changed, match="a server waits to write"):
                await copy.verify(begin)
            await copy.close()
            await asyncio.gather(*writing)

    async def test_a_source_that_is_never_left_alone_is_told(
        self, servers: Pair, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres_copying, "_HOLD", postgres_copying._HOLD.replace("10s", "100ms"))
        async with opened(servers) as copy, _connected(servers.source) as connection:
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


def test_checksums_do_not_depend_on_the_order_and_tell_what_is_different() -> None:
    rows: list[Row] = [(1, "a", None, b"x"), (2, "", None, b""), (3, "a", 0, b"x")]
    assert checksum(rows) == checksum(rows[::-1])
    others: list[list[Row]] = [
        rows[:2],
        [*rows, rows[0]],
        [*rows[:2], (3, "a", None, b"x")],
        [*rows[:2], (3, "a", 0, "x")],
        [*rows[:2], ("3", "a", 0, b"x")],
    ]
    assert len({checksum(each) for each in [rows, *others]}) == len(others) + 1
