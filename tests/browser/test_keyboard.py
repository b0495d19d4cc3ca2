"""Everything can be reached and used with a keyboard alone, and one sees where one is."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.client_app import ClientApp, client_app
from tests.browser.conftest import OpenPage
from tests.browser.driving import Chromium
from tests.browser.steps import register, sign_in
from tests.sandboxes import Resident, Sandbox

MAX_STOPS = 60
"""More than any page has to tab through."""

FOCUSED = """() => {
  const element = document.activeElement, style = getComputedStyle(element);
  const named = element.labels?.[0]?.innerText || element.innerText || element.getAttribute("aria-label") || "";
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  const box = element.getBoundingClientRect();
  return {
    name: named.trim().replace(/\\s+/g, " "),
    tag: element.tagName,
    visible: (outlined || style.boxShadow !== "none") && box.width > 1 && box.height > 1,
  };
}"""
"""What has the focus, and whether one sees it."""


def stops(page: Page) -> Iterator[str]:
    """Tab through a page: the name of each thing that can be focused, from the first; each shows that it is."""
    for _ in range(MAX_STOPS):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused["tag"] == "BODY":
            return
        assert focused["visible"], f"one does not see that {focused} has the focus"
        yield focused["name"]


def tab_to(page: Page, name: str) -> None:
    passed = []
    for stop in stops(page):
        if name in stop:
            return
        passed.append(stop)
    raise AssertionError(f"{name} cannot be reached, only {passed}")


@pytest.fixture(scope="module")
def registered(chromium: Chromium, server: Sandbox, _newcomers: Iterator[Resident]) -> Iterator[ClientApp]:
    """A client with an App of a newcomer's."""
    with client_app(server.url) as client:

        def make() -> None:
            context = chromium.context(base_url=server.url)
            page = context.new_page()
            sign_in(page, next(_newcomers).username)
            register(page, client, confidential=False)
            context.close()

        chromium.run(make)
        yield client


@pytest.mark.parametrize(("button", "shown"), [("Allow", "You are @bob."), ("Cancel", "No login: access_denied.")])
def test_a_login_takes_tab_and_enter(button: str, shown: str, page: Page, registered: ClientApp) -> None:
    page.goto(f"{registered.url}/login")
    tab_to(page, "@bob")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Allow").wait_for()
    tab_to(page, button)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{registered.callback}?**")
    assert page.get_by_role("heading").inner_text().endswith(shown)


def test_the_first_stop_skips_to_the_content(page: Page) -> None:
    page.goto("/")
    assert next(stops(page)) == "Skip to content"
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    assert next(stops(page)) == "Sign in"


def test_an_app_is_made_with_the_keyboard(page: Page, newcomer: Resident) -> None:
    page.goto("/portal")
    tab_to(page, f"@{newcomer.username}")
    page.keyboard.press("Enter")
    page.wait_for_url("**/portal/sign-up")
    tab_to(page, "What will you build?")
    page.keyboard.type("An App that mutes the loud ones at night.")
    tab_to(page, "I keep keys secret")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url("**/portal")
    tab_to(page, "New App")
    page.keyboard.press("Enter")
    page.wait_for_url("**/portal/apps/new**")
    tab_to(page, "Name")
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your App was made")


def test_somebody_is_muted_and_unmuted_and_muted_again_with_the_keyboard(page: Page, newcomer: Resident) -> None:
    sign_in(page, newcomer.username)
    page.goto("/muted")
    tab_to(page, "Mute somebody")
    page.keyboard.type("@bob")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("You mute @bob now.")
    tab_to(page, "Unmute @bob")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("You no longer mute @bob.")
    tab_to(page, "Undo")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Unmute @bob")).to_be_visible()


def test_what_is_wrong_has_the_focus(chromium: Chromium, open_page: OpenPage, newcomer: Resident) -> None:
    page = open_page(allowed="status of 422")
    sign_in(page, newcomer.username)
    page.goto("/muted")
    tab_to(page, "Mute somebody")
    page.keyboard.type("@nobody_at_all")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    expect(page.get_by_label("Mute somebody")).to_be_focused()
    expect(page.get_by_label("Mute somebody")).to_have_accessible_description(re.compile("Nobody here is called"))


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/account",
        "/muted",
        "/timeline",
        "/portal",
        *(f"/portal/apps/10000001{page}" for page in ("", "/keys", "/authentication", "/users")),
    ],
)
def test_every_stop_shows_that_it_has_the_focus(path: str, page: Page) -> None:
    sign_in(page, "alice")
    page.goto(path)
    assert len(list(stops(page))) > 3
