"""The logins of X's own JavaScript SDK, as npm brings it; only where its requests go is changed."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.clients.logins import BAD_TOKEN, CALLBACK, SCOPES, SandboxApp, User
from tests.clients.person import Person
from tests.pages.browsing import query_of
from tests.sandboxes import Sandbox

SCRIPT = Path(__file__).resolve().parent / "js" / "login.mjs"
TIMEOUT_S = 60
"""Far more than a login takes, so that one that hangs says so."""

LogIn = Callable[[dict[str, Any], Callable[[str], str]], dict[str, Any]]


@pytest.fixture
def log_in(node: str, server: Sandbox) -> LogIn:
    def run(how: dict[str, Any], answer: Callable[[str], str]) -> dict[str, Any]:
        """What came of a login. `answer` turns the consent page's address into what the person comes back with."""
        command = [node, str(SCRIPT), json.dumps({"baseUrl": server.url, **how})]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            if not first.startswith("https://"):
                outcome, errors = process.communicate(timeout=TIMEOUT_S)
                return dict(json.loads(first), errors=errors)
            outcome, errors = process.communicate(f"{answer(first.strip())}\n", timeout=TIMEOUT_S)
        assert (process.returncode, errors) == (0, "")
        told: dict[str, Any] = json.loads(outcome)
        return told

    return run


def used(user: User) -> dict[str, Any]:
    return {"username": user.username, "muted": ["1001"], "left": 0}


def oauth2(app: SandboxApp) -> dict[str, Any]:
    secret = {"clientSecret": app.client_secret} if app.client_secret else {}
    return {"oauth2": {"clientId": app.client_id, "redirectUri": CALLBACK, "scope": SCOPES, **secret}}


def oauth1(app: SandboxApp, callback: str) -> dict[str, Any]:
    return {"oauth1": {"apiKey": app.consumer_key, "apiSecret": app.consumer_secret, "callback": callback}}


def test_logs_in_refreshes_mutes_lists_and_unmutes(log_in: LogIn, app: SandboxApp, person: Person, user: User) -> None:
    outcome = log_in(oauth2(app), lambda url: query_of(person.allow(url))["code"])
    assert "error" not in outcome, outcome
    first, second = outcome["first"], outcome["second"]
    assert (first["token_type"], first["expires_in"], first["scope"]) == ("bearer", 7200, " ".join(SCOPES))
    assert first["refresh_token"] != second["refresh_token"]
    assert outcome["uses"] == [used(user), used(user)]
    assert BAD_TOKEN in outcome["reused"]
    assert outcome["after"]


def test_a_code_that_is_none_gets_nothing(log_in: LogIn, app: SandboxApp, person: Person) -> None:
    outcome = log_in(oauth2(app), lambda url: query_of(person.allow(url))["code"][::-1])
    assert outcome["error"].startswith("HTTP error! status: 400")


def test_a_denial_has_no_code(log_in: LogIn, app: SandboxApp, person: Person) -> None:
    answers = []

    def deny(url: str) -> str:
        answers.append(query_of(person.cancel(url)))
        return answers[-1].get("code", "")

    assert log_in(oauth2(app), deny)["error"].startswith("HTTP error! status: 400")
    assert answers == [{"error": "access_denied", "state": "of this login"}]


def test_an_old_login_mutes_lists_and_unmutes(log_in: LogIn, app: SandboxApp, person: Person, user: User) -> None:
    outcome = log_in(oauth1(app, CALLBACK), lambda url: query_of(person.allow(url))["oauth_verifier"])
    assert outcome == {"uses": [used(user)]}


def test_a_pin_login_mutes_lists_and_unmutes(log_in: LogIn, app: SandboxApp, person: Person, user: User) -> None:
    assert log_in(oauth1(app, "oob"), person.pin) == {"uses": [used(user)]}


def test_a_wrong_pin_gets_nothing(log_in: LogIn, app: SandboxApp, person: Person) -> None:
    outcome = log_in(oauth1(app, "oob"), lambda url: person.pin(url)[::-1] + "0")
    assert outcome["error"].startswith("Failed to get access token: 401")
