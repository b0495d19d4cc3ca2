"""PostgreSQL's own tools bring back what was acknowledged, with the commands that the documentation shows."""

import asyncio
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tacet.cli.exits import Exit
from tacet.store.maintenance import migrate
from tacet.store.opening import open_store
from tests.cli.conftest import Tacet
from tests.databases import SUPERUSER, Postgres
from tests.programs import postgres_search_path
from tests.store.building import NOW, QUEUE_LENGTH, mute
from tests.store.filled import filled, rows_of

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"

BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)

DUMPED, RESTORED = "postgresql://tacet@db.example/tacet", "postgresql://tacet@db.example/restored"
"""As the documentation calls them."""

COMMAND_TIMEOUT_S = 60


def documented(page: str) -> list[str]:
    """All commands that a page shows, in order, each with the lines that are its input."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [command for block in BLOCK.findall(text) for command in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]


def run(command: str, **environment: str) -> None:
    done = subprocess.run(
        ["/bin/sh", "-e", "-c", command],
        env={"PATH": postgres_search_path(), "LC_ALL": "C", **environment},
        cwd="/",
        user=SUPERUSER if environment.get("PGUSER") == SUPERUSER and os.geteuid() == 0 else None,
        capture_output=True,
        text=True,
        timeout=COMMAND_TIMEOUT_S,
    )
    assert done.returncode == 0, (command, done.stderr)


@pytest.fixture
def source(postgres: Postgres, migrated_address: str) -> str:
    asyncio.run(filled(migrated_address))
    return migrated_address


@pytest.fixture
def empty(postgres_address: str) -> str:
    return postgres_address


def same(one: str, other: str) -> bool:
    return asyncio.run(rows_of(one)) == asyncio.run(rows_of(other))


class TestADump:
    def test_that_backup_suggests_brings_everything_back(
        self, tacet: Tacet, source: str, empty: str, tmp_path: Path
    ) -> None:
        dump = tmp_path / "tacet.dump"
        ended = tacet(f"database backup --database {source} {dump}")
        run(ended.complaint.partition("its own tools: ")[2])
        run(f"pg_restore --no-owner --exit-on-error --dbname {empty} {dump}")
        assert same(source, empty)

    def test_can_be_piped_into_psql(self, source: str, empty: str) -> None:
        run(f"pg_dump --no-owner {source} | psql --quiet --set ON_ERROR_STOP=1 {empty} > /dev/null")
        assert same(source, empty)

    def test_is_restored_by_the_documented_commands(
        self, tacet: Tacet, postgres: Postgres, source: str, empty: str, tmp_path: Path
    ) -> None:
        shown = [command for command in documented("operations.md") if command.startswith(("pg_dump", "pg_restore"))]
        commands = [command for command in shown if "tacet.dump" in command]
        assert [command.split()[0] for command in commands] == ["pg_dump", "pg_restore"]
        for command in commands:
            # The database that `createdb` would make is there already.
            here = command.replace(RESTORED, empty).replace(DUMPED, source)
            run(here.replace("tacet.dump", str(tmp_path / "tacet.dump")))
        assert same(source, empty)
        assert tacet(f"database migrate --check --database {empty}").code == Exit.OK

    def test_that_was_restored_serves(self, source: str, empty: str) -> None:
        run(f"pg_dump --no-owner {source} | psql --quiet --set ON_ERROR_STOP=1 {empty} > /dev/null")
        assert asyncio.run(muted(empty, 7))


async def muted(address: str, *target_ids: int) -> list[bool]:
    """Mute somebody, as a server does."""
    store = open_store(address, QUEUE_LENGTH)
    await store.open()
    try:
        return [await store.relations.add(mute(id_, 2 * id_, source_id=9_999), NOW) for id_ in target_ids]
    finally:
        await store.close()


async def targets(address: str) -> list[int]:
    connection = await asyncpg.connect(address)
    try:
        return [id_ for (id_,) in await connection.fetch("SELECT target_id FROM relation ORDER BY target_id")]
    finally:
        await connection.close()


class TestAPointInTime:
    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[Postgres]:
        """One of its own: what happens to it should happen to nobody else."""
        with Postgres.started(tmp_path) as started:
            yield started

    def test_is_reached_by_the_documented_commands(self, server: Postgres) -> None:
        commands = documented("recovery.md")
        prepared = 1 + next(place for place, each in enumerate(commands) if "pg_basebackup" in each)
        address = server.database()
        asyncio.run(migrate(address))
        asyncio.run(muted(address, 1, 2))

        self._type(server, commands[:prepared], "")
        asyncio.run(muted(address, 3, 4))
        moment = server.run("SELECT pg_sleep(0.1), now() + interval '0.1 s', pg_sleep(0.2)").split("|")[1]
        server.run("DELETE FROM relation WHERE target_id < 4", database=address.rpartition("/")[2])
        asyncio.run(muted(address, 5))
        server.kill()

        self._type(server, commands[prepared:], moment)
        assert asyncio.run(targets(address)) == [1, 2, 3, 4]
        assert asyncio.run(muted(address, 6)) == [True]
        assert asyncio.run(targets(address)) == [1, 2, 3, 4, 6]

    def _type(self, server: Postgres, commands: list[str], moment: str) -> None:
        here = {"PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGUSER": SUPERUSER}
        for command in commands:
            if command.startswith("systemctl"):
                self._control(server, command)
                continue
            command = command.replace("/var/lib/postgresql/15/main", str(server.data / "cluster"))
            command = command.replace("/var/lib/postgresql/15", str(server.data))
            command = command.replace("/var/backups/tacet", str(server.data / "backups"))
            run(re.sub(r"(?<=recovery_target_time = ')[^']*", moment, command), **here)

    def _control(self, server: Postgres, command: str) -> None:
        """What a service manager would do."""
        _, action, service = command.split()
        if service == "postgresql" and action in {"stop", "restart"}:
            server.stop()
        if service == "postgresql" and action in {"start", "restart"}:
            server.start()
