import re

import pytest

from tacet.identity.developers.apps import MAX_APPS
from tests.identity.meanwhile import meanwhile
from tests.pages.portal.desk import CALLBACK, Desk, errors, shown, values

AUTHENTICATION = {"access": "read", "client_type": "public", "callbacks": CALLBACK}


async def test_a_new_app_shows_its_keys_this_once(desk: Desk) -> None:
    screen = await desk.made_app(str(await desk.project()))
    keys = shown(screen)
    assert (screen.status, screen.path) == (200, "/portal/apps/new")
    assert screen.headers["cache-control"] == "no-store"
    assert list(keys) == ["API key", "API key secret", "Client ID"]
    app = await desk.service.store.credentials.app_by_consumer_key(keys["API key"])
    assert app is not None
    assert desk.service.vault.open(app.consumer_secret_sealed) == keys["API key secret"]
    assert (app.client_id, app.owner_id) == (keys["Client ID"], 1001)
    for path in ("", "/keys", "/authentication", "/users", "/delete"):
        assert keys["API key secret"] not in (await desk.get(f"/portal/apps/{app.id}{path}")).html


async def test_the_project_that_one_came_from_is_chosen(desk: Desk) -> None:
    await desk.project("First")
    second = await desk.project("Second")
    html = (await desk.get(f"/portal/apps/new?project={second}")).html
    assert re.findall(r'<option value="(\w+)" selected', html) == [str(second)]


@pytest.mark.parametrize("project", ["", "12345", "-1", "x", "9" * 19, "9" * 40, "²"])
async def test_a_project_that_is_not_there_is_no_choice(desk: Desk, project: str) -> None:
    screen = await desk.send("/portal/apps/new", name="X", project=project)
    assert screen.status == 422
    assert errors(screen) == {"project": "Choose one of these."}
    assert values(screen)["name"] == "X"
    assert await desk.service.store.accounts.apps(1001) == []


async def test_a_wrong_name_is_shown_again_beside_what_was_typed(desk: Desk) -> None:
    project_id = await desk.project()
    path = f"/portal/apps/{await desk.app()}"
    new = await desk.send("/portal/apps/new", name=" ", description="Kept", project=str(project_id))
    old = await desk.send(path, name=" ", description="Kept")
    for screen in (new, old):
        assert screen.status == 422
        assert errors(screen) == {"name": "Give it a name."}
        assert values(screen)["description"] == "Kept"
    assert f'<option value="{project_id}" selected' in new.html
    assert (await desk.get(path)).heading == "Quiet evenings"


async def test_an_app_is_renamed(desk: Desk) -> None:
    screen = await desk.send(f"/portal/apps/{await desk.app()}", name="Loud mornings", description="No")
    assert (screen.heading, values(screen)["description"]) == ("Loud mornings", "No")
    assert "Saved." in screen.text


async def test_an_app_is_deleted_after_a_question(desk: Desk) -> None:
    app_id = await desk.app()
    asked = await desk.get(f"/portal/apps/{app_id}/delete")
    assert "stop working at once" in asked.text
    assert (await desk.stored(app_id)).id == app_id
    gone = await desk.send(f"/portal/apps/{app_id}/delete")
    assert gone.path == "/portal?done=app-deleted"
    assert await desk.service.store.credentials.app(app_id) is None


async def test_a_standalone_app_is_refused_by_v2_until_it_is_moved(desk: Desk) -> None:
    made = await desk.made_app()
    app = await desk.service.store.credentials.app_by_consumer_key(shown(made)["API key"])
    assert app is not None
    keys = {**shown(made), **shown(await desk.key(app.id, "renew-own-token"))}
    refused = await desk.signed(keys)
    assert (refused.status, refused.json["reason"]) == (403, "client-not-enrolled")
    page = await desk.get(f"/portal/apps/{app.id}")
    assert "client-forbidden" in page.text
    assert "/portal/projects/new" in page.links
    project_id = await desk.project()
    assert "Move it into a Project below" in (await desk.get(f"/portal/apps/{app.id}")).text
    moved = await desk.send(f"/portal/apps/{app.id}", action="move", project=str(project_id))
    assert "The App is in this Project now." in moved.text
    assert "client-forbidden" not in moved.text
    # At once: the refusal above had cached who signed it.
    assert (await desk.signed(keys)).status == 200


