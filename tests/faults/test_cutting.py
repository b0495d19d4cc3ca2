"""The network that the other tests break does what its names say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.databases import HOST
from tests.faults.cutting import Cable, Network, cable

WAIT_S = 30
"""More than anything takes on one machine."""

SILENCE_S = 0.1
"""How long to listen before nothing counts as nothing."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Echo:
    """Answers every line with itself, and notes what arrives."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.has_heard = asyncio.Event()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                self.heard.append(line)
                self.has_heard.set()
                writer.write(line)
        except OSError:
            pass
        finally:
            writer.transport.abort()


@asynccontextmanager
async def echoing() -> AsyncIterator[tuple[Echo, Cable]]:
    echo = Echo()
    server = await asyncio.start_server(echo.take, HOST, 0)
    async with cable(server.sockets[0].getsockname()[1]) as made:
        yield echo, made
    server.close()


@asynccontextmanager
async def connected(made: Cable) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection(HOST, made.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def ask(streams: Streams, line: bytes) -> bytes:
    streams[1].write(line)
    async with asyncio.timeout(WAIT_S):
        return await streams[0].readline()


async def is_silent(streams: Streams) -> bool:
    try:
        async with asyncio.timeout(SILENCE_S):
            await streams[0].readline()
    except TimeoutError:
        return True
    return False


async def test_what_is_sent_arrives_and_is_answered() -> None:
    async with echoing() as (_, made), connected(made) as streams:
        assert await ask(streams, b"one\n") == b"one\n"
        assert await ask(streams, b"two\n") == b"two\n"
        assert made.made == 1


async def test_a_stalled_network_delivers_when_it_works_again() -> None:
    async with echoing() as (echo, made), connected(made) as streams:
        assert await ask(streams, b"one\n") == b"one\n"
        made.turn(Network.STALLS)
        streams[1].write(b"two\n")
        async with connected(made) as later:
            later[1].write(b"three\n")
            assert await is_silent(streams)
            assert echo.heard == [b"one\n"]
            made.turn(Network.WORKS)
            assert await ask(streams, b"four\n") == b"two\n"
            assert await ask(later, b"") == b"three\n"


async def test_what_is_swallowed_never_arrives_and_its_connection_stays_silent() -> None:
    async with echoing() as (echo, made), connected(made) as streams:
        assert await ask(streams, b"one\n") == b"one\n"
        made.turn(Network.SWALLOWS)
        streams[1].write(b"two\n")
        assert await is_silent(streams)
        made.turn(Network.WORKS)
        streams[1].write(b"three\n")
        assert await is_silent(streams)
        assert echo.heard == [b"one\n"]
        async with connected(made) as later:
            assert await ask(later, b"four\n") == b"four\n"


async def test_where_answers_are_swallowed_questions_arrive() -> None:
    async with echoing() as (echo, made), connected(made) as streams:
        made.turn(Network.SWALLOWS_ANSWERS)
        streams[1].write(b"one\n")
        async with asyncio.timeout(WAIT_S):
            await echo.has_heard.wait()
        assert echo.heard == [b"one\n"]
        assert await is_silent(streams)
        made.turn(Network.WORKS)
        assert await is_silent(streams)


async def test_a_reset_ends_connections_and_new_ones_until_the_network_works() -> None:
    async with echoing() as (_, made), connected(made) as streams:
        assert await ask(streams, b"one\n") == b"one\n"
        made.turn(Network.RESETS)
        with pytest.raises(ConnectionResetError):
            await ask(streams, b"two\n")
        async with connected(made) as later:
            with pytest.raises(ConnectionResetError):
                await ask(later, b"three\n")
        made.turn(Network.WORKS)
        async with connected(made) as later:
            assert await ask(later, b"four\n") == b"four\n"
