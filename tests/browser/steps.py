"""What people do in a browser, by the words they read there."""

import re
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.browser.client_app import ClientApp


@dataclass(frozen=True)
class Keys:
    """What the portal showed of a new App."""

    app_id: str
    api_key: str
    api_key_secret: str
    client_id: str


def sign_in(page: Page, username: str) -> None:
    """Sign in to a sandbox from its first page."""
    page.goto("/sign-in")
    pick(page, username)
    page.get_by_role("button", name="Sign out").wait_for()


def pick(page: Page, username: str) -> None:
    """Say who one is, on the sandbox's sign-in page."""
    page.get_by_role("button", name=re.compile(rf"@{username}$")).click()


def sign_up(page: Page) -> None:
    """Become a developer, as the portal asks of whoever comes there first."""
    page.goto("/portal")
    page.get_by_label("What will you build?").fill("An App that mutes the loud ones at night.")
    page.get_by_label("I keep keys secret").check()
    page.get_by_role("button", name="Sign up").click()
    page.get_by_role("heading", name="Developer portal").wait_for()


def make_project(page: Page, name: str) -> None:
    page.goto("/portal")
    page.get_by_role("link", name="New Project").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Create Project").click()
    page.get_by_role("heading", name=name).wait_for()


def make_app(page: Page, name: str) -> Keys:
    """Make an App in the Project whose page is shown; return its keys, which are shown this once."""
    page.get_by_role("link", name="New App").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Create App").click()
    page.get_by_role("heading", name="Your App was made").wait_for()
    shown = [page.get_by_label(label, exact=True).input_value() for label in ("API key", "API key secret", "Client ID")]
    page.get_by_role("link", name="I have copied it", exact=True).click()
    page.get_by_role("heading", name="API key and secret").wait_for()
    [app_id] = re.findall(r"/portal/apps/(\d+)/keys$", page.url)
    return Keys(app_id, *shown)


def switch_oauth2_on(page: Page, app_id: str, callback: str, *, confidential: bool) -> str:
    """Let people sign in through an App; return its client secret, empty for a public client."""
    page.goto(f"/portal/apps/{app_id}/authentication")
    page.get_by_label("OAuth 2.0", exact=True).check()
    kind = "Web App, Automated App or Bot" if confidential else "Native App or Single page App"
    page.get_by_label(kind).check()
    page.get_by_label("Callback URLs").fill(callback)
    page.get_by_role("button", name="Save").click()
    if not confidential:
        page.get_by_role("status").wait_for()
        return ""
    return page.get_by_label("Client secret", exact=True).input_value()


def register(page: Page, client: ClientApp, *, confidential: bool) -> Keys:
    """Everything that a developer does until people can sign in through a client."""
    sign_up(page)
    make_project(page, "Quiet evenings")
    keys = make_app(page, "Hush at night")
    client.client_id = keys.client_id
    client.client_secret = switch_oauth2_on(page, keys.app_id, client.callback, confidential=confidential)
    return keys


def log_in(page: Page, client: ClientApp) -> None:
    """From the client to the consent page, by somebody who is signed in."""
    page.goto(f"{client.url}/login")
    page.get_by_role("button", name="Allow").wait_for()


def decide(page: Page, client: ClientApp, button: str) -> str:
    """Answer on the consent page; return what the client then shows."""
    page.get_by_role("button", name=button).click()
    page.wait_for_url(f"{client.callback}?**")
    return page.get_by_role("heading").inner_text()