async def test_an_app_is_not_moved_into_somebody_elses_project(desk: Desk, other: Desk) -> None:
    await desk.project()
    app_id, theirs = await desk.app(), await other.project()
    screen = await desk.send(f"/portal/apps/{app_id}", action="move", project=str(theirs))
    assert screen.status == 404
    assert (await desk.stored(app_id)).project_id is None


async def test_one_app_too_many_says_so(desk: Desk) -> None:
    for _ in range(MAX_APPS):
        await desk.app()
    screen = await desk.made_app()
    assert screen.status == 422
    assert f"You have {MAX_APPS} Apps" in screen.text


class TestWithoutAProject:
    """Somebody's first App: its Project can be made along with it."""

    async def test_it_is_offered_first(self, desk: Desk) -> None:
        html = (await desk.get("/portal/apps/new")).html
        assert re.findall(r'<option value="(\w+)"', html) == ["new", "standalone"]
        await desk.project()
        page = await desk.get("/portal/apps/new")
        assert '<option value="new"' not in page.html
        assert "project_name" not in values(page)

    @pytest.mark.parametrize(("typed", "called"), [("Evenings", "Evenings"), ("", "Hush")], ids=["named", "left-empty"])
    async def test_it_is_made_with_its_project(self, desk: Desk, typed: str, called: str) -> None:
        screen = await desk.send("/portal/apps/new", name="Hush", project="new", project_name=typed)
        assert screen.heading == "Your App was made"
        [project] = await desk.service.store.accounts.projects(1001)
        [app] = await desk.service.store.accounts.apps(1001)
        assert (project.name, app.name, app.project_id) == (called, "Hush", project.id)

    async def test_a_mistake_makes_neither(self, desk: Desk) -> None:
        screen = await desk.send("/portal/apps/new", name=" ", project="new", project_name="x" * 51)
        assert set(errors(screen)) == {"name", "project_name"}
        assert values(screen)["project_name"] == "x" * 51
        assert await desk.service.store.accounts.projects(1001) == []
        assert await desk.service.store.accounts.apps(1001) == []

    async def test_a_standalone_one_is_told_what_answers_it(self, desk: Desk) -> None:
        assert "version 1.1 takes standalone ones" in (await desk.get("/portal/apps/new")).text
        assert "It works with version 1.1" in (await desk.get(f"/portal/apps/{await desk.app()}")).text


async def test_a_new_app_is_led_on_to_its_logins(desk: Desk) -> None:
    screen = await desk.made_app()
    app = await desk.service.store.credentials.app_by_consumer_key(shown(screen)["API key"])
    assert app is not None
    assert "I have copied it, set up logins" in screen.text
    assert f"/portal/apps/{app.id}/authentication" in screen.links
    keys = await desk.get(f"/portal/apps/{app.id}/keys")
    assert "Logins are off" in keys.text
    await desk.authenticate(app.id, oauth2="on")
    assert "Logins are off" not in (await desk.get(f"/portal/apps/{app.id}/keys")).text
    assert "set up logins" not in (await desk.key(app.id, "renew-api-key")).text


@pytest.mark.parametrize("section", ["", "/authentication", "/keys"])
async def test_an_app_that_is_deleted_at_another_server_while_it_is_changed_is_not_there(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, section: str
) -> None:
    app_id, store = await desk.app(), desk.service.store
    path = f"/portal/apps/{app_id}{section}"
    form = {"": {"name": "B"}, "/authentication": AUTHENTICATION, "/keys": {"action": "renew-api-key"}}[section]
    csrf = (await desk.get(path)).csrf
    meanwhile(monkeypatch, store.credentials, "app", lambda: store.accounts.delete_app(app_id))
    answer = await desk.browser.post(path, {"csrf": csrf, **form})
    assert (answer.status, answer.heading) == (404, "Nothing here")
    assert await store.credentials.app(app_id) is None
