"""Logins with OAuth 1.0a, spoken to without HTTP, over a whole service whose tokens can be tried out."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from oauthlib.oauth1 import Client

from tacet.identity.making import Maker
from tacet.identity.oauth1 import Nonces, Parameters, SignedRequest, Verifier
from tacet.identity.oauth1.app_signatures import AppSignatures
from tacet.identity.oauth1.logins import Approval, NewAccessToken, NewRequestToken, OAuth1Logins
from tacet.identity.vault import Vault
from tacet.ids import Randomness, SeededRandomness, Snowflakes
from tacet.records.consents import RequestToken
from tacet.records.credentials import Access, App
from tacet.settings import X_API_ORIGINS
from tests.cast import ALICE, CALLBACK, CONSUMER_SECRET, login_app
from tests.identity.oauth1.signing import Pairs, Signing, encoded, signed
from tests.service import JSON, Method, Service

OTHER_APP_ID = 2014
ASK = "https://api.x.com/oauth/request_token"
EXCHANGE = "https://api.x.com/oauth/access_token"


class Counting(Verifier):
    """A verifier that says whether its slow way of refusing was taken."""

    refused = 0

    def refuse(self, request: SignedRequest, parameters: Parameters, **more: Any) -> Any:
        self.refused += 1
        super().refuse(request, parameters, **more)


@dataclass(frozen=True)
class Keys:
    """A token and its secret."""

    token: str
    secret: str


class Logins:
    """Logins of a service.

    Attributes:
        app: may read and write, has one callback.
        other: another App with the same secret and callback.
    """

    def __init__(self, service: Service, seed: int = 12) -> None:
        self.service = service
        self.clock = service.clock
        self.store = service.store
        self.verifier = Counting(service.clock, Nonces(), X_API_ORIGINS)
        self._signatures = AppSignatures(service.tacet.authenticator, self.verifier, service.vault)
        self.steps = self.drawing(SeededRandomness(seed))
        self.app = login_app(service.vault)
        self.other = login_app(service.vault, OTHER_APP_ID)
        self._nonces = 0

    def drawing(self, randomness: Randomness) -> OAuth1Logins:
        """The steps of a login with secrets from this source."""
        service = self.service
        maker = Maker(service.vault, service.clock, randomness, Snowflakes(service.clock, randomness))
        return OAuth1Logins(service.store, service.tacet.people, self._signatures, maker)

    async def move_in(self) -> None:
        await self.put(self.app, self.other)

    async def put(self, *apps: App) -> None:
        """Store Apps, as somebody who changes their settings does."""
        for app in apps:
            await self.store.credentials.put_app(app)
        self.service.tacet.authenticator.forget()

    async def change(self, access: Access | None = None, **authentication: Any) -> None:
        """Change the settings of the App."""
        changed = replace(self.app.authentication, **authentication)
        self.app = replace(self.app, access=access or self.app.access, authentication=changed)
        await self.put(self.app)

    def signing(self, app: App | None = None, keys: Keys | None = None, **more: Any) -> Signing:
        """How an App signs now, with a nonce of its own."""
        self._nonces += 1
        plain = Signing(
            consumer_key=(app or self.app).consumer_key,
            consumer_secret=CONSUMER_SECRET,
            token=keys.token if keys else None,
            token_secret=keys.secret if keys else None,
            nonce=f"nonce{self._nonces}",
            timestamp_s=self.clock.now_ms() // 1000,
        )
        return replace(plain, **more)

    def asking(self, callback: str | None = CALLBACK, access: str | None = None, **more: Any) -> SignedRequest:
        """A request for a request token."""
        form: Pairs | None = None if access is None else [("x_auth_access_type", access)]
        return signed(ASK, self.signing(callback=callback, **more), method="POST", form=form)

    def exchanging(self, keys: Keys | None, verifier: str | None, **more: Any) -> SignedRequest:
        """A request for an access token."""
        return signed(EXCHANGE, self.signing(keys=keys, verifier=verifier, **more), method="POST")

    async def ask(self, callback: str | None = CALLBACK, access: str | None = None, **more: Any) -> Keys:
        made: NewRequestToken = await self.steps.request(self.asking(callback, access, **more))
        return Keys(made.token, made.secret)

    async def agree(self, keys: Keys, user_id: int = ALICE.id) -> str:
        """The person agrees; return the verifier."""
        return verifier_of(await self.steps.approve(keys.token, user_id))

    async def exchange(self, keys: Keys | None, verifier: str | None, **more: Any) -> NewAccessToken:
        return await self.steps.exchange(self.exchanging(keys, verifier, **more))

    async def login(self, callback: str | None = CALLBACK, access: str | None = None, **more: Any) -> NewAccessToken:
        """The access token of a whole login."""
        keys = await self.ask(callback, access, **more)
        return await self.exchange(keys, await self.agree(keys), **more)

    async def stored(self, keys: Keys) -> RequestToken | None:
        return await self.store.consents.request_token(Vault.digest(keys.token))

    async def call(
        self, made: NewAccessToken, method: Method = "GET", target: str = "/2/users/me", body: bytes = b""
    ) -> int:
        """The status of an API call that is signed with an access token."""
        client = Client(
            self.app.consumer_key,
            client_secret=CONSUMER_SECRET,
            resource_owner_key=made.token,
            resource_owner_secret=made.secret,
            timestamp=str(self.clock.now_ms() // 1000),
        )
        _, headers, _ = client.sign(f"https://api.x.com{target}", method)
        sent = {"authorization": headers["Authorization"], "content-type": JSON}
        return (await self.service.call(method, target, token=None, headers=sent, body=body)).status

    async def mute(self, made: NewAccessToken) -> int:
        """The status of a call that writes, as Alice."""
        return await self.call(made, "POST", "/2/users/1001/muting", b'{"target_user_id":"1002"}')


def verifier_of(approval: Approval) -> str:
    """What an App gets, by redirect or from the person."""
    if approval.pin is not None:
        assert approval.url is None
        return approval.pin
    assert approval.url is not None
    return parse_qs(urlsplit(approval.url).query)["oauth_verifier"][0]


def signed_by_app_alone(logins: Logins, keys: Keys, verifier: str) -> SignedRequest:
    """A call for an access token as X's own JavaScript samples send it: token and verifier are not signed."""
    query = encoded([("oauth_verifier", verifier), ("oauth_token", keys.token)])
    return replace(signed(EXCHANGE, logins.signing(), method="POST"), query=query.encode())
