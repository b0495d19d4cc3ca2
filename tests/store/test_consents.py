"""What every store's `ConsentStore` must do about codes, refresh tokens and grants."""

from dataclasses import replace
from typing import Any

import pytest

from tacet.records.consents import ChallengeMethod, Code, Grant, GrantKind
from tacet.records.credentials import Token, TokenKind
from tacet.store.base import Conflict, Part, Store
from tests.store.building import NOW, SOURCE, UNSTORABLE, code, grant, refresh_token, request_token, token

pytestmark = pytest.mark.usefixtures("apps")

ACCESS = token()
REFRESH = refresh_token()
NEXT_ACCESS = token(b"a" * 32)
NEXT_REFRESH = refresh_token(b"n" * 32)


async def working(store: Store, *tokens: Token) -> list[bool]:
    found = [await store.credentials.token(each.digest) for each in tokens]
    return [each is not None and each.revoked_at_ms is None for each in found]


class TestCodes:
    @pytest.mark.parametrize(
        "kept",
        [
            pytest.param(code(), id="ordinary"),
            pytest.param(code(challenge_method=ChallengeMethod.PLAIN, scopes=""), id="plain"),
            pytest.param(code(redirect_uri="myapp://漢字?a=b&c='\"", user_id=UNSTORABLE - 1), id="large"),
            pytest.param(code(spent_at_ms=NOW, grant_id=50), id="spent"),
        ],
    )
    async def test_a_code_comes_back_as_it_was_put(self, store: Store, kept: Code) -> None:
        await store.consents.put_code(kept)
        assert await store.consents.code(kept.digest) == kept
        assert await store.consents.code(kept.digest[:-1]) is None

    async def test_two_of_one_digest_are_a_conflict(self, store: Store) -> None:
        await store.consents.put_code(code())
        with pytest.raises(Conflict):
            await store.consents.put_code(code(user_id=7))
        assert await store.consents.code(code().digest) == code()

    async def test_spending_in_vain_is_noted_once(self, store: Store) -> None:
        await store.consents.put_code(code())
        assert await store.consents.spend_code(code().digest, NOW + 60_000)
        assert not await store.consents.spend_code(code().digest, NOW + 60_001)
        assert await store.consents.code(code().digest) == code(spent_at_ms=NOW + 60_000)
        assert not await store.consents.spend_code(b"unknown", NOW)


class TestRedeeming:
    async def test_a_code_gives_its_grant_and_tokens_once(self, store: Store) -> None:
        await store.consents.put_code(code())
        assert await store.consents.redeem_code(code().digest, grant(), [ACCESS, REFRESH], NOW + 29_999)
        assert await store.consents.code(code().digest) == code(spent_at_ms=NOW + 29_999, grant_id=50)
        assert await store.consents.grant(50) == grant()
        assert await store.credentials.token(ACCESS.digest) == replace(ACCESS, grant_id=50)
        assert await store.credentials.token(REFRESH.digest) == replace(REFRESH, grant_id=50)
        assert not await store.consents.redeem_code(code().digest, grant(51), [NEXT_ACCESS], NOW + 29_999)
        assert await store.consents.grant(51) is None
        assert await store.credentials.token(NEXT_ACCESS.digest) is None

    @pytest.mark.parametrize(
        ("put", "now_ms"),
        [
            pytest.param(code(b"another" * 4), NOW, id="unknown"),
            pytest.param(code(), NOW + 30_000, id="expired"),
            pytest.param(code(spent_at_ms=NOW), NOW, id="spent-in-vain"),
            pytest.param(code(app_id=2), NOW, id="another-apps"),
            pytest.param(code(user_id=7), NOW, id="another-persons"),
        ],
    )
    async def test_one_that_is_no_good_gives_nothing_and_stays(self, store: Store, put: Code, now_ms: int) -> None:
        await store.consents.put_code(put)
        assert not await store.consents.redeem_code(code().digest, grant(), [ACCESS, REFRESH], now_ms)
        assert await store.consents.code(put.digest) == put
        assert await store.consents.grant(50) is None
        assert await working(store, ACCESS, REFRESH) == [False, False]

    async def test_a_taken_digest_is_a_conflict_and_the_code_is_not_spent(self, store: Store) -> None:
        await store.consents.put_code(code())
        await store.credentials.put_token(REFRESH)
        with pytest.raises(Conflict):
            await store.consents.redeem_code(code().digest, grant(), [ACCESS, REFRESH], NOW)
        assert await store.consents.code(code().digest) == code()
        assert await store.consents.grant(50) is None
        assert await store.credentials.token(ACCESS.digest) is None


