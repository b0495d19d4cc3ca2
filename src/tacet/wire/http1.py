"""HTTP/1.1 below ASGI: bounded headers, requests that arrive in time, and JSON even for what is no HTTP at all.

uvicorn's protocol has no limit on headers and answers rubbish in plain text; clients of an API must always get JSON.
"""

import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Any, ClassVar, cast

import httptools
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from tacet.began import BEGAN_S
from tacet.observing.complaints import Complaints
from tacet.wire import problems
from tacet.wire.crowd import Crowd
from tacet.wire.lasting import LastingProtocol
from tacet.wire.places import Places
from tacet.wire.problems import Problem

REASONS = {400: b"Bad Request", 431: b"Request Header Fields Too Large"}

WHOLE_RESPONSE = "tacet.whole_response"
"""An ASGI extension of this protocol: takes the head and the body of an answer and writes them at once.

It spares the routes with the most traffic the checks of headers that never change. Where another server does not offer
it, the same answer goes out by ASGI's own messages.
"""

WholeResponse = Callable[[bytes, bytes], Awaitable[None]]

PARSED_AT_ONCE_BYTES = 1_024
"""What is parsed before looking whether requests wait: at most some 60 of the shortest, 100 KB of objects."""


class _TooLarge(Exception):
    """The request line and headers are larger than allowed."""


