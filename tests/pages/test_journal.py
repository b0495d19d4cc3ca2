"""What whoever runs the server reads about sign-ins, and what they never read."""

import logging
from collections.abc import Awaitable, Callable

import pytest

from tacet.identity.signin.passwords import Passwords
from tacet.identity.signin.sessions import Sessions
from tacet.limits.failures import FAILURES, Kind
from tacet.pages import journal
from tacet.wire.addresses import Addresses
from tests.cast import ALICE, SUSPENDED
from tests.pages.browsing import Browser
from tests.service import Service

HERE = "192.0.2.7"
BETTER = "copper violin under seven hats"

INFO, WARNING, DEBUG = logging.INFO, logging.WARNING, logging.DEBUG


class Lines:
    """The lines since this was last asked for."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    def __call__(self) -> list[tuple[int, str]]:
        found = [each for each in self._caplog.records if each.name == journal.__name__]
        self._caplog.clear()
        return [(each.levelno, each.getMessage()) for each in found]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Lines:
    monkeypatch.setattr(Addresses, "of", lambda *_: HERE)
    caplog.set_level(DEBUG)
    return Lines(caplog)


async def test_a_sign_in_is_one_line_with_who_and_from_where(browser: Browser, password: str, lines: Lines) -> None:
    await browser.sign_in("alice", password)
    assert lines() == [(INFO, f"/sign-in: person {ALICE.id} signed in, from {HERE}")]


FAILED = {
    "wrong-password": ("alice", f"person {ALICE.id}"),
    "suspended-person": ("gone", f"person {SUSPENDED.id}"),
    "a-password-for-a-name": ("walnut ferry hollow nine", "nobody"),
    "a-line-of-its-own": ("x\nperson 1001 signed in", "nobody"),
    "nothing": ("", "nobody"),
}


@pytest.mark.parametrize(("typed", "who"), FAILED.values(), ids=FAILED)
@pytest.mark.usefixtures("password")
async def test_a_failure_is_one_warning_without_what_was_typed(
    browser: Browser, lines: Lines, typed: str, who: str
) -> None:
    assert (await browser.sign_in(typed, "what somebody guessed")).status == 422
    assert lines() == [(WARNING, f"/sign-in: sign-in failed for {who}, from {HERE}")]


async def test_a_refusal_by_a_limit_is_one_warning(browser: Browser, password: str, lines: Lines) -> None:
    for _ in range(FAILURES[Kind.SIGN_IN].count):
        await browser.sign_in("alice", "wrong")
    assert len(lines()) == FAILURES[Kind.SIGN_IN].count
    assert (await browser.sign_in("alice", password)).status == 429
    assert lines() == [(WARNING, f"/sign-in: sign-in refused after too many failures, from {HERE}")]


async def test_a_password_that_changed_meanwhile_is_a_failure(
    service: Service, browser: Browser, password: str, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Sessions.start

    async def start_late(sessions: Sessions, user_id: int) -> str:
        service.clock.advance(1)
        await Passwords(service.store.accounts, service.clock).set(ALICE.id, BETTER, username=ALICE.username)
        return await start(sessions, user_id)

    monkeypatch.setattr(Sessions, "start", start_late)
    await browser.sign_in("alice", password)
    assert lines() == [(WARNING, f"/sign-in: sign-in failed for person {ALICE.id}, from {HERE}")]


async def send(browser: Browser, path: str, **typed: str) -> None:
    screen = await browser.get(path)
    await browser.submit(screen, screen.form(path), typed)


ENDS: dict[str, Callable[[Browser], Awaitable[None]]] = {
    "/sign-out": lambda browser: send(browser, "/sign-out"),
    "/account/sign-out-everywhere": lambda browser: send(browser, "/account/sign-out-everywhere"),
}


@pytest.mark.parametrize("path", ENDS)
async def test_a_sign_out_is_one_line(browser: Browser, password: str, lines: Lines, path: str) -> None:
    await browser.sign_in("alice", password)
    lines()
    await ENDS[path](browser)
    assert lines() == [(INFO, f"{path}: person {ALICE.id} signed out, from {HERE}")]


async def test_a_changed_password_is_one_line_and_a_wrong_one_a_warning(
    browser: Browser, password: str, lines: Lines
) -> None:
    await browser.sign_in("alice", password)
    lines()
    path = "/account/password"
    await send(browser, path, current="what somebody guessed", new=BETTER, again=BETTER)
    assert lines() == [(WARNING, f"{path}: sign-in failed for person {ALICE.id}, from {HERE}")]
    await send(browser, path, current=password, new="short", again="short")
    assert lines() == []
    await send(browser, path, current=password, new=BETTER, again=BETTER)
    assert lines() == [(INFO, f"{path}: person {ALICE.id} has a new password, from {HERE}")]


async def test_where_the_server_does_not_know_from_where_it_says_so(
    browser: Browser, password: str, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Addresses, "of", lambda *_: "")
    await browser.sign_in("alice", password)
    assert lines() == [(INFO, f"/sign-in: person {ALICE.id} signed in, from an unknown address")]


async def test_in_a_sandbox_all_of_it_is_for_debugging(sandbox: Service, lines: Lines) -> None:
    browser = Browser(sandbox)
    for name in ("nobody-of-this-name", "alice"):
        await browser.sign_in(name)
    await send(browser, "/sign-out")
    assert lines() == [
        (DEBUG, f"/sign-in: sign-in failed for nobody, from {HERE}"),
        (DEBUG, f"/sign-in: person {ALICE.id} signed in, from {HERE}"),
        (DEBUG, f"/sign-out: person {ALICE.id} signed out, from {HERE}"),
    ]
