"""What the clients are tried against: real sandboxes, one of them with X's limits."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.clients.crowd import crowded
from tests.clients.expected import PEOPLE, quiet_users
from tests.clients.logins import SandboxApp, User
from tests.clients.person import Person
from tests.sandboxes import Resident, Sandbox, sandbox

ROOT = Path(__file__).resolve().parent.parent.parent

FIRST_NEWCOMER = 3
"""Place of the first resident who mutes nobody and is not spoken of in the documentation."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox that counts nothing, so that one test's requests are not another's limit."""
    with sandbox(tmp_path_factory.mktemp("server"), "--no-rate-limits", "--people", str(PEOPLE)) as running:
        yield running


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox with X's limits."""
    with sandbox(tmp_path_factory.mktemp("limited")) as running:
        yield running


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox in which alice mutes more people than a page of any kind holds."""
    with crowded(tmp_path_factory.mktemp("full")) as running:
        yield running


@pytest.fixture(scope="module")
def _newcomers(server: Sandbox) -> Iterator[Resident]:
    return iter(server.residents[FIRST_NEWCOMER:])


@pytest.fixture
def newcomer(_newcomers: Iterator[Resident]) -> Resident:
    """Somebody who mutes nobody and whom no other test of the module uses."""
    return next(_newcomers)


@pytest.fixture(scope="module")
def _limited_newcomers(limited: Sandbox) -> Iterator[Resident]:
    return iter(limited.residents[FIRST_NEWCOMER:])


@pytest.fixture
def limited_newcomer(_limited_newcomers: Iterator[Resident]) -> Resident:
    """The same where requests are counted: somebody none of whose windows is open."""
    return next(_limited_newcomers)


@pytest.fixture(scope="session")
def node() -> str:
    """The Node that runs the SDK; installs both where they are missing, and fails with the reason where it cannot."""
    found = subprocess.run(
        [sys.executable, ROOT / "scripts" / "node_sdk.py"], stdout=subprocess.PIPE, text=True, check=True
    )
    return found.stdout.strip()


MAIN_APP, PUBLIC_APP = 0, 3
"""Places of the sandbox's Apps that a login is tried with: one has a client secret, the other has none."""


@pytest.fixture
def main_app(server: Sandbox) -> SandboxApp:
    return SandboxApp.of(server, MAIN_APP)


@pytest.fixture(params=[MAIN_APP, PUBLIC_APP], ids=["confidential", "public"])
def app(request: pytest.FixtureRequest, server: Sandbox) -> SandboxApp:
    """An App of either kind: whatever asks for it runs twice."""
    return SandboxApp.of(server, request.param)


@pytest.fixture(scope="module")
def _users(server: Sandbox) -> Iterator[User]:
    return (User(str(person.id), person.username) for person in quiet_users())


@pytest.fixture
def user(_users: Iterator[User]) -> User:
    """Somebody who mutes nobody, has let no App in, and whom no other test of the module uses."""
    return next(_users)


@pytest.fixture
def person(server: Sandbox, user: User) -> Person:
    """The same at a browser, signed in nowhere."""
    return Person(server, user.username)


@pytest.fixture
def plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let oauthlib log in without TLS, as everybody has to who logs in to something on their own machine."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture
def x_is_here(monkeypatch: pytest.MonkeyPatch, server: Sandbox) -> None:
    """Send what is addressed to X's API to the sandbox, finished and signed as it is.

    For clients with X's hosts built in that make sessions of their own, where no adapter can be mounted.
    """
    send = HTTPAdapter.send

    def elsewhere(self: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **named: Any) -> requests.Response:
        for host in ("https://api.x.com", "https://api.twitter.com"):
            request.url = str(request.url).replace(f"{host}/", f"{server.url}/", 1)
        return send(self, request, *args, **named)

    monkeypatch.setattr(HTTPAdapter, "send", elsewhere)
