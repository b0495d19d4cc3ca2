"""What every store's `ConsentStore` must answer about who lets which App in."""

from dataclasses import replace
from typing import Any

import pytest

from tacet.records.consents import Connection, Grant, GrantKind
from tacet.records.credentials import Access, TokenKind
from tacet.store.base import Store
from tests.store.building import NOW, SOURCE, grant, put_apps, refresh_token, token

pytestmark = pytest.mark.usefixtures("apps")

LATER = NOW + 7_200_000


async def login(store: Store, id_: int, **more: Any) -> Grant:
    """A grant with an access token that works until `LATER`."""
    made = grant(id_, **more)
    access = token(id_.to_bytes(32), app_id=made.app_id, user_id=made.user_id, expires_at_ms=LATER)
    await store.consents.add_grant(made, [access])
    return made


async def of_both(store: Store, now_ms: int = NOW) -> list[Connection]:
    """The connections of the one person and the one App, which must be the same."""
    of_user = await store.consents.connections_of_user(SOURCE, 10, now_ms)
    assert await store.consents.connections_of_app(1, 0, 10, now_ms) == of_user
    return of_user


async def test_grants_to_one_app_are_one_connection(store: Store) -> None:
    await login(store, 50, scopes="users.read mute.read", created_at_ms=NOW + 1)
    await login(store, 51, scopes="mute.write mute.read", created_at_ms=NOW)
    scopes = ("mute.read", "mute.write", "users.read")
    assert await of_both(store) == [Connection(1, SOURCE, scopes, oauth1=False, since_ms=NOW)]
    await login(store, 52, kind=GrantKind.OAUTH1, scopes="")
    assert await of_both(store) == [Connection(1, SOURCE, scopes, oauth1=True, since_ms=NOW)]


@pytest.mark.parametrize(
    "more", [{"kind": GrantKind.OWN, "scopes": ""}, {"revoked_at_ms": NOW}], ids=["own", "revoked"]
)
async def test_some_grants_are_none(store: Store, more: dict[str, Any]) -> None:
    await login(store, 50, **more)
    assert await of_both(store) == []


async def test_a_grant_of_which_no_token_works_any_more_is_none(store: Store) -> None:
    await login(store, 50)
    assert len(await of_both(store, LATER - 1)) == 1
    assert await of_both(store, LATER) == []


async def test_a_refresh_token_keeps_its_grant_going(store: Store) -> None:
    kept = refresh_token(expires_at_ms=LATER + 1)
    await store.consents.add_grant(grant(), [token(expires_at_ms=LATER), kept])
    assert len(await of_both(store, LATER)) == 1
    assert await of_both(store, LATER + 1) == []
    await store.consents.rotate(kept.digest, [], LATER)
    assert await of_both(store, LATER) == []


async def test_an_oauth1_grant_ends_with_its_last_token(store: Store) -> None:
    kept = token(kind=TokenKind.OAUTH1_USER)
    await store.consents.add_grant(grant(kind=GrantKind.OAUTH1, scopes=""), [kept, replace(kept, digest=b"2" * 32)])
    await store.credentials.revoke_token(kept.digest, NOW)
    assert await of_both(store) == [Connection(1, SOURCE, (), oauth1=True, since_ms=NOW)]
    await store.credentials.revoke_token(b"2" * 32, NOW)
    assert await of_both(store) == []


HIGHEST: dict[str, tuple[list[Access | None], Access | None]] = {
    "one": ([Access.READ], Access.READ),
    "more-and-less": ([Access.READ, Access.READ_WRITE, Access.READ], Access.READ_WRITE),
    "all-there-is": ([Access.READ_WRITE_MESSAGES, Access.READ_WRITE], Access.READ_WRITE_MESSAGES),
    "as-much-as-the-app-may": ([Access.READ_WRITE_MESSAGES, None, Access.READ], None),
}


@pytest.mark.parametrize(("given", "highest"), HIGHEST.values(), ids=HIGHEST)
async def test_of_oauth1_the_most_that_was_agreed_to_counts(
    store: Store, given: list[Access | None], highest: Access | None
) -> None:
    await login(store, 60)
    for number, access in enumerate(given):
        one = token(bytes([number]) * 32, kind=TokenKind.OAUTH1_USER, access=access)
        await store.consents.add_grant(grant(50 + number, kind=GrantKind.OAUTH1, scopes=""), [one])
    assert await of_both(store) == [Connection(1, SOURCE, ("mute.read",), oauth1=True, since_ms=NOW, access=highest)]


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        pytest.param(GrantKind.OAUTH1, {"revoked_at_ms": NOW}, id="revoked"),
        pytest.param(GrantKind.OAUTH1, {"expires_at_ms": NOW}, id="expired"),
        pytest.param(GrantKind.OWN, {}, id="the-developers-own"),
    ],
)
async def test_of_oauth1_what_no_login_allows_any_more_does_not_count(
    store: Store, kind: GrantKind, more: dict[str, Any]
) -> None:
    kept = token(kind=TokenKind.OAUTH1_USER, access=Access.READ)
    ended = token(b"2" * 32, kind=TokenKind.OAUTH1_USER, access=Access.READ_WRITE, **more)
    await store.consents.add_grant(grant(50, kind=GrantKind.OAUTH1, scopes=""), [kept])
    await store.consents.add_grant(grant(51, kind=kind, scopes=""), [ended])
    assert [each.access for each in await of_both(store)] == [Access.READ]


async def test_a_persons_are_newest_first_and_limited(store: Store) -> None:
    await put_apps(store, 3, 4)
    for app_id, created_at_ms in ((1, NOW + 2), (2, NOW), (3, NOW + 2), (4, NOW + 1)):
        await login(store, 50 + app_id, app_id=app_id, created_at_ms=created_at_ms)
    await login(store, 60, user_id=7)
    found = await store.consents.connections_of_user(SOURCE, 10, NOW)
    assert [each.app_id for each in found] == [3, 1, 4, 2]
    assert await store.consents.connections_of_user(SOURCE, 2, NOW) == found[:2]
    assert await store.consents.connections_of_user(8, 10, NOW) == []


async def test_an_apps_are_by_person_in_pages(store: Store) -> None:
    for user_id in (9, 3, 7, 5):
        await login(store, 50 + user_id, user_id=user_id)
        await login(store, 70 + user_id, user_id=user_id)
    await login(store, 90, app_id=2, user_id=4)
    pages, after = [], 0
    while page := await store.consents.connections_of_app(1, after, 3, NOW):
        after = page[-1].user_id
        pages.append([each.user_id for each in page])
    assert pages == [[3, 5, 7], [9]]
