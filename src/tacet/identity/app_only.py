"""Bearers of Apps on their own: asked for with the App's consumer key and secret (RFC 6749 section 4.4)."""

import hmac
import logging

from tacet.identity.authenticator import Authenticator
from tacet.identity.making import Maker
from tacet.identity.oauth2.rfc6749.characters import is_visible
from tacet.identity.vault import Vault, VaultError
from tacet.records.credentials import App, TokenKind
from tacet.store.base import Alone
from tacet.store.credentials import CredentialStore

MAX_KEY_CHARS = 500
"""Of a consumer key, its secret or a bearer as they are sent: ours have about 100 at most."""

_NOBODYS_SECRET = "0" * 50
"""What is compared where there is no such App, so that the time of an answer does not tell."""

_log = logging.getLogger(__name__)


class AppOnlyRefused(Exception):
    """The consumer key and secret are no App's, or the bearer is not one of this App's that works.

    The text says which, for a log.
    """


_NO_BEARER = "the bearer is unknown, revoked, or another App's"
_REPLACED = "the API key was replaced, or the App deleted, meanwhile"


class AppOnly:
    """Issues and invalidates app-only bearers.

    Keys and secrets are looked up anew each time: a bearer works until it is revoked, and must not be had for a key
    that was replaced a moment ago at another server.

    Args:
        authenticator: is told when a bearer ends.
        alone: see `Store.alone`.

    Raises in every method:
        AppOnlyRefused: not with these credentials; which of them is wrong is not told.
        StoreBusy: the write queue is full.
    """

    def __init__(self, credentials: CredentialStore, authenticator: Authenticator, maker: Maker, alone: Alone) -> None:
        self._credentials = credentials
        self._authenticator = authenticator
        self._maker = maker
        self._alone = alone

    async def issue(self, consumer_key: str, consumer_secret: str) -> str:
        """The App's bearer: the same one each time, until it is invalidated."""
        app = await self._app(consumer_key, consumer_secret)
        text = await self._standing(app)
        if text is None:
            # Of two that ask first at the same time, the second gets what the first made.
            async with self._alone("bearer", app.id):
                text = await self._standing(app) or await self._make(app)
        # Whoever replaces a key revokes the bearer that was had for it: this one is of now, and so must be the key.
        if not await self._holds(app):
            raise AppOnlyRefused(_REPLACED)
        return text

    async def invalidate(self, consumer_key: str, consumer_secret: str, bearer: str) -> None:
        """End one of the App's bearers; the next one that is asked for is another."""
        app = await self._app(consumer_key, consumer_secret)
        if not is_visible(bearer, MAX_KEY_CHARS):
            raise AppOnlyRefused(_NO_BEARER)
        digest = Vault.digest(bearer)
        token = await self._credentials.token(digest)
        if token is None or token.kind is not TokenKind.APP_ONLY or token.app_id != app.id:
            raise AppOnlyRefused(_NO_BEARER)
        if not await self._credentials.revoke_token(digest, self._maker.clock.now_ms()):
            raise AppOnlyRefused(_NO_BEARER)
        await self._authenticator.forget_everywhere()

    async def _app(self, consumer_key: str, consumer_secret: str) -> App:
        readable = is_visible(consumer_key, MAX_KEY_CHARS) and is_visible(consumer_secret, MAX_KEY_CHARS)
        if not readable:
            raise AppOnlyRefused("the API key or its secret is missing, or is none")
        app = await self._credentials.app_by_consumer_key(consumer_key)
        try:
            wanted = _NOBODYS_SECRET if app is None else self._maker.vault.open(app.consumer_secret_sealed)
        except VaultError as error:
            _log.error("an App cannot be told by its consumer secret: %s", error)
            raise AppOnlyRefused("a stored secret cannot be read") from None
        right = hmac.compare_digest(Vault.digest(wanted), Vault.digest(consumer_secret))
        if app is None or not right:
            raise AppOnlyRefused("no App has this API key" if app is None else "the API key's secret is wrong")
        return app

    async def _standing(self, app: App) -> str | None:
        """The bearer that there is; None where there is none that can be read."""
        token = await self._credentials.app_only_token(app.id)
        try:
            return None if token is None else self._maker.vault.open(token.secret_sealed)
        except VaultError as error:
            _log.error("the app-only bearer of App %d is replaced: %s", app.id, error)
            return None

    async def _make(self, app: App) -> str:
        made = self._maker.bearer(app)
        # Whoever replaces the key revokes the bearers that are there by then; this one may have come after.
        if not (await self._credentials.put_token(made.token) and await self._holds(app)):
            await self._credentials.revoke_token(made.token.digest, self._maker.clock.now_ms())
            raise AppOnlyRefused(_REPLACED)
        return made.text

    async def _holds(self, app: App) -> bool:
        """Whether the App's key is still the one that was shown."""
        current = await self._credentials.app(app.id)
        return current is not None and current.consumer_key == app.consumer_key
