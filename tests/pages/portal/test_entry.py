import itertools
import re

import pytest

from tests.pages.browsing import Browser, Screen, query_of
from tests.pages.portal.desk import Desk
from tests.service import Service

PATHS = {
    "portal": "/portal",
    "new project": "/portal/projects/new",
    "project": "/portal/projects/{project}",
    "delete project": "/portal/projects/{project}/delete",
    "new app": "/portal/apps/new",
    "app": "/portal/apps/{app}",
    "delete app": "/portal/apps/{app}/delete",
    "keys": "/portal/apps/{app}/keys",
    "authentication": "/portal/apps/{app}/authentication",
    "users": "/portal/apps/{app}/users",
}
OWNED = {name: path for name, path in PATHS.items() if "{" in path}

FORMS = {
    "project": {"name": "Mine now"},
    "delete project": {},
    "app": {"name": "Mine now"},
    "move app": {"action": "move", "project": "1"},
    "delete app": {},
    "renew API key": {"action": "renew-api-key"},
    "renew client secret": {"action": "renew-client-secret"},
    "renew token": {"action": "renew-own-token"},
    "revoke token": {"action": "revoke-own-token"},
    "renew bearer": {"action": "renew-bearer"},
    "revoke bearer": {"action": "revoke-bearer"},
    "authentication": {"access": "read-write", "client_type": "confidential"},
    "users": {"user_id": "1001"},
}
FORM_PATHS = {**OWNED, "move app": OWNED["app"], **{name: OWNED["keys"] for name in FORMS if name.startswith("re")}}


def without_names(screen: Screen) -> str:
    """A page without what differs anyway: the ids in addresses and the token of forms."""
    return re.sub(r'value="[0-9a-f]{64}"', "", re.sub(r"\d{3,}", "", screen.html))


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
async def test_who_is_not_signed_in_is_asked_to_and_comes_back(browser: Browser, path: str) -> None:
    path = path.format(project=1, app=1)
    screen = await browser.get(path)
    assert screen.status == 303
    assert query_of(screen.location)["next"] == path


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
async def test_who_is_no_developer_is_asked_to_sign_up(sandbox: Service, alice: Browser, path: str) -> None:
    screen = await alice.get(path.format(project=1, app=1))
    assert (screen.status, screen.location) == (303, "/portal/sign-up")


@pytest.mark.parametrize("name", FORMS)
async def test_no_form_of_who_is_no_developer_does_anything(alice: Browser, name: str) -> None:
    csrf = (await alice.get("/portal/sign-up")).csrf
    path = FORM_PATHS[name].format(project=1, app=1)
    screen = await alice.post(path, {"csrf": csrf, **FORMS[name]})
    assert (screen.status, screen.location) == (303, "/portal/sign-up")


@pytest.mark.parametrize("path", OWNED.values(), ids=OWNED)
async def test_what_is_somebody_elses_looks_like_what_does_not_exist(desk: Desk, other: Desk, path: str) -> None:
    theirs = await desk.get(path.format(project=await other.project(), app=await other.app()))
    unknown = await desk.get(path.format(project=12345, app=12345))
    assert (theirs.status, unknown.status) == (404, 404)
    assert without_names(theirs) == without_names(unknown)


@pytest.mark.parametrize("name", FORMS)
async def test_no_form_changes_what_is_somebody_elses(desk: Desk, other: Desk, name: str) -> None:
    project_id, app_id = await other.project(), await other.app()
    before = await other.stored(app_id)
    csrf = (await desk.get("/portal")).csrf
    fields = {"csrf": csrf, **FORMS[name]}
    theirs = await desk.browser.post(FORM_PATHS[name].format(project=project_id, app=app_id), fields)
    unknown = await desk.browser.post(FORM_PATHS[name].format(project=12345, app=12345), fields)
    assert (theirs.status, unknown.status) == (404, 404)
    assert without_names(theirs) == without_names(unknown)
    assert await other.stored(app_id) == before
    assert (await other.get(f"/portal/projects/{project_id}")).heading == "Evenings"


@pytest.mark.parametrize("name", FORMS)
async def test_a_form_without_its_token_changes_nothing(desk: Desk, name: str) -> None:
    project_id, app_id = await desk.project(), await desk.app()
    before = await desk.stored(app_id)
    path = FORM_PATHS[name].format(project=project_id, app=app_id)
    for token in ("", "x" * 64):
        assert (await desk.browser.post(path, {"csrf": token, **FORMS[name]})).status == 403
    assert await desk.stored(app_id) == before
    assert (await desk.get(f"/portal/projects/{project_id}")).heading == "Evenings"


async def test_an_operators_app_is_nobodys(desk: Desk) -> None:
    assert (await desk.get("/portal/apps/2001")).status == 404


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
async def test_a_page_keeps_to_the_policy(desk: Desk, path: str) -> None:
    screen = await desk.get(path.format(project=await desk.project(), app=await desk.app()))
    assert screen.status == 200
    assert screen.headers["cache-control"] == "no-store"
    assert "unsafe" not in screen.headers["content-security-policy"]
    assert not [given for _, given in screen.tags if "style" in given or any(name.startswith("on") for name in given)]
    assert not [tag for tag, _ in screen.tags if tag in {"script", "style"}]


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
async def test_a_page_can_be_found_ones_way_in(desk: Desk, path: str) -> None:
    screen = await desk.get(path.format(project=await desk.project(), app=await desk.app()))
    tags = [tag for tag, _ in screen.tags]
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    labelled = {given["for"] for tag, given in screen.tags if tag == "label"}
    fields = [
        given for tag, given in screen.tags if tag in {"input", "textarea", "select"} and given.get("type") != "hidden"
    ]
    assert {given["id"] for given in fields} <= labelled
    ids = [given["id"] for _, given in screen.tags if "id" in given]
    assert len(ids) == len(set(ids))
    described = {word for _, given in screen.tags for word in given.get("aria-describedby", "").split()}
    assert described <= set(ids)


async def test_what_was_done_is_one_of_our_own_sentences(desk: Desk) -> None:
    assert "The App is deleted" in (await desk.get("/portal?done=app-deleted")).text
    assert "<b>" not in (await desk.get("/portal?done=<b>x</b>")).html
    assert 'role="status"' not in (await desk.get("/portal?done=x")).html
