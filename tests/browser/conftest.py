"""A browser, a sandbox and a client for every test of the pages."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.client_app import ClientApp, client_app
from tests.browser.driving import WIDE, Chromium, Watch
from tests.sandboxes import Resident, Sandbox, sandbox

OpenPage = Callable[..., Page]
"""Opens a page in a browser of its own; takes options of Playwright's contexts and `allowed` of `Watch`."""

FIRST_NEWCOMER = 3
"""Place of the first resident who is not spoken of in the documentation."""

CHROMIUM = pytest.StashKey[Chromium]()


@pytest.fixture(scope="session")
def chromium(request: pytest.FixtureRequest) -> Iterator[Chromium]:
    """Debian's Chromium, without a window."""
    browser = Chromium()
    request.config.stash[CHROMIUM] = browser
    yield browser
    browser.close()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that drives the browser in the browser's thread."""
    if "chromium" not in pyfuncitem.fixturenames or inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in wanted}
    pyfuncitem.config.stash[CHROMIUM].run(pyfuncitem.obj, **arguments)
    return True


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox that counts nothing, so that one test's requests are not another's limit."""
    with sandbox(tmp_path_factory.mktemp("browser"), "--no-rate-limits", "--people", "160") as running:
        yield running


@pytest.fixture
def client(server: Sandbox) -> Iterator[ClientApp]:
    """A client that no App is registered for yet."""
    with client_app(server.url) as running:
        yield running


@pytest.fixture
def open_page(chromium: Chromium, server: Sandbox) -> Iterator[OpenPage]:
    """Opens pages. In the end none of them may have had anything to complain of."""
    opened: list[tuple[BrowserContext, Watch]] = []

    def new_page(allowed: str = "$^", **options: Any) -> Page:
        watch = Watch(allowed)
        context = chromium.context(**{"base_url": server.url, "viewport": WIDE, **options})
        opened.append((context, watch))
        return watch.over(context)

    yield new_page
    for context, watch in opened:
        chromium.run(context.close)
        assert watch.complaints == []


@pytest.fixture
def page(chromium: Chromium, open_page: OpenPage) -> Page:
    """A page in a browser of somebody who was never here."""
    return chromium.run(open_page)


@pytest.fixture(scope="module")
def _newcomers(server: Sandbox) -> Iterator[Resident]:
    return iter(server.residents[FIRST_NEWCOMER:])


@pytest.fixture
def newcomer(_newcomers: Iterator[Resident]) -> Resident:
    """Somebody who is no developer, has let no App in, and whom no other test of the module uses."""
    return next(_newcomers)
