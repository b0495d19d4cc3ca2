from collections.abc import AsyncIterator

import pytest

from tacet.clock import ManualClock
from tacet.identity.connections import MAX_CONNECTIONS, Connections
from tacet.store.base import Store
from tests import worlds
from tests.store.building import NOW, SOURCE, app, grant, refresh_token

OTHER = 1002


class World:
    """Two Apps, the first of which two people let in."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.forgotten = 0
        self.connections = Connections(store.credentials, store.consents, ManualClock(NOW), self._forget)

    async def _forget(self) -> None:
        self.forgotten += 1

    async def connect(self, grant_id: int, app_id: int, user_id: int, made_at_ms: int = NOW) -> None:
        made = grant(grant_id, app_id=app_id, user_id=user_id, created_at_ms=made_at_ms)
        token = refresh_token(grant_id.to_bytes(32), app_id=app_id, user_id=user_id, grant_id=grant_id)
        await self.store.consents.add_grant(made, [token])


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with worlds.empty_store() as store:
        made = World(store)
        for number in (1, 2):
            await store.credentials.put_app(app(number))
        await made.connect(51, 1, SOURCE, NOW - 2_000)
        await made.connect(52, 2, SOURCE, NOW - 1_000)
        await made.connect(53, 1, OTHER)
        yield made


async def apps_of(world: World, user_id: int) -> list[int]:
    return [each.app.id for each in await world.connections.of_user(user_id)]


async def test_a_person_sees_the_app_let_in_last_first(world: World) -> None:
    found = await world.connections.of_user(SOURCE)
    assert [(each.app.name, each.connection.since_ms) for each in found] == [
        ("App 2", NOW - 1_000),
        ("App 1", NOW - 2_000),
    ]


async def test_one_connection_is_found_and_none_of_somebody_else(world: World) -> None:
    found = await world.connections.between(1, SOURCE)
    assert found is not None
    assert (found.app.id, found.connection.user_id) == (1, SOURCE)
    assert await world.connections.between(2, OTHER) is None


async def test_an_app_sees_its_people_in_pages(world: World) -> None:
    first = await world.connections.of_app(1, 0, 1)
    rest = await world.connections.of_app(1, first[-1].user_id, 10)
    assert [each.user_id for each in (*first, *rest)] == [SOURCE, OTHER]


async def test_revoking_ends_one_connection_and_drops_what_is_cached(world: World) -> None:
    assert await world.connections.revoke(1, SOURCE)
    assert world.forgotten == 1
    assert await apps_of(world, SOURCE) == [2]
    assert await apps_of(world, OTHER) == [1]


async def test_revoking_again_finds_nothing(world: World) -> None:
    await world.connections.revoke(1, SOURCE)
    assert not await world.connections.revoke(1, SOURCE)


async def test_a_deleted_app_is_left_out(world: World) -> None:
    await world.store.accounts.delete_app(1)
    assert await apps_of(world, SOURCE) == [2]
    assert await world.connections.between(1, SOURCE) is None


async def test_a_page_has_an_end(world: World) -> None:
    for number in range(100, 100 + MAX_CONNECTIONS):
        await world.store.credentials.put_app(app(number))
        await world.connect(number, number, SOURCE)
    assert len(await apps_of(world, SOURCE)) == MAX_CONNECTIONS
