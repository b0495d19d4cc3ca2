import re
from dataclasses import replace

import pytest

from tacet.identity.developers.errors import NotConfidential
from tacet.identity.making import MadeToken
from tacet.identity.vault import Vault
from tacet.records.consents import GrantKind
from tacet.records.credentials import Access, App, Token, TokenKind
from tests.identity.developers.workshop import DEVELOPER, NOW, Workshop


@pytest.fixture
async def app(workshop: Workshop) -> App:
    return (await workshop.app()).app


async def token(workshop: Workshop, made: MadeToken) -> Token:
    found = await workshop.store.credentials.token(Vault.digest(made.text))
    assert found is not None
    return found


async def test_another_api_key_replaces_the_old_one_and_nothing_else(workshop: Workshop, app: App) -> None:
    before = workshop.forgotten
    made = await workshop.developers.keys.renew_consumer_key(DEVELOPER, app.id)
    assert made.app.consumer_key != app.consumer_key
    assert workshop.vault.open(made.app.consumer_secret_sealed) == made.consumer_secret
    credentials = workshop.store.credentials
    assert await credentials.app_by_consumer_key(app.consumer_key) is None
    assert await credentials.app_by_consumer_key(made.app.consumer_key) == made.app
    new_key, new_secret = made.app.consumer_key, made.app.consumer_secret_sealed
    assert made.app == replace(app, consumer_key=new_key, consumer_secret_sealed=new_secret)
    assert workshop.forgotten == before + 1


async def test_access_tokens_outlive_the_api_key(workshop: Workshop, app: App) -> None:
    own = await workshop.developers.keys.renew_own_token(DEVELOPER, app.id)
    await workshop.developers.keys.renew_consumer_key(DEVELOPER, app.id)
    assert (await token(workshop, own)).revoked_at_ms is None


async def test_the_bearer_ends_with_the_api_key_that_could_ask_for_it(workshop: Workshop, app: App) -> None:
    bearer = await workshop.developers.keys.renew_bearer(DEVELOPER, app.id)
    await workshop.developers.keys.renew_consumer_key(DEVELOPER, app.id)
    assert (await token(workshop, bearer)).revoked_at_ms is not None


async def test_a_confidential_app_gets_another_client_secret(workshop: Workshop, app: App) -> None:
    first = await workshop.authenticate(app.id, client_type="confidential")
    before = workshop.forgotten
    second = await workshop.developers.keys.renew_client_secret(DEVELOPER, app.id)
    assert second.client_secret not in {"", first.client_secret}
    stored = await workshop.stored(app.id)
    assert stored == replace(first.app, client_secret_digest=Vault.digest(second.client_secret))
    assert workshop.forgotten == before + 1


async def test_a_public_app_gets_no_client_secret(workshop: Workshop, app: App) -> None:
    with pytest.raises(NotConfidential):
        await workshop.developers.keys.renew_client_secret(DEVELOPER, app.id)
    assert await workshop.stored(app.id) == app


async def test_an_access_token_for_ones_own_account_has_a_grant_of_its_own(workshop: Workshop, app: App) -> None:
    made = await workshop.developers.keys.renew_own_token(DEVELOPER, app.id)
    stored = await token(workshop, made)
    assert re.fullmatch(rf"{DEVELOPER}-[A-Za-z0-9]+", made.text)
    assert workshop.vault.open(stored.secret_sealed) == made.secret
    assert (stored.kind, stored.app_id, stored.user_id) == (TokenKind.OAUTH1_USER, app.id, DEVELOPER)
    assert (stored.created_at_ms, stored.expires_at_ms) == (NOW, None)
    assert stored.grant_id is not None
    grant = await workshop.store.consents.grant(stored.grant_id)
    assert grant is not None
    assert (grant.kind, grant.app_id, grant.user_id) == (GrantKind.OWN, app.id, DEVELOPER)
    assert made.text not in repr(made)
    assert made.secret not in repr(made)


async def test_an_access_token_keeps_the_permission_it_was_made_with(workshop: Workshop, app: App) -> None:
    first = await workshop.developers.keys.renew_own_token(DEVELOPER, app.id)
    await workshop.authenticate(app.id, access="read-write")
    assert (await token(workshop, first)).access is Access.READ
    second = await workshop.developers.keys.renew_own_token(DEVELOPER, app.id)
    assert (await token(workshop, second)).access is Access.READ_WRITE


