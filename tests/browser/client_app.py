"""A client as small as they come: sends people to the consent page, exchanges the code, shows who they are."""

import base64
import hashlib
import json
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.browser.loopback import Reply, listening

SCOPES = "tweet.read users.read mute.read mute.write offline.access"


@dataclass
class ClientApp:
    """One that is running.

    It is reached as `localhost` while Tacet is reached as `127.0.0.1`: to a browser two different sites, as in life.

    Attributes:
        tacet: where Tacet listens.
        client_id: set once an App is there to log in through; so is `client_secret` of a confidential one.
        answers: of the token endpoint, in order.
    """

    tacet: str
    port: int = 0
    client_id: str = ""
    client_secret: str = ""
    scopes: str = SCOPES
    verifiers: dict[str, str] = field(default_factory=dict)
    answers: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def callback(self) -> str:
        return f"{self.url}/callback"

    def consent_url(self) -> str:
        """Where a login begins, with a state and a PKCE verifier of its own."""
        state, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(48)
        self.verifiers[state] = verifier
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.callback,
            "scope": self.scopes,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self.tacet}/i/oauth2/authorize?{urlencode(asked)}"

    def returned(self, parameters: Mapping[str, str]) -> str:
        """What the client shows to somebody who comes back."""
        verifier = self.verifiers.pop(parameters.get("state", ""), None)
        if verifier is None:
            return "This login was not begun here."
        if "error" in parameters:
            return f"No login: {parameters['error']}."
        self.answers.append(self.exchange(parameters["code"], verifier))
        me = self.me(self.answers[-1]["access_token"])
        return f"Hello, {me['data']['name']}! You are @{me['data']['username']}."

    def exchange(self, code: str, verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.callback,
            "code_verifier": verifier,
        }
        headers = {}
        if self.client_secret:
            basic = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
            headers["authorization"] = f"Basic {basic}"
        else:
            form["client_id"] = self.client_id
        request = urllib.request.Request(f"{self.tacet}/2/oauth2/token", urlencode(form).encode(), headers)
        with urllib.request.urlopen(request) as answer:
            exchanged: dict[str, Any] = json.load(answer)
        return exchanged

    def me(self, access_token: str) -> dict[str, Any]:
        """What Tacet says of the user of a token."""
        headers = {"authorization": f"Bearer {access_token}"}
        with urllib.request.urlopen(urllib.request.Request(f"{self.tacet}/2/users/me", headers=headers)) as answer:
            me: dict[str, Any] = json.load(answer)
        return me

    def status_of(self, access_token: str) -> int:
        """The status that a look-up with this token is answered."""
        try:
            self.me(access_token)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        return 200


PAGE = '<!doctype html><html lang="en"><title>Client</title><link rel="icon" href="data:,"><h1>{}</h1></html>'


@contextmanager
def client_app(tacet: str) -> Iterator[ClientApp]:
    """A client of the Tacet at this address, on a free port."""
    app = ClientApp(tacet)

    def answer(path: str) -> Reply:
        address = urlsplit(path)
        if address.path == "/login":
            return Reply(status=302, headers={"location": app.consent_url()})
        if address.path == "/callback":
            return Reply(
                PAGE.format(app.returned({name: last for name, (*_, last) in parse_qs(address.query).items()}))
            )
        return Reply(PAGE.format("A client."))

    with listening(answer) as app.port:
        yield app
