"""How parameters are read, and how often somebody may be wrong."""

import json
import logging

import pytest

from tacet.limits.failures import FAILURES, Kind
from tacet.store.base import StoreBusy, StoreError
from tests.cast import CALLBACK
from tests.service import Service
from tests.wire.oauth2.clients import (
    FORM,
    REVOKE,
    TOKEN,
    VERIFIER,
    basic,
    exchange_fields,
    post,
    put_app,
    put_code,
    put_grant,
)

JSON = {"content-type": "application/json"}


async def test_the_query_counts_only_where_there_is_no_body(service: Service) -> None:
    app = await put_app(service, confidential=False)
    await put_code(service, app)
    target = f"{TOKEN}?client_id={app.client_id}&code=another"
    assert (await post(service, target, exchange_fields())).status == 401
    assert (await post(service, target, exchange_fields(client_id=app.client_id))).status == 200


UNREADABLE = {
    "broken-json": (JSON, b"{", "The request body is not valid JSON."),
    "no-object": (JSON, b"[]", "The request body is not a JSON object."),
    "a-text": (JSON, b'"grant_type"', "The request body is not a JSON object."),
    "pairs-in-a-list": (JSON, b'[["grant_type","refresh_token"]]', "The request body is not a JSON object."),
    "no-utf-8": (JSON, b'{"a":"\xff"}', "The request body is not valid JSON."),
    "deep-json": (JSON, b"[" * 30_000, "The request body is not valid JSON."),
    "a-number-without-end": (JSON, b'{"a":' + b"9" * 60_000 + b"}", "The request body is not valid JSON."),
    "many-fields": (FORM, b"a&" * 51, "There are more than 50 parameters."),
    "another-type": (
        {"content-type": "text/plain"},
        b"grant_type=refresh_token",
        "Requests with bodies must have content-type of application/x-www-form-urlencoded or application/json.",
    ),
    "no-type": (
        {},
        b"grant_type=refresh_token",
        "Requests with bodies must have content-type of application/x-www-form-urlencoded or application/json.",
    ),
    "a-number": (JSON, b'{"grant_type":1}', "Parameter [grant_type] is not a string."),
    "a-list": (JSON, b'{"client_id":["a"]}', "Parameter [client_id] is not a string."),
    "twice-in-a-form": (FORM, b"grant_type=a&grant_type=a", "Parameter [grant_type] is given more than once."),
    "twice-in-json": (JSON, b'{"client_id":"a","client_id":"a"}', "Parameter [client_id] is given more than once."),
}


@pytest.mark.parametrize(("headers", "body", "description"), UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_what_cannot_be_read_is_told(
    service: Service, headers: dict[str, str], body: bytes, description: str
) -> None:
    answer = await service.call("POST", TOKEN, token=None, headers=headers, body=body)
    assert answer.status == 400
    assert answer.json == {"error": "invalid_request", "error_description": description}


@pytest.mark.parametrize("name", ["grant_type", "code", "redirect_uri", "code_verifier"])
async def test_no_parameter_may_come_twice_and_the_code_is_left_alone(service: Service, name: str) -> None:
    app = await put_app(service)
    await put_code(service, app)
    fields = exchange_fields()
    twice = json.dumps(fields)[:-1] + f',"{name}":"{fields[name]}"}}'
    sent = {**JSON, "authorization": basic(app.client_id, "client-secret")}
    answer = await service.call("POST", TOKEN, token=None, headers=sent, body=twice.encode())
    assert answer.json["error_description"] == f"Parameter [{name}] is given more than once."
    assert (await post(service, TOKEN, fields, app)).status == 200


async def test_unknown_parameters_and_nulls_are_ignored(service: Service) -> None:
    app = await put_app(service, confidential=False)
    await put_code(service, app)
    fields = {**exchange_fields(client_id=app.client_id), "scope": None, "x": [1], "y": {"z": 1}}
    answer = await service.call("POST", TOKEN, token=None, headers=JSON, body=json.dumps(fields).encode())
    assert answer.status == 200


HALF = "\\ud800"
HALVES = ["client_id", "code", "redirect_uri", "code_verifier"]


@pytest.mark.parametrize("name", HALVES)
async def test_half_a_character_is_refused_like_any_other_wrong_value(service: Service, name: str) -> None:
    app = await put_app(service, confidential=False)
    await put_code(service, app)
    body = json.dumps({**exchange_fields(client_id=app.client_id), name: "HALF"}).replace("HALF", HALF)
    answer = await service.call("POST", TOKEN, token=None, headers=JSON, body=body.encode())
    assert answer.status == (401 if name == "client_id" else 400)
    assert answer.json.keys() == {"error", "error_description"}


@pytest.mark.parametrize("path", [TOKEN, REVOKE])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
async def test_other_methods_are_refused_in_json(service: Service, path: str, method: str) -> None:
    answer = await service.call(method, path, token=None)  # type: ignore[arg-type]  # a parameter is a plain str
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert answer.json["title"] == "Method Not Allowed"


@pytest.mark.parametrize("path", [TOKEN, REVOKE])
async def test_a_body_over_the_limit_is_refused(service: Service, path: str) -> None:
    answer = await service.call("POST", path, token=None, headers=FORM, body=b"a" * 65_537)
    assert answer.status == 413


@pytest.mark.parametrize("path", [TOKEN, REVOKE])
async def test_answers_are_stored_nowhere(service: Service, path: str) -> None:
    app = await put_app(service)
    await put_code(service, app)
    await put_grant(service, app)
    fields = exchange_fields() if path == TOKEN else {"token": "an-access-token"}
    for expected in (200, 400):
        answer = await post(service, path, fields, app)
        assert answer.status == expected
        assert "no-store" in answer.headers["cache-control"]
        assert answer.headers["pragma"] == "no-cache"
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        assert answer.headers.keys().isdisjoint({"x-rate-limit-limit", "x-access-level"})


# Failures


ALLOWED = FAILURES[Kind.TOKEN].count

WRONG = {
    "code": {"code": "wrong"},
    "refresh-token": {"grant_type": "refresh_token", "refresh_token": "wrong"},
}


async def test_guessing_ends_after_a_hundred_failures(service: Service) -> None:
    app = await put_app(service)
    await put_code(service, app)
    for _ in range(ALLOWED):
        assert (await post(service, TOKEN, exchange_fields(), app, "wrong")).status == 401
    assert (await post(service, TOKEN, exchange_fields(), app)).status == 429
    assert (await post(service, REVOKE, {"token": "a"}, app)).status == 429
    service.clock.advance(15 * 60_000)
    assert (await post(service, REVOKE, {"token": "a"}, app)).status == 400


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG.keys())
async def test_so_does_guessing_without_a_secret(service: Service, changed: dict[str, str]) -> None:
    app = await put_app(service, confidential=False)
    named = {"client_id": app.client_id}
    for _ in range(ALLOWED):
        assert (await post(service, TOKEN, exchange_fields(**changed, **named))).status == 400
    assert (await post(service, TOKEN, exchange_fields(**named))).status == 429


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG.keys())
async def test_what_strangers_bring_to_an_app_that_shows_its_secret_locks_nobody_out(
    service: Service, changed: dict[str, str]
) -> None:
    app = await put_app(service)
    await put_code(service, app)
    for _ in range(ALLOWED + 1):
        assert (await post(service, TOKEN, exchange_fields(**changed), app)).status == 400
    assert (await post(service, TOKEN, exchange_fields(), app)).status == 200


