import base64
import json
import logging

import pytest

from tests.cast import ALICE, BOB, NOW_MS, bearer
from tests.service import JSON, Service
from tests.wire.calls import LIST, OPERATIONS, Operation, name

HEADERS = {
    "empty": "",
    "scheme-only": "Bearer",
    "scheme-and-space": "Bearer ",
    "no-scheme": "alice",
    "unknown-token": "Bearer nobody",
    "two-tokens": "Bearer alice alice",
    "basic": "Basic " + base64.b64encode(b"alice:alice").decode(),
    "quoted": 'Bearer "alice"',
    "other-case-of-the-token": "Bearer ALICE",
    "too-long": "Bearer " + "a" * 5_000,
    "latin-1": "Bearer \xff\xfe",
    "nul": "Bearer alice\x00",
    "oauth1-token-as-bearer": "Bearer 1001-2001",
    "oauth1-without-parameters": "OAuth ",
    "oauth1-unknown-consumer": 'OAuth oauth_consumer_key="x", oauth_token="y", oauth_signature="z"',
    "oauth1-rubbish": "OAuth realm=,,,=%%%",
}


@pytest.mark.parametrize("authorization", HEADERS.values(), ids=HEADERS.keys())
async def test_credentials_that_are_no_good_are_all_answered_alike(service: Service, authorization: str) -> None:
    answer = await service.call("GET", LIST, token=None, headers={"authorization": authorization})
    nothing = await service.get(LIST, None)
    assert (answer.status, answer.body) == (401, nothing.body)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_may_be_spelt_in_any_case(service: Service, scheme: str) -> None:
    answer = await service.call("GET", LIST, token=None, headers={"authorization": f"{scheme} alice"})
    assert answer.status == 200


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_every_operation_takes_an_oauth1_signature(service: Service, operation: Operation) -> None:
    answer = await service.signed(operation.method, operation.target, body=operation.body)
    assert answer.status == operation.status


async def test_a_signature_over_another_path_is_no_good(service: Service) -> None:
    headers = service.signature("GET", "/2/users/me")
    assert (await service.call("GET", LIST, token=None, headers=headers)).status == 401
    assert (await service.call("GET", "/2/users/me", token=None, headers=headers)).status == 200


async def test_a_signature_works_once(service: Service) -> None:
    headers = service.signature("GET", "/2/users/me")
    statuses = [(await service.call("GET", "/2/users/me", token=None, headers=headers)).status for _ in "12"]
    assert statuses == [200, 401]


async def test_a_token_works_until_the_moment_it_expires(service: Service) -> None:
    await service.store.credentials.put_token(bearer("short", ALICE.id, expires_at_ms=NOW_MS + 7_200_000))
    assert (await service.get("/2/users/me", "short")).status == 200
    service.clock.advance(7_199_999)
    assert (await service.get("/2/users/me", "short")).status == 200
    service.clock.advance(1)
    assert (await service.get("/2/users/me", "short")).status == 401


async def test_nothing_is_written_without_good_credentials(service: Service) -> None:
    body = json.dumps({"target_user_id": str(BOB.id)}).encode()
    for authorization in HEADERS.values():
        headers = {"authorization": authorization, "content-type": JSON}
        assert (await service.call("POST", LIST, token=None, headers=headers, body=body)).status == 401
    assert (await service.page(ALICE)).ids == []


async def test_why_a_request_was_refused_is_in_the_debug_log_and_the_token_is_not(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "tacet")
    answer = await service.get(LIST, token="nobodys-token")
    assert answer.status == 401
    assert "GET /2/users/{id}/muting 401: the token is unknown, expired long ago or revoked" in caplog.text
    assert "nobodys-token" not in caplog.text
    assert (await service.get(LIST, token="alice-without-mute.read")).status == 403
    assert "GET /2/users/{id}/muting 403: the token lacks mute.read" in caplog.text
