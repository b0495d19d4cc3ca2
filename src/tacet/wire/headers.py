"""The headers of every answer, in X's names, shapes and order."""

from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from tacet.clock import Clock
from tacet.identity.caller import Caller
from tacet.ids import Randomness
from tacet.limits.windows import Spent
from tacet.observing.logs import REQUEST_ID
from tacet.wire.problems import JSON, JSON_V1, Headers, Problem

API_VERSION = b"2.166"
"""Of X's OpenAPI document whose vocabulary is answered by default."""

Header = tuple[bytes, bytes]

_CACHE_CONTROL = (b"cache-control", b"no-cache, no-store, max-age=0")
_APPLICATION: tuple[Header, ...] = (
    (b"api-version", API_VERSION),
    _CACHE_CONTROL,
    (b"content-disposition", b"attachment; filename=json.json"),
    (b"server", b"tacet"),
    (b"strict-transport-security", b"max-age=631138519"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"x-xss-protection", b"0"),
)
_EDGE: tuple[Header, ...] = (_CACHE_CONTROL, (b"server", b"tacet"), (b"x-content-type-options", b"nosniff"))
_JSON_TYPE = (b"content-type", JSON)
_OLDER_CACHING = b"no-cache, no-store, must-revalidate, pre-check=0, post-check=0"
_MOVING = b"date: %b\r\nx-access-level: %b\r\n%bx-transaction-id: %b\r\nx-response-time: %b\r\ncontent-length: %d\r\n"
_LIMITS = b"x-rate-limit-limit: %d\r\nx-rate-limit-remaining: %d\r\nx-rate-limit-reset: %d\r\n"
"""What `_finish` adds to a 200, in one piece: put together one by one they are a fiftieth of what a page costs."""

_LONG_AGO = b"Tue, 31 Mar 1981 05:00:00 GMT"


@dataclass(frozen=True, slots=True)
class Reply:
    """A 200 of a path that is no operation of v2.

    Attributes:
        headers: further headers, beside those every answer has.
    """

    body: bytes
    content_type: bytes = JSON
    headers: Headers = ()