async def test_one_client_guessing_holds_up_no_other(service: Service) -> None:
    app = await put_app(service)
    await put_code(service, app)
    for _ in range(ALLOWED + 1):
        await post(service, REVOKE, {"token": "a", "client_id": "another"})
    assert (await post(service, REVOKE, {"token": "a", "client_id": "another"})).status == 429
    assert (await post(service, TOKEN, exchange_fields(), app)).status == 200


async def test_what_succeeds_or_only_lacks_something_is_not_counted(service: Service) -> None:
    app = await put_app(service)
    for number in range(ALLOWED + 1):
        await put_code(service, app, f"code-{number}")
        assert (await post(service, TOKEN, exchange_fields(code=f"code-{number}"), app)).status == 200
        assert (await post(service, TOKEN, exchange_fields(code=None), app)).status == 400
        assert (await post(service, TOKEN, {}, app)).status == 400


async def test_rate_limits_that_are_switched_off_leave_this_one_on(unlimited: Service) -> None:
    for _ in range(ALLOWED):
        assert (await post(unlimited, TOKEN, exchange_fields(client_id="wrong"))).status == 401
    assert (await post(unlimited, TOKEN, exchange_fields(client_id="wrong"))).status == 429


# Faults


FAULTS = {
    "busy": (StoreBusy("too many writes are waiting"), 503),
    "away": (StoreError("the disk is full: free some space"), 503),
    "bug": (ZeroDivisionError("the-code"), 500),
}


@pytest.mark.parametrize(("fault", "status"), FAULTS.values(), ids=FAULTS.keys())
async def test_a_database_that_fails_is_answered_in_json_and_secrets_reach_no_log(
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
    status: int,
) -> None:
    app = await put_app(service)
    await put_code(service, app, "very-secret-code")

    async def fail(*_: object) -> bool:
        raise type(fault)("something else")

    monkeypatch.setattr(service.store.consents, "redeem_code", fail)
    with caplog.at_level(logging.DEBUG):
        fields = exchange_fields(code="very-secret-code")
        answer = await post(service, TOKEN, fields, app)
        query = "&".join(f"{name}={value}" for name, value in fields.items())
        sent = {"authorization": basic(app.client_id, "client-secret")}
        await service.call("POST", f"{TOKEN}?{query}", token=None, headers=sent)
    assert answer.status == answer.json["status"] == status
    for secret in (
        "very-secret-code",
        "client-secret",
        CALLBACK,
        f"={VERIFIER}",
        basic(app.client_id, "client-secret"),
    ):
        assert secret not in caplog.text
    if status == 503:
        assert answer.headers["retry-after"] == "1"
    else:
        assert f"{TOKEN} failed, transaction {answer.headers['x-transaction-id']}" in caplog.text


async def test_a_request_that_breaks_off_changes_nothing(service: Service) -> None:
    app = await put_app(service)
    await put_code(service, app)
    sent = {**FORM, "authorization": basic(app.client_id, "client-secret")}
    answer = await service.call("POST", TOKEN, token=None, headers=sent, body=[])
    assert answer.status == 400
    assert (await post(service, TOKEN, exchange_fields(), app)).status == 200
