"""What a consent page says that an App can and cannot do is what the API lets it do, whichever way it was let in."""

import base64
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from oauthlib.oauth1 import Client

from tacet.identity.scopes import GRANTABLE_SCOPES
from tacet.records.credentials import Access
from tacet.records.people import Profile
from tests.cast import BOB, CALLBACK, CAROL, CLIENT_SECRET, CONSUMER_SECRET, FULL, login_app
from tests.identity.oauth1.logins import Logins
from tests.pages.browsing import Browser, Screen, query_of
from tests.pages.conftest import signed_in
from tests.service import JSON, Answer, Method, Service

BASE = ("tweet.read", "users.read")
"""What nearly every operation asks for."""

VERIFIER, CHALLENGE = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
ALLOW = ("decision", "allow")

Ask = Callable[[Method, str, bytes], Awaitable[Answer]]
"""A call with the token that an App got."""


@dataclass(frozen=True)
class Deed:
    """Something that people worry about.

    Attributes:
        words: how a line begins or goes on that speaks of it.
        calls: ways to do it, with a body each; one that works is enough.
        shows: what is in the answer where it was done.
        scope: what OAuth 2.0 asks for beside the base.
    """

    words: str
    scope: str
    calls: Sequence[tuple[Method, str, Any]]
    shows: str = ""

    async def works(self, ask: Ask) -> bool:
        answers = [
            await ask(method, path, json.dumps(body).encode() if body else b"") for method, path, body in self.calls
        ]
        assert all(answer.status in {200, 201, 401, 403} for answer in answers), answers
        return any(answer.status in {200, 201} and self.shows in answer.body.decode() for answer in answers)

    def is_among(self, lines: Sequence[str]) -> bool:
        return any(re.search(self.words, line, re.IGNORECASE) for line in lines)


ME = f"/2/users/{FULL.id}"
CONVERSATION = f"/2/dm_conversations/with/{BOB.id}"

DEEDS = {
    "email": Deed(
        "email address",
        "users.email",
        [
            ("GET", "/1.1/account/verify_credentials.json?include_email=true", None),
            ("GET", "/2/users/me?user.fields=confirmed_email", None),
        ],
        FULL.profile.confirmed_email,
    ),
    "read-messages": Deed("^read.*direct messages", "dm.read", [("GET", "/2/dm_events", None)]),
    "send-messages": Deed(
        r"\bsend.*direct messages", "dm.write", [("POST", f"{CONVERSATION}/messages", {"text": "Hi"})]
    ),
    "post": Deed(r"^post\b", "tweet.write", [("POST", "/2/tweets", {"text": "Hello"})]),
    "mute": Deed(
        r"\bmute\b.* for you",
        "mute.write",
        [
            ("POST", f"{ME}/muting", {"target_user_id": str(CAROL.id)}),
            ("POST", f"/1.1/mutes/users/create.json?user_id={CAROL.id}", None),
        ],
    ),
    "follow": Deed(
        r"\bfollow\b.* for you", "follows.write", [("POST", f"{ME}/following", {"target_user_id": str(CAROL.id)})]
    ),
}


@dataclass(frozen=True)
class Said:
    """The two lists of a consent page."""

    can: Sequence[str]
    cannot: Sequence[str]


def said(screen: Screen) -> Said:
    lists = dict(re.findall(r'<ul class="marks (can|cannot)">(.*?)</ul>', screen.html, re.DOTALL))
    lines = {name: [unescape(line) for line in re.findall("<li>(.*?)</li>", text)] for name, text in lists.items()}
    assert all(lines.values())
    return Said(lines["can"], lines["cannot"])


@pytest.fixture
async def full(sandbox: Service) -> Browser:
    """Somebody who has an address, and may write to Bob."""
    await sandbox.put(msgspec.structs.replace(BOB, profile=Profile(receives_dm_from_anyone=True)))
    return await signed_in(sandbox, FULL.username)


@pytest.mark.parametrize("access", Access, ids=[access.value for access in Access])
async def test_of_an_old_login_everything_is_said_as_it_is(sandbox: Service, full: Browser, access: Access) -> None:
    logins = Logins(sandbox)
    await logins.change(access=access)
    keys = await logins.ask()
    screen = await full.get(f"/oauth/authorize?oauth_token={keys.token}")
    allowed = await full.submit(screen, screen.form("/oauth/authorize", "oauth_token"), press=ALLOW)
    made = await logins.exchange(keys, query_of(allowed.location)["oauth_verifier"])
    client = Client(logins.app.consumer_key, CONSUMER_SECRET, made.token, made.secret)

    async def ask(method: Method, target: str, body: bytes) -> Answer:
        client.timestamp = str(sandbox.clock.now_ms() // 1000)
        _, headers, _ = client.sign(f"https://api.x.com{target}", method)
        sent = {"authorization": headers["Authorization"], "content-type": JSON}
        return await sandbox.call(method, target, token=None, headers=sent, body=body)

    works = {name: await deed.works(ask) for name, deed in DEEDS.items()}
    assert works["email"]
    assert {name: deed.is_among(said(screen).can) for name, deed in DEEDS.items()} == works
    assert {name: not deed.is_among(said(screen).cannot) for name, deed in DEEDS.items()} == works


@pytest.mark.parametrize(
    "scopes",
    [
        pytest.param(BASE, id="base"),
        *[pytest.param((*BASE, deed.scope), id=deed.scope) for deed in DEEDS.values()],
        pytest.param(tuple(sorted(GRANTABLE_SCOPES)), id="everything"),
    ],
)
async def test_of_a_new_login_nothing_is_said_that_is_not_so(
    sandbox: Service, full: Browser, scopes: Sequence[str]
) -> None:
    app = login_app(sandbox.vault)
    asked = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": CALLBACK,
        "scope": " ".join(scopes),
        "state": "s",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    screen = await full.get(f"/i/oauth2/authorize?{urlencode(asked)}")
    allowed = await full.submit(screen, screen.form("/i/oauth2/authorize"), press=ALLOW)
    grant = {
        "grant_type": "authorization_code",
        "code": query_of(allowed.location)["code"],
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    basic = base64.b64encode(f"{app.client_id}:{CLIENT_SECRET}".encode()).decode()
    headers = {"authorization": f"Basic {basic}", "content-type": "application/x-www-form-urlencoded"}
    given = await sandbox.call("POST", "/2/oauth2/token", token=None, headers=headers, body=urlencode(grant).encode())

    async def ask(method: Method, target: str, body: bytes) -> Answer:
        sent = {"content-type": JSON}
        return await sandbox.call(method, target, token=given.json["access_token"], headers=sent, body=body)

    works = {name: await deed.works(ask) for name, deed in DEEDS.items()}
    assert {name: DEEDS[name].is_among(said(screen).can) for name in works} == works
    assert [name for name in works if works[name] and DEEDS[name].is_among(said(screen).cannot)] == []
