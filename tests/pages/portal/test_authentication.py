import html
import re

import pytest

from tacet.identity.vault import Vault
from tacet.records.credentials import Access, UserAuthentication
from tests.cast import ALICE, bearer
from tests.pages.portal.desk import CALLBACK, Desk, errors, shown, values


@pytest.fixture
async def app_id(desk: Desk) -> int:
    return await desk.app(str(await desk.project()))


async def test_a_new_app_lets_nobody_sign_in(desk: Desk, app_id: int) -> None:
    screen = await desk.get(f"/portal/apps/{app_id}/authentication")
    wanted = {"access": "read", "client_type": "public", "callbacks": "", "website": ""}
    assert values(screen) == wanted


async def test_of_a_standalone_app_it_says_that_new_logins_lead_nowhere(desk: Desk) -> None:
    """And so it is: a bearer of such an App is refused by both versions, until the App is moved."""
    app_id = await desk.app()
    await desk.service.store.credentials.put_token(bearer("of-a-standalone-app", ALICE.id, app_id=app_id))
    path = f"/portal/apps/{app_id}/authentication"

    async def statuses() -> list[int]:
        targets = ("/2/users/me", "/1.1/account/verify_credentials.json", "/1.1/mutes/users/ids.json")
        return [(await desk.service.get(target, "of-a-standalone-app")).status for target in targets]

    screen = await desk.get(path)
    assert "Tokens from OAuth 2.0 logins work nowhere for it" in screen.text
    assert f"/portal/apps/{app_id}" in screen.links
    assert await statuses() == [403, 403, 403]
    await desk.send(f"/portal/apps/{app_id}", action="move", project=str(await desk.project()))
    assert "work nowhere" not in (await desk.get(path)).text
    assert await statuses() == [200, 403, 403]


async def test_all_settings_are_saved_and_shown_again(desk: Desk, app_id: int) -> None:
    fields = {
        "oauth1": "on",
        "oauth2": "on",
        "access": "read-write-directmessages",
        "client_type": "public",
        "callbacks": f"{CALLBACK}\r\ncom.example.app:/back",
        "website": "https://example.com",
    }
    screen = await desk.authenticate(app_id, **fields)
    assert "Saved." in screen.text
    assert values(screen) == {**fields, "callbacks": f"{CALLBACK}\ncom.example.app:/back"}
    app = await desk.stored(app_id)
    assert app.access is Access.READ_WRITE_MESSAGES
    callbacks = (CALLBACK, "com.example.app:/back")
    assert app.authentication == UserAuthentication(True, True, False, callbacks, "https://example.com")


async def test_becoming_confidential_shows_the_client_secret_this_once(desk: Desk, app_id: int) -> None:
    screen = await desk.authenticate(app_id, client_type="confidential")
    secret = shown(screen)["Client secret"]
    assert (await desk.stored(app_id)).client_secret_digest == Vault.digest(secret)
    again = await desk.authenticate(app_id, client_type="confidential")
    assert shown(again) == {}
    assert secret not in again.html
    await desk.authenticate(app_id, client_type="public")
    assert (await desk.stored(app_id)).client_secret_digest == b""


WRONG = {
    "no callback": ({"oauth2": "on", "callbacks": ""}, "callbacks"),
    "http elsewhere": ({"callbacks": "http://example.com/cb"}, "callbacks"),
    "a script": ({"callbacks": "javascript:alert(1)//"}, "callbacks"),
    "a website without a scheme": ({"website": "example.com"}, "website"),
    "a script for a website": ({"website": "javascript:alert(1)"}, "website"),
}


@pytest.mark.parametrize(("fields", "wrong"), WRONG.values(), ids=WRONG)
async def test_wrong_settings_are_shown_again_and_not_saved(
    desk: Desk, app_id: int, fields: dict[str, str], wrong: str
) -> None:
    before = await desk.stored(app_id)
    screen = await desk.authenticate(app_id, access="read-write", **fields)
    assert screen.status == 422
    assert list(errors(screen)) == [wrong]
    assert values(screen)["access"] == "read-write"
    assert html.unescape(values(screen)[wrong]) == fields[wrong]
    assert await desk.stored(app_id) == before


@pytest.mark.parametrize("field", ["access", "client_type"])
async def test_a_choice_that_is_none_says_so(desk: Desk, app_id: int, field: str) -> None:
    screen = await desk.authenticate(app_id, **{field: "x"})
    assert screen.status == 422
    assert '<p class="error" role="alert">Choose one of these.</p>' in screen.html


async def test_less_permission_holds_at_once(desk: Desk, app_id: int) -> None:
    await desk.authenticate(app_id, access="read-write")
    keys = {**shown(await desk.key(app_id, "renew-api-key")), **shown(await desk.key(app_id, "renew-own-token"))}
    assert (await desk.signed(keys)).headers["x-access-level"] == "read-write"
    await desk.authenticate(app_id, access="read")
    assert (await desk.signed(keys)).headers["x-access-level"] == "read"


async def test_more_permission_does_not_reach_tokens_that_exist(desk: Desk, app_id: int) -> None:
    keys = {**shown(await desk.key(app_id, "renew-api-key")), **shown(await desk.key(app_id, "renew-own-token"))}
    await desk.authenticate(app_id, access="read-write")
    assert (await desk.signed(keys)).headers["x-access-level"] == "read"


async def test_callback_urls_are_not_called_optional(desk: Desk) -> None:
    page = (await desk.get(f"/portal/apps/{await desk.app()}/authentication")).html
    [label] = re.findall(r'<label for="field-callbacks">(.*?)</label>', page)
    assert label == "Callback URLs"
    assert "localhost and 127.0.0.1 are different" in page