class TestRotating:
    async def test_the_next_tokens_come_into_the_same_grant(self, store: Store) -> None:
        await store.consents.add_grant(grant(), [ACCESS, REFRESH])
        assert await store.consents.rotate(REFRESH.digest, [NEXT_ACCESS, NEXT_REFRESH], NOW + 5)
        used = await store.credentials.token(REFRESH.digest)
        assert used == replace(REFRESH, grant_id=50, revoked_at_ms=NOW + 5)
        assert await store.credentials.token(NEXT_ACCESS.digest) == replace(NEXT_ACCESS, grant_id=50)
        assert await store.credentials.token(NEXT_REFRESH.digest) == replace(NEXT_REFRESH, grant_id=50)
        assert await working(store, ACCESS) == [True]

    async def test_a_token_works_once_and_the_next_one_then(self, store: Store) -> None:
        await store.consents.add_grant(grant(), [REFRESH])
        assert await store.consents.rotate(REFRESH.digest, [NEXT_REFRESH], NOW)
        assert not await store.consents.rotate(REFRESH.digest, [NEXT_ACCESS], NOW)
        assert await store.credentials.token(NEXT_ACCESS.digest) is None
        assert await store.consents.rotate(NEXT_REFRESH.digest, [NEXT_ACCESS], NOW)

    @pytest.mark.parametrize(
        "more",
        [
            {"kind": TokenKind.OAUTH2_USER},
            {"kind": TokenKind.OAUTH1_USER},
            {"kind": TokenKind.APP_ONLY, "user_id": None},
            {"expires_at_ms": NOW},
            {"revoked_at_ms": NOW - 1},
            {"digest": b"another" * 4},
        ],
        ids=["access-token", "oauth1", "app-only", "expired", "revoked", "unknown"],
    )
    async def test_what_is_no_working_refresh_token_gives_nothing(self, store: Store, more: dict[str, Any]) -> None:
        put = replace(REFRESH, grant_id=50, **more)
        await store.consents.add_grant(grant(), [put])
        assert not await store.consents.rotate(REFRESH.digest, [NEXT_ACCESS, NEXT_REFRESH], NOW)
        assert await store.credentials.token(put.digest) == put
        assert await working(store, NEXT_ACCESS, NEXT_REFRESH) == [False, False]

    @pytest.mark.parametrize("held", [grant(51), grant(revoked_at_ms=NOW - 1)], ids=["missing", "revoked"])
    async def test_one_of_a_grant_that_does_not_hold_gives_nothing(self, store: Store, held: Grant) -> None:
        await store.consents.add_grant(held, [])
        await store.credentials.put_token(replace(REFRESH, grant_id=50))
        assert not await store.consents.rotate(REFRESH.digest, [NEXT_ACCESS], NOW)
        assert await working(store, REFRESH, NEXT_ACCESS) == [True, False]

    async def test_a_taken_digest_is_a_conflict_and_the_token_is_not_used_up(self, store: Store) -> None:
        await store.consents.add_grant(grant(), [REFRESH, NEXT_ACCESS])
        with pytest.raises(Conflict):
            await store.consents.rotate(REFRESH.digest, [NEXT_REFRESH, NEXT_ACCESS], NOW)
        assert await working(store, REFRESH, NEXT_REFRESH) == [True, False]


