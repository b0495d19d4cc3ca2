"""Both halves of a login, spoken to without HTTP, over a whole service whose bearers can be tried out."""

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tacet.identity.oauth2.authorization import Authorizations
from tacet.identity.oauth2.clients import ClientCredentials
from tacet.identity.oauth2.errors import OAuth2Error
from tacet.identity.oauth2.tokens import Issued, OAuth2Tokens
from tacet.ids import SeededRandomness
from tacet.records.credentials import App
from tests.cast import ALICE, CALLBACK, CLIENT_SECRET, PUBLIC_APP_ID, login_app
from tests.service import Service, in_memory

SCOPE = "mute.read tweet.read users.read offline.access"
VERIFIER = "a-verifier.of~unreserved_characters-and-of-43"
OTHER_APP_ID = 2013


def s256(verifier: str) -> str:
    """The challenge of a verifier, written without the code that is under test."""
    return base64.b64encode(hashlib.sha256(verifier.encode()).digest(), b"-_").decode().replace("=", "")


class Logins:
    """Logins of a service.

    Attributes:
        app: confidential.
        public: keeps no secret.
        other: another confidential App, with the same secret and callback.
        forgotten: how often the authenticator was told that tokens have ended.
    """

    def __init__(self, service: Service, seed: int = 11) -> None:
        store, people, randomness = service.store, service.tacet.people, SeededRandomness(seed)
        self.service = service
        self.clock = service.clock
        self.consents = store.consents
        self.app = login_app(service.vault)
        self.public = login_app(service.vault, PUBLIC_APP_ID, confidential=False)
        self.other = login_app(service.vault, OTHER_APP_ID)
        self.authorizations = Authorizations(store.credentials, store.consents, service.clock, randomness)
        self.tokens = OAuth2Tokens(store.credentials, store.consents, people, service.clock, randomness, self._forget)
        self.forgotten = 0

    async def _forget(self) -> None:
        self.forgotten += 1
        self.service.tacet.authenticator.forget()

    async def put(self, *apps: App) -> None:
        for app in apps:
            await self.service.store.credentials.put_app(app)

    def asked(self, app: App | None = None, **changed: Any) -> dict[str, list[str]]:
        """The parameters of a consent page; None leaves one out."""
        plain: dict[str, str | None] = {
            "response_type": "code",
            "client_id": (app or self.app).client_id,
            "redirect_uri": CALLBACK,
            "scope": SCOPE,
            "state": "a-state",
            "code_challenge": s256(VERIFIER),
            "code_challenge_method": "S256",
        }
        return {name: [value] for name, value in (plain | changed).items() if value is not None}

    async def code(self, app: App | None = None, user_id: int = ALICE.id, **changed: Any) -> str:
        """A code that a person has just agreed to."""
        url = await self.authorizations.allow(await self.authorizations.read(self.asked(app, **changed)), user_id)
        return parse_qs(urlsplit(url).query)["code"][0]

    async def exchange(self, code: str, app: App | None = None, **changed: Any) -> Issued:
        given = {"code": code, "redirect_uri": CALLBACK, "verifier": VERIFIER, **changed}
        return await self.tokens.exchange(client_of(app or self.app), **given)

    async def refresh(self, refresh_token: str | None, app: App | None = None, scope: str = "") -> Issued:
        assert refresh_token is not None
        return await self.tokens.refresh(client_of(app or self.app), refresh_token=refresh_token, scope=scope)

    async def revoke(self, token: str | None, app: App | None = None) -> None:
        assert token is not None
        await self.tokens.revoke(client_of(app or self.app), token=token)

    async def login(self, app: App | None = None, **changed: Any) -> Issued:
        """The tokens of a whole login."""
        return await self.exchange(await self.code(app, **changed), app)

    async def works(self, issued: Issued) -> bool:
        """Whether an access token is let in by the API."""
        return (await self.service.get("/2/users/me", issued.access_token)).status == 200


def client_of(app: App) -> ClientCredentials:
    """What an App says about itself, as it should."""
    if app.authentication.confidential:
        return ClientCredentials(basic=(app.client_id, CLIENT_SECRET))
    return ClientCredentials(client_id=app.client_id)


@asynccontextmanager
async def logins_in_memory() -> AsyncIterator[Logins]:
    async with in_memory(rate_limits=False) as service:
        logins = Logins(service)
        await logins.put(logins.app, logins.public, logins.other)
        yield logins


@dataclass(frozen=True)
class Refused:
    """What a client is told, to compare with."""

    status: int
    error: str
    description: str


BAD_CODE = Refused(400, "invalid_request", "Value passed for the authorization code was invalid.")
BAD_TOKEN = Refused(400, "invalid_request", "Value passed for the token was invalid.")
BAD_CLIENT = Refused(401, "unauthorized_client", "Missing valid authorization header")


def told(error: OAuth2Error) -> Refused:
    return Refused(error.status, error.error, error.description)
