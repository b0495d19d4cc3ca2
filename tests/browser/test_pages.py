"""Every page is fit for everybody: whatever it shows, to whomever, in light and dark, on a desk and on a phone."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from playwright.sync_api import Page, Response, StorageState

from tacet.pages.assets import FOLDER
from tacet.pages.routing import Page as Registered
from tacet.settings import SANDBOX, SERVE
from tests.browser.axe import axe
from tests.browser.conftest import OpenPage
from tests.browser.driving import PHONE, Chromium
from tests.browser.looks import LOOKS, SERVED_LOOKS, Look, Scene
from tests.browser.served import served
from tests.browser.steps import sign_in
from tests.sandboxes import Sandbox
from tests.service import in_memory

States = dict[str, StorageState]


@pytest.fixture(scope="module")
def scene(chromium: Chromium, server: Sandbox) -> Scene:
    """Alice has let in the App that she made, which has been used."""
    developer, new, *_ = (resident.username for resident in server.residents[3:])
    made = Scene(server, developer, new)

    def connect() -> None:
        context = chromium.context(base_url=server.url)
        page = context.new_page()
        sign_in(page, "alice")
        session = made.login()
        page.goto(session.authorization_url("/oauth/authorize"))
        page.get_by_role("button", name="Allow").click()
        session.fetch_access_token(f"{server.url}/oauth/access_token", verifier=page.locator("#pin").inner_text())
        for _ in range(3):
            session.get(f"{server.url}/2/users/me").raise_for_status()
        context.close()

    chromium.run(connect)
    return made


@pytest.fixture(scope="module")
def states() -> States:
    """Cookies of those who signed in already, by username."""
    return {}


def browser_of(who: str, server: Sandbox, states: States, open_page: OpenPage, allowed: str) -> Page:
    """A page in the browser of somebody who is signed in, or of nobody."""
    if who and who not in states:
        page = open_page()
        sign_in(page, who)
        states[who] = page.context.storage_state()
    return open_page(allowed=allowed, storage_state=states.get(who))


def look(page: Page, look: Look, scene: Scene) -> list[str]:
    """Go there; everything that is wrong."""
    statuses: list[int] = []

    def note(answer: Response) -> None:
        if answer.request.is_navigation_request():
            statuses.append(answer.status)

    page.on("response", note)
    look.go(page, scene)
    wrong = axe(page)
    if statuses[-1] != look.status:
        wrong.append(f"answered {statuses[-1]}")
    if not page.title().endswith(" · Tacet"):
        wrong.append(f"is called {page.title()}")
    if (headings := page.get_by_role("heading", level=1).count()) != 1:
        wrong.append(f"has {headings} main headings")
    page.set_viewport_size(PHONE)
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > PHONE["width"]:
        wrong.append(f"is {width} px wide on a phone of {PHONE['width']} px")
    return wrong


def allowed(look: Look) -> str:
    """Each refused attempt before the last one answers 422."""
    return "$^" if look.status == 200 else f"status of ({look.status}|422)"


@pytest.mark.parametrize("wanted", LOOKS.values(), ids=LOOKS.keys())
def test_a_page_is_fit_for_everybody(wanted: Look, open_page: OpenPage, scene: Scene, states: States) -> None:
    who = {"developer": scene.developer, "new": scene.new}.get(wanted.who, wanted.who)
    page = browser_of(who, scene.server, states, open_page, allowed(wanted))
    assert look(page, wanted, scene) == []


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("served")) as url:
        yield url


@pytest.mark.parametrize("wanted", SERVED_LOOKS.values(), ids=SERVED_LOOKS.keys())
def test_a_page_of_ones_own_server_is_too(wanted: Look, open_page: OpenPage, own_server: str, scene: Scene) -> None:
    page = open_page(base_url=own_server, allowed=allowed(wanted))
    assert look(page, wanted, scene) == []


@pytest.mark.parametrize(("mode", "looks"), [(SANDBOX, LOOKS), (SERVE, LOOKS | SERVED_LOOKS)], ids=["sandbox", "serve"])
async def test_no_page_is_left_out(mode: Any, looks: dict[str, Look], monkeypatch: pytest.MonkeyPatch) -> None:
    registered: list[Registered] = []

    def note(guard: object, pages: Sequence[Registered]) -> list[object]:
        registered.extend(pages)
        return []

    monkeypatch.setattr("tacet.pages.site.page_routes", note)
    async with in_memory(mode=mode) as service:
        await service.get("/")
    paths = {page.path for page in registered if page.get is not None and not page.path.startswith(FOLDER)}
    assert len(paths) > 15
    assert paths - {look.path for look in looks.values()} == set()
