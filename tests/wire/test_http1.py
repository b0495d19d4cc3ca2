"""What only a real connection shows: bounds below ASGI, bytes that are no HTTP, connections that are kept."""

import asyncio
import contextlib
import json
import select
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from tacet.began import BEGAN_S
from tacet.observing.complaints import Complaints
from tacet.wire.crowd import MAX_SURPLUS, Crowd
from tacet.wire.http1 import BoundedProtocol, protocol_class
from tests.cast import BOB
from tests.redis.waiting import until
from tests.service import in_memory
from tests.serving import serving
from tests.wire.calls import LIST

TIMEOUT_S = 30
"""A server that hangs fails the test instead of stopping the run."""

HEADER_LIMIT_BYTES = 16_384
BODY_LIMIT_BYTES = 65_536
BEARER = "Host: 127.0.0.1\r\nAuthorization: Bearer alice\r\n"
BODY = json.dumps({"target_user_id": str(BOB.id)})


class Connection:
    """One connection, spoken to in bytes."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port), TIMEOUT_S)
        self._received = self._socket.makefile("rb")

    def send(self, data: str | bytes) -> None:
        # A server may answer and close before everything has come.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def finish_sending(self) -> None:
        """Close this side of the connection; answers can still come."""
        self._socket.shutdown(socket.SHUT_WR)

    def is_answered(self, within_s: float) -> bool:
        """Whether an answer begins to come."""
        return bool(select.select([self._socket], [], [], within_s)[0])

    def read(self, method: str = "GET") -> "Response":
        """The next answer, to its last byte and no further."""
        version, status, _ = self._received.readline().decode().split(" ", 2)
        assert version == "HTTP/1.1"
        pairs: list[tuple[str, str]] = []
        while line := self._received.readline().decode("latin-1").strip():
            name, _, value = line.partition(": ")
            pairs.append((name, value))
        size = 0 if method == "HEAD" else int(dict(pairs)["content-length"])
        return Response(int(status), [name for name, _ in pairs], dict(pairs), self._received.read(size))

    def ends(self) -> bool:
        """Whether the server has nothing more to say and closes."""
        try:
            return self._received.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self._received.close()
        self._socket.close()


@dataclass(frozen=True)
class Response:
    """One answer; `names` are those of its headers as they came."""

    status: int
    names: list[str]
    headers: dict[str, str]
    body: bytes

    @property
    def title(self) -> str:
        title: str = json.loads(self.body)["title"]
        return title


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(rate_limits=False) as base:
        yield base


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    opened = Connection(url)
    yield opened
    opened.close()


def get(target: str = "/2/users/me", more: str = "") -> str:
    return f"GET {target} HTTP/1.1\r\n{BEARER}{more}\r\n"


def post(body: str, more: str = "", target: str = LIST) -> str:
    length = f"Content-Length: {len(body)}\r\n"
    return f"POST {target} HTTP/1.1\r\n{BEARER}Content-Type: application/json\r\n{length}{more}\r\n{body}"


def test_one_connection_serves_many_requests(connection: Connection) -> None:
    for _ in range(20):
        connection.send(get())
        answer = connection.read()
        assert (answer.status, json.loads(answer.body)["data"]["username"]) == (200, "alice")
        connection.send(get("/2/nowhere"))
        assert connection.read().status == 404


def test_pipelined_requests_are_answered_in_order(connection: Connection) -> None:
    targets = ["/2/users/1001", "/2/nowhere", "/2/users/1002", "/2/users/x", "/2/users/1003"]
    connection.send("".join(get(target) for target in targets))
    assert [connection.read().status for _ in targets] == [200, 404, 200, 400, 200]


async def test_the_answer_is_the_same_with_and_without_a_server(url: str) -> None:
    async with in_memory(rate_limits=False) as service:
        for target in ("/2/users/1003", LIST, "/2/users/me?user.fields=foo", "/2/nowhere", "/2/openapi.json"):
            connection = Connection(url)
            connection.send(get(target))
            real = connection.read()
            connection.close()
            plain = await service.get(target)
            assert (real.status, real.body) == (plain.status, plain.body)
            assert real.headers.keys() == plain.headers.keys()
            assert len(real.names) == len(set(real.names))
            moving = {"date", "x-transaction-id", "x-connection-hash", "x-response-time"}
            for name in real.headers.keys() - moving:
                assert real.headers[name] == plain.headers[name]


def test_limits_are_told_over_http_too() -> None:
    with serving(limits={}) as base:
        connection = Connection(base)
        connection.send(get())
        assert "x-rate-limit-limit" not in connection.read().headers
        connection.close()
    with serving() as base:
        connection = Connection(base)
        opened_s = int(time.time())
        for remaining in (14, 13):
            connection.send(get(LIST))
            headers = connection.read().headers
            assert (headers["x-rate-limit-limit"], headers["x-rate-limit-remaining"]) == ("15", str(remaining))
            assert 890 <= int(headers["x-rate-limit-reset"]) - opened_s <= 910
        connection.close()


CLOSING = {
    "http-1.0": ("GET /2/users/me HTTP/1.0\r\nAuthorization: Bearer alice\r\n\r\n", 200),
    "asked-to": (get(more="Connection: close\r\n"), 200),
    "asked-to-on-an-error": (get("/2/nowhere", "Connection: close\r\n"), 404),
}


@pytest.mark.parametrize(("request_", "status"), CLOSING.values(), ids=CLOSING.keys())
def test_connections_are_closed_when_asked_to(connection: Connection, request_: str, status: int) -> None:
    connection.send(request_)
    answer = connection.read()
    assert (answer.status, answer.headers["connection"]) == (status, "close")
    assert connection.ends()


def test_head_has_no_body_and_the_connection_stays_in_step(connection: Connection) -> None:
    connection.send(f"HEAD /2/users/me HTTP/1.1\r\n{BEARER}\r\n")
    answer = connection.read("HEAD")
    assert (answer.status, answer.body, answer.headers["allow"]) == (405, b"", "GET")
    connection.send(get())
    assert connection.read().status == 200


NO_HTTP = {
    "text": "hello\r\n\r\n",
    "empty-lines-and-text": "\r\n\r\nhello\r\n\r\n",
    "binary": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "unknown-version": f"GET / HTTP/9.9\r\n{BEARER}\r\n",
    "space-in-a-header-name": f"GET / HTTP/1.1\r\n{BEARER}a b: c\r\n\r\n",
    "header-without-a-colon": f"GET / HTTP/1.1\r\n{BEARER}abc\r\n\r\n",
    "nul-in-a-header": f"GET / HTTP/1.1\r\n{BEARER}a: \x00\r\n\r\n",
    "bare-line-feed-in-a-header": f"GET / HTTP/1.1\r\n{BEARER}a: b\rc\r\n\r\n",
    "path-not-ascii": f"GET /2/\xff HTTP/1.1\r\n{BEARER}\r\n",
    "length-is-no-number": f"POST {LIST} HTTP/1.1\r\n{BEARER}Content-Length: abc\r\n\r\n",
    "length-is-negative": f"POST {LIST} HTTP/1.1\r\n{BEARER}Content-Length: -1\r\n\r\n",
    "length-overflows": f"POST {LIST} HTTP/1.1\r\n{BEARER}Content-Length: {'9' * 40}\r\n\r\n",
    "two-lengths": f"POST {LIST} HTTP/1.1\r\n{BEARER}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}",
    "length-and-chunks": (
        f"POST {LIST} HTTP/1.1\r\n{BEARER}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{{}}"
    ),
    "a-chunk-of-no-size": f"POST {LIST} HTTP/1.1\r\n{BEARER}Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
}


@pytest.mark.parametrize("data", NO_HTTP.values(), ids=NO_HTTP.keys())
def test_what_is_no_http_is_answered_in_json_and_closed(connection: Connection, data: str) -> None:
    connection.send(data)
    answer = connection.read()
    assert (answer.status, answer.title) == (400, "Bad Request")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["connection"] == "close"
    assert connection.ends()


def padded(size: int) -> str:
    """A request whose target and headers have so many bytes together, names and values counted."""
    counted = len("/2/users/me" + "Host" + "127.0.0.1" + "Authorization" + "Bearer alice" + "x")
    return get(more=f"X: {'a' * (size - counted)}\r\n")


def test_headers_up_to_the_limit_are_read(connection: Connection) -> None:
    connection.send(padded(HEADER_LIMIT_BYTES))
    assert connection.read().status == 200


TOO_LONG = {
    "one-byte-more": padded(HEADER_LIMIT_BYTES + 1),
    "a-long-header": get(more=f"X: {'a' * 100_000}\r\n"),
    "many-headers": get(more="".join(f"X-{n}: {'a' * 100}\r\n" for n in range(1_000))),
    "a-long-name": get(more=f"{'a' * 20_000}: 1\r\n"),
    "a-long-path": get("/2/users/" + "1" * 20_000),
    "a-long-query": get(f"/2/users?ids={'1' * 20_000}"),
}


@pytest.mark.parametrize("request_", TOO_LONG.values(), ids=TOO_LONG.keys())
def test_longer_headers_are_answered_431_in_json_and_closed(connection: Connection, request_: str) -> None:
    connection.send(request_)
    answer = connection.read()
    assert (answer.status, answer.title) == (431, "Request Header Fields Too Large")
    assert answer.headers["content-type"] == "application/problem+json"
    assert connection.ends()


CHUNKED = f"POST {LIST} HTTP/1.1\r\n{BEARER}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
UNENDING = {
    "path": "GET /",
    "name": f"GET /2/users/me HTTP/1.1\r\n{BEARER}a",
    "value": f"GET /2/users/me HTTP/1.1\r\n{BEARER}X: a",
    "trailer": f"{CHUNKED}2\r\n{{}}\r\n0\r\nX: a",
}


@pytest.mark.parametrize("start", UNENDING.values(), ids=UNENDING.keys())
def test_a_head_that_never_ends_is_refused_while_it_comes(connection: Connection, start: str) -> None:
    connection.send(start)
    sent_bytes = 0
    while not connection.is_answered(within_s=0.001):
        assert sent_bytes < 10 * HEADER_LIMIT_BYTES
        connection.send("a" * 1_000)
        sent_bytes += 1_000
    assert connection.read().status == 431


def test_a_good_head_may_come_a_byte_at_a_time(connection: Connection) -> None:
    for byte in get():
        connection.send(byte)
    assert connection.read().status == 200


def test_a_good_head_of_the_largest_size_may_come_in_lines(connection: Connection) -> None:
    for line in get(more="".join(f"X-{n}: {'a' * 1_000}\r\n" for n in range(16))).splitlines(keepends=True):
        connection.send(line)
        time.sleep(0.001)
    assert connection.read().status == 200


def test_the_header_limit_counts_each_request_anew(connection: Connection) -> None:
    for _ in range(5):
        connection.send(padded(HEADER_LIMIT_BYTES - 100))
        assert connection.read().status == 200


def test_a_body_over_the_limit_is_answered_413_before_it_is_sent(connection: Connection) -> None:
    announced = f"Content-Length: {BODY_LIMIT_BYTES + 1}\r\n"
    connection.send(f"POST {LIST} HTTP/1.1\r\n{BEARER}Content-Type: application/json\r\n{announced}\r\n")
    answer = connection.read()
    assert (answer.status, answer.title, answer.headers["connection"]) == (413, "Content Too Large", "close")
    assert connection.ends()


def test_a_body_over_the_limit_that_expects_to_be_asked_for_is_not(connection: Connection) -> None:
    more = f"Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {10**9}\r\n"
    connection.send(f"POST {LIST} HTTP/1.1\r\n{BEARER}{more}\r\n")
    assert connection.read().status == 413


def test_a_chunked_body_over_the_limit_is_answered_413(connection: Connection) -> None:
    connection.send(CHUNKED)
    for _ in range(BODY_LIMIT_BYTES // 8_192 + 1):
        connection.send("2000\r\n" + " " * 8_192 + "\r\n")
    assert connection.read().status == 413


def test_a_chunked_body_is_read(connection: Connection) -> None:
    chunks = "".join(f"1\r\n{character}\r\n" for character in BODY)
    connection.send(f"{CHUNKED}{chunks}0\r\n\r\n")
    assert json.loads(connection.read().body) == {"data": {"muting": True}}


def test_the_largest_body_is_read(connection: Connection) -> None:
    connection.send(post(BODY.ljust(BODY_LIMIT_BYTES)))
    assert connection.read().status == 200
    connection.send(get())
    assert connection.read().status == 200


def test_a_body_where_none_is_asked_for_leaves_the_connection_in_step(connection: Connection) -> None:
    body = "{" * 1_000
    length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    connection.send(f"DELETE {LIST}/{BOB.id} HTTP/1.1\r\n{BEARER}{length}\r\n{body}")
    assert connection.read().status == 200
    connection.send(get("/2/users/me", length) + body)
    assert connection.read().status == 200
    connection.send(get())
    assert connection.read().status == 200


@pytest.mark.parametrize(
    ("requests", "statuses"),
    [
        pytest.param([get()], [200], id="one"),
        pytest.param([post(BODY), get(LIST)], [200, 200], id="several"),
        pytest.param([post("{}"), get("/nowhere")], [400, 404], id="refused-ones"),
    ],
)
def test_whoever_says_no_more_still_gets_the_answers(
    connection: Connection, requests: list[str], statuses: list[int]
) -> None:
    connection.send("".join(requests))
    connection.finish_sending()
    assert [connection.read().status for _ in requests] == statuses
    assert connection.ends()


def test_whoever_leaves_in_the_middle_disturbs_nobody(url: str) -> None:
    for part in (1, 10, 60, 150):
        leaving = Connection(url)
        leaving.send(post(BODY)[:part])
        leaving.close()
    staying = Connection(url)
    staying.send(get())
    assert staying.read().status == 200
    staying.close()


async def test_a_body_that_ends_too_soon_mutes_nobody() -> None:
    async with in_memory(rate_limits=False) as service:
        body = BODY.encode()
        headers = {"content-type": "application/json", "content-length": str(len(body) + 5)}
        sent = [{"type": "http.request", "body": body, "more_body": True}, {"type": "http.disconnect"}]
        answers: list[Any] = []

        async def receive() -> Any:
            return sent.pop(0)

        async def send(message: Any) -> None:
            answers.append(message)

        raw = [(name.encode(), value.encode()) for name, value in {"authorization": "Bearer alice", **headers}.items()]
        scope = {"type": "http", "method": "POST", "scheme": "http", "path": LIST, "raw_path": LIST.encode()}
        await service.tacet.application({**scope, "query_string": b"", "headers": raw}, receive, send)
        assert answers[0]["status"] == 400
        assert json.loads((await service.get(LIST)).body)["meta"]["result_count"] == 0


def test_an_upgrade_is_not_followed(connection: Connection) -> None:
    connection.send(get(more="Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\n"))
    assert connection.read().status == 200


def test_a_request_that_does_not_finish_arriving_is_dropped() -> None:
    with serving(rate_limits=False, request_timeout_s=1) as base:
        slow, idle = Connection(base), Connection(base)
        slow.send("GET /2/users/me HT")
        started = time.monotonic()
        assert slow.ends()
        assert idle.ends()
        assert time.monotonic() - started < TIMEOUT_S
        slow.close()
        idle.close()


def test_connections_past_the_most_are_answered_503_in_json() -> None:
    with serving(rate_limits=False, max_connections=2) as base:
        held = [Connection(base), Connection(base)]
        for each in held:
            each.send(get())
            assert each.read().status == 200
        extra = Connection(base)
        extra.send(get())
        answer = extra.read()
        assert (answer.status, answer.title) == (503, "Service Unavailable")
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) > 0
        for each in (*held, extra):
            each.close()


UPGRADE = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"


def test_a_request_that_offers_an_upgrade_keeps_its_body_and_the_connection(connection: Connection) -> None:
    connection.send(post(BODY, UPGRADE) + get("/2/nowhere", UPGRADE) + get())
    assert json.loads(connection.read().body) == {"data": {"muting": True}}
    assert [connection.read().status for _ in range(2)] == [404, 200]


def test_the_body_of_a_request_that_offers_an_upgrade_is_no_request(connection: Connection) -> None:
    smuggled = get("/2/users/1002")
    head, _, _ = post(smuggled, UPGRADE).partition("\r\n\r\n")
    connection.send(f"{head}\r\n\r\n")
    assert not connection.is_answered(within_s=0.1)
    connection.send(smuggled + get("/2/users/1003"))
    assert connection.read().status == 400
    assert json.loads(connection.read().body)["data"]["id"] == "1003"


BROKEN_AFTER = {
    "no-http": ("hello\r\n\r\n", 400),
    "a-broken-body": (f"{CHUNKED}xyz\r\n", 400),
    "too-large": (padded(HEADER_LIMIT_BYTES + 1), 431),
}


@pytest.mark.parametrize(("broken", "status"), BROKEN_AFTER.values(), ids=BROKEN_AFTER.keys())
def test_what_is_no_http_is_answered_after_what_came_before_it(
    connection: Connection, broken: str, status: int
) -> None:
    connection.send(get() + post(BODY) + get("/2/nowhere") + broken)
    assert [connection.read().status for _ in range(4)] == [200, 200, 404, status]
    assert connection.ends()


def test_fields_after_a_body_are_no_headers(connection: Connection) -> None:
    body = f"{len(BODY):x}\r\n{BODY}\r\n0\r\nAuthorization: Bearer alice\r\n\r\n"
    connection.send(CHUNKED.replace("Authorization: Bearer alice\r\n", "") + body)
    assert connection.read().status == 401
    connection.send(get())
    assert connection.read().status == 200


def test_thousands_of_pipelined_requests_are_answered_in_order(connection: Connection) -> None:
    count = 3_000
    connection.send(f"{get('/2/users/1001')}{get('/2/nowhere')}" * (count // 2))
    assert [connection.read().status for _ in range(count)] == [200, 404] * (count // 2)


def test_empty_lines_do_not_hold_a_connection() -> None:
    with serving(rate_limits=False, request_timeout_s=1) as base:
        held = Connection(base)
        held.send(get())
        assert held.read().status == 200
        held.send("\r\n")
        started = time.monotonic()
        assert held.ends()
        assert time.monotonic() - started < TIMEOUT_S
        held.close()


def test_a_connection_past_the_most_is_not_kept() -> None:
    with serving(rate_limits=False, max_connections=1) as base:
        held, extra = Connection(base), Connection(base)
        extra.send(get())
        answer = extra.read()
        assert (answer.status, answer.headers["connection"]) == (503, "close")
        assert extra.ends()
        held.close()
        extra.close()


def test_silent_connections_past_the_most_are_closed_soon_and_keep_nobody_away() -> None:
    with serving(rate_limits=False, max_connections=1) as base:
        held = Connection(base)
        held.send(get())
        assert held.read().status == 200
        silent = [Connection(base) for _ in range(MAX_SURPLUS + 10)]
        assert all(each.ends() for each in silent[:10])
        live = Connection(base)
        live.send("GET /_health/live HTTP/1.1\r\nHost: a\r\n\r\n")
        assert live.read().status == 200
        started = time.monotonic()
        assert all(each.ends() for each in silent)
        # Requests may take longer than that to arrive.
        assert time.monotonic() - started < TIMEOUT_S
        held.send(get())
        assert held.read().status == 200
        for each in (held, live, *silent):
            each.close()


async def test_of_many_requests_that_are_no_http_the_log_has_a_line_a_second_with_their_count(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now_s = 1_000.0
    bounded = protocol_class(HEADER_LIMIT_BYTES, Crowd(10), 10, _never, Complaints(lambda: now_s))
    for _ in range(3):
        for _ in range(500):
            protocol, transport = of(bounded, _never)
            protocol.data_received(b"\x16\x03\x01\r\n\r\n")
            assert transport.written.startswith(b"HTTP/1.1 400 ")
            protocol.connection_lost(None)
        now_s += 1.0
    line, more = "Invalid HTTP request received.", " (499 more like it within 1.0 s)"
    said = [(each.levelname, each.getMessage()) for each in caplog.records]
    assert said == [("WARNING", line), ("WARNING", line + more), ("WARNING", line + more)]


async def _never(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise AssertionError("nothing was asked for")


class _Transport(asyncio.Transport):
    """Keeps and counts answers, and knows whether it was told to stop reading or to close."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = 0
        self.reading = True
        self.closed = False
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data
        self.answers += bytes(data).startswith(b"HTTP/1.1 ")

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


