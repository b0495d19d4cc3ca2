"""Why there is no session, as it is told."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tacet.store.base import StoreAway, StoreError
from tacet.store.postgres.connections import connect
from tacet.store.postgres.session import Connection
from tests.databases import HOST, START_TIMEOUT_S, STOP_TIMEOUT_S, USER, Postgres
from tests.redis.waiting import LOOK_INTERVAL_S, LOOKS

TLS_REQUEST_BYTES = 8


async def refusing(said: bytes) -> tuple[asyncio.Server, str]:
    """A server that answers whoever asks for TLS, and hangs up."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(TLS_REQUEST_BYTES)
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    return server, f"postgresql://tacet@127.0.0.1:{server.sockets[0].getsockname()[1]}/tacet?sslmode=require"


@pytest.mark.parametrize(
    ("said", "reason"), [(b"N", "it refuses TLS"), (b"", "it ended the connection")], ids=["no TLS", "nothing"]
)
async def test_a_server_that_refuses_tls_is_told_from_one_that_hangs_up(said: bytes, reason: str) -> None:
    server, address = await refusing(said)
    async with server:
        with pytest.raises(StoreAway, match=reason):
            await connect(address, None, 5)


async def test_a_server_that_is_silent_does_not_answer() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    async with server:
        address = f"postgresql://tacet@127.0.0.1:{server.sockets[0].getsockname()[1]}/tacet?sslmode=require"
        with pytest.raises(StoreAway, match="does not answer"):
            await connect(address, None, 0.3)


async def test_an_option_that_the_server_does_not_know_is_named(postgres_address: str) -> None:
    with pytest.raises(StoreError, match="has no setting no_such_thing, as the database address asks for"):
        await connect(f"{postgres_address}?no_such_thing=1", None, 5)


@pytest.fixture
def settable(tmp_path: Path) -> Iterator[Postgres]:
    """A server whose settings nobody else depends on."""
    with Postgres.started(tmp_path) as server:
        yield server


@asynccontextmanager
async def session_with(server: Postgres) -> AsyncIterator[Connection]:
    session = await connect(f"postgresql://{USER}@{HOST}:{server.port}/postgres", None, START_TIMEOUT_S)
    try:
        yield session
    finally:
        await session.close(STOP_TIMEOUT_S)


async def reloaded(server: Postgres, session: Connection, chosen: str, mark: str) -> str:
    """What a session has for `synchronous_commit` once it has read the server's new settings."""
    server.run(
        f"ALTER SYSTEM SET synchronous_commit = {chosen}",
        f"ALTER SYSTEM SET work_mem = '{mark}'",
        "SELECT pg_reload_conf()",
    )
    for _ in range(LOOKS):
        # It reads them between two statements, and all of them together.
        if await shown(session, "work_mem") == mark:
            return await shown(session, "synchronous_commit")
        await asyncio.sleep(LOOK_INTERVAL_S)
    raise AssertionError("the session does not read the server's settings")


async def shown(session: Connection, setting: str) -> str:
    [[value]] = await session.fetch(f"SHOW {setting}", ())
    return str(value)


async def test_commits_wait_for_the_disk_whatever_is_set_while_a_session_lasts(settable: Postgres) -> None:
    async with session_with(settable) as session:
        assert await reloaded(settable, session, "off", "5MB") == "on"


async def test_commits_that_wait_for_a_copy_as_well_go_on_to_do_so(settable: Postgres) -> None:
    async with session_with(settable) as session:
        await reloaded(settable, session, "remote_apply", "5MB")
    async with session_with(settable) as session:
        assert await reloaded(settable, session, "off", "6MB") == "remote_apply"
