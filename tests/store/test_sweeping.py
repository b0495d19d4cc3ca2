"""What every store's sweep of logins must delete, and what it must not."""

from dataclasses import replace
from typing import Any

import pytest

from tacet.records.accounts import Session
from tacet.records.consents import GrantKind
from tacet.records.credentials import TokenKind
from tacet.store.base import Store
from tacet.store.consents import KEPT_AFTER_END_MS
from tests.store.building import MONTH_MS, NOW, code, grant, refresh_token, request_token, token

pytestmark = pytest.mark.usefixtures("apps")

END = NOW + 1_000
SWEPT = END + KEPT_AFTER_END_MS
"""What ended at `END` goes at this moment, not before."""


async def test_codes_go_a_while_after_their_end(store: Store) -> None:
    await store.consents.put_code(code(expires_at_ms=END))
    await store.consents.put_code(code(b"spent" * 4, expires_at_ms=END, spent_at_ms=NOW, grant_id=50))
    assert await store.consents.sweep_logins(SWEPT - 1, 100) == 0
    assert await store.consents.sweep_logins(SWEPT, 100) == 2
    assert await store.consents.code(code().digest) is None


async def test_request_tokens_go_at_their_end(store: Store) -> None:
    await store.consents.put_request_token(request_token(expires_at_ms=END))
    await store.consents.put_request_token(request_token(b"2" * 32, user_id=7, expires_at_ms=END + 1))
    assert await store.consents.sweep_logins(END - 1, 100) == 0
    assert await store.consents.sweep_logins(END, 100) == 1
    assert await store.consents.request_token(request_token().digest) is None
    assert await store.consents.sweep_logins(END + 1, 100) == 1


async def test_sessions_go_at_their_end(store: Store) -> None:
    await store.accounts.put_session(Session(b"s", 7, NOW, NOW, END))
    assert await store.consents.sweep_logins(END - 1, 100) == 0
    assert await store.consents.sweep_logins(END, 100) == 1
    assert await store.accounts.session(b"s") is None


@pytest.mark.parametrize(
    "more",
    [
        {"expires_at_ms": END},
        {"kind": TokenKind.REFRESH, "expires_at_ms": END},
        {"kind": TokenKind.REFRESH, "expires_at_ms": END, "revoked_at_ms": NOW - MONTH_MS},
        {"kind": TokenKind.OAUTH1_USER, "revoked_at_ms": END},
        {"expires_at_ms": END + MONTH_MS, "revoked_at_ms": END},
    ],
    ids=["expired", "expired-refresh", "used-refresh", "revoked-for-ever", "revoked-before-its-end"],
)
async def test_a_token_goes_a_while_after_its_end_and_its_grant_with_the_last(
    store: Store, more: dict[str, Any]
) -> None:
    await store.consents.add_grant(grant(), [token(**more), token(b"2" * 32, expires_at_ms=SWEPT)])
    assert await store.consents.sweep_logins(SWEPT - 1, 100) == 0
    assert await store.consents.sweep_logins(SWEPT, 100) == 1
    assert await store.credentials.token(token().digest) is None
    assert await store.consents.grant(50) == grant()
    assert await store.consents.sweep_logins(SWEPT + KEPT_AFTER_END_MS, 100) == 2
    assert await store.consents.grant(50) is None


async def test_a_used_refresh_token_stays_while_it_could_be_replayed(store: Store) -> None:
    used = refresh_token(expires_at_ms=NOW + MONTH_MS)
    await store.consents.add_grant(grant(), [used])
    await store.consents.rotate(used.digest, [refresh_token(b"n" * 32, expires_at_ms=NOW + 2 * MONTH_MS)], NOW)
    assert await store.consents.sweep_logins(NOW + MONTH_MS, 100) == 0
    assert await store.credentials.token(used.digest) == replace(used, grant_id=50, revoked_at_ms=NOW)
    assert await store.consents.sweep_logins(NOW + MONTH_MS + KEPT_AFTER_END_MS, 100) == 1
    assert await store.credentials.token(used.digest) is None
    assert await store.consents.grant(50) == grant()


async def test_a_revoked_grant_takes_all_its_tokens_along(store: Store) -> None:
    await store.consents.add_grant(grant(), [token(), refresh_token(), refresh_token(b"2" * 32, expires_at_ms=None)])
    await store.consents.add_grant(grant(51), [])
    for grant_id in (50, 51):
        await store.consents.revoke_grant(grant_id, END)
    assert await store.consents.sweep_logins(SWEPT - 1, 100) == 0
    assert await store.consents.sweep_logins(SWEPT, 100) == 5
    assert await store.credentials.token(refresh_token().digest) is None
    assert await store.consents.grant(50) is None


async def test_what_works_stays(store: Store) -> None:
    kept = [token(), token(b"2" * 32, kind=TokenKind.APP_ONLY, user_id=None), token(b"3" * 32, expires_at_ms=SWEPT + 1)]
    await store.consents.add_grant(grant(kind=GrantKind.OAUTH1), kept)
    assert await store.consents.sweep_logins(SWEPT, 100) == 0
    for each in kept:
        assert await store.credentials.token(each.digest) == replace(each, grant_id=50)


async def test_at_most_so_many_of_each_kind_go_at_once(store: Store) -> None:
    for number in range(5):
        digest = number.to_bytes(32)
        await store.consents.put_code(code(digest, expires_at_ms=END))
        await store.consents.put_request_token(request_token(digest, expires_at_ms=END))
        await store.accounts.put_session(Session(digest, 7, NOW, NOW, END))
        await store.credentials.put_token(token(digest, expires_at_ms=END))
    assert [await store.consents.sweep_logins(SWEPT, 2) for _ in range(4)] == [8, 8, 4, 0]


async def test_sweeping_drops_nobodys_cache(store: Store) -> None:
    await store.credentials.put_token(token(expires_at_ms=END))
    assert await store.consents.sweep_logins(SWEPT, 100) == 1
    assert set((await store.revisions()).values()) <= {0}
