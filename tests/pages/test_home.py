import pytest

from tests.cast import ALICE
from tests.pages.browsing import Browser
from tests.service import Service


class TestSignedOut:
    async def test_it_says_what_this_is_and_leads_on(self, browser: Browser) -> None:
        screen = await browser.get("/")
        assert screen.status == 200
        assert "This is a Tacet server." in screen.text
        assert {"/sign-in", "/timeline", "/muted", "/portal", "/account", "/2/openapi.json"} <= set(screen.links)
        for words in ("What muting hides is folded away", "find out whom you mute, and unmute them"):
            assert words in screen.text

    async def test_a_platform_does_not_tell_who_lives_there(self, browser: Browser) -> None:
        assert "@alice" not in (await browser.get("/")).text

    async def test_a_sandbox_does_and_shows_nobody_who_is_suspended(self, sandbox: Service) -> None:
        text = (await Browser(sandbox).get("/")).text
        assert "Who lives here" in text
        assert "@alice" in text
        assert "@gone" not in text

    async def test_whoever_lives_in_a_sandbox_can_be_picked_there_to_sign_in(self, sandbox: Service) -> None:
        browser = Browser(sandbox)
        screen = await browser.get("/")
        form = screen.form("/sign-in")
        home = await browser.submit(screen, form, press=("username", ALICE.username), follow=True)
        assert home.heading == f"Hello, {ALICE.name}"

    async def test_only_who_just_signed_out_is_told_so(self, browser: Browser) -> None:
        assert "You are signed out." not in (await browser.get("/")).text
        assert "You are signed out." not in (await browser.get("/?done=<b>")).text
        assert "You are signed out." in (await browser.get("/?done=signed-out")).text


class TestSignedIn:
    async def test_it_greets_and_leads_to_ones_own_pages(self, alice: Browser) -> None:
        screen = await alice.get("/")
        assert screen.heading == f"Hello, {ALICE.name}"
        assert {"/timeline", "/muted", "/portal", "/account"} <= set(screen.links)
        assert "/sign-in" not in screen.links

    async def test_nobody_is_told_to_be_signed_out_who_is_not(self, alice: Browser) -> None:
        assert "You are signed out." not in (await alice.get("/?done=signed-out")).text


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/", []),
        ("/timeline", ["/timeline"]),
        ("/muted", ["/muted"]),
        ("/muted?q=x", ["/muted"]),
        ("/account", ["/account"]),
    ],
)
async def test_the_navigation_says_where_one_is(alice: Browser, path: str, current: list[str]) -> None:
    screen = await alice.get(path)
    assert {"/timeline", "/muted", "/portal", "/account"} <= set(screen.links)
    assert [given["href"] for tag, given in screen.tags if given.get("aria-current") == "true"] == current


async def test_every_page_can_be_skipped_into(browser: Browser) -> None:
    screen = await browser.get("/")
    assert screen.links[0] == "#main"
    assert [given["id"] for tag, given in screen.tags if tag == "main"] == ["main"]
