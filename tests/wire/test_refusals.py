"""What the log says of refused requests, and that it says nothing else."""

import logging
from collections.abc import Awaitable, Callable, Mapping

import pytest

from tacet.wire import refusals
from tests.cast import ALICE, BOB, CLIENT_SECRET
from tests.service import Answer, Service
from tests.wire.calls import LIST
from tests.wire.oauth2.clients import FORM, REVOKE, TOKEN, basic, exchange_fields, post, put_app, put_code, put_grant

Told = Callable[[], list[str]]


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    caplog.set_level(logging.DEBUG)
    return lambda: [each.getMessage() for each in caplog.records if each.name == refusals.__name__]


async def unknown_client(service: Service) -> Answer:
    return await post(service, TOKEN, exchange_fields(client_id="nobodys-client"))


async def no_client(service: Service) -> Answer:
    return await post(service, TOKEN, exchange_fields())


async def two_clients(service: Service) -> Answer:
    return await post(service, TOKEN, exchange_fields(client_id="another"), await put_app(service))


async def wrong_secret(service: Service) -> Answer:
    return await post(service, TOKEN, exchange_fields(), await put_app(service), "not-the-secret")


async def secret_as_parameter(service: Service) -> Answer:
    app = await put_app(service)
    return await post(service, TOKEN, exchange_fields(client_id=app.client_id, client_secret=CLIENT_SECRET))


async def public_with_secret(service: Service) -> Answer:
    return await post(service, TOKEN, exchange_fields(), await put_app(service, confidential=False), "not-the-secret")


async def old_code(service: Service) -> Answer:
    app = await put_app(service)
    await put_code(service, app)
    service.clock.advance(32_000)
    return await post(service, TOKEN, exchange_fields(), app)


async def used_code(service: Service) -> Answer:
    app = await put_app(service)
    await put_code(service, app)
    await post(service, TOKEN, exchange_fields(), app)
    return await post(service, TOKEN, exchange_fields(), app)


async def unknown_code(service: Service) -> Answer:
    return await post(service, TOKEN, exchange_fields(code="nobodys-code"), await put_app(service))


async def wrong_verifier(service: Service) -> Answer:
    app = await put_app(service)
    await put_code(service, app)
    return await post(service, TOKEN, exchange_fields(code_verifier="not-the-verifier"), app)


async def used_refresh_token(service: Service) -> Answer:
    app = await put_app(service)
    await put_grant(service, app)
    fields = {"grant_type": "refresh_token", "refresh_token": "a-refresh-token"}
    await post(service, TOKEN, fields, app)
    return await post(service, TOKEN, fields, app)


async def access_token_to_refresh(service: Service) -> Answer:
    app = await put_app(service)
    await put_grant(service, app)
    return await post(service, TOKEN, {"grant_type": "refresh_token", "refresh_token": "an-access-token"}, app)


async def unknown_token(service: Service) -> Answer:
    return await post(service, REVOKE, {"token": "nobodys-token"}, await put_app(service))


async def app_only_wrong_key(service: Service) -> Answer:
    sent = {**FORM, "authorization": basic("nobodys-key", "not-the-secret")}
    return await service.call("POST", "/oauth2/token", token=None, headers=sent, body=b"grant_type=client_credentials")


async def unsigned(service: Service) -> Answer:
    return await service.call("POST", "/oauth/request_token", token=None)


async def no_credentials(service: Service) -> Answer:
    return await service.get(LIST, None)


async def app_alone(service: Service) -> Answer:
    return await service.get(LIST, "app-only")


CASES: Mapping[str, tuple[Callable[[Service], Awaitable[Answer]], str]] = {
    "unknown-client": (unknown_client, f"POST {TOKEN} 401: no App has this client id"),
    "no-client": (no_client, f"POST {TOKEN} 401: there is no client id, neither as client_id nor by Basic"),
    "two-clients": (two_clients, f"POST {TOKEN} 401: client_id and Basic name different clients"),
    "wrong-secret": (wrong_secret, f"POST {TOKEN} 401: the client secret is wrong"),
    "secret-as-parameter": (
        secret_as_parameter,
        f"POST {TOKEN} 401: the App is confidential, but no client secret was sent by Basic",
    ),
    "public-with-secret": (
        public_with_secret,
        f"POST {TOKEN} 401: the App is a public client, but a client secret was sent",
    ),
    "old-code": (old_code, f"POST {TOKEN} 400: the code expired 2 s ago"),
    "used-code": (used_code, f"POST {TOKEN} 400: the code was tried before: what it gave ends with this"),
    "unknown-code": (unknown_code, f"POST {TOKEN} 400: the code is unknown, or another App's"),
    "wrong-verifier": (
        wrong_verifier,
        f"POST {TOKEN} 400: Value passed for the code verifier did not match the code challenge.",
    ),
    "used-refresh-token": (
        used_refresh_token,
        f"POST {TOKEN} 400: the refresh token was used or revoked before: its whole login ends with this",
    ),
    "access-token-to-refresh": (access_token_to_refresh, f"POST {TOKEN} 400: the token is no refresh token"),
    "unknown-token": (unknown_token, f"POST {REVOKE} 400: the token is unknown, or another App's"),
    "app-only-wrong-key": (app_only_wrong_key, "POST /oauth2/token 403: no App has this API key"),
    "unsigned": (unsigned, "POST /oauth/request_token 400: there is no OAuth 1.0a signature"),
    "no-credentials": (
        no_credentials,
        "GET /2/users/{id}/muting 401: there is neither a bearer nor an OAuth 1.0a signature",
    ),
    "app-alone": (app_alone, "GET /2/users/{id}/muting 403: the token speaks for an App and for nobody"),
}

SENT = (
    *("nobodys-client", "not-the-secret", CLIENT_SECRET, "the-code", "nobodys-code", "not-the-verifier"),
    *("a-refresh-token", "an-access-token", "nobodys-token", "nobodys-key"),
)


@pytest.mark.parametrize(("send", "line"), CASES.values(), ids=CASES)
async def test_the_reason_is_one_line_without_anything_that_was_sent(
    service: Service,
    told: Told,
    caplog: pytest.LogCaptureFixture,
    send: Callable[[Service], Awaitable[Answer]],
    line: str,
) -> None:
    answer = await send(service)
    assert told() == [line]
    assert f" {answer.status}: " in line
    assert not [each for each in SENT if each in caplog.text]


async def test_after_too_many_failures_it_is_said(service: Service, told: Told) -> None:
    app = await put_app(service)
    statuses = [(await post(service, TOKEN, exchange_fields(), app, "not-the-secret")).status for _ in range(101)]
    assert statuses == [401] * 100 + [429]
    assert told()[-1] == f"POST {TOKEN} 429: too many attempts of this client from this address have failed"


async def test_whom_somebody_unmutes_is_not_said(service: Service, told: Told) -> None:
    path = f"/2/users/{ALICE.id}/muting/{BOB.id}"
    assert (await service.call("DELETE", path, token="nobodys-token")).status == 401
    (line,) = told()
    assert line.startswith("DELETE /2/users/{source_user_id}/muting/{target_user_id} 401: ")


async def test_what_the_answer_says_already_is_not_logged(service: Service, told: Told) -> None:
    assert (await service.get(f"{LIST}?max_results=0")).status == 400
    assert told() == []
