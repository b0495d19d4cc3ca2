"""What every store's `CredentialStore` must do."""

from dataclasses import replace
from typing import Any

import pytest

from tacet.records.credentials import Access, App, Token, TokenKind
from tacet.store.base import Conflict, Part, Store
from tests.store.building import NOW, UNSTORABLE, app, token

DIGEST = b"\x00\xff" * 16


class TestApps:
    @pytest.mark.parametrize(
        "kept",
        [
            pytest.param(app(), id="ordinary"),
            pytest.param(app(project_id=None), id="outside-a-project"),
            pytest.param(app(UNSTORABLE - 1, name="漢字 🦊", consumer_secret_sealed=bytes(range(256))), id="large"),
            *(pytest.param(app(access=access), id=access.value) for access in Access),
        ],
    )
    async def test_an_app_comes_back_as_it_was_put(self, store: Store, kept: App) -> None:
        await store.credentials.put_app(kept)
        assert await store.credentials.app(kept.id) == kept
        assert await store.credentials.app_by_consumer_key(kept.consumer_key) == kept

    async def test_unknown_apps_are_none(self, store: Store) -> None:
        await store.credentials.put_app(app(1))
        assert await store.credentials.app(2) is None
        for unknown in ("", "KEY1", "key1 ", "key"):
            assert await store.credentials.app_by_consumer_key(unknown) is None

    async def test_any_app_is_one_that_was_put(self, store: Store) -> None:
        assert await store.credentials.any_app() is None
        await store.credentials.put_app(app(5))
        assert await store.credentials.any_app() == app(5)
        await store.credentials.put_app(app(3))
        found = await store.credentials.any_app()
        assert found in (app(3), app(5))
        assert await store.credentials.any_app() == found

    async def test_putting_again_replaces(self, store: Store) -> None:
        await store.credentials.put_app(app(1))
        changed = app(1, name="New", project_id=None, access=Access.READ, consumer_key="new", client_id="newer")
        changed = replace(changed, consumer_secret_sealed=b"other")
        await store.credentials.put_app(changed)
        assert await store.credentials.app(1) == changed
        assert await store.credentials.app_by_consumer_key("key1") is None

    @pytest.mark.parametrize("taken", [{"consumer_key": "key1"}, {"client_id": "client1"}], ids=str)
    async def test_a_key_of_another_app_is_a_conflict_and_nothing_is_written(
        self, store: Store, taken: dict[str, Any]
    ) -> None:
        await store.credentials.put_app(app(1))
        revisions = await store.revisions()
        with pytest.raises(Conflict):
            await store.credentials.put_app(app(2, **taken))
        assert await store.credentials.app(1) == app(1)
        assert await store.credentials.app(2) is None
        assert await store.revisions() == revisions


class TestTokens:
    @pytest.mark.parametrize(
        "kept",
        [
            pytest.param(token(DIGEST), id="bare"),
            pytest.param(token(DIGEST, kind=TokenKind.APP_ONLY, user_id=None), id="app-only"),
            pytest.param(token(DIGEST, kind=TokenKind.OAUTH1_USER, secret_sealed=b"\x00s"), id="oauth1"),
            pytest.param(token(DIGEST, scopes="tweet.read users.read", expires_at_ms=NOW + 1), id="with-an-end"),
            pytest.param(token(DIGEST, expires_at_ms=NOW - 1), id="expired"),
            pytest.param(token(DIGEST, revoked_at_ms=NOW), id="revoked"),
        ],
    )
    async def test_a_token_comes_back_as_it_was_put(self, store: Store, kept: Token) -> None:
        await store.credentials.put_token(kept)
        assert await store.credentials.token(DIGEST) == kept
        assert await store.credentials.token(DIGEST[:-1]) is None

    async def test_putting_again_replaces(self, store: Store) -> None:
        await store.credentials.put_token(token(DIGEST, revoked_at_ms=NOW))
        changed = Token(DIGEST, TokenKind.OAUTH1_USER, 9, 8, "", b"secret", NOW + 1, NOW + 2, None)
        await store.credentials.put_token(changed)
        assert await store.credentials.token(DIGEST) == changed


class TestRevoking:
    async def test_a_token_is_revoked_once(self, store: Store) -> None:
        await store.credentials.put_token(token(DIGEST))
        assert await store.credentials.revoke_token(DIGEST, NOW + 5)
        assert not await store.credentials.revoke_token(DIGEST, NOW + 9)
        assert await store.credentials.token(DIGEST) == token(DIGEST, revoked_at_ms=NOW + 5)

    async def test_an_unknown_token_was_not_there(self, store: Store) -> None:
        assert not await store.credentials.revoke_token(DIGEST, NOW)

    async def test_an_expired_token_did_not_work_any_more(self, store: Store) -> None:
        await store.credentials.put_token(token(DIGEST, expires_at_ms=NOW))
        assert not await store.credentials.revoke_token(DIGEST, NOW)

    async def test_a_token_that_would_have_expired_later_worked_until_now(self, store: Store) -> None:
        await store.credentials.put_token(token(DIGEST, expires_at_ms=NOW + 1))
        assert await store.credentials.revoke_token(DIGEST, NOW)


async def test_every_change_moves_the_credentials_on_and_nothing_else(store: Store) -> None:
    seen = [await store.revisions()]
    await store.credentials.put_app(app())
    seen.append(await store.revisions())
    await store.credentials.put_token(token(DIGEST))
    seen.append(await store.revisions())
    await store.credentials.revoke_token(DIGEST, NOW)
    seen.append(await store.revisions())
    numbers = [revisions.get(Part.CREDENTIALS, 0) for revisions in seen]
    assert numbers == sorted(set(numbers))
    assert {revisions.get(Part.DIRECTORY) for revisions in seen} == {seen[0].get(Part.DIRECTORY)}
