"""What real clients sent to log people in, replayed against the endpoints, each request at its own time."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tacet.identity.oauth1 import SignedRequest, collect
from tacet.identity.vault import Vault
from tacet.records.consents import RequestToken
from tacet.records.credentials import Access
from tests.cast import ALICE, login_app
from tests.identity.oauth1.logins import Logins
from tests.identity.oauth1.test_recorded_clients import arrived
from tests.service import exchange
from tests.wire.oauth1.sending import members

# The made-up keys that clients.md, beside the recording, names.
CONSUMER_KEY, CONSUMER_SECRET = "ck", "cs"
REQUEST_TOKEN, REQUEST_TOKEN_SECRET = "reqtok", "reqtoksecret"
CALLBACKS = ("http://127.0.0.1/cb", "http://127.0.0.1/cb?x=1")
APP_ID = 2031


@dataclass(frozen=True)
class Sent:
    client: str
    request: SignedRequest
    headers: dict[str, str]
    body: bytes


def sent_to(path: str, shared_wire: Path) -> list[Sent]:
    lines = [json.loads(line) for line in (shared_wire / "client-requests.jsonl").read_text().splitlines()]
    return [
        Sent(line["client"], arrived(line), line["headers"], line["body"].encode())
        for line in lines
        if line["path"] == path
    ]


@pytest.fixture
async def recorded_app(logins: Logins) -> None:
    vault = logins.service.vault
    app = login_app(vault, APP_ID, callbacks=CALLBACKS)
    await logins.put(replace(app, consumer_key=CONSUMER_KEY, consumer_secret_sealed=vault.seal(CONSUMER_SECRET)))


async def replay(logins: Logins, sent: Sent, verifier: str | None) -> dict[str, str]:
    """Send a request at its own time, when the request token that it may name is approved."""
    parameters = collect(sent.request)
    logins.clock.set(parameters.timestamp_s * 1000)
    now_ms, consents = logins.clock.now_ms(), logins.store.consents
    digest, sealed = Vault.digest(REQUEST_TOKEN), logins.service.vault.seal(REQUEST_TOKEN_SECRET)
    await consents.drop_request_token(digest)
    await consents.put_request_token(
        RequestToken(digest, APP_ID, sealed, "oob", Access.READ_WRITE, now_ms, now_ms + 60_000)
    )
    if verifier is not None:
        await consents.approve_request_token(digest, ALICE.id, Vault.digest(verifier), now_ms)
    query = sent.request.query.decode() if isinstance(sent.request.query, bytes) else sent.request.query
    target = f"{sent.request.raw_path}?{query}"
    answer = await exchange(logins.service.tacet, sent.request.method, target, sent.headers, [sent.body])
    return members(answer)


@pytest.mark.usefixtures("recorded_app")
async def test_every_request_for_a_request_token_gets_one(logins: Logins, shared_wire: Path) -> None:
    recorded = sent_to("/oauth/request_token", shared_wire)
    assert len({each.client for each in recorded}) > 10
    for each in recorded:
        made = await replay(logins, each, None)
        login = await logins.steps.pending(made["oauth_token"])
        assert login.callback == collect(each.request).oauth.get("oauth_callback", "oob"), each.client


@pytest.mark.usefixtures("recorded_app")
async def test_every_request_for_an_access_token_gets_one(logins: Logins, shared_wire: Path) -> None:
    recorded = sent_to("/oauth/access_token", shared_wire)
    assert len({each.client for each in recorded}) > 8
    for each in recorded:
        made = await replay(logins, each, collect(each.request).oauth["oauth_verifier"])
        assert made["oauth_token"].startswith(f"{ALICE.id}-"), each.client
        assert (made["user_id"], made["screen_name"]) == (str(ALICE.id), ALICE.username), each.client


@pytest.mark.usefixtures("recorded_app")
async def test_every_app_that_asks_for_its_own_bearer_gets_it(logins: Logins, shared_wire: Path) -> None:
    lines = [json.loads(line) for line in (shared_wire / "client-requests.jsonl").read_text().splitlines()]
    asked = [line for line in lines if line["path"] == "/oauth2/token"]
    assert len(asked) > 2
    answers = [
        await exchange(logins.service.tacet, line["method"], line["path"], line["headers"], [line["body"].encode()])
        for line in asked
    ]
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["access_token"] for answer in answers}) == 1
