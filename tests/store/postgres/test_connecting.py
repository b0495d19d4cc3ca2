"""Why there is no session, as it is told."""

import asyncio

import pytest

from tacet.store.base import StoreAway, StoreError
from tacet.store.postgres.connections import connect

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
