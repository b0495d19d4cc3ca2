"""The harness notices what it is there to notice."""

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.axe import violations
from tests.browser.driving import Chromium, Watch
from tests.browser.loopback import Reply, listening

HEAD = "<!doctype html><html lang='en'><title>Page</title><link rel='icon' href='data:,'>"
POLICY = "default-src 'none'; script-src 'self'; img-src 'self' data:"

PAGES = {
    "/inline-script": "<script>document.title = 'ran'</script>",
    "/inline-style": "<p style='color: red'>red</p>",
    "/foreign-image": "<img src='http://192.0.2.1/x.png' alt=''>",
    "/foreign-link": "<a href='http://example.com/'>away</a>",
    "/broken-script": "<script src='/script.js'></script>",
    "/fine": "<main><h1>Fine</h1></main>",
    "/unlabelled": "<main><h1>Form</h1><input name='x'></main>",
    "/script.js": "throw new Error('broken')",
}


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    """Pages that do what none of ours may do, with a policy as strict as ours."""

    def answer(path: str) -> Reply:
        script = path.endswith(".js")
        headers = {"content-security-policy": POLICY, "content-type": "text/javascript" if script else "text/html"}
        return Reply(PAGES[path] if script else HEAD + PAGES[path], headers=headers)

    with listening(answer) as port:
        yield f"http://127.0.0.1:{port}"


Visit = Callable[..., tuple[Page, Watch]]


@pytest.fixture
def visit(chromium: Chromium, pages: str) -> Iterator[Visit]:
    contexts = []

    def go(path: str, allowed: str = "$^") -> tuple[Page, Watch]:
        context, watch = chromium.context(base_url=pages), Watch(allowed)
        contexts.append(context)
        page = watch.over(context)
        page.goto(path, wait_until="networkidle")
        return page, watch

    yield go
    for context in contexts:
        chromium.run(context.close)


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("/inline-script", "console: policy: script-src-elem does not allow inline"),
        ("/inline-style", "console: policy: style-src-attr does not allow inline"),
        ("/foreign-image", "console: policy: img-src does not allow http://192.0.2.1/x.png"),
        ("/broken-script", "uncaught: broken"),
    ],
    ids=["inline-script", "inline-style", "foreign-image", "uncaught-error"],
)
def test_notices_what_a_page_may_not_do(path: str, complaint: str, visit: Visit) -> None:
    _, watch = visit(path)
    assert [told for told in watch.complaints if told.startswith(complaint)] != [], watch.complaints


def test_has_nothing_to_say_of_a_page_that_is_fine(visit: Visit) -> None:
    _, watch = visit("/fine")
    assert watch.complaints == []


def test_notices_and_stops_what_leaves_this_machine(visit: Visit) -> None:
    page, watch = visit("/foreign-link", allowed="ERR_NAME_NOT_RESOLVED")
    with page.expect_event("requestfailed") as failed:
        page.get_by_text("away").click()
    assert failed.value.failure == "net::ERR_NAME_NOT_RESOLVED"
    assert watch.complaints == ["left this machine: http://example.com/"]


def test_axe_finds_what_is_wrong_in_spite_of_the_policy(visit: Visit) -> None:
    fine, _ = visit("/fine")
    assert violations(fine) == []
    unlabelled, _ = visit("/unlabelled")
    [violation] = violations(unlabelled)
    assert violation.startswith("label: ")


async def test_leaves_the_loop_of_other_tests_alone(chromium: Chromium) -> None:
    assert asyncio.get_running_loop().is_running()
    assert chromium.run(threading.get_ident) != threading.get_ident()
