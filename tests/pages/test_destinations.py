from dataclasses import replace
from urllib.parse import quote, urlencode

import pytest

from tests.cast import CALLBACK, LOGIN_APP_ID, login_app
from tests.identity.oauth1.logins import Logins
from tests.pages.browsing import Browser
from tests.service import Service

APP_NAME = f"App {LOGIN_APP_ID}"


async def shown(browser: Browser, onward: str) -> str:
    return (await browser.get(f"/sign-in?next={quote(onward, safe='')}")).text


@pytest.fixture
def client_id(sandbox: Service) -> str:
    return login_app(sandbox.vault).client_id


@pytest.mark.parametrize("path", ["/i/oauth2/authorize", "/2/oauth2/authorize"])
async def test_the_sign_in_page_says_which_app_waits(sandbox: Service, client_id: str, path: str) -> None:
    query = urlencode({"client_id": client_id, "redirect_uri": CALLBACK})
    assert f"To go on to {APP_NAME}" in await shown(Browser(sandbox), f"{path}?{query}")


async def test_a_page_with_passwords_says_so_too(service: Service) -> None:
    app = replace(login_app(service.vault), name="Hush & <b>")
    await service.store.credentials.put_app(app)
    browser = Browser(service)
    screen = await browser.get(f"/sign-in?next={quote(f'/i/oauth2/authorize?client_id={app.client_id}', safe='')}")
    assert "to go on to Hush & <b>" in screen.text
    assert "<b>" not in screen.html


@pytest.mark.parametrize(
    "onward",
    [
        "/",
        "/account",
        "/i/oauth2/authorize",
        "/i/oauth2/authorize?client_id=nobody",
        "/i/oauth2/authorize?client_id=",
        "/i/oauth2/authorize?client_id=%FF",
        f"/i/oauth2/authorize?client_id={'x' * 4_000}",
        f"/i/oauth2/authorize?{'&'.join(f'a{n}=1' for n in range(200))}",
        "/oauth/authorize?oauth_token=nothing",
        "/oauth/authorize",
    ],
)
async def test_what_is_no_app_is_not_named(sandbox: Service, onward: str) -> None:
    screen = await Browser(sandbox).get(f"/sign-in?next={quote(onward, safe='')}")
    assert screen.status == 200
    assert "go on to" not in screen.text


@pytest.mark.parametrize("path", ["/oauth/authorize", "/oauth/authenticate", "/i/oauth/authenticate"])
async def test_a_request_token_tells_the_app(sandbox: Service, path: str) -> None:
    logins = Logins(sandbox)
    await logins.move_in()
    keys = await logins.ask()
    assert "To go on to" in await shown(Browser(sandbox), f"{path}?oauth_token={keys.token}")
