import pytest

from tests.pages.browsing import Screen
from tests.pages.portal.desk import CALLBACK, Desk, shown


@pytest.fixture
async def made(desk: Desk) -> Screen:
    """The page with the keys of an App in a Project."""
    return await desk.made_app(str(await desk.project()))


@pytest.fixture
async def app_id(desk: Desk, made: Screen) -> int:
    app = await desk.service.store.credentials.app_by_consumer_key(shown(made)["API key"])
    assert app is not None
    return app.id


async def test_keys_from_the_portal_work_as_they_are_shown(desk: Desk, made: Screen, app_id: int) -> None:
    keys = {**shown(made), **shown(await desk.key(app_id, "renew-own-token"))}
    answer = await desk.signed(keys)
    assert (answer.status, answer.json["data"]["username"]) == (200, "alice")


async def test_another_api_key_ends_the_old_one_at_once_and_keeps_access_tokens(
    desk: Desk, made: Screen, app_id: int
) -> None:
    old = {**shown(made), **shown(await desk.key(app_id, "renew-own-token"))}
    assert (await desk.signed(old)).status == 200
    new = {**old, **shown(await desk.key(app_id, "renew-api-key"))}
    assert new["API key secret"] != old["API key secret"]
    assert (await desk.signed(old)).status == 401
    assert (await desk.signed(new)).status == 200


async def test_another_access_token_ends_the_old_one_at_once(desk: Desk, made: Screen, app_id: int) -> None:
    old = {**shown(made), **shown(await desk.key(app_id, "renew-own-token"))}
    assert (await desk.signed(old)).status == 200
    new = {**old, **shown(await desk.key(app_id, "renew-own-token"))}
    assert (await desk.signed(old)).status == 401
    assert (await desk.signed(new)).status == 200
    revoked = await desk.key(app_id, "revoke-own-token")
    assert "Your access token is revoked." in revoked.text
    assert (await desk.signed(new)).status == 401


async def test_a_bearer_is_made_replaced_and_revoked_at_once(desk: Desk, app_id: int) -> None:
    async def status(screen: Screen) -> int:
        return (await desk.service.get("/2/users/by/username/alice", shown(screen)["Bearer token"])).status

    first = await desk.key(app_id, "renew-bearer")
    assert await status(first) == 200
    second = await desk.key(app_id, "renew-bearer")
    assert (await status(first), await status(second)) == (401, 200)
    assert "The bearer token is revoked." in (await desk.key(app_id, "revoke-bearer")).text
    assert await status(second) == 401


async def test_a_deleted_apps_keys_stop_working_at_once(desk: Desk, made: Screen, app_id: int) -> None:
    keys = {**shown(made), **shown(await desk.key(app_id, "renew-own-token"))}
    assert (await desk.signed(keys)).status == 200
    await desk.send(f"/portal/apps/{app_id}/delete")
    assert (await desk.signed(keys)).status == 401


async def test_the_access_token_says_what_it_may_do(desk: Desk, app_id: int) -> None:
    made = await desk.key(app_id, "renew-own-token")
    assert "with the permission “Read”" in made.text
    await desk.authenticate(app_id, access="read-write")
    page = await desk.get(f"/portal/apps/{app_id}/keys")
    assert "with the permission Read . The App has Read and write now" in page.text
    assert "“Read and write”" in (await desk.key(app_id, "renew-own-token")).text
    await desk.authenticate(app_id, access="read")
    page = await desk.get(f"/portal/apps/{app_id}/keys")
    assert "with the permission Read ." in page.text
    assert "regenerate the token" not in page.text


async def test_a_client_secret_is_for_confidential_apps_only(desk: Desk, app_id: int) -> None:
    page = await desk.get(f"/portal/apps/{app_id}/keys")
    assert "A public client has no secret" in page.text
    assert ("action", "renew-client-secret") not in [button for form in page.forms for button in form.buttons]
    refused = await desk.key(app_id, "renew-client-secret")
    assert (refused.status, refused.heading) == (409, "No client secret")
    first = shown(await desk.authenticate(app_id, client_type="confidential"))
    second = shown(await desk.key(app_id, "renew-client-secret"))
    assert second["Client ID"] == first["Client ID"]
    assert second["Client secret"] not in {"", first["Client secret"]}


ONCE = {
    "renew-api-key": ["API key secret"],
    "renew-own-token": ["Access token", "Access token secret"],
    "renew-bearer": ["Bearer token"],
    "renew-client-secret": ["Client secret"],
}


@pytest.mark.parametrize(("action", "labels"), ONCE.items(), ids=ONCE)
async def test_a_secret_is_in_the_answer_to_its_form_and_nowhere_else(
    desk: Desk, app_id: int, action: str, labels: list[str]
) -> None:
    await desk.authenticate(app_id, client_type="confidential", oauth2="on", callbacks=CALLBACK)
    screen = await desk.key(app_id, action)
    assert (screen.status, screen.path) == (200, f"/portal/apps/{app_id}/keys")
    assert screen.headers["cache-control"] == "no-store"
    texts = [shown(screen)[label] for label in labels]
    assert not [link for link in screen.links for text in texts if text in link]
    for section in ("", "/keys", "/authentication", "/users"):
        html = (await desk.get(f"/portal/apps/{app_id}{section}")).html
        assert not [text for text in texts if text in html]


@pytest.mark.parametrize("action", ["renew-api-key", "renew-own-token", "renew-bearer", "renew-client-secret"])
async def test_what_breaks_something_asks_first_without_a_script(desk: Desk, app_id: int, action: str) -> None:
    await desk.authenticate(app_id, client_type="confidential")
    await desk.key(app_id, "renew-own-token")
    await desk.key(app_id, "renew-bearer")
    html = (await desk.get(f"/portal/apps/{app_id}/keys")).html
    before = html[: html.index(f'value="{action}"')]
    assert before.rfind("<details") > before.rfind("</details>")
    assert "stop" in before[before.rfind("<details") :]


@pytest.mark.parametrize("action", ["", "drop-everything"])
async def test_a_form_that_asks_for_nothing_known_does_nothing(desk: Desk, app_id: int, action: str) -> None:
    before = await desk.stored(app_id)
    assert (await desk.key(app_id, action)).status == 400
    assert await desk.stored(app_id) == before
