"""HTTP/1.1 by hand: what a client has sent and got at the moment that a server dies."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.crash.processes import token

ANSWER_TIMEOUT_S = 30
"""Longer than any answer may take, however busy the machine is."""


class Gone(Exception):
    """The server closed the connection, or never took it."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One connection, kept alive."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def mute(self, source_id: int, target_id: int) -> Answer:
        body = json.dumps({"target_user_id": str(target_id)}).encode()
        return await self.ask(request("POST", f"/2/users/{source_id}/muting", source_id, body))

    async def unmute(self, source_id: int, target_id: int) -> Answer:
        return await self.ask(request("DELETE", f"/2/users/{source_id}/muting/{target_id}", source_id))

    async def get(self, source_id: int, target: str) -> Answer:
        return await self.ask(request("GET", target, source_id))

    async def ask(self, raw: bytes) -> Answer:
        """Send a request and read its answer.

        Raises:
            Gone: no whole answer came.
        """
        try:
            self.writer.write(raw)
            return await self.answer()
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            raise Gone from error

    async def answer(self) -> Answer:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status, *lines = head.split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
            body = await self.reader.readexactly(int(headers["content-length"]))
        return Answer(int(status.split()[1]), headers, body)

    async def octets_until_closed(self) -> int:
        """How much the server still sends before it ends the connection."""
        octets = 0
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                while some := await self.reader.read(65_536):
                    octets += len(some)
        return octets

    async def is_closed_within(self, seconds: float) -> bool:
        """Whether the server ends the connection; what it says before that is dropped."""
        try:
            async with asyncio.timeout(seconds):
                while await self.reader.read(65_536):
                    pass
        except TimeoutError:
            return False
        except ConnectionError:
            return True
        return True


def request(method: str, target: str, source_id: int, body: bytes = b"") -> bytes:
    """The octets of a request."""
    return (
        f"{method} {target} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token(source_id)}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode() + body


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    """A new connection.

    Raises:
        Gone: nobody takes it.
    """
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    except OSError as error:
        raise Gone from error
    try:
        yield Connection(reader, writer)
    finally:
        writer.transport.abort()


async def nobody_accepts(port: int) -> None:
    """Wait until no new connection is taken any more."""
    until_s = time.monotonic() + ANSWER_TIMEOUT_S
    with contextlib.suppress(Gone):
        while time.monotonic() < until_s:
            async with connected(port):
                await asyncio.sleep(0.05)
        raise AssertionError("connections are still taken")
