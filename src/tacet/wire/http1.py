"""HTTP/1.1 below ASGI: bounded headers, requests that arrive in time, and JSON even for what is no HTTP at all.

uvicorn's protocol has no limit on headers and answers rubbish in plain text; clients of an API must always get JSON.
"""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, cast

from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tacet.wire import problems
from tacet.wire.problems import Problem

REASONS = {400: b"Bad Request", 431: b"Request Header Fields Too Large"}


WHOLE_RESPONSE = "tacet.whole_response"
"""An ASGI extension of this protocol: takes the head and the body of an answer and writes them at once.

It spares the routes with the most traffic the checks of headers that never change. Where another server does not offer
it, the same answer goes out by ASGI's own messages.
"""

WholeResponse = Callable[[bytes, bytes], Awaitable[None]]


class _TooLarge(Exception):
    """The request line and headers are larger than allowed."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection; `protocol_class` sets the bounds."""

    max_header_bytes: ClassVar[int]
    max_connections: ClassVar[int]
    busy: ClassVar[ASGIApp]

    _head_bytes = 0
    _silent_bytes = 0
    """Received since the parser last had something to say: it gathers a header that never ends without a word."""
    _too_large = False
    _arriving = True
    """Until its first request is complete a connection that sends nothing counts as a slow one."""
    _sweeps = 0
    _unread = 0
    """Octets of answers that the client had not taken at the last sweep."""
    _deaf_sweeps = 0
    _running: RequestResponseCycle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            self.app = cast("Any", type(self).busy)

    def connection_lost(self, exc: Exception | None) -> None:
        # uvicorn tells the latest request only, and where several came together another one may be running.
        if self._running is not None:
            self._running.disconnected = True
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._silent_bytes += len(data)
        super().data_received(data)
        if self._silent_bytes > self.max_header_bytes:
            self._too_large = True
            self.send_400_response("")

    def on_message_begin(self) -> None:
        self._head_bytes = 0
        self._silent_bytes = 0
        self._arriving = True
        self._sweeps = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._silent_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._arriving = False
        self._silent_bytes = 0
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # The connection knows its running cycle; were it in the scope itself, each request would leave a loop of
        # references for the garbage collector to find.
        self._running = cycle
        scope = cast("dict[str, Any]", cycle.scope)
        scope["extensions"] = {WHOLE_RESPONSE: self.respond}
        super()._start_asgi_task(cycle, app)

    async def respond(self, head: bytes, body: bytes) -> None:
        """Write a whole answer to the running request, and leave its cycle as the cycle's own `send` would."""
        cycle = self._running
        if cycle is None:
            raise RuntimeError("no request is running")
        if self.flow.write_paused and not cycle.disconnected:
            await self.flow.drain()
        if cycle.disconnected:
            return
        cycle.response_started = True
        ending = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        self.transport.write(b"".join((head, ending, body)))
        cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()

    def send_400_response(self, msg: str) -> None:
        problem = problems.HEADERS_TOO_LARGE if self._too_large else problems.BAD_REQUEST
        if not self.transport.is_closing():
            self.transport.write(_raw(problem))
            self.transport.close()

    def is_too_slow(self, patience: int) -> bool:
        """Asked at every sweep: whether a request has been arriving, or an answer unread, for more than `patience`."""
        self._sweeps += 1
        unread = self.transport.get_write_buffer_size()
        self._deaf_sweeps = self._deaf_sweeps + 1 if unread and unread == self._unread else 0
        self._unread = unread
        return (self._arriving and self._sweeps > patience) or self._deaf_sweeps > patience

    def _count(self, size: int) -> None:
        self._silent_bytes = 0
        self._head_bytes += size
        if self._head_bytes > self.max_header_bytes:
            self._too_large = True
            raise _TooLarge


def protocol_class(max_header_bytes: int, max_connections: int, busy: ASGIApp) -> type[HttpToolsProtocol]:
    """The protocol of one server.

    Args:
        max_header_bytes: of request line and headers; past it 431.
        max_connections: open at once; requests on further ones are answered by `busy`.
    """
    bounds = {"max_header_bytes": max_header_bytes, "max_connections": max_connections, "busy": staticmethod(busy)}
    return type("Protocol", (BoundedProtocol,), bounds)


def _raw(problem: Problem) -> bytes:
    head = b"HTTP/1.1 %d %b\r\ncontent-type: %b\r\ncontent-length: %d\r\nserver: tacet\r\nconnection: close\r\n\r\n" % (
        problem.status,
        REASONS[problem.status],
        problem.content_type,
        len(problem.body),
    )
    return head + problem.body