class HeaderWriter:
    """Writes headers; the moving ones are the date, the request's id and how long it took.

    Args:
        randomness: for `x-transaction-id`, which names one request, and `x-connection-hash`.
    """

    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        # An odd stride visits every 64-bit number before one comes again, and costs no system call.
        self._transaction = randomness.bits(64)
        self._stride = randomness.bits(63) << 1 | 1
        self._connection = (b"x-connection-hash", f"{randomness.bits(256):064x}".encode())
        self._application = [*_APPLICATION, self._connection]
        fixed = b"".join(b"%b: %b\r\n" % header for header in (*self._application, _JSON_TYPE))
        self._ok_head = b"HTTP/1.1 200 OK\r\n" + fixed.replace(b"%", b"%%") + _MOVING
        self._edge = [*_EDGE, self._connection]
        self._second = -1
        self._dates = (b"", b"")

    def transaction_id(self) -> bytes:
        """A new request's id, 16 hexadecimal digits: it names a request, and protects nothing.

        What is logged from here on belongs to this request.
        """
        self._transaction = (self._transaction + self._stride) & 0xFFFF_FFFF_FFFF_FFFF
        request_id = b"%016x" % self._transaction
        REQUEST_ID.set(request_id)
        return request_id

    def ok_head(self, body: bytes, caller: Caller, spent: Spent | None, moving: tuple[bytes, int]) -> bytes:
        """Status line and headers of a 200 as they go over HTTP/1.1, without the empty line that ends them."""
        transaction_id, started_ns = moving
        limits = b"" if spent is None else _LIMITS % (spent.limit, spent.remaining, spent.resets_at_s)
        access, took_ms = caller.access.encode(), self._took_ms(started_ns)
        return self._ok_head % (self._today()[0], access, limits, transaction_id, took_ms, len(body))

    def ok(self, body: bytes, caller: Caller | None, spent: Spent | None, moving: tuple[bytes, int]) -> list[Header]:
        """The headers of a 200. `moving`: the transaction's id and its start in clock ticks."""
        headers = [*self._application, _JSON_TYPE, (b"date", self._today()[0])]
        return self._finish(headers, body, caller, spent, moving)

    def reply(self, reply: Reply, moving: tuple[bytes, int]) -> list[Header]:
        """The headers of a 200 that no operation answers: it has no access level and spends no limit."""
        headers = [*self._application, (b"content-type", reply.content_type), (b"date", self._today()[0])]
        return self._finish([*headers, *reply.headers], reply.body, None, None, moving)

    def problem(
        self, problem: Problem, caller: Caller | None, spent: Spent | None, moving: tuple[bytes, int]
    ) -> list[Header]:
        """The headers of an error; X's edge knows no access level, and 401 tells nothing of limits."""
        base = self._edge if problem.at_edge else self._application
        date = (b"date", self._today()[1 if problem.at_edge else 0])
        headers = [*base, (b"content-type", problem.content_type), date, *problem.headers]
        return self._finish(headers, problem.body, None if problem.at_edge else caller, spent, moving)

    def v1(
        self,
        status: int,
        body: bytes,
        caller: Caller | None,
        spent: Spent | None,
        moving: tuple[bytes, int],
        more: Headers = (),
    ) -> list[Header]:
        """The headers of any answer of v1.1, in the order of their names, as X's own are recorded.

        Args:
            spent: what is shown of a window; None for a POST, whose requests are counted and never shown.
            more: further ones of this answer.
        """
        transaction_id, started_ns = moving
        today = self._today()[1]
        headers = [
            (b"cache-control", _OLDER_CACHING),
            (b"content-disposition", b"attachment; filename=json.json"),
            (b"content-length", b"%d" % len(body)),
            (b"content-type", JSON_V1),
            (b"date", today),
            (b"expires", _LONG_AGO),
            (b"last-modified", today),
            (b"pragma", b"no-cache"),
            (b"server", b"tacet"),
            (b"status", b"%d %b" % (status, HTTPStatus(status).phrase.encode())),
            (b"strict-transport-security", b"max-age=631138519"),
            *more,
        ]
        if caller is not None:
            headers.append((b"x-access-level", caller.access.encode()))
        headers += [self._connection, (b"x-content-type-options", b"nosniff"), (b"x-frame-options", b"SAMEORIGIN")]
        headers += _limits(spent)
        headers += [
            (b"x-response-time", self._took_ms(started_ns)),
            (b"x-transaction", transaction_id),
            (b"x-twitter-response-tags", b"BouncerCompliant"),
            (b"x-xss-protection", b"0"),
        ]
        return headers

    def _finish(
        self, headers: list[Header], body: bytes, caller: Caller | None, spent: Spent | None, moving: tuple[bytes, int]
    ) -> list[Header]:
        transaction_id, started_ns = moving
        if caller is not None:
            headers.append((b"x-access-level", caller.access.encode()))
        headers += _limits(spent)
        headers.append((b"x-transaction-id", transaction_id))
        headers.append((b"x-response-time", self._took_ms(started_ns)))
        headers.append((b"content-length", b"%d" % len(body)))
        return headers

    def _took_ms(self, started_ns: int) -> bytes:
        return b"%d" % ((self._clock.ticks_ns() - started_ns) // 1_000_000)

    def _today(self) -> tuple[bytes, bytes]:
        """The date as the application writes it, and as the edge does.

        The application is recorded to say "UTC" where RFC 9110 asks for "GMT"; the edge says "GMT".
        """
        second = self._clock.now_ms() // 1000
        if second != self._second:
            self._second = second
            date = datetime.fromtimestamp(second, UTC).strftime("%a, %d %b %Y %H:%M:%S ").encode()
            self._dates = (date + b"UTC", date + b"GMT")
        return self._dates


def _limits(spent: Spent | None) -> tuple[Header, ...]:
    if spent is None:
        return ()
    return (
        (b"x-rate-limit-limit", b"%d" % spent.limit),
        (b"x-rate-limit-remaining", b"%d" % spent.remaining),
        (b"x-rate-limit-reset", b"%d" % spent.resets_at_s),
    )