def made(application: ASGIApp, busy: ASGIApp, placeless: Sequence[str] = ()) -> tuple[BoundedProtocol, _Transport]:
    """A connection of a server that answers ten requests at once."""
    complaints = Complaints(asyncio.get_running_loop().time)
    bounded = protocol_class(HEADER_LIMIT_BYTES, Crowd(10), 10, busy, complaints, placeless)
    return of(bounded, application)


def of(bounded: type[BoundedProtocol], application: ASGIApp) -> tuple[BoundedProtocol, _Transport]:
    """A connection of this protocol."""
    config = uvicorn.Config(application, interface="asgi3", http=bounded, log_config=None, lifespan="off")
    config.load()
    protocol, transport = bounded(config, ServerState(), {}), _Transport()
    protocol.connection_made(transport)
    return protocol, transport


async def test_requests_that_wait_are_not_parsed_yet() -> None:
    count = 5_000
    async with in_memory(rate_limits=False) as service:
        protocol, transport = made(service.tacet.application, service.tacet.busy)
        protocol.data_received(b"GET /2/nowhere HTTP/1.1\r\n\r\n" * count)
        most = 0
        while transport.answers < count:
            assert transport.reading == (not protocol.pipeline)
            most = max(most, len(protocol.pipeline))
            await asyncio.sleep(0)
        assert 0 < most < 100
        assert transport.reading
        protocol.connection_lost(None)


