"""Apps and their keys where two servers hand them out and take them back."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tacet.clock import ManualClock
from tacet.identity.app_only import AppOnly, AppOnlyRefused
from tacet.identity.developers.apps import MAX_APPS
from tacet.identity.developers.errors import Refused
from tacet.identity.developers.projects import MAX_PROJECTS
from tacet.identity.making import Maker
from tacet.identity.vault import Vault
from tacet.ids import SeededRandomness, Snowflakes
from tacet.store.opening import open_store
from tests.cast import APP_ID, CONSUMER_SECRET
from tests.identity.developers.workshop import DEVELOPER, NOW, OTHER, USE_CASE, Workshop
from tests.service import SECRET_KEY, Service
from tests.shared.servers import Servers

KEY = f"consumer-{APP_ID}"
ROUNDS = 8


def app_only(service: Service, seed: int) -> AppOnly:
    randomness = SeededRandomness(seed)
    maker = Maker(service.vault, service.clock, randomness, Snowflakes(service.clock, randomness))
    return AppOnly(service.store.credentials, service.tacet.authenticator, maker, service.store.alone)


async def is_refused(bearer: AppOnly, key: str = KEY) -> bool:
    try:
        await bearer.issue(key, CONSUMER_SECRET)
    except AppOnlyRefused:
        return True
    return False


async def test_all_that_ask_first_at_the_same_time_get_the_same_bearer(servers: Servers) -> None:
    both = [app_only(service, seed) for seed, service in enumerate(servers.both)]
    for _ in range(ROUNDS):
        bearers = await asyncio.gather(*(each.issue(KEY, CONSUMER_SECRET) for each in both * 3))
        assert len(set(bearers)) == 1
        await both[0].invalidate(KEY, CONSUMER_SECRET, bearers[0])


async def test_a_replaced_key_gets_no_bearer_at_another_server_from_that_moment_on(servers: Servers) -> None:
    here, there = (app_only(service, seed) for seed, service in enumerate(servers.both))
    credentials = servers.here.store.credentials
    await there.issue(KEY, CONSUMER_SECRET)
    app = await credentials.app(APP_ID)
    assert app is not None
    randomness = SeededRandomness(3)
    maker = Maker(servers.here.vault, servers.here.clock, randomness, Snowflakes(servers.here.clock, randomness))
    renewed = maker.consumer_key(app)
    await credentials.put_app(renewed.app)
    assert await is_refused(there)
    assert await here.issue(renewed.app.consumer_key, renewed.consumer_secret)
    assert await is_refused(there)


@pytest.fixture
async def workshops(migrated_address: str) -> AsyncIterator[tuple[Workshop, Workshop]]:
    """The developer portals of two servers, which draw the same ids."""
    stores = [open_store(migrated_address, 1_000) for _ in range(2)]
    for store in stores:
        await store.open()
    try:
        here, there = (Workshop(store, Vault(SECRET_KEY), ManualClock(NOW)) for store in stores)
        for person_id in (DEVELOPER, OTHER):
            await here.developers.accounts.sign_up(person_id, USE_CASE, agreed=True)
        yield here, there
    finally:
        for store in stores:
            await store.close()


Two = tuple[Workshop, Workshop]


async def test_nobody_has_more_apps_than_are_allowed(workshops: Two) -> None:
    made = await asyncio.gather(
        *(workshop.app() for _ in range(MAX_APPS) for workshop in workshops), return_exceptions=True
    )
    assert sum(isinstance(each, Refused) for each in made) == MAX_APPS
    assert len(await workshops[0].developers.apps.all(DEVELOPER)) == MAX_APPS


async def test_nobody_has_more_projects_than_are_allowed(workshops: Two) -> None:
    made = await asyncio.gather(
        *(workshop.project() for _ in range(MAX_PROJECTS) for workshop in workshops), return_exceptions=True
    )
    assert sum(isinstance(each, Refused) for each in made) == MAX_PROJECTS
    assert len(await workshops[0].developers.projects.all(DEVELOPER)) == MAX_PROJECTS


async def test_apps_and_projects_of_two_developers_made_in_the_same_moment_are_each_ones_own(workshops: Two) -> None:
    """Both servers draw the same ids."""
    here, there = workshops
    for _ in range(5):
        mine, theirs = await asyncio.gather(here.app(DEVELOPER), there.app(OTHER))
        assert mine.app.id != theirs.app.id
        assert (await here.stored(mine.app.id)).owner_id == DEVELOPER
        assert (await here.stored(theirs.app.id)).owner_id == OTHER
        project_ids = await asyncio.gather(here.project(DEVELOPER), there.project(OTHER))
        for owner_id, project_id in zip((DEVELOPER, OTHER), project_ids, strict=True):
            assert (await here.developers.projects.one(owner_id, project_id)).owner_id == owner_id


async def test_of_two_changes_of_an_app_at_once_neither_undoes_the_other(workshops: Two) -> None:
    here, there = workshops
    app = (await here.app()).app
    for turn in range(ROUNDS):
        described, renewed = await asyncio.gather(
            here.developers.apps.describe(DEVELOPER, app.id, f"Name {turn}", ""),
            there.developers.keys.renew_consumer_key(DEVELOPER, app.id),
        )
        stored = await here.stored(app.id)
        assert (stored.name, stored.consumer_key) == (described.name, renewed.app.consumer_key)


async def test_an_app_put_into_a_project_that_is_deleted_at_that_moment_keeps_it(workshops: Two) -> None:
    here, there = workshops
    for _ in range(ROUNDS):
        project_id = await here.project()
        made, deleted = await asyncio.gather(
            here.app(project_id=project_id),
            there.developers.projects.delete(DEVELOPER, project_id),
            return_exceptions=True,
        )
        assert isinstance(made, BaseException) != isinstance(deleted, BaseException)


async def test_a_developers_own_token_is_one_whoever_renews_it(workshops: Two) -> None:
    here, _ = workshops
    # One more than at the other, so that the two do not draw the same secrets from here on.
    await here.app()
    app = (await here.app()).app
    made = await asyncio.gather(
        *(workshop.developers.keys.renew_own_token(DEVELOPER, app.id) for workshop in workshops * 3)
    )
    tokens = [await here.store.credentials.token(each.token.digest) for each in made]
    assert sum(token is not None and token.revoked_at_ms is None for token in tokens) == 1