class BoundedProtocol(LastingProtocol):
    """One connection; `protocol_class` sets the bounds."""

    max_header_bytes: ClassVar[int]
    busy: ClassVar[ASGIApp]
    placeless: ClassVar[frozenset[str]]
    places: ClassVar[Places]
    """The requests of all connections that are being answered. One that waits for its client, for the rest of its body
    or until answers are read, is none of them: slow clients must not take the places of others."""
    complaints: ClassVar[Complaints]

    _head_bytes = 0
    _silent_bytes = 0
    """Received since the parser last had something to say: it gathers a header that never ends without a word."""
    _too_large = False
    _unparsed = b""
    """Received while requests wait: each would cost a hundred times its size were it parsed already."""
    _last_words = b""
    """What is said, before closing, once everything that came before is answered."""
    _half_closed = False
    """The client sends no more; the connection ends with the last answer."""
    _in_head = False
    _upgrading = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if self.crowd.joined(self, len(self.connections)):
            self.app = cast("Any", type(self).busy)

    def connection_lost(self, exc: Exception | None) -> None:
        self.crowd.left(self)
        # uvicorn tells the latest request only, and where several came together another one may be running.
        if self._running is not None:
            self._running.disconnected = True
        super().connection_lost(exc)

    def eof_received(self) -> bool | None:  # type: ignore[override] # uvicorn's gives up the way back at once
        """Whoever has sent whole requests and says no more still waits for the answers."""
        if self._arriving or self._is_idle():
            return None
        self._half_closed = True
        return True

    def pause_writing(self) -> None:
        # The answer has been made; that its client does not read it costs nobody a place.
        if self._running is not None:
            self.places.leave(self._running)
        super().pause_writing()

    def data_received(self, data: bytes) -> None:
        if self._grace is not None:
            self._linger()
        if self._unparsed:
            self._unparsed += data
            self.flow.pause_reading()
            return
        if not self._arriving and self._is_idle():
            # Not even empty lines may hold a connection: the next request has so long from its first octet on.
            self._arriving = True
            self._sweeps = 0
        if len(data) <= PARSED_AT_ONCE_BYTES and not self.pipeline and not self._last_words:
            self._feed(data)
        else:
            self._parse(data)

    def on_response_complete(self) -> None:
        # uvicorn's own sets a timer for every idle connection; here the server's sweep ends those, and costs nothing.
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self._sweeps = 0
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        if self._unparsed and not self.pipeline:
            data, self._unparsed = self._unparsed, b""
            self._parse(data)
        if self.pipeline:
            self.flow.pause_reading()
        elif (self._last_words or self._half_closed) and self._is_idle():
            self._end()

    # What the parser calls, several times a request, names the class: an object of `super` each time is a
    # hundredth of what a page costs.
    def on_message_begin(self) -> None:
        self._head_bytes = 0
        self._silent_bytes = 0
        self._arriving = True
        self._sweeps = 0
        self._in_head = True
        LastingProtocol.on_message_begin(self)

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        LastingProtocol.on_url(self, url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        # Fields after a body are no headers (RFC 9110 section 6.5.1): whoever checks those has not seen them.
        if self._in_head:
            LastingProtocol.on_header(self, name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._upgrading = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        if not self._upgrading:
            LastingProtocol.on_headers_complete(self)

    def on_body(self, body: bytes) -> None:
        self._silent_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._arriving = False
        self._silent_bytes = 0
        if not self._upgrading:
            LastingProtocol.on_message_complete(self)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # The connection knows its running cycle; were it in the scope itself, each request would leave a loop of
        # references for the garbage collector to find.
        self._running = cycle
        scope = cast("dict[str, Any]", cycle.scope)
        scope["extensions"] = {WHOLE_RESPONSE: self.respond}
        # Nobody waits for it: the server waits for connections, and whatever goes wrong is logged by the cycle.
        self._task = self.loop.create_task(self._run(cycle, app))

    async def _run(self, cycle: RequestResponseCycle, app: Any) -> None:
        if self.flow.write_paused:
            # Whoever does not read answers gets no further ones made.
            await self.flow.drain()
        busy = type(self).busy
        # On a connection that is one too many, everything would be refused for ever; on one that ends, the last
        # request of those that came together says so.
        if app is busy or (self._grace is not None and not (self.pipeline or self._unparsed)):
            cycle.keep_alive = False
        if app is not busy and cycle.scope["path"] not in self.placeless:
            app = self.places.placed(cycle, app)
        BEGAN_S.set(self.loop.time())
        try:
            await cycle.run_asgi(app)
        finally:
            self.places.leave(cycle)

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
        if self._last_words:
            return
        self._last_words = _raw(problems.HEADERS_TOO_LARGE if self._too_large else problems.BAD_REQUEST)
        broken = self.cycle if self._running is not None and self.cycle.more_body else None
        if self.pipeline and broken is not None:
            self.pipeline.popleft()
        if self._is_idle() or self._running is broken:
            self._end()

    def _parse(self, data: bytes) -> None:
        for start in range(0, len(data), PARSED_AT_ONCE_BYTES):
            if self._last_words or self.transport.is_closing():
                return
            if self.pipeline:
                self._unparsed = data[start:]
                self.flow.pause_reading()
                return
            self._feed(data[start : start + PARSED_AT_ONCE_BYTES])

    def _feed(self, data: bytes) -> None:
        self._silent_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._go_on_without_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self.complaints.tell(self.logger, "Invalid HTTP request received.", level=logging.WARNING)
            self.send_400_response("")
        if self._silent_bytes > self.max_header_bytes:
            self._too_large = True
            self.send_400_response("")

    def _go_on_without_upgrade(self, rest: bytes) -> None:
        """Parse the request again, as one that asks for no other protocol: RFC 9110 section 7.8 allows to ignore that.

        The parser takes what follows such a head for the other protocol, and so would lose the request's body or,
        worse, read it as a request.
        """
        if not self._upgrading:
            self.send_400_response("")
            return
        lines = [b"%b: %b\r\n" % header for header in self.headers if header[0] != b"upgrade"]
        version = self.parser.get_http_version().encode()
        head = b"%b %b HTTP/%b\r\n%b\r\n" % (self.parser.get_method(), self.url, version, b"".join(lines))
        self._feed(head)
        if rest and not self._last_words:
            self._feed(rest)

    def _end(self) -> None:
        if not self.transport.is_closing():
            if self._running is not None:
                self._running.disconnected = True
            self.transport.write(self._last_words)
            self.transport.close()

    def _count(self, size: int) -> None:
        self._silent_bytes = 0
        self._head_bytes += size
        if self._head_bytes > self.max_header_bytes:
            self._too_large = True
            raise _TooLarge


def protocol_class(
    max_header_bytes: int,
    crowd: Crowd,
    max_requests: int,
    busy: ASGIApp,
    complaints: Complaints,
    placeless: Collection[str] = (),
) -> type[BoundedProtocol]:
    """The protocol of one server.

    Args:
        max_header_bytes: of request line and headers; past it 431.
        crowd: of how many connections at once; requests on further ones are answered by `busy`.
        max_requests: answered at once; further ones are answered by `busy`, and may come again at once.
        complaints: tell of what is no HTTP; scanners send much of it.
        placeless: paths whose requests are always answered, and are none of these.
    """
    bounds = {
        "max_header_bytes": max_header_bytes,
        "crowd": crowd,
        "places": Places(max_requests, busy),
        "busy": staticmethod(busy),
        "complaints": complaints,
        "placeless": frozenset(placeless),
    }
    return type("Protocol", (BoundedProtocol,), bounds)


def _raw(problem: Problem) -> bytes:
    head = b"HTTP/1.1 %d %b\r\ncontent-type: %b\r\ncontent-length: %d\r\nserver: tacet\r\nconnection: close\r\n\r\n" % (
        problem.status,
        REASONS[problem.status],
        problem.content_type,
        len(problem.body),
    )
    return head + problem.body
