"""Paths that are no operations of v2: what they read, and how they answer."""

import logging
from typing import Any

import pytest
from starlette.types import Scope

from tacet.clock import ManualClock
from tacet.identity.authenticator import Authenticator
from tacet.identity.oauth1 import Nonces, Verifier
from tacet.ids import SeededRandomness
from tacet.limits.usage import UsageCounter
from tacet.limits.windows import InProcessWindows
from tacet.observing.complaints import Complaints
from tacet.observing.requests import Requests
from tacet.store.base import StoreAway, StoreBusy, StoreError
from tacet.wire.answering import Answering
from tacet.wire.endpoint import Services
from tacet.wire.headers import HeaderWriter, Reply
from tacet.wire.problems import UNAUTHORIZED, Refusal
from tests.cast import NOW_MS
from tests.service import Service

MAX_BODY_BYTES = 10


def services(service: Service) -> Services:
    clock = ManualClock(NOW_MS)
    people, verifier = service.tacet.people, Verifier(clock, Nonces(), ())
    authenticator = Authenticator(service.store.credentials, people, service.vault, clock, verifier)
    headers = HeaderWriter(clock, SeededRandomness(1))
    usage = UsageCounter(service.store.accounts, clock)
    windows, complaints = InProcessWindows({}, clock), Complaints(lambda: clock.ticks_ns() / 1e9)
    return Services(authenticator, windows, headers, clock, usage, Requests(clock), complaints, MAX_BODY_BYTES)


async def ask(
    service: Service, answer: Reply | Exception, method: str = "POST", body: bytes = b""
) -> tuple[int, dict[bytes, bytes], bytes]:
    """Status, headers and body of the answer to a request whose handler answers or raises this."""

    async def handle(_scope: Scope, given: bytes) -> Reply:
        assert given == body
        if isinstance(answer, Exception):
            raise answer
        return answer

    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "headers": [], "query_string": b"secret=1", "path": "/a"}
    await Answering(services(service), "/a", {"POST": handle, "GET": handle})(scope, receive, send)
    start, content = sent
    return start["status"], dict(start["headers"]), content["body"]


async def test_a_reply_goes_out_with_its_type_and_headers(service: Service) -> None:
    reply = Reply(b"a=b", b"text/html;charset=utf-8", ((b"pragma", b"no-cache"),))
    status, headers, body = await ask(service, reply, body=b"given")
    assert (status, body) == (200, b"a=b")
    assert headers[b"content-type"] == b"text/html;charset=utf-8"
    assert headers[b"pragma"] == b"no-cache"
    assert headers[b"content-length"] == b"3"
    assert b"no-store" in headers[b"cache-control"]
    assert headers.keys() >= {b"date", b"server", b"x-transaction-id", b"x-response-time", b"x-content-type-options"}
    assert headers.keys().isdisjoint({b"x-access-level", b"x-rate-limit-limit"})


async def test_a_reply_is_json_unless_told_otherwise(service: Service) -> None:
    _, headers, _ = await ask(service, Reply(b"{}"))
    assert headers[b"content-type"] == b"application/json; charset=utf-8"


async def test_a_method_without_a_handler_is_refused(service: Service) -> None:
    status, headers, _ = await ask(service, Reply(b"{}"), method="DELETE")
    assert (status, headers[b"allow"]) == (405, b"POST, GET")


async def test_a_body_over_the_limit_reaches_no_handler(service: Service) -> None:
    assert (await ask(service, Reply(b"{}"), body=b"a" * MAX_BODY_BYTES))[0] == 200
    assert (await ask(service, Reply(b"{}"), body=b"a" * (MAX_BODY_BYTES + 1)))[0] == 413


RAISED = {
    "refusal": (Refusal(UNAUTHORIZED), 401),
    "busy": (StoreBusy("the queue is full"), 503),
    "away": (StoreAway("the database cannot be reached"), 503),
    "full": (StoreError("the disk is full"), 503),
    "bug": (ZeroDivisionError(), 500),
}


@pytest.mark.parametrize(("raised", "status"), RAISED.values(), ids=RAISED.keys())
async def test_what_is_raised_becomes_a_problem(service: Service, raised: Exception, status: int) -> None:
    answered, headers, _ = await ask(service, raised)
    assert (answered, headers[b"content-type"]) == (status, b"application/problem+json")


async def test_the_log_has_the_path_and_never_the_query(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await ask(service, StoreError("the disk is full"))
        await ask(service, ZeroDivisionError())
    assert "/a failed: the disk is full" in caplog.text
    assert "/a failed, transaction " in caplog.text
    assert "secret" not in caplog.text


async def test_a_database_that_is_away_is_not_logged_with_every_request(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    await ask(service, StoreAway("the database cannot be reached"))
    assert caplog.text == ""
