"""People signing in through a client: from nothing to a working login, and back out again."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from requests_oauthlib import OAuth1Session

from tests.browser.client_app import ClientApp, client_app
from tests.browser.conftest import OpenPage
from tests.browser.driving import PHONE, Chromium
from tests.browser.steps import decide, log_in, pick, register, sign_in
from tests.sandboxes import Resident, Sandbox

confidential_or_public = pytest.mark.parametrize("confidential", [True, False], ids=["confidential", "public"])


def greeting(somebody: Resident) -> str:
    return f"Hello, {somebody.name}! You are @{somebody.username}."


@pytest.fixture(scope="module")
def _registered(chromium: Chromium, server: Sandbox, _newcomers: Iterator[Resident]) -> Iterator[ClientApp]:
    with client_app(server.url) as client:

        def make() -> None:
            context = chromium.context(base_url=server.url)
            page = context.new_page()
            sign_in(page, next(_newcomers).username)
            register(page, client, confidential=True)
            context.close()

        chromium.run(make)
        yield client


@pytest.fixture
def registered(_registered: ClientApp) -> ClientApp:
    """A client with an App that a newcomer made for it in the portal; nobody has logged in through it in this test."""
    _registered.answers.clear()
    return _registered


@confidential_or_public
def test_a_newcomer_gets_from_nothing_to_a_working_login(
    confidential: bool, page: Page, client: ClientApp, newcomer: Resident
) -> None:
    sign_in(page, newcomer.username)
    register(page, client, confidential=confidential)
    log_in(page, client)
    expect(page.get_by_role("heading", level=1)).to_have_text("Hush at night asks to use your account")
    assert decide(page, client, "Allow") == greeting(newcomer)
    [tokens] = client.answers
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("bearer", 7200, client.scopes)
    assert tokens["refresh_token"]


def test_somebody_who_is_not_signed_in_comes_back_to_the_question(page: Page, registered: ClientApp) -> None:
    page.goto(f"{registered.url}/login")
    pick(page, "carol")
    assert decide(page, registered, "Allow").endswith("You are @carol.")


def test_who_cancels_gives_nothing(page: Page, registered: ClientApp) -> None:
    sign_in(page, "bob")
    log_in(page, registered)
    assert decide(page, registered, "Cancel") == "No login: access_denied."
    assert registered.answers == []
    page.goto("/account")
    expect(page.get_by_role("heading", name="Connected apps")).to_be_visible()
    expect(page.get_by_text("Hush at night")).to_have_count(0)


def test_the_question_is_asked_in_words(page: Page, registered: ClientApp) -> None:
    sign_in(page, "bob")
    log_in(page, registered)
    question = page.get_by_role("main").inner_text()
    assert "tweet.read" not in question
    for words in ("It can", "It cannot", "mute", registered.callback.removeprefix("http://").partition("/")[0]):
        assert words in question


def test_a_disconnected_app_is_out_at_once(page: Page, registered: ClientApp) -> None:
    sign_in(page, "alice")
    log_in(page, registered)
    decide(page, registered, "Allow")
    [tokens] = registered.answers
    assert registered.status_of(tokens["access_token"]) == 200
    page.goto("/account")
    page.get_by_role("link", name="Disconnect Hush at night").click()
    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_role("status")).to_contain_text("disconnected")
    assert registered.status_of(tokens["access_token"]) == 401
    expect(page.get_by_text("Hush at night")).to_have_count(0)


def test_its_developer_can_end_it_too(page: Page, open_page: OpenPage, client: ClientApp, newcomer: Resident) -> None:
    sign_in(page, newcomer.username)
    keys = register(page, client, confidential=False)
    theirs = open_page()
    sign_in(theirs, "carol")
    log_in(theirs, client)
    decide(theirs, client, "Allow")
    [tokens] = client.answers
    page.goto(f"/portal/apps/{keys.app_id}/users")
    row = page.get_by_role("listitem").filter(has_text="@carol")
    expect(row.get_by_label("Granted").get_by_role("listitem")).to_have_text(sorted(client.scopes.split()))
    row.locator("summary").click()
    row.get_by_role("button", name="Disconnect now").click()
    expect(page.get_by_text("Nobody yet")).to_be_visible()
    assert client.status_of(tokens["access_token"]) == 401


def test_a_pin_lets_a_client_in_that_has_no_address(page: Page, server: Sandbox) -> None:
    app = server.ready["apps"][0]
    session = OAuth1Session(app["consumer_key"], app["consumer_secret"], callback_uri="oob")
    session.fetch_request_token(f"{server.url}/oauth/request_token")
    sign_in(page, "bob")
    page.goto(session.authorization_url(f"{server.url}/oauth/authorize"))
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Your PIN for {app['name']}")
    pin = page.locator("#pin").inner_text()
    assert re.fullmatch(r"[0-9]{7}", pin)
    token = session.fetch_access_token(f"{server.url}/oauth/access_token", verifier=pin)
    assert token["oauth_token"].startswith("1002-")
    assert token["screen_name"] == "bob"
    assert session.get(f"{server.url}/2/users/me").json()["data"]["username"] == "bob"


def test_a_pin_is_not_shown_to_who_cancels(page: Page, server: Sandbox) -> None:
    app = server.ready["apps"][0]
    session = OAuth1Session(app["consumer_key"], app["consumer_secret"], callback_uri="oob")
    session.fetch_request_token(f"{server.url}/oauth/request_token")
    sign_in(page, "bob")
    page.goto(session.authorization_url(f"{server.url}/oauth/authorize"))
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing was given")


def test_an_old_login_returns_with_token_and_verifier(page: Page, client: ClientApp, newcomer: Resident) -> None:
    """OAuth 1.0a with a callback: the same journey as with OAuth 2.0."""
    sign_in(page, newcomer.username)
    keys = register(page, client, confidential=True)
    page.goto(f"/portal/apps/{keys.app_id}/authentication")
    page.get_by_label("OAuth 1.0a", exact=True).check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("status").wait_for()
    session = OAuth1Session(keys.api_key, keys.api_key_secret, callback_uri=client.callback)
    session.fetch_request_token(f"{client.tacet}/oauth/request_token")
    page.goto(session.authorization_url(f"{client.tacet}/oauth/authenticate"))
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{client.callback}?**")
    session.parse_authorization_response(page.url)
    session.fetch_access_token(f"{client.tacet}/oauth/access_token")
    assert session.get(f"{client.tacet}/2/users/me").json()["data"]["username"] == newcomer.username


@confidential_or_public
def test_everything_works_without_javascript(
    confidential: bool, open_page: OpenPage, client: ClientApp, newcomer: Resident
) -> None:
    page = open_page(java_script_enabled=False)
    sign_in(page, newcomer.username)
    register(page, client, confidential=confidential)
    log_in(page, client)
    assert decide(page, client, "Allow") == greeting(newcomer)


def test_a_login_works_on_a_phone(open_page: OpenPage, registered: ClientApp) -> None:
    page = open_page(viewport=PHONE, has_touch=True, is_mobile=True)
    page.goto(f"{registered.url}/login")
    pick(page, "carol")
    page.get_by_role("button", name="Allow").tap()
    page.wait_for_url(f"{registered.callback}?**")
    assert page.get_by_role("heading").inner_text().endswith("You are @carol.")