class TestGrants:
    @pytest.mark.parametrize("kind", GrantKind, ids=lambda kind: kind.name.lower())
    async def test_a_grant_comes_back_as_it_was_added(self, store: Store, kind: GrantKind) -> None:
        kept = grant(UNSTORABLE - 1, kind=kind, scopes="tweet.read mute.write")
        await store.consents.add_grant(kept, [])
        assert await store.consents.grant(kept.id) == kept
        assert await store.consents.grant(1) is None

    async def test_an_id_that_is_taken_is_a_conflict_and_nothing_is_written(self, store: Store) -> None:
        await store.consents.add_grant(grant(), [])
        with pytest.raises(Conflict):
            await store.consents.add_grant(grant(user_id=7), [ACCESS])
        assert await store.consents.grant(50) == grant()
        assert await store.credentials.token(ACCESS.digest) is None

    async def test_revoking_ends_all_its_tokens_and_no_others(self, store: Store) -> None:
        await store.consents.add_grant(grant(), [ACCESS, REFRESH])
        await store.consents.rotate(REFRESH.digest, [NEXT_REFRESH], NOW + 1)
        await store.consents.add_grant(grant(51), [NEXT_ACCESS])
        assert await store.consents.revoke_grant(50, NOW + 2)
        assert await store.consents.grant(50) == grant(revoked_at_ms=NOW + 2)
        used = await store.credentials.token(REFRESH.digest)
        assert used == replace(REFRESH, grant_id=50, revoked_at_ms=NOW + 1)
        assert await working(store, ACCESS, REFRESH, NEXT_REFRESH, NEXT_ACCESS) == [False, False, False, True]

    async def test_it_is_revoked_once(self, store: Store) -> None:
        await store.consents.add_grant(grant(), [ACCESS])
        assert await store.consents.revoke_grant(50, NOW)
        assert not await store.consents.revoke_grant(50, NOW + 1)
        assert not await store.consents.revoke_grant(51, NOW)
        assert await store.consents.grant(50) == grant(revoked_at_ms=NOW)


class TestRevokingAConnection:
    async def test_everything_of_the_pair_ends_and_is_counted(self, store: Store) -> None:
        alone = token(b"alone" * 4)
        await store.consents.add_grant(grant(), [ACCESS, REFRESH])
        await store.consents.add_grant(grant(51, kind=GrantKind.OWN), [NEXT_ACCESS])
        await store.credentials.put_token(alone)
        assert await store.consents.revoke_connection(1, SOURCE, NOW + 1) == 2 + 4
        assert await working(store, ACCESS, REFRESH, NEXT_ACCESS, alone) == [False] * 4
        assert await store.consents.grant(50) == grant(revoked_at_ms=NOW + 1)
        assert await store.consents.revoke_connection(1, SOURCE, NOW + 2) == 0
        assert await store.consents.grant(50) == grant(revoked_at_ms=NOW + 1)

    async def test_a_token_of_no_grant_is_forgotten_by_every_cache_too(self, store: Store) -> None:
        await store.credentials.put_token(ACCESS)
        assert await store.consents.revoke_connection(1, SOURCE, NOW) == 1
        assert await store.revisions() == {Part.CREDENTIALS: 1}

    async def test_what_had_ended_does_not_count(self, store: Store) -> None:
        await store.credentials.put_token(replace(ACCESS, expires_at_ms=NOW))
        await store.credentials.put_token(replace(REFRESH, revoked_at_ms=NOW))
        await store.consents.add_grant(grant(revoked_at_ms=NOW), [])
        assert await store.consents.revoke_connection(1, SOURCE, NOW) == 0

    async def test_nobody_elses_ends(self, store: Store) -> None:
        others = [token(b"1" * 32, user_id=7), token(b"2" * 32, app_id=2), token(b"3" * 32, user_id=None)]
        for number, other in enumerate(others):
            await store.credentials.put_token(other)
            await store.consents.add_grant(grant(60 + number, app_id=other.app_id, user_id=other.user_id or 8), [])
        await store.consents.put_code(code(app_id=2))
        await store.consents.put_request_token(request_token())
        assert await store.consents.revoke_connection(1, SOURCE, NOW) == 0
        assert await working(store, *others) == [True] * 3
        assert all(
            [(await store.consents.grant(id_) or grant(revoked_at_ms=1)).revoked_at_ms is None for id_ in (60, 61, 62)]
        )
        assert await store.consents.code(code().digest) == code(app_id=2)
        assert await store.consents.request_token(request_token().digest) == request_token()

    async def test_logins_under_way_come_to_nothing(self, store: Store) -> None:
        await store.consents.put_code(code())
        await store.consents.put_request_token(request_token())
        await store.consents.approve_request_token(request_token().digest, SOURCE, b"verifier", NOW)
        assert await store.consents.revoke_connection(1, SOURCE, NOW) == 0
        assert await store.consents.code(code().digest) is None
        assert await store.consents.request_token(request_token().digest) is None
        assert not await store.consents.redeem_code(code().digest, grant(), [ACCESS], NOW)
