"""Requests at the token and revocation endpoints, with facts behind them that make them succeed."""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from tacet.identity.vault import Vault
from tacet.records.consents import ChallengeMethod, Code, Grant, GrantKind
from tacet.records.credentials import App, Token, TokenKind
from tests.cast import ALICE, CALLBACK, CLIENT_SECRET, NOW_MS, login_app
from tests.service import Answer, Service

SCOPE = "mute.read mute.write tweet.read users.read offline.access"
FORM = {"content-type": "application/x-www-form-urlencoded"}
TOKEN, REVOKE = "/2/oauth2/token", "/2/oauth2/revoke"
GRANT_ID = 77
VERIFIER = "v"


def basic(client_id: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


async def put_app(service: Service, **more: Any) -> App:
    app = login_app(service.vault, **more)
    await service.store.credentials.put_app(app)
    return app


async def put_code(service: Service, app: App, text: str = "the-code", **changed: Any) -> None:
    """A code of Alice's; its challenge is the plain verifier."""
    given: dict[str, Any] = {"redirect_uri": CALLBACK, "challenge": VERIFIER, "scopes": SCOPE, **changed}
    method, end_ms = ChallengeMethod.PLAIN, NOW_MS + 30_000
    code = Code(
        Vault.digest(text),
        app.id,
        ALICE.id,
        challenge_method=method,
        created_at_ms=NOW_MS,
        expires_at_ms=end_ms,
        **given,
    )
    await service.store.consents.put_code(code)


async def put_grant(
    service: Service, app: App, access: str = "an-access-token", refresh: str = "a-refresh-token"
) -> None:
    """A grant of Alice's with both tokens."""
    texts = {TokenKind.OAUTH2_USER: access, TokenKind.REFRESH: refresh}
    tokens = [
        Token(Vault.digest(text), kind, app.id, ALICE.id, SCOPE, created_at_ms=NOW_MS, grant_id=GRANT_ID)
        for kind, text in texts.items()
    ]
    await service.store.consents.add_grant(Grant(GRANT_ID, GrantKind.OAUTH2, app.id, ALICE.id, SCOPE, NOW_MS), tokens)


def exchange_fields(**changed: str | None) -> dict[str, str]:
    """The fields of an exchange; None leaves one out."""
    plain: dict[str, str | None] = {
        "grant_type": "authorization_code",
        "code": "the-code",
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    return {name: value for name, value in (plain | changed).items() if value is not None}


async def post(
    service: Service,
    path: str,
    fields: Mapping[str, str],
    app: App | None = None,
    secret: str = CLIENT_SECRET,
    **headers: str,
) -> Answer:
    """Post a form, as a confidential App where one is given."""
    authorization = {} if app is None else {"authorization": basic(app.client_id, secret)}
    sent = {**FORM, **authorization, **headers}
    return await service.call("POST", path, token=None, headers=sent, body=urlencode(fields).encode())
