"""What every store's `ConsentStore` must do about the steps of an OAuth 1.0a login."""

from dataclasses import replace
from typing import Any

import pytest

from tacet.records.consents import Grant, GrantKind, RequestToken
from tacet.records.credentials import Access, Token, TokenKind
from tacet.store.base import Conflict, Store
from tacet.store.consents import MAX_OAUTH1_TOKENS
from tests.store.building import NOW, SOURCE, grant, request_token, token

pytestmark = pytest.mark.usefixtures("apps")

DIGEST = request_token().digest
VERIFIER = b"v" * 32
SHARED = grant(kind=GrantKind.OAUTH1, scopes="")
GIVEN = token(kind=TokenKind.OAUTH1_USER, secret_sealed=b"sealed")


async def login(store: Store, given: Token = GIVEN, made: Grant = SHARED, now_ms: int = NOW) -> int | None:
    """The whole road."""
    await store.consents.put_request_token(request_token(app_id=made.app_id))
    await store.consents.approve_request_token(DIGEST, made.user_id, VERIFIER, NOW)
    return await store.consents.redeem_request_token(DIGEST, VERIFIER, made, given, now_ms)


async def works(store: Store, digest: bytes) -> bool:
    found = await store.credentials.token(digest)
    return found is not None and found.revoked_at_ms is None


class TestTheFirstSteps:
    @pytest.mark.parametrize(
        "kept",
        [
            pytest.param(request_token(), id="new"),
            pytest.param(request_token(callback="https://a.example/?x=ü", access=Access.READ), id="with-a-callback"),
            pytest.param(request_token(user_id=7, verifier_digest=VERIFIER, wrong_verifiers=2), id="approved"),
        ],
    )
    async def test_a_request_token_comes_back_as_it_was_put(self, store: Store, kept: RequestToken) -> None:
        await store.consents.put_request_token(kept)
        assert await store.consents.request_token(DIGEST) == kept
        assert await store.consents.request_token(DIGEST[:-1]) is None

    async def test_two_of_one_digest_are_a_conflict(self, store: Store) -> None:
        await store.consents.put_request_token(request_token())
        with pytest.raises(Conflict):
            await store.consents.put_request_token(request_token(app_id=2))
        assert await store.consents.request_token(DIGEST) == request_token()

    async def test_one_person_agrees(self, store: Store) -> None:
        await store.consents.put_request_token(request_token())
        assert await store.consents.approve_request_token(DIGEST, 7, VERIFIER, NOW + 599_999)
        assert not await store.consents.approve_request_token(DIGEST, 8, b"other", NOW)
        assert await store.consents.request_token(DIGEST) == request_token(user_id=7, verifier_digest=VERIFIER)

    async def test_nobody_agrees_to_one_that_has_expired_or_is_unknown(self, store: Store) -> None:
        await store.consents.put_request_token(request_token())
        assert not await store.consents.approve_request_token(DIGEST, 7, VERIFIER, NOW + 600_000)
        assert not await store.consents.approve_request_token(b"unknown", 7, VERIFIER, NOW)
        assert await store.consents.request_token(DIGEST) == request_token()

    async def test_it_is_dropped_once(self, store: Store) -> None:
        await store.consents.put_request_token(request_token())
        assert await store.consents.drop_request_token(DIGEST)
        assert not await store.consents.drop_request_token(DIGEST)
        assert await store.consents.request_token(DIGEST) is None

    async def test_wrong_verifiers_are_counted(self, store: Store) -> None:
        await store.consents.put_request_token(request_token())
        assert [await store.consents.count_wrong_verifier(DIGEST) for _ in range(3)] == [1, 2, 3]
        assert await store.consents.request_token(DIGEST) == request_token(wrong_verifiers=3)
        assert await store.consents.count_wrong_verifier(b"unknown") == 0


