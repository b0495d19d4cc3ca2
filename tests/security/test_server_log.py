"""A server of its own that logs at its loudest, as its operator starts it."""

import base64
import hashlib
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest
from oauthlib.oauth1 import Client

from tacet.sandbox.residents import CALLBACKS, MAIN_APP
from tests.sandboxes import Sandbox, sandbox

VERIFIER = "the-verifier-of-a-login-that-nobody-else-may-know"
CALLBACK = CALLBACKS[0]
BASIC = (MAIN_APP.client_id, MAIN_APP.client_secret)

Secrets = dict[str, str]


def consent(browser: httpx.Client, secrets: Secrets) -> str:
    """Sign in and agree; return the code."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": MAIN_APP.client_id,
        "redirect_uri": CALLBACK,
        "scope": "tweet.read users.read mute.read offline.access",
        "state": "a-state",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    form = send(browser, "/sign-in", {"username": "alice"}, secrets, "csrf, signed out")
    assert form.status_code == 303
    shown = browser.get("/i/oauth2/authorize", params=asked)
    secrets |= {f"cookie {name}": value for name, value in browser.cookies.items()}
    answer = browser.post(
        "/i/oauth2/authorize", data={**asked, "csrf": csrf(shown, secrets, "csrf"), "decision": "allow"}
    )
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def send(browser: httpx.Client, path: str, fields: Mapping[str, str], secrets: Secrets, name: str) -> httpx.Response:
    return browser.post(path, data={**fields, "csrf": csrf(browser.get(path), secrets, name)})


def csrf(shown: httpx.Response, secrets: Secrets, name: str) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', shown.text)
    assert found is not None
    secrets[name] = found[1]
    return found[1]


def log_in(browser: httpx.Client) -> Secrets:
    """A whole login with mistakes; return all that nobody else may see."""
    secrets: Secrets = {"client secret": MAIN_APP.client_secret, "verifier": VERIFIER}
    secrets["basic"] = base64.b64encode(":".join(BASIC).encode()).decode()
    secrets["code"] = consent(browser, secrets)
    given = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    answers = [browser.post("/2/oauth2/token", data={**given, "code": secrets["code"]}, auth=BASIC)]
    secrets |= {name: answers[0].json()[name] for name in ("access_token", "refresh_token")}
    fresh = {"grant_type": "refresh_token", "refresh_token": secrets["refresh_token"]}
    answers.append(browser.post("/2/oauth2/token", data=fresh, auth=BASIC))
    secrets |= {f"second {name}": answers[1].json()[name] for name in ("access_token", "refresh_token")}
    answers += [
        browser.post("/2/oauth2/token", data=fresh, auth=(MAIN_APP.client_id, "a-secret-that-is-wrong-here")),
        browser.post("/2/oauth2/token", data=fresh, auth=BASIC),
        browser.post("/2/oauth2/token", content=str(secrets), headers={"content-type": "application/json"}),
        browser.post("/2/oauth2/revoke", data={"token": secrets["access_token"]}, auth=BASIC),
    ]
    secrets["wrong secret"] = "a-secret-that-is-wrong-here"
    assert [answer.status_code for answer in answers] == [200, 200, 401, 400, 400, 400]
    return secrets


def call(browser: httpx.Client, running: Sandbox, secrets: Secrets) -> None:
    """Requests with tokens that work, no longer work, and are where they do not belong."""
    alice = running.resident("alice")
    secrets |= {"bearer": alice.oauth2_token, "token secret": alice.oauth1["token_secret"]}
    secrets |= {"consumer secret": alice.oauth1["consumer_secret"], "token": alice.oauth1["token"]}
    for token in (alice.oauth2_token, secrets["access_token"], secrets["refresh_token"], secrets["code"]):
        browser.get(f"/2/users/{alice.id}/muting", headers={"authorization": f"Bearer {token}"})
        browser.get("/2/users/me", headers={"authorization": f"Basic {token}"})
        browser.get(f"/2/users/me?access_token={quote(token)}")
        browser.get(f"/{quote(token, safe='')}")
        browser.get("/2/users/me", headers={"authorization": f"Bearer {token}", "x-filler": "x" * 20_000})
    signer = Client(
        alice.oauth1["consumer_key"],
        client_secret=alice.oauth1["consumer_secret"],
        resource_owner_key=alice.oauth1["token"],
        resource_owner_secret=alice.oauth1["token_secret"],
    )
    for path in ("/oauth/request_token", "/oauth/access_token", "/1.1/oauth/invalidate_token.json"):
        url, headers, _ = signer.sign(f"{running.url}{path}", "POST")
        secrets[f"signature of {path}"] = re.findall(r'oauth_signature="([^"]+)"', headers["Authorization"])[0]
        browser.post(url, headers=headers)


def babble(running: Sandbox, secrets: Secrets) -> None:
    """What is no HTTP."""
    port = urlsplit(running.url).port
    for line in ("GET / HTTP/9.9", "\x00\x01", "POST /2/oauth2/token HTTP/1.1\r\ncontent-length: nonsense"):
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(f"{line}\r\nauthorization: Bearer {secrets['bearer']}\r\n\r\n".encode())
            connection.recv(1_000)


def test_no_secret_is_in_the_log_of_a_server(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with sandbox(tmp_path, "--log-level", "debug") as running, httpx.Client(base_url=running.url) as browser:
        capfd.readouterr()
        secrets = log_in(browser)
        call(browser, running, secrets)
        babble(running, secrets)
        assert running.process.poll() is None
    log = capfd.readouterr().err
    assert "tacet.wire.refusals: GET" in log, "nothing was logged"
    assert "DEBUG" in log
    assert [name for name, secret in secrets.items() if secret in log or quote(secret, safe="") in log] == []
