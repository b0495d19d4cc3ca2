"""What unmodified clients sent to the token and revocation endpoints, sent again as they sent it."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tacet.identity.vault import Vault
from tacet.records.consents import ChallengeMethod, Code
from tests.cast import ALICE, NOW_MS, login_app
from tests.identity.oauth2.logins import s256
from tests.service import Answer, Service, in_memory
from tests.wire.oauth2.clients import SCOPE, put_grant

# The made-up keys of the recording.
CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, ACCESS, REFRESH = "cid", "csec", "http://127.0.0.1/cb", "usertok", "reftok"


@dataclass(frozen=True)
class Recorded:
    client: str
    path: str
    query: str
    headers: dict[str, str]
    body: str

    @property
    def fields(self) -> dict[str, str]:
        """What it says, in whichever of the three places."""
        if self.headers["content-type"].startswith("application/json"):
            fields: dict[str, str] = json.loads(self.body)
            return fields
        return dict(parse_qsl(self.body or self.query))

    @property
    def is_confidential(self) -> bool:
        return "authorization" in self.headers


@pytest.fixture(scope="session")
def recorded(shared_wire: Path) -> list[Recorded]:
    lines = [json.loads(line) for line in (shared_wire / "client-requests.jsonl").read_text().splitlines()]
    return [
        Recorded(line["client"], line["path"], line["query"], line["headers"], line["body"])
        for line in lines
        if line["path"] in {"/2/oauth2/token", "/2/oauth2/revoke"}
    ]


async def send(service: Service, request: Recorded, *, confidential: bool) -> Answer:
    """Send a request to a service in which everything that it speaks of is good."""
    app = login_app(service.vault, confidential=confidential, callbacks=(REDIRECT_URI,))
    app = replace(app, client_id=CLIENT_ID, client_secret_digest=Vault.digest(CLIENT_SECRET))
    await service.store.credentials.put_app(app)
    fields = request.fields
    await put_grant(service, app, ACCESS, fields.get("refresh_token", REFRESH))
    if "code" in fields:
        times: dict[str, Any] = {"created_at_ms": NOW_MS, "expires_at_ms": NOW_MS + 30_000}
        challenge, method = s256(fields["code_verifier"]), ChallengeMethod.S256
        digest = Vault.digest(fields["code"])
        await service.store.consents.put_code(
            Code(digest, app.id, ALICE.id, SCOPE, REDIRECT_URI, challenge, method, **times)
        )
    headers = {name: value for name, value in request.headers.items() if name != "host"}
    target = f"{request.path}?{request.query}" if request.query else request.path
    return await service.call("POST", target, token=None, headers=headers, body=request.body.encode())


async def test_every_recorded_request_gets_what_it_asks_for(recorded: list[Recorded]) -> None:
    for request in recorded:
        async with in_memory() as service:
            answer = await send(service, request, confidential=request.is_confidential)
            assert answer.status == 200, (request, answer)
            if request.path.endswith("revoke"):
                assert answer.body == b'{"revoked":true}'
                assert (await service.get("/2/users/me", ACCESS)).status == 401
            else:
                granted = answer.json
                assert list(granted) == ["token_type", "expires_in", "access_token", "scope", "refresh_token"]
                assert set(granted["scope"].split()) == set(request.fields.get("scope", SCOPE).split())
                assert (await service.get("/2/users/me", granted["access_token"])).status == 200


async def test_a_secret_among_the_parameters_proves_nothing(recorded: list[Recorded]) -> None:
    secretive = [each for each in recorded if "client_secret" in each.fields and not each.is_confidential]
    assert {each.client for each in secretive} == {"req-oauthlib 2.0"}
    for request in secretive:
        async with in_memory() as service:
            answer = await send(service, request, confidential=True)
            assert (answer.status, answer.json["error_description"]) == (401, "Missing valid authorization header")


async def test_public_clients_are_not_taken_for_confidential_ones(recorded: list[Recorded]) -> None:
    for request in recorded:
        if not request.is_confidential:
            async with in_memory() as service:
                assert (await send(service, request, confidential=True)).status == 401


def test_the_recording_has_every_shape(recorded: list[Recorded]) -> None:
    shapes = {
        (
            request.path.rpartition("/")[2],
            request.fields.get("grant_type", ""),
            "query" if request.query else request.headers["content-type"].partition(";")[0].rpartition("/")[2],
            request.is_confidential,
        )
        for request in recorded
    }
    for place in ("query", "json", "x-www-form-urlencoded"):
        for confidential in (True, False):
            assert ("token", "authorization_code", place, confidential) in shapes
            assert ("token", "refresh_token", place, confidential) in shapes
