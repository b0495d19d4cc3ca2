"""v1.1 tells a token that is none from a bad signature; nobody can tell them apart before that, or better."""

from dataclasses import replace
from typing import Any

import pytest

from tacet.identity.oauth1.rfc5849.signature import sign
from tacet.identity.vault import Vault
from tests.cast import ALICE, APP_ID, READ_ONLY_APP_ID, access_token
from tests.service import Service
from tests.wire.v1.asking import IDS, ask, code, send

Changed = dict[str, Any]
"""Arguments of the signing client instead of the right ones."""

UNKNOWN: dict[str, Changed] = {
    "unknown": {"resource_owner_key": "1001-nobodys"},
    "revoked": {"resource_owner_key": "1001-revoked"},
    "expired": {"resource_owner_key": "1001-expired"},
    "another-apps": {"resource_owner_key": f"{ALICE.id}-{READ_ONLY_APP_ID}"},
}
WRONG: dict[str, Changed] = {
    "wrong-token-secret": {"resource_owner_secret": "x" * 12},
    "wrong-consumer-secret": {"client_secret": "x" * 15},
    "unknown-app": {"client_key": "nobodys"},
    "no-token": {"resource_owner_key": None, "resource_owner_secret": None},
}


class Signatures:
    """How many signatures the service made, each of which hashes the whole request."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0

        def counting(*arguments: Any) -> str:
            self.count += 1
            return sign(*arguments)

        monkeypatch.setattr("tacet.identity.oauth1.verifier.sign", counting)

    async def of(self, service: Service, changed: Changed) -> tuple[tuple[int, int], int]:
        """What a request is answered with, and how many signatures that took."""
        self.count = 0
        answer = await ask(service, "GET", IDS, **changed)
        return code(answer), self.count


@pytest.fixture
async def signatures(service: Service, monkeypatch: pytest.MonkeyPatch) -> Signatures:
    token = access_token(service.vault, ALICE, APP_ID)
    revoked = replace(token, digest=Vault.digest("1001-revoked"), revoked_at_ms=1)
    expired = replace(token, digest=Vault.digest("1001-expired"), expires_at_ms=1)
    for each in (revoked, expired):
        await service.store.credentials.put_token(each)
    return Signatures(monkeypatch)


async def test_a_token_that_is_none_takes_as_many_signatures_as_one_that_is_wrong(
    service: Service, signatures: Signatures
) -> None:
    for turn in ("cold", "warm"):
        unknown = {name: await signatures.of(service, change) for name, change in UNKNOWN.items()}
        wrong = {name: await signatures.of(service, change) for name, change in WRONG.items()}
        assert unknown == dict.fromkeys(UNKNOWN, ((401, 89), 4)), turn
        assert wrong == dict.fromkeys(WRONG, ((401, 32), 4)), turn


async def test_what_is_told_is_the_same_whoever_s_token_it_might_be(service: Service) -> None:
    bodies = {(await ask(service, "GET", IDS, **changed)).body for changed in UNKNOWN.values()}
    assert bodies == {b'{"errors":[{"code":89,"message":"Invalid or expired token."}]}'}


@pytest.mark.parametrize("changed", [*UNKNOWN.values(), *WRONG.values()], ids=[*UNKNOWN, *WRONG])
async def test_v2_still_tells_nothing(service: Service, changed: Changed) -> None:
    bearer = await service.get("/2/users/me", "nobodys")
    signed = await send(service, "GET", "/2/users/me", **changed)
    assert (signed.status, signed.body) == (401, bearer.body)
