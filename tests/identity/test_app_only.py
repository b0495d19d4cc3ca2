import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace

import pytest

from tacet.identity.app_only import AppOnly, AppOnlyRefused
from tacet.identity.making import Maker
from tacet.identity.vault import Vault, new_secret_key
from tacet.ids import APP_ONLY_START, SeededRandomness, Snowflakes
from tacet.records.credentials import Token
from tests.cast import APP_ID, CONSUMER_SECRET, READ_ONLY_APP_ID
from tests.identity.meanwhile import meanwhile
from tests.service import Service, in_memory

KEY, OTHER_KEY = f"consumer-{APP_ID}", f"consumer-{READ_ONLY_APP_ID}"


class World:
    """App-only bearers of a service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.app_only = self.with_vault(service.vault)

    def with_vault(self, vault: Vault) -> AppOnly:
        service = self.service
        clock, randomness = service.clock, SeededRandomness(13)
        maker = Maker(vault, clock, randomness, Snowflakes(clock, randomness))
        return AppOnly(service.store.credentials, service.tacet.authenticator, maker, service.store.alone)

    async def issue(self, key: str = KEY, secret: str = CONSUMER_SECRET) -> str:
        return await self.app_only.issue(key, secret)

    async def invalidate(self, bearer: str, key: str = KEY, secret: str = CONSUMER_SECRET) -> None:
        await self.app_only.invalidate(key, secret, bearer)

    async def works(self, bearer: str) -> bool:
        return (await self.service.get("/2/users/1002", bearer)).status == 200


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with in_memory(rate_limits=False) as service:
        yield World(service)


async def is_refused(step: Awaitable[object]) -> bool:
    try:
        await step
    except AppOnlyRefused:
        return True
    return False


async def test_an_app_gets_a_bearer_that_works(world: World) -> None:
    bearer = await world.issue()
    assert bearer.startswith(APP_ONLY_START)
    assert bearer.isalnum()
    assert await world.works(bearer)


async def test_it_is_the_same_one_each_time(world: World) -> None:
    first = await world.issue()
    world.service.clock.advance(365 * 24 * 3600 * 1000)
    assert await world.issue() == first
    assert await world.issue(OTHER_KEY) != first


async def test_two_that_ask_first_at_the_same_time_get_the_same_one(world: World) -> None:
    bearers = await asyncio.gather(*(world.issue() for _ in range(5)))
    assert len(set(bearers)) == 1
    assert await world.works(bearers[0])


async def test_after_it_was_invalidated_there_is_another(world: World) -> None:
    first = await world.issue()
    assert await world.works(first)
    await world.invalidate(first)
    assert not await world.works(first)
    second = await world.issue()
    assert second != first
    assert await world.works(second)


async def test_its_text_is_stored_sealed(world: World) -> None:
    bearer = await world.issue()
    token = await world.service.store.credentials.token(Vault.digest(bearer))
    assert token is not None
    assert bearer.encode() not in token.secret_sealed
    assert world.service.vault.open(token.secret_sealed) == bearer
    assert bearer not in repr(token)


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        pytest.param(KEY, "wrong", id="wrong-secret"),
        pytest.param(KEY, "", id="no-secret"),
        pytest.param(KEY, CONSUMER_SECRET + "x", id="longer-secret"),
        pytest.param(KEY, "0" * 50, id="secret-of-nobody"),
        pytest.param("nobodys", CONSUMER_SECRET, id="unknown-key"),
        pytest.param("nobodys", "0" * 50, id="nobody-with-nobodys-secret"),
        pytest.param("", "", id="nothing"),
        pytest.param("\ud800", "\ud800", id="no-text"),
        pytest.param(KEY, "漢字", id="no-ascii"),
        pytest.param("k" * 5_000, "s" * 5_000, id="endless"),
    ],
)
async def test_credentials_that_are_no_apps_get_nothing(world: World, key: str, secret: str) -> None:
    bearer = await world.issue()
    assert await is_refused(world.issue(key, secret))
    assert await is_refused(world.invalidate(bearer, key, secret))
    assert await world.works(bearer)


@pytest.mark.parametrize(
    "bearer", ["", "nobodys", "alice", "1001-2001", "\ud800", "b" * 5_000], ids=lambda bearer: ascii(bearer)[:20]
)
async def test_what_is_no_bearer_of_the_app_is_not_invalidated(world: World, bearer: str) -> None:
    assert await is_refused(world.invalidate(bearer))


async def test_another_apps_bearer_is_not_invalidated(world: World) -> None:
    bearer = await world.issue()
    assert await is_refused(world.invalidate(bearer, OTHER_KEY))
    assert await world.works(bearer)


async def test_one_that_an_operator_made_can_be_invalidated(world: World) -> None:
    assert await world.works("app-only")
    await world.invalidate("app-only")
    assert not await world.works("app-only")
    assert await is_refused(world.invalidate("app-only"))


async def test_one_that_no_longer_opens_is_replaced(world: World, caplog: pytest.LogCaptureFixture) -> None:
    first = await world.issue()
    credentials = world.service.store.credentials
    token = await credentials.token(Vault.digest(first))
    assert token is not None
    foreign = Vault(new_secret_key(SeededRandomness(3)), SeededRandomness(4))
    await credentials.put_token(replace(token, secret_sealed=foreign.seal(first)))
    world.service.clock.advance(1)
    with caplog.at_level(logging.ERROR):
        second = await world.issue()
    assert second != first
    assert await world.works(second)
    assert await world.issue() == second
    assert first not in caplog.text


async def test_a_bearer_that_came_after_the_keys_replacement_is_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = world.service.store.credentials
    app = await credentials.app(APP_ID)
    assert app is not None
    put, made = credentials.put_token, []

    async def late(token: Token) -> None:
        # The old key was looked at, and then replaced; the bearers that were there by then were revoked.
        await credentials.put_app(replace(app, consumer_key="another"))
        await put(token)
        made.append(token.digest)

    monkeypatch.setattr(credentials, "put_token", late)
    assert await is_refused(world.issue())
    token = await credentials.token(made[0])
    assert token is not None
    assert token.revoked_at_ms is not None


async def test_a_consumer_secret_that_does_not_open_is_a_refusal_and_a_line_in_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    credentials = world.service.store.credentials
    app = await credentials.app(APP_ID)
    assert app is not None
    foreign = Vault(new_secret_key(SeededRandomness(3)), SeededRandomness(4))
    await credentials.put_app(replace(app, consumer_secret_sealed=foreign.seal(CONSUMER_SECRET)))
    world.service.tacet.authenticator.forget()
    assert await is_refused(world.issue())
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert CONSUMER_SECRET not in caplog.text


async def test_an_app_that_is_deleted_meanwhile_gets_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    store = world.service.store
    meanwhile(monkeypatch, store.credentials, "app_only_token", lambda: store.accounts.delete_app(APP_ID))
    assert await is_refused(world.issue())
    assert await store.credentials.app_only_token(APP_ID) is None
