"""How a database gets its tables, and which databases are left alone."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from tacet.store.base import StoreError
from tacet.store.opening import open_store
from tacet.store.postgres import migrating
from tacet.store.postgres.migrating import migrate, pending
from tests.databases import Postgres

FIRST = "0001_first.sql"


@pytest.fixture
async def admin(postgres_address: str) -> AsyncIterator[Any]:
    """A session with the empty database."""
    connection = await asyncpg.connect(postgres_address)
    yield connection
    await connection.close()


async def tables(admin: Any) -> set[str]:
    rows = await admin.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    return {name for (name,) in rows}


async def open_and_close(address: str) -> None:
    store = open_store(address, 10)
    await store.open()
    await store.close()


async def test_an_empty_database_gets_its_tables_once(postgres_address: str, admin: Any) -> None:
    assert await pending(postgres_address) == [FIRST]
    assert await tables(admin) == set()
    assert await migrate(postgres_address) == [FIRST]
    assert {"migration", "relation", "person", "nonce"} <= await tables(admin)
    assert await pending(postgres_address) == []
    assert await migrate(postgres_address) == []
    await open_and_close(postgres_address)


async def test_of_several_at_once_one_does_it_and_the_others_find_it_done(postgres_address: str) -> None:
    answers = await asyncio.gather(*(migrate(postgres_address) for _ in range(6)))
    assert sorted(answers) == [[]] * 5 + [[FIRST]]


async def test_a_migration_that_fails_leaves_nothing(
    postgres_address: str, admin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [*migrating._migrations(), (2, "0002_broken.sql", "CREATE TABLE half (id INTEGER); SELECT 1 / 0")]
    monkeypatch.setattr(migrating, "_migrations", lambda: broken)
    with pytest.raises(StoreError):
        await migrate(postgres_address)
    assert await tables(admin) == set()


async def test_a_later_migration_is_run_on_what_is_there(
    postgres_address: str, admin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(postgres_address)
    known = [*migrating._migrations(), (2, "0002_next.sql", "CREATE TABLE next (id INTEGER)")]
    monkeypatch.setattr(migrating, "_migrations", lambda: known)
    with pytest.raises(StoreError, match="tacet database migrate"):
        await open_and_close(postgres_address)
    assert await pending(postgres_address) == ["0002_next.sql"]
    assert await migrate(postgres_address) == ["0002_next.sql"]
    assert "next" in await tables(admin)
    await open_and_close(postgres_address)


async def test_an_empty_database_is_not_served(postgres_address: str, admin: Any) -> None:
    with pytest.raises(StoreError, match="tacet database migrate"):
        await open_and_close(postgres_address)
    assert await tables(admin) == set()


@pytest.mark.parametrize("action", [migrate, pending, open_and_close], ids=["migrate", "check", "serve"])
async def test_a_newer_database_is_left_alone(postgres_address: str, admin: Any, action: Any) -> None:
    await migrate(postgres_address)
    await admin.execute("INSERT INTO migration VALUES (999, '0999_future.sql')")
    with pytest.raises(StoreError, match="newer version"):
        await action(postgres_address)


@pytest.mark.parametrize("action", [migrate, pending, open_and_close], ids=["migrate", "check", "serve"])
async def test_another_programs_database_is_left_alone(postgres_address: str, admin: Any, action: Any) -> None:
    await admin.execute("CREATE TABLE somebody_elses (id INTEGER)")
    with pytest.raises(StoreError, match="another program's"):
        await action(postgres_address)
    assert await tables(admin) == {"somebody_elses"}


@pytest.mark.parametrize("action", [migrate, pending, open_and_close], ids=["migrate", "check", "serve"])
async def test_so_is_one_whose_tables_have_the_names_of_ours(postgres_address: str, admin: Any, action: Any) -> None:
    await admin.execute("CREATE TABLE migration (version TEXT); CREATE TABLE relation (id INTEGER)")
    with pytest.raises(StoreError, match="another program's"):
        await action(postgres_address)
    assert await tables(admin) == {"migration", "relation"}


async def test_a_schema_of_its_own_in_another_programs_database_will_do(postgres_address: str, admin: Any) -> None:
    await admin.execute("CREATE TABLE somebody_elses (id INTEGER); CREATE SCHEMA tacet")
    address = f"{postgres_address}?search_path=tacet"
    assert await migrate(address) == [FIRST]
    await open_and_close(address)


async def test_views_and_what_extensions_bring_are_in_nobodys_way(
    postgres: Postgres, postgres_address: str, admin: Any
) -> None:
    await admin.execute("CREATE VIEW overview AS SELECT 1 AS one")
    postgres.run(
        "CREATE TABLE brought (id INTEGER)",
        "INSERT INTO pg_depend SELECT 'pg_class'::regclass, 'brought'::regclass, 0, "
        "'pg_extension'::regclass, oid, 0, 'e' FROM pg_extension",
        database=postgres_address.rpartition("/")[2],
    )
    assert await migrate(postgres_address) == [FIRST]


async def test_a_user_who_may_not_is_told_so(postgres: Postgres, postgres_address: str) -> None:
    postgres.run("CREATE ROLE guest LOGIN")
    address = postgres_address.replace("tacet@", "guest@")
    with pytest.raises(StoreError, match="may not"):
        await migrate(address)
