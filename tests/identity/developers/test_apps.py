import asyncio
from dataclasses import replace

import pytest

from tacet.identity.developers.apps import MAX_APPS
from tacet.identity.developers.errors import NotADeveloper, NotThere, Refused
from tacet.identity.vault import Vault
from tacet.records.credentials import Access, UserAuthentication
from tests.identity.developers.workshop import BEYOND, DEVELOPER, NOBODY, NOW, OTHER, Workshop


async def test_a_new_app_may_read_and_nobody_can_sign_in_through_it(workshop: Workshop) -> None:
    project_id = await workshop.project()
    made = await workshop.developers.apps.create(DEVELOPER, project_id, " Quiet  evenings ", "At home")
    app = made.app
    assert (app.name, app.description, app.project_id) == ("Quiet evenings", "At home", project_id)
    assert (app.owner_id, app.access, app.created_at_ms) == (DEVELOPER, Access.READ, NOW)
    assert app.authentication == UserAuthentication()
    assert (app.client_secret_digest, made.client_secret) == (b"", "")
    assert workshop.vault.open(app.consumer_secret_sealed) == made.consumer_secret
    assert await workshop.stored(app.id) == app


async def test_every_new_app_has_keys_of_its_own(workshop: Workshop) -> None:
    made = [await workshop.app() for _ in range(5)]
    for key in ("id", "consumer_key", "client_id"):
        assert len({getattr(each.app, key) for each in made}) == len(made)
    assert len({each.consumer_secret for each in made}) == len(made)


async def test_nothing_that_was_made_shows_its_secret_by_accident(workshop: Workshop) -> None:
    made = await workshop.app()
    assert made.consumer_secret not in repr(made)


async def test_a_standalone_app_is_in_no_project(workshop: Workshop) -> None:
    assert (await workshop.app()).app.project_id is None


async def test_apps_are_listed_for_their_owner_alone_oldest_first(workshop: Workshop) -> None:
    first = (await workshop.app()).app
    workshop.clock.advance(1)
    second = (await workshop.app(project_id=await workshop.project())).app
    apps = workshop.developers.apps
    assert await apps.all(DEVELOPER) == [first, second]
    assert await apps.all(OTHER) == []
    assert await apps.one(DEVELOPER, first.id) == first


async def test_an_app_is_renamed_and_described_and_nothing_else_changes(workshop: Workshop) -> None:
    app = (await workshop.app()).app
    before = workshop.forgotten
    changed = await workshop.developers.apps.describe(DEVELOPER, app.id, "B", "C")
    assert changed == replace(app, name="B", description="C") == await workshop.stored(app.id)
    assert workshop.forgotten == before + 1


async def test_an_app_moves_into_a_project_and_on_to_another(workshop: Workshop) -> None:
    app = (await workshop.app()).app
    for project_id in (await workshop.project(), await workshop.project()):
        before = workshop.forgotten
        moved = await workshop.developers.apps.move(DEVELOPER, app.id, project_id)
        assert moved == replace(app, project_id=project_id) == await workshop.stored(app.id)
        assert workshop.forgotten == before + 1


async def test_an_app_is_deleted_and_forgotten(workshop: Workshop) -> None:
    app = (await workshop.app()).app
    before = workshop.forgotten
    await workshop.developers.apps.delete(DEVELOPER, app.id)
    assert await workshop.store.credentials.app(app.id) is None
    assert workshop.forgotten == before + 1
    with pytest.raises(NotThere):
        await workshop.developers.apps.delete(DEVELOPER, app.id)


async def test_deleting_an_app_ends_its_tokens(workshop: Workshop) -> None:
    app = (await workshop.app()).app
    own = await workshop.developers.keys.renew_own_token(DEVELOPER, app.id)
    bearer = await workshop.developers.keys.renew_bearer(DEVELOPER, app.id)
    await workshop.developers.apps.delete(DEVELOPER, app.id)
    for text in (own.text, bearer.text):
        assert await workshop.store.credentials.token(Vault.digest(text)) is None


