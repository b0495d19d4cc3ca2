"""What a browser is told and what it keeps: cookies, policy, referrers, caches."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.client_app import ClientApp
from tests.browser.conftest import OpenPage
from tests.browser.steps import decide, log_in, register, sign_in
from tests.sandboxes import Resident, Sandbox


def test_scripts_can_read_no_cookie(page: Page, server: Sandbox) -> None:
    page.goto("/")
    port = urlsplit(server.url).port
    assert [cookie["name"] for cookie in page.context.cookies()] == [f"tacet_visit_{port}"]
    assert page.evaluate("document.cookie") == ""
    sign_in(page, "alice")
    assert [cookie["name"] for cookie in page.context.cookies()] == [f"tacet_session_{port}"]
    assert page.evaluate("document.cookie") == ""
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Lax" for cookie in page.context.cookies())


def test_pages_work_in_the_dark(open_page: OpenPage) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        page = open_page(color_scheme=scheme)
        page.goto("/")
        colours[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor")
    light, dark = (sum(map(int, colour[4:-1].split(","))) for colour in colours.values())
    assert light > 3 * 200
    assert dark < 3 * 60


def test_who_signs_out_is_out_in_every_tab(page: Page) -> None:
    sign_in(page, "alice")
    other = page.context.new_page()
    other.goto("/account")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    other.reload()
    other.wait_for_url("**/sign-in?next=%2Faccount")


def test_the_way_back_shows_nothing_after_signing_out(page: Page) -> None:
    sign_in(page, "alice")
    page.goto("/account")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("status").wait_for()
    page.go_back()
    page.wait_for_url("**/sign-in?next=%2Faccount")


def test_a_form_of_another_site_changes_nothing(open_page: OpenPage, client: ClientApp) -> None:
    page = open_page(allowed="status of 40[03]")
    sign_in(page, "alice")
    page.goto(client.url)
    page.evaluate(
        """action => {
          const form = document.body.appendChild(document.createElement("form"));
          form.method = "post"; form.action = action; form.submit();
        }""",
        f"{client.tacet}/account/sign-out-everywhere",
    )
    page.wait_for_url("**/account/sign-out-everywhere")
    page.goto("/account")
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()


def test_no_page_can_be_framed(open_page: OpenPage, client: ClientApp) -> None:
    page = open_page(allowed="frame-ancestors|X-Frame-Options|ERR_BLOCKED_BY_RESPONSE")
    page.goto(client.url)
    page.evaluate(
        """source => {
          const frame = document.body.appendChild(document.createElement("iframe"));
          frame.src = source;
          return new Promise(done => { frame.onload = done; });
        }""",
        f"{client.tacet}/sign-in",
    )
    assert [frame.url for frame in page.frames if frame.url.startswith(client.tacet)] == []


@pytest.mark.parametrize("confidential", [True, False], ids=["confidential", "public"])
def test_no_address_holds_a_token(confidential: bool, page: Page, client: ClientApp, newcomer: Resident) -> None:
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(f"{request.url} {request.headers.get('referer', '')}"))
    sign_in(page, newcomer.username)
    keys = register(page, client, confidential=confidential)
    log_in(page, client)
    decide(page, client, "Allow")
    [tokens] = client.answers
    secrets = [tokens["access_token"], tokens["refresh_token"], keys.api_key_secret, client.client_secret]
    secrets += [cookie["value"] for cookie in page.context.cookies()]
    assert len(addresses) > 20
    assert [(secret, address) for secret in filter(None, secrets) for address in addresses if secret in address] == []


def test_other_sites_learn_no_address_of_ours(page: Page, client: ClientApp, newcomer: Resident) -> None:
    sign_in(page, newcomer.username)
    register(page, client, confidential=False)
    log_in(page, client)
    with page.expect_request(f"{client.callback}?**") as asked:
        page.get_by_role("button", name="Allow").click()
    assert "referer" not in asked.value.headers
