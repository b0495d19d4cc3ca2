"""`POST /2/oauth2/token` over the whole service."""

from pathlib import Path

import pytest

from tests.cast import ALICE, CALLBACK, PUBLIC_APP_ID
from tests.service import Service
from tests.wire.oauth2.clients import SCOPE, TOKEN, exchange_fields, post, put_app, put_code, put_grant

REFRESH = {"grant_type": "refresh_token", "refresh_token": "a-refresh-token"}


async def test_a_code_becomes_the_recorded_reply(service: Service, shared_wire: Path) -> None:
    app = await put_app(service)
    await put_code(service, app)
    answer = await post(service, TOKEN, exchange_fields(), app)
    granted = answer.json
    shape = answer.body.decode()
    for name in ("access_token", "refresh_token"):
        shape = shape.replace(granted[name], "…")
    recorded = shape.replace(SCOPE, "tweet.read users.read follows.read offline.access")
    assert f"-> {recorded}" in (shared_wire / "oauth.md").read_text()
    assert (await service.get("/2/users/me", granted["access_token"])).json["data"]["id"] == str(ALICE.id)


async def test_without_offline_access_there_is_no_refresh_token(service: Service) -> None:
    app = await put_app(service)
    await put_code(service, app, scopes="users.read tweet.read")
    granted = (await post(service, TOKEN, exchange_fields(), app)).json
    assert list(granted) == ["token_type", "expires_in", "access_token", "scope"]
    assert (granted["token_type"], granted["expires_in"], granted["scope"]) == ("bearer", 7200, "users.read tweet.read")


async def test_a_refresh_token_becomes_the_same_reply(service: Service) -> None:
    app = await put_app(service)
    await put_grant(service, app)
    granted = (await post(service, TOKEN, REFRESH, app)).json
    assert list(granted) == ["token_type", "expires_in", "access_token", "scope", "refresh_token"]
    assert granted["scope"] == SCOPE
    assert (await service.get("/2/users/me", granted["access_token"])).status == 200


async def test_a_public_client_says_who_it_is(service: Service) -> None:
    app = await put_app(service, app_id=PUBLIC_APP_ID, confidential=False)
    await put_code(service, app)
    assert (await post(service, TOKEN, exchange_fields(client_id=app.client_id))).status == 200


WRONG: dict[str, tuple[dict[str, str | None], int, str, str]] = {
    "no-grant-type": ({"grant_type": None}, 400, "invalid_request", "Missing required parameter [grant_type]."),
    "empty-grant-type": ({"grant_type": ""}, 400, "invalid_request", "Missing required parameter [grant_type]."),
    "unknown-grant-type": (
        {"grant_type": "client_credentials"},
        400,
        "unsupported_grant_type",
        "Value passed for the grant type was invalid.",
    ),
    "no-code": ({"code": None}, 400, "invalid_request", "Missing required parameter [code]."),
    "no-redirect-uri": ({"redirect_uri": None}, 400, "invalid_request", "Missing required parameter [redirect_uri]."),
    "no-verifier": ({"code_verifier": None}, 400, "invalid_request", "Missing required parameter [code_verifier]."),
    "unknown-code": (
        {"code": "unknown"},
        400,
        "invalid_request",
        "Value passed for the authorization code was invalid.",
    ),
    "wrong-verifier": (
        {"code_verifier": "w"},
        400,
        "invalid_request",
        "Value passed for the code verifier did not match the code challenge.",
    ),
    "wrong-redirect-uri": (
        {"redirect_uri": f"{CALLBACK}/"},
        400,
        "invalid_request",
        "Value passed for the redirect uri did not match the uri of the authorization code.",
    ),
    "no-refresh-token": (
        {"grant_type": "refresh_token"},
        400,
        "invalid_request",
        "Missing required parameter [refresh_token].",
    ),
    "unknown-refresh-token": (
        {"grant_type": "refresh_token", "refresh_token": "unknown"},
        400,
        "invalid_request",
        "Value passed for the token was invalid.",
    ),
    "another-client-id": ({"client_id": "another"}, 401, "unauthorized_client", "Missing valid authorization header"),
}


@pytest.mark.parametrize(("changed", "status", "error", "description"), WRONG.values(), ids=WRONG.keys())
async def test_errors_are_worded_as_x_words_them(
    service: Service, changed: dict[str, str | None], status: int, error: str, description: str
) -> None:
    app = await put_app(service)
    await put_code(service, app)
    answer = await post(service, TOKEN, exchange_fields(**changed), app)
    assert answer.status == status
    assert answer.json == {"error": error, "error_description": description}


async def test_a_confidential_client_without_basic_is_told_so(service: Service) -> None:
    app = await put_app(service)
    await put_code(service, app)
    answer = await post(service, TOKEN, exchange_fields(client_id=app.client_id, client_secret="client-secret"))
    assert (answer.status, answer.json["error_description"]) == (401, "Missing valid authorization header")
    assert answer.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize(("passed_ms", "status"), [(29_999, 200), (30_000, 400)], ids=["29.999-s", "30.000-s"])
async def test_a_code_lives_thirty_seconds(service: Service, passed_ms: int, status: int) -> None:
    app = await put_app(service)
    await put_code(service, app)
    service.clock.advance(passed_ms)
    assert (await post(service, TOKEN, exchange_fields(), app)).status == status


async def test_a_replay_takes_effect_at_once(service: Service) -> None:
    app = await put_app(service)
    await put_code(service, app)
    granted = (await post(service, TOKEN, exchange_fields(), app)).json
    assert (await service.get("/2/users/me", granted["access_token"])).status == 200
    assert (await post(service, TOKEN, exchange_fields(), app)).status == 400
    assert (await service.get("/2/users/me", granted["access_token"])).status == 401
