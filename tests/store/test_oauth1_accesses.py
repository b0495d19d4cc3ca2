"""What every store must tell about what a person's OAuth 1.0a logins allow an App."""

from typing import Any

import pytest

from tacet.records.consents import GrantKind
from tacet.records.credentials import Access, TokenKind
from tacet.store.base import Store
from tests.store.building import NOW, SOURCE, grant, token

pytestmark = pytest.mark.usefixtures("apps")


async def add(store: Store, number: int, access: Access | None, kind: GrantKind = GrantKind.OAUTH1, **more: Any) -> int:
    """A grant with one access token."""
    made = grant(number, kind=kind, scopes="", **more)
    whose = {"app_id": made.app_id, "user_id": made.user_id}
    given = token(bytes([number]) * 32, kind=TokenKind.OAUTH1_USER, access=access, **whose)
    await store.consents.add_grant(made, [given])
    return number


async def test_each_is_told_once(store: Store) -> None:
    for number, access in enumerate([Access.READ, Access.READ_WRITE, Access.READ, None], start=1):
        await add(store, number, access)
    assert await store.consents.oauth1_accesses(1, SOURCE) == {Access.READ, Access.READ_WRITE, None}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"app_id": 2}, id="another-app"),
        pytest.param({"user_id": 7}, id="another-person"),
        pytest.param({"kind": GrantKind.OWN}, id="a-developers-own-token"),
        pytest.param({"kind": GrantKind.OAUTH2}, id="the-other-oauth"),
        pytest.param({"revoked_at_ms": NOW}, id="a-revoked-grant"),
    ],
)
async def test_what_is_no_working_login_of_the_pair_does_not_count(store: Store, other: dict[str, Any]) -> None:
    await add(store, 1, Access.READ_WRITE, **other)
    assert await store.consents.oauth1_accesses(1, SOURCE) == set()


async def test_a_token_that_was_revoked_does_not_count(store: Store) -> None:
    number = await add(store, 1, Access.READ)
    await store.credentials.revoke_token(bytes([number]) * 32, NOW)
    assert await store.consents.oauth1_accesses(1, SOURCE) == set()