async def test_there_are_as_many_apps_as_is_said_in_and_outside_projects(workshop: Workshop) -> None:
    project_id = await workshop.project()
    await asyncio.gather(*(workshop.app(project_id=None if n % 2 else project_id) for n in range(MAX_APPS)))
    with pytest.raises(Refused, match=f"You have {MAX_APPS} Apps"):
        await workshop.app()
    await workshop.app(OTHER)


async def test_a_wrong_name_changes_nothing(workshop: Workshop) -> None:
    app = (await workshop.app()).app
    apps = workshop.developers.apps
    for attempt in (apps.create(DEVELOPER, None, "", ""), apps.describe(DEVELOPER, app.id, "", "")):
        with pytest.raises(Refused) as refused:
            await attempt
        assert set(refused.value.problems) == {"name"}
    assert await apps.all(DEVELOPER) == [app]


async def test_only_developers_make_apps(workshop: Workshop) -> None:
    with pytest.raises(NotADeveloper):
        await workshop.app(NOBODY)


async def test_of_two_changes_at_once_neither_undoes_the_other(workshop: Workshop) -> None:
    app = (await workshop.app()).app
    _, _, made = await asyncio.gather(
        workshop.developers.apps.describe(DEVELOPER, app.id, "B", "C"),
        workshop.authenticate(app.id, oauth1=True, access="read-write"),
        workshop.developers.keys.renew_consumer_key(DEVELOPER, app.id),
    )
    stored = await workshop.stored(app.id)
    assert (stored.name, stored.access, stored.consumer_key) == ("B", Access.READ_WRITE, made.app.consumer_key)
    assert stored.authentication.oauth1


@pytest.mark.parametrize("which", ["somebody else's", "an operator's", "unknown", "impossible"])
async def test_an_app_that_is_not_ones_own_is_not_there(workshop: Workshop, which: str) -> None:
    others = (await workshop.app(OTHER)).app
    operators = replace(others, id=77, consumer_key="k", client_id="c", owner_id=None)
    await workshop.store.credentials.put_app(operators)
    app_id = {"somebody else's": others.id, "an operator's": 77, "unknown": 12345, "impossible": BEYOND}[which]
    mine = await workshop.project()
    developers = workshop.developers
    for attempt in (
        developers.apps.one(DEVELOPER, app_id),
        # What is asked for is wrong too: even that must not tell whether the App exists.
        developers.apps.describe(DEVELOPER, app_id, "", ""),
        developers.apps.move(DEVELOPER, app_id, mine),
        developers.apps.delete(DEVELOPER, app_id),
        workshop.authenticate(app_id, client_type="x"),
        developers.keys.ring(DEVELOPER, app_id),
        developers.keys.renew_consumer_key(DEVELOPER, app_id),
        developers.keys.renew_client_secret(DEVELOPER, app_id),
        developers.keys.renew_own_token(DEVELOPER, app_id),
        developers.keys.revoke_own_token(DEVELOPER, app_id),
        developers.keys.renew_bearer(DEVELOPER, app_id),
        developers.keys.revoke_bearer(DEVELOPER, app_id),
    ):
        with pytest.raises(NotThere):
            await attempt
    assert await workshop.stored(others.id) == others
    assert await workshop.stored(77) == operators


@pytest.mark.parametrize("which", ["somebody else's", "unknown", "impossible"])
async def test_no_app_gets_into_a_project_that_is_not_ones_own(workshop: Workshop, which: str) -> None:
    others = await workshop.project(OTHER)
    project_id = {"somebody else's": others, "unknown": 12345, "impossible": BEYOND}[which]
    app = (await workshop.app()).app
    for attempt in (
        workshop.app(project_id=project_id),
        workshop.developers.apps.move(DEVELOPER, app.id, project_id),
    ):
        with pytest.raises(NotThere):
            await attempt
    assert await workshop.developers.apps.all(DEVELOPER) == [app]