async def test_another_access_token_revokes_the_one_before(workshop: Workshop, app: App) -> None:
    keys = workshop.developers.keys
    first = await keys.renew_own_token(DEVELOPER, app.id)
    workshop.clock.advance(1)
    before = workshop.forgotten
    second = await keys.renew_own_token(DEVELOPER, app.id)
    assert workshop.forgotten == before + 1
    assert (await token(workshop, first)).revoked_at_ms == NOW + 1
    assert (await keys.ring(DEVELOPER, app.id)).own == await token(workshop, second)


async def test_an_access_token_is_revoked_once(workshop: Workshop, app: App) -> None:
    keys = workshop.developers.keys
    made = await keys.renew_own_token(DEVELOPER, app.id)
    before = workshop.forgotten
    assert await keys.revoke_own_token(DEVELOPER, app.id)
    assert workshop.forgotten == before + 1
    assert (await token(workshop, made)).revoked_at_ms == NOW
    assert not await keys.revoke_own_token(DEVELOPER, app.id)
    assert (await keys.ring(DEVELOPER, app.id)).own is None


async def test_a_token_for_ones_own_account_is_no_connected_user(workshop: Workshop, app: App) -> None:
    await workshop.developers.keys.renew_own_token(DEVELOPER, app.id)
    consents = workshop.store.consents
    assert await consents.connections_of_app(app.id, 0, 10, NOW) == []
    assert await consents.connections_of_user(DEVELOPER, 10, NOW) == []


async def test_revoking_ones_own_token_leaves_a_login_of_ones_own_alone(workshop: Workshop, app: App) -> None:
    login = Token(b"d" * 32, TokenKind.OAUTH1_USER, app.id, DEVELOPER, created_at_ms=NOW)
    await workshop.store.credentials.put_token(login)
    await workshop.developers.keys.renew_own_token(DEVELOPER, app.id)
    await workshop.developers.keys.revoke_own_token(DEVELOPER, app.id)
    assert await workshop.store.credentials.token(login.digest) == login


async def test_a_bearer_is_made_and_replaced(workshop: Workshop, app: App) -> None:
    keys = workshop.developers.keys
    first = await keys.renew_bearer(DEVELOPER, app.id)
    stored = await token(workshop, first)
    assert (stored.kind, stored.app_id, stored.user_id) == (TokenKind.APP_ONLY, app.id, None)
    assert workshop.vault.open(stored.secret_sealed) == first.text
    assert first.text not in repr(first)
    workshop.clock.advance(1)
    before = workshop.forgotten
    second = await keys.renew_bearer(DEVELOPER, app.id)
    assert workshop.forgotten == before + 1
    assert (await token(workshop, first)).revoked_at_ms == NOW + 1
    assert (await keys.ring(DEVELOPER, app.id)).bearer == await token(workshop, second)


async def test_a_bearer_is_revoked_with_every_other_there_is(workshop: Workshop, app: App) -> None:
    keys = workshop.developers.keys
    made = await keys.renew_bearer(DEVELOPER, app.id)
    another = replace(await token(workshop, made), digest=b"e" * 32)
    await workshop.store.credentials.put_token(another)
    assert await keys.revoke_bearer(DEVELOPER, app.id)
    for digest in (Vault.digest(made.text), another.digest):
        found = await workshop.store.credentials.token(digest)
        assert found is not None
        assert found.revoked_at_ms == NOW
    assert not await keys.revoke_bearer(DEVELOPER, app.id)
    assert (await keys.ring(DEVELOPER, app.id)).bearer is None


async def test_a_ring_has_no_secret(workshop: Workshop, app: App) -> None:
    keys = workshop.developers.keys
    assert await keys.ring(DEVELOPER, app.id) == await keys.ring(DEVELOPER, app.id)
    own, bearer = await keys.renew_own_token(DEVELOPER, app.id), await keys.renew_bearer(DEVELOPER, app.id)
    shown = repr(await keys.ring(DEVELOPER, app.id))
    assert all(text not in shown for text in (own.text, own.secret, bearer.text))
