"""`POST /2/oauth2/revoke` over the whole service."""

import pytest

from tests.service import Service
from tests.wire.oauth2.clients import REVOKE, TOKEN, post, put_app, put_grant

HINTS = [None, "access_token", "refresh_token", "pat"]


@pytest.mark.parametrize("token", ["an-access-token", "a-refresh-token"])
@pytest.mark.parametrize("hint", HINTS)
async def test_either_token_ends_both_whatever_the_hint(service: Service, token: str, hint: str | None) -> None:
    app = await put_app(service)
    await put_grant(service, app)
    assert (await service.get("/2/users/me", "an-access-token")).status == 200
    fields = {"token": token, **({} if hint is None else {"token_type_hint": hint})}
    answer = await post(service, REVOKE, fields, app)
    assert (answer.status, answer.body) == (200, b'{"revoked":true}')
    assert (await service.get("/2/users/me", "an-access-token")).status == 401
    refresh = {"grant_type": "refresh_token", "refresh_token": "a-refresh-token"}
    assert (await post(service, TOKEN, refresh, app)).status == 400


async def test_a_public_client_revokes_by_its_client_id(service: Service) -> None:
    app = await put_app(service, confidential=False)
    await put_grant(service, app)
    fields = {"token": "an-access-token", "client_id": app.client_id}
    assert (await post(service, REVOKE, fields)).json == {"revoked": True}


WRONG = {
    "unknown": ({"token": "unknown"}, "Value passed for the token was invalid."),
    "empty": ({"token": ""}, "Missing required parameter [token]."),
    "missing": ({}, "Missing required parameter [token]."),
    "of-another-app": ({"token": "alice"}, "Value passed for the token was invalid."),
}


@pytest.mark.parametrize(("fields", "description"), WRONG.values(), ids=WRONG.keys())
async def test_a_bad_token_is_refused_as_x_refuses_it(
    service: Service, fields: dict[str, str], description: str
) -> None:
    app = await put_app(service)
    answer = await post(service, REVOKE, fields, app)
    assert (answer.status, answer.json) == (400, {"error": "invalid_request", "error_description": description})


async def test_nobody_revokes_without_being_the_client(service: Service) -> None:
    app = await put_app(service)
    await put_grant(service, app)
    fields = {"token": "an-access-token", "client_id": app.client_id}
    assert (await post(service, REVOKE, fields)).status == 401
    assert (await post(service, REVOKE, fields, app, "wrong")).status == 401
    assert (await service.get("/2/users/me", "an-access-token")).status == 200
