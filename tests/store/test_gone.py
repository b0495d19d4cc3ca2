"""What every store must do about logins to an App that is not there: nothing is made of one, whenever it went."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tacet.records.consents import GrantKind
from tacet.records.credentials import TokenKind
from tacet.store.base import Store
from tests.store.building import NOW, SOURCE, code, grant, put_apps, refresh_token, request_token, token

VERIFIER = b"v" * 32
MADE = token(b"m" * 32, kind=TokenKind.OAUTH1_USER)

MAKING: dict[str, Callable[[Store], Awaitable[bool]]] = {
    "code": lambda store: store.consents.put_code(code()),
    "request-token": lambda store: store.consents.put_request_token(request_token()),
    "request-token-approved": lambda store: store.consents.put_request_token(request_token(user_id=SOURCE)),
    "grant": lambda store: store.consents.add_grant(grant(), [token(), refresh_token()]),
    "token": lambda store: store.credentials.put_token(token()),
    "bearer": lambda store: store.credentials.put_token(token(kind=TokenKind.APP_ONLY, user_id=None)),
}
"""The beginnings of logins to the App 1, and what needs none; each says whether it was written."""


async def left(store: Store) -> list[object]:
    """What there is of the App 1, of all that is made here."""
    found = [
        await store.consents.code(code().digest),
        await store.consents.request_token(request_token().digest),
        await store.consents.grant(grant().id),
        *[await store.credentials.token(each.digest) for each in (token(), refresh_token(), MADE)],
    ]
    return [each for each in found if each is not None]


@pytest.mark.parametrize("make", MAKING.values(), ids=list(MAKING))
async def test_nothing_is_made_of_an_app_that_never_was(store: Store, make: Callable[[Store], Awaitable[bool]]) -> None:
    await put_apps(store, 2)
    assert not await make(store)
    assert await left(store) == []


@pytest.mark.parametrize("make", MAKING.values(), ids=list(MAKING))
async def test_nothing_is_made_of_an_app_that_was_deleted(
    store: Store, make: Callable[[Store], Awaitable[bool]]
) -> None:
    await put_apps(store, 1)
    await store.accounts.delete_app(1)
    assert not await make(store)
    assert await left(store) == []


@pytest.mark.parametrize("make", MAKING.values(), ids=list(MAKING))
async def test_while_it_is_there_it_is_made(store: Store, make: Callable[[Store], Awaitable[bool]]) -> None:
    await put_apps(store, 1)
    assert await make(store)
    assert await left(store) != []


@pytest.mark.parametrize("make", MAKING.values(), ids=list(MAKING))
async def test_what_is_made_while_the_app_is_deleted_goes_with_it(
    store: Store, make: Callable[[Store], Awaitable[bool]]
) -> None:
    for turn in range(10):
        await put_apps(store, 1)
        steps = [store.accounts.delete_app(1), make(store)]
        await asyncio.gather(*steps[:: 1 if turn % 2 else -1])
        assert await left(store) == []


async def test_a_login_that_ends_while_the_app_is_deleted_gives_nothing_that_stays(store: Store) -> None:
    for turn in range(10):
        await put_apps(store, 1)
        await store.consents.put_code(code())
        await store.consents.put_request_token(request_token(user_id=SOURCE, verifier_digest=VERIFIER))
        steps: list[Awaitable[object]] = [
            store.consents.redeem_code(code().digest, grant(), [token(), refresh_token()], NOW),
            store.accounts.delete_app(1),
            store.consents.redeem_request_token(
                request_token().digest, VERIFIER, grant(51, kind=GrantKind.OAUTH1), MADE, NOW
            ),
            store.consents.rotate(refresh_token().digest, [], NOW),
        ]
        await asyncio.gather(*steps[turn % 4 :], *steps[: turn % 4])
        assert await left(store) == []
        assert await store.consents.grant(51) is None
