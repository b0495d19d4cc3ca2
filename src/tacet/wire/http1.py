"""HTTP/1.1 below ASGI: bounded headers, requests that arrive in time, and JSON even for what is no HTTP at all.

uvicorn's protocol has no limit on headers and answers rubbish in plain text; clients of an API must always get JSON.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tacet.wire import problems
from tacet.wire.problems import Problem

BAD_REQUEST = Problem(400, b'{"title":"Bad Request","type":"about:blank","status":400,"detail":"Bad Request"}')

REASONS = {400: b"Bad Request", 431: b"Request Header Fields Too Large"}


class _TooLarge(Exception):
    """The request line and headers are larger than allowed."""


def protocol_class(max_header_bytes: int) -> type[HttpToolsProtocol]:
    """The protocol for a server that allows so many bytes of request line and headers."""

    class BoundedProtocol(HttpToolsProtocol):
        """One connection."""

        _head_bytes = 0
        _too_large = False
        _arriving = True
        """Until its first request is complete a connection that sends nothing counts as a slow one."""
        _sweeps = 0

        def on_message_begin(self) -> None:
            self._head_bytes = 0
            self._arriving = True
            self._sweeps = 0
            super().on_message_begin()

        def on_url(self, url: bytes) -> None:
            self._count(len(url))
            super().on_url(url)

        def on_header(self, name: bytes, value: bytes) -> None:
            self._count(len(name) + len(value))
            super().on_header(name, value)

        def on_message_complete(self) -> None:
            self._arriving = False
            super().on_message_complete()

        def send_400_response(self, msg: str) -> None:
            problem = problems.HEADERS_TOO_LARGE if self._too_large else BAD_REQUEST
            if not self.transport.is_closing():
                self.transport.write(_raw(problem))
                self.transport.close()

        def arrives_too_slowly(self, patience: int) -> bool:
            """Asked at every sweep: whether a request has been arriving for more than `patience` of them."""
            self._sweeps += 1
            return self._arriving and self._sweeps > patience

        def _count(self, size: int) -> None:
            self._head_bytes += size
            if self._head_bytes > max_header_bytes:
                self._too_large = True
                raise _TooLarge

    return BoundedProtocol


def _raw(problem: Problem) -> bytes:
    head = (
        b"HTTP/1.1 %d %b\r\ncontent-type: %b\r\ncontent-length: %d\r\nserver: tacet\r\nconnection: close\r\n\r\n"
        % (problem.status, REASONS[problem.status], problem.content_type, len(problem.body))
    )
    return head + problem.body
