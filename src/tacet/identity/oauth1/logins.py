"""The three-legged login of OAuth 1.0a: a request token, a person's answer, an access token (RFC 5849 section 2)."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tacet.directory.lookup import People, is_shown
from tacet.identity.making import TOKEN_SECRET_LENGTH, Maker
from tacet.identity.oauth1.app_signatures import AppSignatures
from tacet.identity.oauth1.callbacks import OUT_OF_BAND, approved, denied
from tacet.identity.oauth1.errors import OAuth1Error, Reason
from tacet.identity.oauth1.refusals import (
    LoginRefused,
    Refused,
    answered_already,
    app_has_changed,
    app_is_closed,
    link_is_gone,
)
from tacet.identity.oauth1.request import Parameters, SignedRequest, collect
from tacet.identity.vault import Vault
from tacet.ids import grant_number
from tacet.records.consents import Grant, GrantKind, RequestToken
from tacet.records.credentials import Access, App, Token, TokenKind
from tacet.records.people import Person
from tacet.store.base import Store

REQUEST_TOKEN_MS = 15 * 60 * 1000
"""How long a login may take: somebody who looks for a password needs minutes, a link that leaks should not last."""

REQUEST_TOKEN_CHARS = 42
"""Letters and digits, as many as in X's own examples: 250 random bits."""

VERIFIER_CHARS = 32
"""Letters and digits of a verifier that travels by redirect, as X's have: 190 random bits."""

PIN_DIGITS = 7
"""Of the verifier that a person types; the first is never 0, so no client that reads a number loses one."""

MAX_WRONG_VERIFIERS = 5
"""Tries at a PIN before its request token is gone: a guesser's chance is 1 in 1.8 million for each consent."""

MAX_TOKEN_CHARS = 200
"""Of a token that is looked up; longer ones are nobody's."""

ACCESS_TYPES: Mapping[str, Access] = MappingProxyType({"read": Access.READ, "write": Access.READ_WRITE})
"""Values of `x_auth_access_type`."""


@dataclass(frozen=True, slots=True)
class NewRequestToken:
    """A request token in the clear, for the App alone."""

    token: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """What an App asks a person for.

    Attributes:
        callback: where the browser returns to; `oob` shows a PIN instead.
        access: what it will be able to do.
        asked_at_ms: when the App asked, in Unix milliseconds.
    """

    app: App
    callback: str
    access: Access
    asked_at_ms: int

    @property
    def shows_pin(self) -> bool:
        return self.callback == OUT_OF_BAND


@dataclass(frozen=True, slots=True)
class Approval:
    """What comes of a person's yes: a URL to go to, or a PIN to show. The other is None."""

    url: str | None = field(default=None, repr=False)
    pin: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class NewAccessToken:
    """An access token in the clear, for the App alone, and whose it is."""

    token: str = field(repr=False)
    secret: str = field(repr=False)
    user_id: int
    screen_name: str