class TestRedeeming:
    async def test_it_gives_an_access_token_once(self, store: Store) -> None:
        assert await login(store) == 50
        assert await store.consents.grant(50) == SHARED
        assert await store.credentials.token(GIVEN.digest) == replace(GIVEN, grant_id=50)
        assert await store.consents.request_token(DIGEST) is None
        other = replace(GIVEN, digest=b"2" * 32)
        assert await store.consents.redeem_request_token(DIGEST, VERIFIER, SHARED, other, NOW) is None
        assert await store.credentials.token(other.digest) is None

    @pytest.mark.parametrize(
        "more",
        [
            {"verifier_digest": b"w" * 32},
            {"user_id": None},
            {"user_id": None, "verifier_digest": b""},
            {"user_id": 7},
            {"app_id": 2},
            {"expires_at_ms": NOW},
            {"digest": b"another" * 4},
        ],
        ids=["wrong-verifier", "nobody-agreed", "new", "somebody-else-agreed", "another-apps", "expired", "unknown"],
    )
    async def test_one_that_is_no_good_gives_nothing_and_stays(self, store: Store, more: dict[str, Any]) -> None:
        put = replace(request_token(user_id=SOURCE, verifier_digest=VERIFIER), **more)
        await store.consents.put_request_token(put)
        assert await store.consents.redeem_request_token(DIGEST, VERIFIER, SHARED, GIVEN, NOW) is None
        assert await store.consents.request_token(put.digest) == put
        assert await store.consents.grant(50) is None
        assert await store.credentials.token(GIVEN.digest) is None

    async def test_a_taken_digest_is_a_conflict_and_the_request_token_stays(self, store: Store) -> None:
        await store.credentials.put_token(GIVEN)
        with pytest.raises(Conflict):
            await login(store)
        assert await store.consents.request_token(DIGEST) is not None
        assert await store.consents.grant(50) is None


class TestSharingAGrant:
    async def test_the_next_login_joins_it(self, store: Store) -> None:
        assert await login(store) == 50
        assert await login(store, replace(GIVEN, digest=b"2" * 32), replace(SHARED, id=51)) == 50
        assert await store.consents.grant(51) is None
        assert await store.credentials.token(b"2" * 32) == replace(GIVEN, digest=b"2" * 32, grant_id=50)
        assert await works(store, GIVEN.digest)

    @pytest.mark.parametrize(
        "more",
        [
            {"kind": GrantKind.OWN},
            {"kind": GrantKind.OAUTH2},
            {"revoked_at_ms": NOW},
            {"user_id": 7},
            {"app_id": 2},
        ],
        ids=["own", "oauth2", "revoked", "another-persons", "another-apps"],
    )
    async def test_no_other_grant_is_joined(self, store: Store, more: dict[str, Any]) -> None:
        await store.consents.add_grant(replace(SHARED, id=51, **more), [])
        assert await login(store) == 50

    async def test_only_the_newest_tokens_stay(self, store: Store) -> None:
        numbers = range(1, MAX_OAUTH1_TOKENS + 3)
        for number in numbers:
            await login(store, replace(GIVEN, digest=number.to_bytes(32), created_at_ms=NOW + number))
        assert [number for number in numbers if not await works(store, number.to_bytes(32))] == [1, 2]

    async def test_the_new_one_stays_even_where_all_are_as_young(self, store: Store) -> None:
        count = MAX_OAUTH1_TOKENS + 5
        for number in range(count):
            await login(store, replace(GIVEN, digest=number.to_bytes(32)))
            assert await works(store, number.to_bytes(32))
        kept = [await works(store, number.to_bytes(32)) for number in range(count)]
        assert kept.count(True) == MAX_OAUTH1_TOKENS

    async def test_the_credentials_move_on_only_when_one_goes(self, store: Store) -> None:
        for number in range(MAX_OAUTH1_TOKENS):
            await login(store, replace(GIVEN, digest=number.to_bytes(32)))
        assert set((await store.revisions()).values()) <= {0}
        await login(store)
        assert list((await store.revisions()).values()) == [1]

    async def test_tokens_of_another_grant_are_none_of_them(self, store: Store) -> None:
        tokens = [replace(GIVEN, digest=number.to_bytes(32)) for number in range(MAX_OAUTH1_TOKENS)]
        await store.consents.add_grant(replace(SHARED, id=51, kind=GrantKind.OWN), tokens)
        await login(store)
        assert all([await works(store, each.digest) for each in tokens])


class TestWhatWasAgreedTo:
    async def test_each_access_is_named_once(self, store: Store) -> None:
        accesses = [Access.READ, None, Access.READ]
        for number, access in enumerate(accesses):
            await login(store, replace(GIVEN, digest=number.to_bytes(32), access=access))
        assert await store.consents.oauth1_accesses(1, SOURCE) == {Access.READ, None}
        assert await store.consents.oauth1_accesses(2, SOURCE) == set()
        assert await store.consents.oauth1_accesses(1, 7) == set()

    async def test_revoked_tokens_and_other_grants_say_nothing(self, store: Store) -> None:
        await login(store, replace(GIVEN, access=Access.READ))
        await store.credentials.revoke_token(GIVEN.digest, NOW)
        own = replace(GIVEN, digest=b"2" * 32, access=Access.READ_WRITE)
        await store.consents.add_grant(replace(SHARED, id=51, kind=GrantKind.OWN), [own])
        assert await store.consents.oauth1_accesses(1, SOURCE) == set()
