"""The part of a service that OAuth 2.0 logins go through, without HTTP, for tests that ask it often."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from tacet.clock import ManualClock
from tacet.directory.lookup import People
from tacet.identity.authenticator import Authenticator
from tacet.identity.caller import Caller, Unauthenticated
from tacet.identity.connections import Connections
from tacet.identity.developers import Developers
from tacet.identity.developers.authentication import CONFIDENTIAL, PUBLIC, WantedAuthentication
from tacet.identity.making import Draft, Maker
from tacet.identity.oauth1 import Nonces, Verifier
from tacet.identity.oauth2.authorization import AuthorizationRefused, Authorizations
from tacet.identity.oauth2.errors import OAuth2Error
from tacet.identity.oauth2.tokens import OAuth2Tokens
from tacet.identity.vault import Vault, new_secret_key
from tacet.ids import SeededRandomness, Snowflakes
from tacet.records.credentials import UserAuthentication
from tacet.store.base import Store
from tacet.store.opening import MEMORY, open_store
from tests.cast import NOW_MS
from tests.identity.oauth2.grants import Client

DEVELOPER = 13
CALLBACKS = ("https://example.com/one", "https://example.com/two")

KEY = new_secret_key(SeededRandomness(1))


class Served:
    """What a server has in memory, over a store that outlives it; `start` is a restart."""

    authenticator: Authenticator
    authorizations: Authorizations
    tokens: OAuth2Tokens
    connections: Connections
    developers: Developers

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = ManualClock(NOW_MS)
        self._randomness = SeededRandomness(1)
        self._vault = Vault(KEY, SeededRandomness(2))
        self._maker = Maker(self._vault, self.clock, self._randomness, Snowflakes(self.clock, self._randomness))
        self.start()

    def start(self) -> None:
        """With empty caches."""
        store, clock = self.store, self.clock
        people, verifier = People(store.directory, 10), Verifier(clock, Nonces(), ())
        self.authenticator = Authenticator(store.credentials, people, self._vault, clock, verifier)
        forget = self.authenticator.forget_everywhere
        self.authorizations = Authorizations(store.credentials, store.consents, clock, self._randomness)
        self.tokens = OAuth2Tokens(store.credentials, store.consents, people, clock, self._randomness, forget)
        self.connections = Connections(store.credentials, store.consents, clock, forget)
        self.developers = Developers(store, self._maker, forget)

    async def client(self, confidential: bool) -> Client:
        """A new App."""
        authentication = UserAuthentication(oauth2=True, confidential=confidential, callbacks=CALLBACKS)
        made = self._maker.app(Draft("App", 1, owner_id=DEVELOPER, authentication=authentication))
        await self.store.credentials.put_app(made.app)
        return Client(made.app.id, made.app.client_id, confidential, made.client_secret)

    async def set_up(self, client: Client, on: bool, confidential: bool) -> str:
        """Change an App's settings; return its new client secret, if it got one."""
        kind = CONFIDENTIAL if confidential else PUBLIC
        wanted = WantedAuthentication(False, on, "read", kind, "\n".join(CALLBACKS), "")
        return (await self.developers.authentication.change(DEVELOPER, client.app_id, wanted)).client_secret

    async def consent(self, asked: Mapping[str, list[str]], user_id: int, agrees: bool) -> str | None:
        """Where the browser goes; None where the person is not even asked."""
        try:
            request = await self.authorizations.read(asked)
        except AuthorizationRefused:
            return None
        return await self.authorizations.allow(request, user_id) if agrees else self.authorizations.deny(request)

    async def callers(self, texts: list[str]) -> list[Caller | None]:
        """Whom each of these speaks for as a bearer."""
        return [await self._caller(text) for text in texts]

    async def _caller(self, text: str) -> Caller | None:
        try:
            return await self.authenticator.bearer(text)
        except Unauthenticated:
            return None


async def opened() -> Store:
    """An empty store in memory."""
    store = open_store(MEMORY, queue_length=1_000)
    await store.open()
    return store


async def together(work: list[Coroutine[Any, Any, Any]]) -> list[Any]:
    """What succeeds of things done at the same time; True where that gives nothing."""
    results = await asyncio.gather(*work, return_exceptions=True)
    for each in results:
        if isinstance(each, BaseException) and not isinstance(each, OAuth2Error):
            raise each
    return [True if each is None else each for each in results if not isinstance(each, OAuth2Error)]
