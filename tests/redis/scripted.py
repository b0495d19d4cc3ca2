"""A server that answers like a Redis, or as a test wants it to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from ssl import SSLContext
from typing import Any

import hiredis

Answer = Callable[[list[bytes]], bytes | None]
"""From a command's words to what is sent; None for silence."""

OK = b"+OK\r\n"


def obliging(_words: list[bytes]) -> bytes:
    return OK


class Scripted:
    """What clients sent, and what they get.

    Attributes:
        answer: may be replaced at any time.
        commands: all of them, as they came.
        chunks: octets, as they came.
        clients: how many have connected so far.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.commands: list[list[bytes]] = []
        self.chunks: list[bytes] = []
        self.clients = 0
        self.address = ""
        self._open: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients += 1
        self._open.add(writer)
        parser = hiredis.Reader()
        try:
            while chunk := await reader.read(1 << 20):
                self.chunks.append(chunk)
                parser.feed(chunk)
                while (words := parser.gets()) is not False:
                    self.commands.append(words)
                    self.say(self.answer(words), writer)
        except (ConnectionError, hiredis.ProtocolError):
            # As a Redis does, it hangs up on who speaks something else.
            return
        finally:
            self._open.discard(writer)
            writer.close()

    def say(self, octets: bytes | None, writer: asyncio.StreamWriter | None = None) -> None:
        """Send something, to everybody where nobody is named."""
        for each in [writer] if writer else self._open:
            each.write(octets or b"")

    def hang_up(self) -> None:
        """Close every connection."""
        for each in list(self._open):
            each.transport.abort()


@asynccontextmanager
async def scripted(
    answer: Answer = obliging, *, path: Path | None = None, tls: SSLContext | None = None
) -> AsyncIterator[Scripted]:
    """A server on a free port, or at a path."""
    made = Scripted(answer)
    server: Any
    if path is not None:
        server = await asyncio.start_unix_server(made.serve, path)
        made.address = f"unix://{path}"
    else:
        server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=tls)
        port = server.sockets[0].getsockname()[1]
        made.address = f"rediss://localhost:{port}" if tls else f"redis://127.0.0.1:{port}"
    try:
        yield made
    finally:
        server.close()
        made.hang_up()
        await asyncio.sleep(0)