class OAuth1Logins:
    """Takes a login from step to step.

    Raises in every method that writes:
        StoreBusy: the write queue is full.
    """

    def __init__(self, store: Store, people: People, signatures: AppSignatures, maker: Maker) -> None:
        self._consents = store.consents
        self._credentials = store.credentials
        self._people = people
        self._signatures = signatures
        self._maker = maker
        self._clock = maker.clock
        self._randomness = maker.randomness

    async def request(self, request: SignedRequest) -> NewRequestToken:
        """The App asks for a request token. A callback that is missing means `oob`.

        Clients that went through a login before sign with the token they have; that is good as well.

        Raises:
            OAuth1Error: it is not signed by an App, or by one that is deleted at this moment.
            LoginRefused: SWITCHED_OFF, CALLBACK_NOT_APPROVED or UNKNOWN_ACCESS_TYPE.
        """
        parameters = collect(request)
        held = await self._any_token(parameters.token)
        app = await self._signatures.app(request, parameters, held)
        if not app.authentication.oauth1:
            raise LoginRefused(Refused.SWITCHED_OFF)
        callback = parameters.oauth.get("oauth_callback") or OUT_OF_BAND
        if not _is_approved(callback, app):
            raise LoginRefused(Refused.CALLBACK_NOT_APPROVED)
        access = _asked_access(parameters, app)
        made = NewRequestToken(self._randomness.text(REQUEST_TOKEN_CHARS), self._randomness.text(TOKEN_SECRET_LENGTH))
        now_ms = self._clock.now_ms()
        digest, sealed = Vault.digest(made.token), self._maker.vault.seal(made.secret)
        # The access is fixed here: an App that is given more later must ask again.
        asked = RequestToken(digest, app.id, sealed, callback, access, now_ms, now_ms + REQUEST_TOKEN_MS)
        if not await self._consents.put_request_token(asked):
            raise OAuth1Error(Reason.BAD_SIGNATURE, "the App was deleted")
        return made

    async def pending(self, token_text: str) -> PendingLogin:
        """What the request token of a link asks for.

        Raises:
            LoginOver: nobody can agree to it, or to it any more.
        """
        held = await self._request_token(token_text)
        if held is None or held.expires_at_ms <= self._clock.now_ms():
            raise link_is_gone()
        if held.user_id is not None:
            raise answered_already()
        app = await self._credentials.app(held.app_id)
        if app is None or not app.authentication.oauth1:
            raise app_is_closed("This App" if app is None else app.name)
        access = held.access or app.access
        # Whoever is asked sees what will be given: never less because the App is turned down while they look.
        if access.at_most(app.access) is not access or not _is_approved(held.callback, app):
            raise app_has_changed(app.name)
        return PendingLogin(app, held.callback, access, held.created_at_ms)

    async def is_granted(self, login: PendingLogin, user_id: int) -> bool:
        """Whether the person lets the App do all this already, through an OAuth 1.0a login that holds."""
        granted = await self._consents.oauth1_accesses(login.app.id, user_id)
        return any(access is None or login.access.at_most(access) is login.access for access in granted)

    async def approve(self, token_text: str, user_id: int) -> Approval:
        """The person agrees.

        Raises:
            LoginOver: as `pending`.
        """
        login = await self.pending(token_text)
        verifier = self._pin() if login.shows_pin else self._randomness.text(VERIFIER_CHARS)
        now_ms = self._clock.now_ms()
        digest, verifier_digest = Vault.digest(token_text), Vault.digest(verifier)
        if not await self._consents.approve_request_token(digest, user_id, verifier_digest, now_ms):
            raise answered_already()
        if login.shows_pin:
            return Approval(pin=verifier)
        return Approval(url=approved(token_text, verifier, login.callback))

    async def deny(self, token_text: str) -> str | None:
        """The person does not agree: the request token is gone. The URL that tells the App; None where there is none.

        Raises:
            LoginOver: as `pending`.
        """
        login = await self.pending(token_text)
        await self._consents.drop_request_token(Vault.digest(token_text))
        return None if login.shows_pin else denied(token_text, login.callback)

    async def exchange(self, request: SignedRequest) -> NewAccessToken:
        """The App exchanges an approved request token and its verifier for an access token.

        Raises:
            OAuth1Error: it is not signed by an App, or not with a request token of this App's.
            LoginRefused: UNNAMED, SWITCHED_OFF, WRONG_VERIFIER or ENDED.
        """
        parameters = collect(request)
        held = await self._request_token(parameters.token or "")
        app = await self._signatures.app(request, parameters, held, allow_unsigned_verifier=True)
        if held is None:
            raise LoginRefused(Refused.UNNAMED)
        if not app.authentication.oauth1:
            raise LoginRefused(Refused.SWITCHED_OFF)
        if held.expires_at_ms <= self._clock.now_ms():
            raise LoginRefused(Refused.ENDED, "the request token has expired")
        await self._check_verifier(held, parameters.oauth.get("oauth_verifier", ""))
        person = None if held.user_id is None else await self._people.one(held.user_id)
        if person is None or not is_shown(person):
            raise LoginRefused(Refused.ENDED, "the person is suspended or has left")
        return await self._redeem(held, app, person)

    async def _check_verifier(self, held: RequestToken, verifier: str) -> None:
        if not verifier or held.user_id is None:
            reason = "the person has not agreed yet" if verifier else "there is no oauth_verifier"
            raise LoginRefused(Refused.WRONG_VERIFIER, reason)
        # Counted before it is compared, so that a thousand guesses sent at once are not a thousand tries.
        tries = await self._consents.count_wrong_verifier(held.digest)
        right = hmac.compare_digest(Vault.digest(verifier), held.verifier_digest)
        if right and 0 < tries <= MAX_WRONG_VERIFIERS:
            return
        if tries >= MAX_WRONG_VERIFIERS:
            await self._consents.drop_request_token(held.digest)
        raise LoginRefused(Refused.WRONG_VERIFIER, "oauth_verifier is wrong")

    async def _redeem(self, held: RequestToken, app: App, person: Person) -> NewAccessToken:
        made = self._maker.access_token(app.id, person.id, held.access or app.access)
        now_ms = self._clock.now_ms()
        grant = Grant(grant_number(self._randomness), GrantKind.OAUTH1, app.id, person.id, "", now_ms)
        joined = await self._consents.redeem_request_token(held.digest, held.verifier_digest, grant, made.token, now_ms)
        if joined is None:
            raise LoginRefused(Refused.ENDED)
        return NewAccessToken(made.text, made.secret, person.id, person.username)

    async def _request_token(self, text: str) -> RequestToken | None:
        if not text or len(text) > MAX_TOKEN_CHARS:
            return None
        return await self._consents.request_token(Vault.digest(text))

    async def _any_token(self, text: str | None) -> RequestToken | Token | None:
        """The request token or access token that a client still signs with."""
        if text is None:
            return None
        held = await self._request_token(text)
        if held is not None:
            return held
        token = await self._credentials.token(Vault.digest(text))
        works = token is not None and token.kind is TokenKind.OAUTH1_USER and token.revoked_at_ms is None
        return token if works else None

    def _pin(self) -> str:
        """Every number of PIN_DIGITS digits is as likely as any other."""
        first = 10 ** (PIN_DIGITS - 1)
        while (above := self._randomness.bits(24)) >= 9 * first:
            pass
        return str(first + above)


def _is_approved(callback: str, app: App) -> bool:
    return callback == OUT_OF_BAND or callback in app.authentication.callbacks


def _asked_access(parameters: Parameters, app: App) -> Access:
    """What `x_auth_access_type` asks for, as far as the App may.

    Raises:
        LoginRefused: UNKNOWN_ACCESS_TYPE.
    """
    asked = [value for name, value in parameters.pairs if name == "x_auth_access_type"]
    if not asked:
        return app.access
    if asked[-1] not in ACCESS_TYPES:
        raise LoginRefused(Refused.UNKNOWN_ACCESS_TYPE)
    return ACCESS_TYPES[asked[-1]].at_most(app.access)
