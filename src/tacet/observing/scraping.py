"""Where Prometheus asks: a port of its own, which answers `GET /metrics` and nothing else."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

METRICS_PATH = "/metrics"

MAX_SCRAPERS = 8
"""Connections at once: a handful of Prometheus servers, and somebody with curl."""

MAX_HEAD_BYTES = 8_192
"""Of a request; scrapers send a tenth of it."""

SCRAPE_TIMEOUT_S = 5.0
"""For a whole exchange; Prometheus itself gives up after ten seconds."""

Text = Callable[[], bytes]
"""Makes what is answered; called on another thread."""


def with_offset(address: str, offset: int) -> tuple[str, int]:
    """Host and port of `HOST:PORT`, the port counted up: each process of several listens on its own."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port) + offset


@contextlib.asynccontextmanager
async def scraped(host: str, port: int, text: Text, content_type: bytes) -> AsyncIterator[None]:
    """Answer scrapers as long as this is open.

    Raises:
        OSError: the address cannot be listened on.
    """
    scrapers = _Scrapers(text, content_type)
    server = await asyncio.start_server(scrapers.answer, host, port, limit=MAX_HEAD_BYTES)
    try:
        yield
    finally:
        server.close()
        await scrapers.close()


class _Scrapers:
    """The connections of one port."""

    def __init__(self, text: Text, content_type: bytes) -> None:
        self._text = text
        self._content_type = content_type
        self._tasks: set[asyncio.Task[None]] = set()
        # One at a time: texts made beside each other only take longer.
        self._making = asyncio.Lock()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: one request, one answer."""
        if len(self._tasks) >= MAX_SCRAPERS:
            writer.close()
            return
        task = asyncio.ensure_future(self._exchange(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                async with asyncio.timeout(SCRAPE_TIMEOUT_S):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(await self._answer_to(head.partition(b"\r\n")[0]))
                    await writer.drain()
        finally:
            if writer.transport.get_write_buffer_size():
                # Closing would wait until the client has read what there is for it.
                writer.transport.abort()
            else:
                writer.close()

    async def _answer_to(self, request_line: bytes) -> bytes:
        method, _, rest = request_line.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if path != METRICS_PATH.encode():
            return _answer(b"404 Not Found", b"text/plain", b"Metrics are at /metrics.\n")
        if method != b"GET":
            return _answer(b"405 Method Not Allowed", b"text/plain", b"Metrics are read by GET.\n")
        async with self._making:
            body = await asyncio.to_thread(self._text)
        return _answer(b"200 OK", self._content_type, body)


def _answer(status: bytes, content_type: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 %b\r\ncontent-type: %b\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
    return head % (status, content_type, len(body)) + body
