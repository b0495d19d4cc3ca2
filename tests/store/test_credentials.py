"""What every store's `CredentialStore` must do."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from tacet.records.accounts import Project
from tacet.records.credentials import Access, App, Token, TokenKind, UserAuthentication
from tacet.store.base import Conflict, Part, Store
from tests.store.building import NOW, UNSTORABLE, app, grant, put_apps, refresh_token, request_token, token

DIGEST = b"\x00\xff" * 16

CALLBACKS = ("https://a.example/cb?x=1&y=ü", "myapp://callback", 'http://127.0.0.1:8080/"quoted"')


class TestApps:
    @pytest.mark.parametrize(
        "kept",
        [
            pytest.param(app(), id="ordinary"),
            pytest.param(app(project_id=None), id="outside-a-project"),
            pytest.param(app(UNSTORABLE - 1, name="漢字 🦊", consumer_secret_sealed=bytes(range(256))), id="large"),
            pytest.param(
                app(client_secret_digest=DIGEST, owner_id=UNSTORABLE - 1, description="It's 漢字"), id="owned"
            ),
            pytest.param(app(authentication=UserAuthentication(oauth1=True)), id="oauth1-only"),
            pytest.param(app(authentication=UserAuthentication(oauth2=True)), id="oauth2-only"),
            pytest.param(
                app(authentication=UserAuthentication(True, True, True, CALLBACKS, "https://a.example")), id="all-on"
            ),
            *(pytest.param(app(access=access), id=access.value) for access in Access),
        ],
    )
    async def test_an_app_comes_back_as_it_was_put(self, store: Store, kept: App) -> None:
        for _ in range(2):
            await store.credentials.put_app(kept)
            assert await store.credentials.app(kept.id) == kept
            assert await store.credentials.app_by_consumer_key(kept.consumer_key) == kept
            assert await store.credentials.app_by_client_id(kept.client_id) == kept

    async def test_a_new_app_comes_back_and_replaces_none(self, store: Store) -> None:
        before = await store.revisions()
        await store.credentials.add_app(app(1))
        assert await store.credentials.app(1) == app(1)
        for taken in (app(1, name="Other"), app(2, consumer_key="key1"), app(2, client_id="client1")):
            with pytest.raises(Conflict):
                await store.credentials.add_app(taken)
        assert await store.credentials.apps(-1, 10) == [app(1)]
        # Nobody knew it, so it is in no cache.
        assert await store.revisions() == before

    async def test_unknown_apps_are_none(self, store: Store) -> None:
        await store.credentials.put_app(app(1))
        assert await store.credentials.app(2) is None
        for unknown in ("", "KEY1", "key1 ", "key"):
            assert await store.credentials.app_by_consumer_key(unknown) is None
        for unknown in ("", "CLIENT1", "client1 ", "key1"):
            assert await store.credentials.app_by_client_id(unknown) is None

    async def test_apps_are_read_in_the_order_of_their_ids_some_at_a_time(self, store: Store) -> None:
        assert await store.credentials.apps(-1, 10) == []
        for number in (7, 5, 6):
            await store.credentials.put_app(app(number))
        assert await store.credentials.apps(-1, 2) == [app(5), app(6)]
        assert await store.credentials.apps(6, 2) == [app(7)]
        assert await store.credentials.apps(7, 2) == []

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
        changed = replace(changed, consumer_secret_sealed=b"other", client_secret_digest=DIGEST, owner_id=7)
        allowed = UserAuthentication(True, True, True, CALLBACKS, "https://a.example")
        changed = replace(changed, description="More", authentication=allowed)
        await store.credentials.put_app(replace(changed, created_at_ms=NOW + 5))
        assert await store.credentials.app(1) == changed
        assert await store.credentials.app_by_consumer_key("key1") is None
        assert await store.credentials.app_by_client_id("client1") is None

    async def test_replacing_by_a_key_of_another_app_is_a_conflict_and_nothing_is_written(self, store: Store) -> None:
        await store.credentials.put_app(app(1))
        await store.credentials.put_app(app(2))
        with pytest.raises(Conflict):
            await store.credentials.put_app(app(2, name="New", client_id="client1"))
        assert await store.credentials.app(2) == app(2)

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


OTHERWISE: dict[str, Any] = {
    "name": "New",
    "project_id": None,
    "access": Access.READ,
    "consumer_key": "new",
    "consumer_secret_sealed": b"other",
    "client_id": "newer",
    "client_secret_digest": DIGEST,
    "owner_id": 7,
    "description": "More",
    "authentication": UserAuthentication(True, True, True, CALLBACKS, "https://a.example"),
}
"""All that can be changed of an App."""


class TestChangingAnApp:
    @pytest.mark.parametrize("field", OTHERWISE)
    async def test_one_thing_is_changed(self, store: Store, field: str) -> None:
        changed = replace(app(), **{field: OTHERWISE[field]})
        await store.credentials.put_app(app())
        assert await store.credentials.change_app(replace(changed, created_at_ms=NOW + 5), app())
        assert await store.credentials.app(1) == changed
        assert await store.credentials.change_app(app(), changed)
        assert await store.credentials.app(1) == app()

    @pytest.mark.parametrize("field", OTHERWISE)
    async def test_what_somebody_else_changed_meanwhile_is_not_undone(self, store: Store, field: str) -> None:
        theirs = replace(app(), **{field: OTHERWISE[field]})
        await store.credentials.put_app(theirs)
        assert not await store.credentials.change_app(app(name="Mine"), app())
        assert await store.credentials.app(1) == theirs

    async def test_one_that_is_gone_does_not_come_back(self, store: Store) -> None:
        await store.credentials.put_app(app())
        await store.accounts.delete_app(1)
        assert not await store.credentials.change_app(app(name="New"), app())
        assert await store.credentials.app(1) is None

    @pytest.mark.parametrize("taken", [{"consumer_key": "key2"}, {"client_id": "client2"}], ids=str)
    async def test_a_key_of_another_app_is_a_conflict_and_nothing_is_written(
        self, store: Store, taken: dict[str, Any]
    ) -> None:
        await put_apps(store, 1, 2)
        with pytest.raises(Conflict):
            await store.credentials.change_app(app(name="New", **taken), app())
        assert await store.credentials.app(1) == app()

    async def test_of_many_that_change_what_they_have_seen_one_does(self, store: Store) -> None:
        await store.credentials.put_app(app())
        answers = await asyncio.gather(
            *(store.credentials.change_app(app(name=str(number)), app()) for number in range(20))
        )
        [winner] = [number for number, answer in enumerate(answers) if answer]
        assert await store.credentials.app(1) == app(name=str(winner))


PROJECT = Project(70, 7, "Project", "", NOW)

OWNED = app(project_id=70, owner_id=7)

INTO = {
    "their-own": (OWNED, True),
    "none": (app(project_id=None, owner_id=7), True),
    "unknown": (app(project_id=71, owner_id=7), False),
    "somebody-elses": (app(project_id=70, owner_id=8), False),
    "nobodys-into-an-unknown-one": (app(project_id=71), True),
    "nobodys-into-somebodys": (app(project_id=70), True),
}
"""Apps, and whether they may be where they say."""


class TestAppsInProjects:
    @pytest.mark.parametrize(("wanted", "may"), INTO.values(), ids=list(INTO))
    async def test_what_somebody_owns_is_in_a_project_of_theirs(self, store: Store, wanted: App, may: bool) -> None:
        await store.accounts.add_project(PROJECT)
        assert await store.credentials.add_app(wanted) is may
        assert await store.credentials.app(1) == (wanted if may else None)

    @pytest.mark.parametrize(("wanted", "may"), INTO.values(), ids=list(INTO))
    async def test_it_moves_into_no_other(self, store: Store, wanted: App, may: bool) -> None:
        before = replace(wanted, project_id=None)
        await store.accounts.add_project(PROJECT)
        await store.credentials.add_app(before)
        assert await store.credentials.change_app(wanted, before) is may
        assert await store.credentials.app(1) == (wanted if may else before)

    async def test_where_it_is_it_may_stay_whatever_became_of_that(self, store: Store) -> None:
        await store.credentials.put_app(OWNED)
        assert await store.credentials.change_app(replace(OWNED, name="New"), OWNED)
        assert await store.credentials.app(1) == replace(OWNED, name="New")

    async def test_none_is_put_into_a_project_that_is_deleted_in_the_same_moment(self, store: Store) -> None:
        for turn in range(1, 11):
            mine = app(turn, project_id=turn, owner_id=7)
            elsewhere = app(100 + turn, project_id=None, owner_id=7)
            await store.accounts.add_project(replace(PROJECT, id=turn))
            await store.credentials.add_app(elsewhere)
            added, moved, deleted = await asyncio.gather(
                store.credentials.add_app(mine),
                store.credentials.change_app(replace(elsewhere, project_id=turn), elsewhere),
                store.accounts.delete_project(turn),
            )
            assert deleted is not (added or moved)
            assert (await store.accounts.project(turn) is None) is deleted


@pytest.mark.usefixtures("apps")
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
            pytest.param(refresh_token(DIGEST, grant_id=UNSTORABLE - 1), id="refresh"),
            *(pytest.param(token(DIGEST, access=access), id=access.value) for access in Access),
        ],
    )
    async def test_a_token_comes_back_as_it_was_put(self, store: Store, kept: Token) -> None:
        await store.credentials.put_token(kept)
        assert await store.credentials.token(DIGEST) == kept
        assert await store.credentials.token(DIGEST[:-1]) is None

    async def test_putting_again_replaces(self, store: Store) -> None:
        await put_apps(store, 9)
        await store.credentials.put_token(token(DIGEST, revoked_at_ms=NOW))
        changed = Token(DIGEST, TokenKind.OAUTH1_USER, 9, 8, "", b"secret", NOW + 1, NOW + 2, None, 7, Access.READ)
        await store.credentials.put_token(changed)
        assert await store.credentials.token(DIGEST) == changed


@pytest.mark.usefixtures("apps")
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

    async def test_others_of_its_grant_go_on(self, store: Store) -> None:
        await store.consents.add_grant(grant(), [token(DIGEST), refresh_token()])
        assert await store.credentials.revoke_token(DIGEST, NOW)
        assert await store.consents.grant(50) == grant()
        assert await store.credentials.token(refresh_token().digest) == refresh_token(grant_id=50)


@pytest.mark.usefixtures("apps")
class TestAppOnlyTokens:
    def bearer(self, digest: bytes = DIGEST, **more: Any) -> Token:
        return token(digest, **{"kind": TokenKind.APP_ONLY, "user_id": None, "secret_sealed": b"sealed", **more})

    async def test_the_newest_is_found(self, store: Store) -> None:
        for number in (1, 3, 2):
            await store.credentials.put_token(self.bearer(bytes([number]) * 32, created_at_ms=NOW + number))
        assert await store.credentials.app_only_token(1) == self.bearer(b"\3" * 32, created_at_ms=NOW + 3)
        assert await store.credentials.app_only_token(2) is None

    async def test_once_it_is_revoked_an_older_one_is(self, store: Store) -> None:
        await store.credentials.put_token(self.bearer())
        await store.credentials.put_token(self.bearer(b"n" * 32, created_at_ms=NOW + 1))
        await store.credentials.revoke_token(b"n" * 32, NOW + 2)
        assert await store.credentials.app_only_token(1) == self.bearer()

    @pytest.mark.parametrize(
        "other",
        [
            {"secret_sealed": b""},
            {"expires_at_ms": NOW + 1},
            {"revoked_at_ms": NOW},
            {"kind": TokenKind.OAUTH1_USER, "user_id": 7},
            {"kind": TokenKind.OAUTH2_USER, "user_id": 7},
        ],
        ids=["text-not-kept", "with-an-end", "revoked", "oauth1", "oauth2"],
    )
    async def test_what_cannot_be_given_out_again_is_none(self, store: Store, other: dict[str, Any]) -> None:
        await store.credentials.put_token(self.bearer(**other))
        assert await store.credentials.app_only_token(1) is None


class TestResealing:
    async def test_every_secret_is_replaced_and_counted(self, store: Store) -> None:
        await self.put_some(store)
        before = await store.revisions()
        assert await store.credentials.reseal(lambda sealed: sealed + b"!") == 4
        assert await store.credentials.app(1) == app(consumer_secret_sealed=b"sealed!")
        assert await store.credentials.app(2) == app(2, consumer_secret_sealed=b"\0second!")
        assert await store.credentials.token(DIGEST) == token(DIGEST, secret_sealed=b"one!")
        assert await store.consents.request_token(request_token().digest) == request_token(secret_sealed=b"sealed!")
        assert before != await store.revisions()

    async def test_what_has_no_secret_stays_as_it_is(self, store: Store) -> None:
        await store.credentials.put_app(app(consumer_secret_sealed=b""))
        await store.credentials.put_token(token(DIGEST))
        assert await store.credentials.reseal(lambda _: b"x") == 0
        assert await store.credentials.token(DIGEST) == token(DIGEST)

    async def test_none_is_replaced_where_one_cannot_be(self, store: Store) -> None:
        await self.put_some(store)
        before = await store.revisions()

        def change(sealed: bytes) -> bytes:
            if sealed == b"one":
                raise ValueError("it does not open")
            return b"changed"

        with pytest.raises(ValueError, match="it does not open"):
            await store.credentials.reseal(change)
        assert await store.credentials.app(1) == app()
        assert await store.consents.request_token(request_token().digest) == request_token()
        assert await store.revisions() == before

    async def test_thousands_are_each_replaced_once(self, store: Store) -> None:
        tokens = [token(number.to_bytes(32), secret_sealed=b"s%d" % number) for number in range(2_500)]
        await store.credentials.put_app(app(consumer_secret_sealed=b""))
        await store.consents.add_grant(grant(), tokens)
        assert await store.credentials.reseal(lambda sealed: sealed + b"!") == 2_500
        for number in (0, 999, 1_000, 1_001, 2_499):
            found = await store.credentials.token(number.to_bytes(32))
            assert found is not None
            assert found.secret_sealed == b"s%d!" % number

    async def put_some(self, store: Store) -> None:
        await store.credentials.put_app(app())
        await store.credentials.put_app(app(2, consumer_secret_sealed=b"\0second"))
        await store.credentials.put_token(token(DIGEST, secret_sealed=b"one"))
        await store.credentials.put_token(token(b"n" * 32))
        await store.consents.put_request_token(request_token())


CHANGES: dict[str, Callable[[Store], Awaitable[Any]]] = {
    "app-replaced": lambda store: store.credentials.put_app(app()),
    "app-changed": lambda store: store.credentials.change_app(app(name="New"), app()),
    "token-replaced": lambda store: store.credentials.put_token(token(DIGEST)),
    "token-revoked": lambda store: store.credentials.revoke_token(DIGEST, NOW),
    "app-deleted": lambda store: store.accounts.delete_app(1),
    "grant-revoked": lambda store: store.consents.revoke_grant(50, NOW),
    "connection-revoked": lambda store: store.consents.revoke_connection(1, 1001, NOW),
}
"""What can make a cached answer wrong."""

ADDITIONS: dict[str, Callable[[Store], Awaitable[Any]]] = {
    "app-added": lambda store: store.credentials.put_app(app(2)),
    "token-added": lambda store: store.credentials.put_token(token(b"n" * 32)),
    "unknown-token-revoked": lambda store: store.credentials.revoke_token(b"u" * 32, NOW),
    "app-changed-too-late": lambda store: store.credentials.change_app(app(name="New"), app(name="Other")),
    "token-of-an-unknown-app": lambda store: store.credentials.put_token(token(DIGEST, app_id=9)),
    "unknown-app-deleted": lambda store: store.accounts.delete_app(9),
    "unknown-grant-revoked": lambda store: store.consents.revoke_grant(9, NOW),
    "unknown-connection-revoked": lambda store: store.consents.revoke_connection(1, 9, NOW),
    "grant-added": lambda store: store.consents.add_grant(grant(9), [token(b"n" * 32)]),
    "refresh-token-used": lambda store: store.consents.rotate(refresh_token().digest, [token(b"n" * 32)], NOW),
}
"""What cannot, for what is not known is never cached, nor is a refresh token."""


async def some_credentials(store: Store) -> int:
    """An App, a token and a grant; return the revision."""
    await store.credentials.put_app(app())
    await store.credentials.put_token(token(DIGEST))
    await store.consents.add_grant(grant(), [refresh_token()])
    return (await store.revisions()).get(Part.CREDENTIALS, 0)


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
async def test_what_changes_something_known_moves_the_credentials_on_and_nothing_else(
    store: Store, change: Callable[[Store], Awaitable[Any]]
) -> None:
    before = await some_credentials(store)
    await change(store)
    assert await store.revisions() == {Part.CREDENTIALS: before + 1}


@pytest.mark.parametrize("add", ADDITIONS.values(), ids=list(ADDITIONS))
async def test_what_adds_something_unknown_does_not(store: Store, add: Callable[[Store], Awaitable[Any]]) -> None:
    before = await some_credentials(store)
    await add(store)
    assert (await store.revisions()).get(Part.CREDENTIALS, 0) == before
