"""What every store's `ConsentStore.own_token` must do."""

from dataclasses import replace

import pytest

from tacet.records.consents import GrantKind
from tacet.records.credentials import Token, TokenKind
from tacet.store.base import Store
from tests.store.building import NOW, SOURCE, grant, token

pytestmark = pytest.mark.usefixtures("apps")

OWN = grant(kind=GrantKind.OWN, scopes="")
MADE = token(kind=TokenKind.OAUTH1_USER, secret_sealed=b"sealed", grant_id=OWN.id)


@pytest.fixture
async def made(store: Store, apps: None) -> Token:
    await store.consents.add_grant(OWN, [MADE])
    return MADE


async def test_it_is_found_by_app_and_developer(store: Store, made: Token) -> None:
    assert await store.consents.own_token(OWN.app_id, SOURCE) == made
    assert await store.consents.own_token(OWN.app_id + 1, SOURCE) is None
    assert await store.consents.own_token(OWN.app_id, SOURCE + 1) is None


async def test_it_is_gone_with_its_grant(store: Store, made: Token) -> None:
    assert made.grant_id is not None
    await store.consents.revoke_grant(made.grant_id, NOW)
    assert await store.consents.own_token(OWN.app_id, SOURCE) is None


async def test_it_is_gone_when_it_is_revoked_alone(store: Store, made: Token) -> None:
    await store.credentials.revoke_token(made.digest, NOW)
    assert await store.consents.own_token(OWN.app_id, SOURCE) is None


async def test_the_newest_of_several_is_found(store: Store, made: Token) -> None:
    newer = replace(made, digest=b"n" * 32, created_at_ms=NOW + 1, grant_id=OWN.id + 1)
    older = replace(made, digest=b"o" * 32, created_at_ms=NOW - 1, grant_id=OWN.id + 2)
    for each in (newer, older):
        await store.consents.add_grant(replace(OWN, id=each.grant_id or 0), [each])
    assert await store.consents.own_token(OWN.app_id, SOURCE) == newer


@pytest.mark.parametrize("kind", [GrantKind.OAUTH1, GrantKind.OAUTH2])
async def test_a_login_of_ones_own_is_none(store: Store, kind: GrantKind) -> None:
    await store.consents.add_grant(replace(OWN, kind=kind), [MADE])
    assert await store.consents.own_token(OWN.app_id, SOURCE) is None


async def test_it_is_no_connection(store: Store, made: Token) -> None:
    assert await store.consents.own_token(OWN.app_id, SOURCE) == made
    assert await store.consents.connections_of_user(SOURCE, 10, NOW) == []
