"""From credentials to a caller. A warm check asks the database nothing."""

import logging
from dataclasses import dataclass, field

from tacet.cache import Hits, TwoGenerations
from tacet.clock import Clock
from tacet.directory.lookup import People
from tacet.identity.caller import Caller, Method, Unauthenticated
from tacet.identity.oauth1 import OAuth1Error, Parameters, Reason, SignedRequest, Verifier, collect
from tacet.identity.vault import Vault, VaultError
from tacet.news import News, Nobody
from tacet.records.credentials import Access, App, Token, TokenKind
from tacet.store.base import Part
from tacet.store.credentials import CredentialStore

MAX_CACHED_CREDENTIALS = 50_000
"""Tokens and App keys kept, about 30 MB; the rest cost a query each time."""

MAX_BEARER_CHARS = 1_024
"""X's own tokens have about 100 characters; longer ones are refused unread."""

_BEARERS = frozenset({TokenKind.OAUTH2_USER, TokenKind.APP_ONLY})
"""What may be shown as a bearer: a refresh token is one for the token endpoint only."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Bearer:
    caller: Caller
    expires_at_ms: int | None


@dataclass(frozen=True, slots=True)
class _Signer:
    caller: Caller
    token_secret: str = field(repr=False)
    expires_at_ms: int | None


class Authenticator:
    """Checks bearers and OAuth 1.0a signatures.

    Raises where a caller is asked for:
        Unauthenticated: unknown, expired, revoked, malformed or wrongly signed, or of somebody who is suspended;
            v2 tells none of these apart.

    Attributes:
        hits: of the cache of bearers.
    """

    def __init__(
        self,
        credentials: CredentialStore,
        people: People,
        vault: Vault,
        clock: Clock,
        verifier: Verifier,
        news: News | None = None,
    ) -> None:
        self._credentials = credentials
        self._people = people
        self._vault = vault
        self._clock = clock
        self._verifier = verifier
        self._news = news or Nobody()
        self.hits = Hits()
        self.forget()

    @property
    def kept(self) -> int:
        """How many bearers are cached."""
        return len(self._bearers)

    async def bearer(self, text: str) -> Caller:
        """The caller behind an OAuth 2.0 bearer, a person's or an App's own (RFC 6750)."""
        if len(text) > MAX_BEARER_CHARS:
            raise Unauthenticated("the token is too long")
        key = Vault.digest(text)
        bearers = self._bearers
        known = bearers.get(key)
        if known is None:
            self.hits.missed += 1
            known = await self._find_bearer(key)
            bearers.put(key, known)
        else:
            self.hits.found += 1
        if self._has_ended(known.expires_at_ms):
            raise Unauthenticated("the token has expired")
        return known.caller

    async def signed(self, request: SignedRequest) -> Caller:
        """The caller behind an OAuth 1.0a signature, in the context of a person (RFC 5849)."""
        try:
            parameters = collect(request)
            consumer = await self.consumer(parameters.consumer_key)
            signer = await self._signer(parameters.token or "")
            if consumer is None:
                self._verifier.refuse(request, parameters)
            if signer is None or signer.caller.app_id != consumer[0].id:
                self._verifier.refuse(request, parameters, reason=_no_token(parameters))
            await self._verifier.verify(request, parameters, consumer[1], signer.token_secret)
        except OAuth1Error as error:
            raise Unauthenticated(str(error), error.reason) from None
        except VaultError as error:
            _log.error("an OAuth 1.0a request cannot be checked: %s", error)
            raise Unauthenticated("a stored secret cannot be read") from None
        return signer.caller

    async def consumer(self, consumer_key: str) -> tuple[App, str] | None:
        """An App and its consumer secret, by its consumer key; None where there is none. Proves nothing yet.

        Raises:
            VaultError: the secret cannot be read.
        """
        consumers = self._consumers
        known = consumers.get(consumer_key)
        if known is None:
            app = await self._credentials.app_by_consumer_key(consumer_key)
            if app is None:
                return None
            known = (app, self._vault.open(app.consumer_secret_sealed))
            consumers.put(consumer_key, known)
        return known

    async def consumer_key(self, caller: Caller) -> str:
        """By which name the caller's App signs; empty where it has none. Names are no secrets."""
        app = await self._credentials.app(caller.app_id)
        return "" if app is None else app.consumer_key

    async def forget_everywhere(self) -> None:
        """The same, and have the other processes do it: for whoever has just ended or changed credentials."""
        self.forget()
        await self._news.tell(Part.CREDENTIALS)

    def forget(self) -> None:
        """Drop everything cached: somebody changed credentials, or people, who may be suspended or back."""
        # New caches, so that a check under way puts what it read before the change into the old ones.
        self._bearers: TwoGenerations[bytes, _Bearer] = TwoGenerations(MAX_CACHED_CREDENTIALS)
        self._signers: TwoGenerations[bytes, _Signer] = TwoGenerations(MAX_CACHED_CREDENTIALS)
        self._consumers: TwoGenerations[str, tuple[App, str]] = TwoGenerations(MAX_CACHED_CREDENTIALS)

    async def _find_bearer(self, key: bytes) -> _Bearer:
        token = await self._credentials.token(key)
        if token is None or token.revoked_at_ms is not None or token.kind not in _BEARERS:
            raise Unauthenticated("the token is unknown, expired long ago or revoked")
        app = await self._credentials.app(token.app_id)
        if app is None:
            raise Unauthenticated("the token's App is gone")
        if not await self._may_act(token):
            raise Unauthenticated("the person is suspended or has left")
        scopes = frozenset(token.scopes.split())
        if token.kind is TokenKind.APP_ONLY:
            return _Bearer(_caller(Method.APP_ONLY, app, token, scopes, Access.READ), token.expires_at_ms)
        writes = any(scope.endswith(".write") for scope in scopes)
        access = Access.READ_WRITE if writes else Access.READ
        return _Bearer(_caller(Method.OAUTH2_USER, app, token, scopes, access), token.expires_at_ms)

    async def _signer(self, text: str) -> _Signer | None:
        key = Vault.digest(text)
        signers = self._signers
        known = signers.get(key)
        if known is None:
            token = await self._credentials.token(key)
            if token is None or token.revoked_at_ms is not None or token.kind is not TokenKind.OAUTH1_USER:
                return None
            app = await self._credentials.app(token.app_id)
            if app is None or not await self._may_act(token):
                return None
            caller = _caller(Method.OAUTH1_USER, app, token, frozenset(), app.allowed(token.access))
            known = _Signer(caller, self._vault.open(token.secret_sealed), token.expires_at_ms)
            signers.put(key, known)
        return None if self._has_ended(known.expires_at_ms) else known

    async def _may_act(self, token: Token) -> bool:
        """Whether the person it speaks for is there. Asked when a token is first read, and again after `forget`."""
        return token.user_id is None or await self._people.may_act(token.user_id)

    def _has_ended(self, expires_at_ms: int | None) -> bool:
        return expires_at_ms is not None and expires_at_ms <= self._clock.now_ms()


def _no_token(parameters: Parameters) -> Reason:
    """Why a token that is none of this App's is refused. Telling it helps nobody: tokens cannot be guessed."""
    return Reason.BAD_SIGNATURE if parameters.token is None else Reason.UNKNOWN_TOKEN


def _caller(method: Method, app: App, token: Token, scopes: frozenset[str], access: Access) -> Caller:
    return Caller(method, app.id, token.user_id, scopes, access, app.project_id is not None)
