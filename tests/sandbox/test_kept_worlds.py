"""A sandbox's world in a PostgreSQL database: `--world`."""

import asyncio
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from tacet.cli.exits import Exit
from tacet.records.people import Person
from tacet.sandbox.graph import BOB_MUTES
from tacet.store.opening import open_store
from tacet.store.postgres import worlds
from tests.databases import Postgres
from tests.sandbox.test_seeding import KILLED, PEOPLE, call, ids_muted_by
from tests.sandboxes import TACET, clean_environment, sandbox

ORIGIN, OTHER = '{"people":12,"seed":7}', '{"people":50,"seed":1}'


def start(address: str, *options: str) -> subprocess.CompletedProcess[str]:
    """A start that fails."""
    command = [*TACET, "sandbox", "--port", "0", "--world", address, *options]
    return subprocess.run(command, env=clean_environment(), capture_output=True, text=True, timeout=60)


def test_an_empty_database_is_given_tables_and_the_world(postgres_address: str, tmp_path: Path) -> None:
    with sandbox(tmp_path, "--world", postgres_address, "--people", str(PEOPLE)) as server:
        assert len(server.ready["person_ids"]) == PEOPLE
        assert f"kept in {postgres_address}" in server.welcome
        assert len(ids_muted_by(server, server.resident("bob"))) == BOB_MUTES


def test_mutes_survive_a_restart_and_nothing_is_moved_in_twice(postgres_address: str, tmp_path: Path) -> None:
    options = ("--world", postgres_address, "--people", str(PEOPLE))
    with sandbox(tmp_path, *options) as server:
        alice, bob = server.resident("alice"), server.resident("bob")
        call(server, "POST", f"/2/users/{alice.id}/muting", alice, {"target_user_id": bob.id})
        [_, unmuted, _] = seeded = ids_muted_by(server, bob)
        call(server, "DELETE", f"/2/users/{bob.id}/muting/{unmuted}", bob)
    with sandbox(tmp_path, *options) as server:
        assert ids_muted_by(server, alice) == [bob.id]
        assert ids_muted_by(server, bob) == [id_ for id_ in seeded if id_ != unmuted]


def test_a_second_sandbox_on_one_world_would_count_limits_anew_and_is_refused(
    postgres_address: str, tmp_path: Path
) -> None:
    with sandbox(tmp_path, "--world", postgres_address, "--people", str(PEOPLE)) as server:
        done = start(postgres_address, "--people", str(PEOPLE))
        assert done.returncode == Exit.DATABASE
        assert "another server serves this database" in done.stderr
        assert len(ids_muted_by(server, server.resident("bob"))) == BOB_MUTES


@pytest.mark.parametrize("before", ["_hand_out_keys", "_note_moved_in"], ids=["its-keys", "its-mark"])
def test_moving_in_that_was_killed_is_finished_by_the_next_start(
    postgres_address: str, tmp_path: Path, before: str
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED.format(before=before), "sandbox", "--port", "0", "--world", postgres_address],
        env=clean_environment(),
        timeout=60,
    )
    assert killed.returncode < 0
    assert not asyncio.run(worlds.is_complete(postgres_address))
    with sandbox(tmp_path, "--world", postgres_address, "--people", "50") as server:
        assert len(server.ready["person_ids"]) == 200
        assert len(ids_muted_by(server, server.resident("bob"))) == BOB_MUTES
    assert asyncio.run(worlds.is_complete(postgres_address))


def test_another_world_than_the_one_that_is_there_is_warned_of(postgres_address: str, tmp_path: Path) -> None:
    with sandbox(tmp_path, "--world", postgres_address, "--people", str(PEOPLE)):
        pass
    # A port that cannot be had ends it where it would begin to serve.
    done = start(postgres_address, "--people", "50", "--host", "192.0.2.1")
    assert f"already holds a world, of {PEOPLE} people" in done.stderr
    assert "give another --world" in done.stderr


async def _fill(address: str) -> None:
    """Put a person into a database with Tacet's tables."""
    store = open_store(address, 10)
    await store.open()
    try:
        await store.directory.put_people([Person(7, "somebody", "Somebody")])
    finally:
        await store.close()


async def _create_table(address: str) -> None:
    connection = await asyncpg.connect(address)
    try:
        await connection.execute("CREATE TABLE orders (number INTEGER)")
    finally:
        await connection.close()


def test_a_platforms_database_is_left_alone(migrated_address: str, postgres: Postgres) -> None:
    asyncio.run(_fill(migrated_address))
    done = start(migrated_address)
    assert worlds.FOREIGN in done.stderr
    assert done.returncode != 0
    name = migrated_address.rpartition("/")[2]
    assert postgres.run("SELECT username FROM person", database=name) == "somebody\n"
    assert postgres.run(f"SELECT to_regclass('{worlds.MARK}') IS NULL", database=name) == "t\n"


def test_another_programs_database_is_left_alone(postgres_address: str, postgres: Postgres) -> None:
    asyncio.run(_create_table(postgres_address))
    assert worlds.FOREIGN in start(postgres_address).stderr
    name = postgres_address.rpartition("/")[2]
    assert postgres.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database=name) == "orders\n"


def test_a_database_with_tables_and_nothing_in_them_is_taken(migrated_address: str) -> None:
    assert asyncio.run(worlds.claim(migrated_address, ORIGIN)) == ORIGIN


def test_who_claims_it_again_or_at_the_same_time_is_told_whose_it_is(postgres_address: str) -> None:
    async def all_at_once() -> list[str]:
        return await asyncio.gather(*(worlds.claim(postgres_address, each) for each in [ORIGIN, OTHER] * 3))

    [kept] = set(asyncio.run(all_at_once()))
    assert asyncio.run(worlds.claim(postgres_address, "another")) == kept


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--world", "sqlite:///world.db"], "--world takes postgresql://"),
        (["--world", "postgresql://somebody:hidden@127.0.0.1:1/nowhere"], "cannot be reached"),
        (["--world", "postgresql://tacet@127.0.0.1/world", "--data", "world"], "give --data or --world, not both"),
    ],
    ids=["another kind of database", "nothing there", "two places"],
)
def test_a_place_that_is_none_is_refused(options: list[str], reason: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [*TACET, "sandbox", "--port", "0", *options],
        env=clean_environment(),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert reason in done.stderr
    assert "hidden" not in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
