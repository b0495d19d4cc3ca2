"""docs/quickstart.md brings a newcomer to a working login, by callback and by PIN, with nothing else to read."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.driving import WIDE, Chromium, Watch
from tests.browser.steps import pick
from tests.documents import DOCUMENTED, ROOT, Block, Reader, blocks, free_callback_port, reader, section

QUICKSTART = (ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8")
BY_CALLBACK = section(QUICKSTART, "Log in with OAuth 2.0 (PKCE)")
BY_PIN = section(QUICKSTART, "Log in with a PIN (OAuth 1.0a)")
OWN_APP = section(QUICKSTART, "An App of your own")

PEOPLE = {"Alice Quill": "alice", "Bob Harrow": "bob"}


@pytest.fixture
def someone(tmp_path: Path) -> Iterator[Reader]:
    """Somebody at a terminal who has done nothing yet."""
    with reader(tmp_path) as newcomer:
        newcomer.callback_port = free_callback_port()
        yield newcomer


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    """Their browser. In the end it may not have had anything to complain of."""
    # A client that answers once is gone when the browser asks it for an icon.
    watch = Watch(allowed=r"net::ERR_(CONNECTION_\w+|EMPTY_RESPONSE)")
    context = chromium.run(chromium.context, viewport=WIDE)
    yield chromium.run(watch.over, context)
    chromium.run(context.close)
    assert watch.complaints == []


def prepare(someone: Reader, text: str) -> Block:
    """Do everything that a section says before the program that needs a browser; return the program."""
    *before, program = blocks(text)
    for block in before:
        someone.follow(block)
    assert program.language == "sh"
    return program


def picked(text: str) -> str:
    """The username of whoever the section says to pick."""
    [name] = re.findall(r"pick (\w+ \w+)", " ".join(text.split()))
    return PEOPLE[name]


def log_in(someone: Reader, page: Page, program: Block, button: str = "Allow") -> tuple[int, str]:
    """Run the client, open what it prints, answer there; the exit status and what stands on the terminal then."""
    with someone.converse(program) as terminal:
        page.goto(terminal.wait_for("\n").removeprefix("Open "))
        if page.get_by_role("button", name="Allow").count() == 0:
            pick(page, picked(BY_CALLBACK))
        page.get_by_role("button", name=button).click()
        expect(page.locator("body")).to_have_text("Go back to the terminal.")
        return terminal.finish(), terminal.screen


def test_a_login_by_callback_works(someone: Reader, page: Page) -> None:
    program = prepare(someone, BY_CALLBACK)
    status, screen = log_in(someone, page, program)
    assert status == 0, screen
    assert program.shown is not None
    someone.check(screen, program.shown)


def test_who_cancels_is_told_what_the_document_says(someone: Reader, page: Page) -> None:
    program = prepare(someone, BY_CALLBACK)
    [promised] = re.findall(r"Press \*\*Cancel\*\* instead, and it says `(.+?)`", BY_CALLBACK)
    status, screen = log_in(someone, page, program, "Cancel")
    assert (status, screen.splitlines()[-1]) == (1, promised)


def test_a_public_client_works_as_the_document_says(someone: Reader, page: Page) -> None:
    program = prepare(someone, BY_CALLBACK)
    assert "leave out `client_secret` and `refresh_token()`" in BY_CALLBACK
    [client_id] = re.findall(r"\| `(\w+)` \| none \| public clients", BY_CALLBACK)
    left_out = [(f".*{name}.*\n", "") for name in ("client_secret=", r"refresh_token\(\)")]
    rewrite(someone, ('client_id=".*"', f'client_id="{client_id}"'), *left_out)
    assert log_in(someone, page, program)[0] == 0


def rewrite(someone: Reader, *changes: tuple[str, str]) -> None:
    """Edit the section's client."""
    client = someone.folder / "login.py"
    text = client.read_text()
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text)
        assert count == 1, pattern
    client.write_text(text)


def test_a_login_by_pin_works(someone: Reader, page: Page) -> None:
    program = prepare(someone, BY_PIN)
    with someone.converse(program) as terminal:
        page.goto(terminal.wait_for("\n").removeprefix("Open "))
        pick(page, picked(BY_PIN))
        page.get_by_role("button", name="Allow").click()
        terminal.wait_for("PIN: ")
        terminal.type(page.locator("#pin").inner_text())
        assert terminal.finish() == 0, terminal.screen
    assert program.shown is not None
    someone.check(terminal.screen, program.shown)


def test_an_app_of_ones_own_is_made_as_told_and_people_log_in_through_it(someone: Reader, page: Page) -> None:
    [start] = blocks(OWN_APP)
    someone.follow(start)
    [portal] = re.findall(r"<(http://.+/portal)>", OWN_APP)
    page.goto(someone.adapted(portal))
    pick(page, picked(OWN_APP))
    steps = re.split(r"^\d\. ", someone.adapted(OWN_APP), flags=re.MULTILINE)[2:]
    for step in steps:
        take(page, step.partition("\n\n")[0])
    shown = [page.get_by_label(label, exact=True).input_value() for label in ("Client ID", "Client secret")]

    _, login, program = blocks(BY_CALLBACK)
    someone.follow(login)
    keys = dict(zip(("client_id", "client_secret"), shown, strict=True))
    rewrite(someone, *((f'{name}=".*"', f'{name}="{value}"') for name, value in keys.items()))
    status, screen = log_in(someone, page, program)
    assert status == 0, screen
    # Bob is the developer and signed in, so it is his account that the question is about.
    assert "Hello, Bob Harrow!" in screen


def take(page: Page, step: str) -> None:
    """Do what a step says: use what stands in bold, and write what stands in backquotes where it says to."""
    words = re.findall(r"\*\*(.+?)\*\*|`(.+?)`", step)
    assert words, step
    for at, (label, _) in enumerate(words):
        if label:
            value = words[at + 1][1] if at + 1 < len(words) else ""
            use(page, label, value)


def use(page: Page, label: str, value: str) -> None:
    start, exact = label.removesuffix("…"), not label.endswith("…")
    pressed = page.get_by_role("link", name=start, exact=exact).or_(page.get_by_role("button", name=start, exact=exact))
    # The label of a field says as well where it may be left empty.
    field = page.get_by_label(re.compile(rf"^{re.escape(start)}{'( optional)?$' if exact else ''}"))
    # What was pressed before may not have brought its page yet.
    pressed.or_(field).first.wait_for()
    if pressed.count():
        pressed.first.click()
    elif value:
        field.fill(value)
    else:
        field.check()


def test_the_pages_it_names_are_there(someone: Reader, page: Page) -> None:
    someone.follow(blocks(OWN_APP)[0])
    named = re.findall(rf"<http://{DOCUMENTED}(/\S*)>", QUICKSTART)
    assert set(named) == {"/account", "/portal", "/muted", "/timeline"}
    for path in named:
        page.goto(f"http://{someone.address}{path}")
        if "/sign-in" in page.url:
            pick(page, "alice")
        page.wait_for_url(f"**{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