@dataclass
class Seen:
    """An application that takes note of how many places are taken while it answers, and of the bodies."""

    places: list[int]
    bodies: list[bytes]
    protocol: BoundedProtocol | None = None

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        assert self.protocol is not None
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        self.places.append(self.protocol.places.taken)
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


def seen(placeless: Sequence[str] = ()) -> tuple[Seen, BoundedProtocol, _Transport]:
    application = Seen([], [])
    application.protocol, transport = made(application, application, placeless)
    return application, application.protocol, transport


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_request_has_a_place_unless_its_path_needs_none() -> None:
    application, protocol, _ = seen(["/_health/live"])
    for path in ("/2/users/me", "/_health/live", "/2/users/me"):
        protocol.data_received(f"GET {path} HTTP/1.1\r\n\r\n".encode())
        await settle()
    assert application.places == [1, 0, 1]
    assert not protocol.places.taken


async def test_a_request_that_waits_for_its_body_has_none_until_then() -> None:
    application, protocol, _ = seen()
    protocol.data_received(b"POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\na")
    await settle()
    assert not protocol.places.taken
    protocol.data_received(b"bc")
    await settle()
    assert (application.places, application.bodies) == ([1], [b"abc"])
    assert not protocol.places.taken


async def test_a_request_begins_once_it_has_come_with_its_body() -> None:
    loop, began_s = asyncio.get_running_loop(), []

    async def note(scope: Scope, receive: Receive, send: Send) -> None:
        while scope["method"] == "POST" and (await receive())["more_body"]:
            pass
        began_s.append(BEGAN_S.get())
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    protocol, _ = made(note, note)
    # The second begins in the task of the first.
    protocol.data_received(b"GET / HTTP/1.1\r\n\r\n" * 2 + b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\na")
    await settle()
    # The loop's clock stands still in between.
    await asyncio.sleep(0.01)
    before_s = loop.time()
    protocol.data_received(b"b")
    await settle()
    first_s, second_s, third_s = began_s
    assert first_s <= second_s < before_s <= third_s <= loop.time()
    assert BEGAN_S.get() == inf


async def test_nothing_is_made_for_whoever_does_not_read() -> None:
    application, protocol, transport = seen()
    protocol.data_received(b"GET / HTTP/1.1\r\n\r\n" * 3)
    protocol.pause_writing()
    await settle()
    assert (application.places, protocol.places.taken) == ([], 0)
    protocol.resume_writing()
    await settle()
    assert (application.places, transport.answers) == ([1, 1, 1], 3)


async def test_an_answer_that_is_not_read_gives_its_place_away() -> None:
    begun = asyncio.Event()

    async def write_for_ever(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        begun.set()
        while True:
            await asyncio.sleep(0)
            await send({"type": "http.response.body", "body": b"x", "more_body": True})

    protocol, _ = made(write_for_ever, write_for_ever)
    protocol.data_received(b"GET / HTTP/1.1\r\n\r\n")
    await begun.wait()
    assert protocol.places.taken == 1
    protocol.pause_writing()
    assert not protocol.places.taken
    protocol.cut_off()


class TestEnding:
    async def test_a_request_that_was_on_its_way_is_answered_and_told_that_it_is_the_last(self) -> None:
        _, protocol, transport = seen()
        protocol.shutdown()
        assert not transport.closed
        protocol.data_received(b"GET / HTTP/1.1\r\n\r\n")
        await settle()
        assert transport.answers == 1
        assert b"connection: close\r\n" in transport.written
        assert transport.closed

    async def test_of_several_together_the_last_one_is_told(self) -> None:
        _, protocol, transport = seen()
        protocol.shutdown()
        protocol.data_received(b"GET / HTTP/1.1\r\n\r\n" * 3)
        await settle()
        assert (transport.answers, transport.written.count(b"connection: close")) == (3, 1)
        assert transport.closed

    async def test_a_connection_without_requests_ends_after_a_moment(self) -> None:
        _, protocol, transport = seen()
        protocol.data_received(b"GET / HTTP/1.1\r\n\r\n")
        await settle()
        protocol.shutdown()
        assert not transport.closed
        await until(lambda: transport.closed)
