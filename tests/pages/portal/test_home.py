from dataclasses import replace

import pytest

from tacet.identity.developers.texts import MIN_USE_CASE_LENGTH
from tests.pages.browsing import Browser
from tests.pages.portal.desk import USE_CASE, Desk, errors, values
from tests.service import Service


async def test_signing_up_leads_into_the_portal_and_is_asked_once(sandbox: Service, alice: Browser) -> None:
    desk = Desk(sandbox, alice)
    screen = await desk.sign_up()
    assert (screen.status, screen.path, screen.heading) == (200, "/portal", "Developer portal")
    assert "No Project yet" in screen.text
    again = await desk.get("/portal/sign-up")
    assert (again.status, again.location) == (303, "/portal")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        pytest.param({"use_case": USE_CASE}, {"agreed"}, id="not agreed"),
        pytest.param({"use_case": "hi", "agreed": "on"}, {"use_case"}, id="too little said"),
        pytest.param({}, {"use_case", "agreed"}, id="nothing"),
    ],
)
async def test_a_sign_up_that_lacks_something_is_shown_again(
    sandbox: Service, alice: Browser, fields: dict[str, str], wrong: set[str]
) -> None:
    screen = await Desk(sandbox, alice).send("/portal/sign-up", **fields)
    assert screen.status == 422
    assert set(errors(screen)) == wrong
    assert values(screen)["use_case"] == fields.get("use_case", "")
    assert ("agreed" in values(screen)) == ("agreed" in fields)
    assert await sandbox.store.accounts.developer(1001) is None


async def test_apps_stand_below_their_projects_and_standalone_ones_apart(desk: Desk) -> None:
    project_id = await desk.project("Evenings")
    await desk.app(str(project_id), "In it")
    await desk.app(name="Outside")
    text = (await desk.get("/portal")).text
    assert text.index("Evenings") < text.index("In it") < text.index("Standalone Apps") < text.index("Outside")
    assert "client-forbidden" in text


async def test_what_is_somebody_elses_is_not_listed(desk: Desk, other: Desk) -> None:
    await other.project("Theirs")
    await other.app(name="Theirs, too")
    assert "Theirs" not in (await desk.get("/portal")).text


async def test_an_app_in_a_project_that_is_not_listed_is_not_lost(desk: Desk) -> None:
    app_id = await desk.app(str(await desk.project()), "Orphan")
    app = await desk.stored(app_id)
    await desk.service.store.credentials.put_app(replace(app, project_id=424242))
    assert "Apps in other Projects O Orphan" in (await desk.get("/portal")).text
    assert "It is in Project 424242" in (await desk.get(f"/portal/apps/{app_id}")).text


async def test_how_much_must_be_written_is_said_beforehand(sandbox: Service, alice: Browser) -> None:
    desk = Desk(sandbox, alice)
    assert f"{MIN_USE_CASE_LENGTH} characters or more" in (await desk.get("/portal/sign-up")).text
    assert (await desk.send("/portal/sign-up", use_case="a" * MIN_USE_CASE_LENGTH, agreed="on")).path == "/portal"
