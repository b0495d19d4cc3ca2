"""A network that can be broken: a TCP proxy between two programs."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum, auto

from tests.databases import HOST

CHUNK_BYTES = 65_536

RESET_AT_CLOSE = struct.pack("ii", 1, 0)
"""For SO_LINGER: closing throws away what is under way and says so to the other end."""


class Network(Enum):
    """What becomes of what is sent."""

    WORKS = auto()
    STALLS = auto()
    """It arrives when the network works again, in order."""
    SWALLOWS = auto()
    """It never arrives, and nobody is told: a connection over which something was lost stays silent for good."""
    SWALLOWS_ANSWERS = auto()
    """The same, but what is asked arrives."""
    RESETS = auto()
    """Every connection, new ones too, ends with a reset."""


class Cable:
    """The way from a port of its own to another on this machine.

    Attributes:
        port: where it begins.
        made: connections that were made over it so far.
    """

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._network = Network.WORKS
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._ways: set[asyncio.Task[None]] = set()
        self.port = 0
        self.made = 0

    def turn(self, network: Network) -> None:
        """From now on the network does this."""
        self._network = network
        if network is Network.STALLS:
            self._flowing.clear()
        else:
            self._flowing.set()
        if network is Network.RESETS:
            for writer in self._writers:
                _reset(writer)

    async def close(self) -> None:
        """Cut every connection."""
        for writer in self._writers:
            _reset(writer)
        for way in self._ways:
            way.cancel()
        await asyncio.gather(*self._ways, return_exceptions=True)

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either end closes it."""
        self.made += 1
        way = asyncio.ensure_future(self._take(reader, writer))
        self._ways.add(way)
        way.add_done_callback(self._ways.discard)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError):
                await self._carry(reader, writer)
        finally:
            _reset(writer)
            self._writers.discard(writer)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        await self._flowing.wait()
        if self._network is Network.RESETS:
            return
        onward_reader, onward_writer = await asyncio.open_connection(HOST, self._target_port)
        self._writers.add(onward_writer)
        both = [
            asyncio.ensure_future(self._pump(reader, onward_writer, {Network.SWALLOWS})),
            asyncio.ensure_future(self._pump(onward_reader, writer, {Network.SWALLOWS, Network.SWALLOWS_ANSWERS})),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in both:
                each.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            _reset(onward_writer)
            self._writers.discard(onward_writer)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, swallowing: set[Network]) -> None:
        is_broken = False
        while chunk := await reader.read(CHUNK_BYTES):
            await self._flowing.wait()
            is_broken = is_broken or self._network in swallowing
            if not is_broken:
                writer.write(chunk)
                await writer.drain()
        await self._flowing.wait()
        if is_broken:
            # Nobody is told of the end either.
            await asyncio.Event().wait()


@asynccontextmanager
async def cable(target_port: int) -> AsyncIterator[Cable]:
    """One that works at first, and is cut at the end."""
    made = Cable(target_port)
    server = await asyncio.start_server(made.take, HOST, 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await made.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    if not writer.transport.is_closing():
        with contextlib.suppress(OSError):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
    writer.transport.abort()
