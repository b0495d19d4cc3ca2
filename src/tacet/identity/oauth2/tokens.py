"""From codes and refresh tokens to access tokens, and their end (RFC 6749 sections 4.1.3 and 6, RFC 7009)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tacet.clock import Clock
from tacet.directory.lookup import People
from tacet.identity.oauth2 import errors
from tacet.identity.oauth2.clients import ClientCredentials, Clients
from tacet.identity.oauth2.rfc6749.characters import is_visible
from tacet.identity.oauth2.rfc6749.scope import scope_tokens, within
from tacet.identity.oauth2.rfc7636.challenge import answers
from tacet.identity.vault import Vault
from tacet.ids import Randomness, bearer_text, grant_number
from tacet.records.consents import Code, Grant, GrantKind
from tacet.records.credentials import OAUTH2_LOGIN_KINDS, App, Token, TokenKind
from tacet.store.consents import ConsentStore
from tacet.store.credentials import CredentialStore

ACCESS_S = 7_200
"""How long an access token works, in seconds, as X's."""

REFRESH_MS = 180 * 24 * 3600 * 1000
"""How long a refresh token works while it is not used (RFC 9700 section 4.14.2: they must not work for ever). Half a
year, so that an App that somebody opens twice a year does not ask them again."""

MAX_TOKEN_CHARS = 1_024
"""Codes and tokens have about 90 characters; longer ones are refused unread."""

OFFLINE = "offline.access"
"""The scope that brings a refresh token."""

_NOT_THERE = "the token is unknown, or another App's"
_AWAY = "the person is suspended or has left"


@dataclass(frozen=True, slots=True)
class Issued:
    """What a client gets.

    Attributes:
        scope: of the access token, space separated, in the order asked for.
        refresh_token: None without `offline.access`.
    """

    access_token: str = field(repr=False)
    expires_in_s: int
    scope: str
    refresh_token: str | None = field(repr=False)


class OAuth2Tokens:
    """What clients can do at the token and revocation endpoints. Each request proves first which App it comes from.

    Args:
        randomness: must be unguessable.
        forget: called after anything that ends access tokens, so that it takes effect at once, in every process.

    Raises in every method:
        OAuth2Error: the request is refused.
        StoreBusy: the write queue is full.
    """

    def __init__(
        self,
        credentials: CredentialStore,
        consents: ConsentStore,
        people: People,
        clock: Clock,
        randomness: Randomness,
        forget: Callable[[], Awaitable[None]],
    ) -> None:
        self._credentials = credentials
        self._consents = consents
        self._people = people
        self._clock = clock
        self._randomness = randomness
        self._forget = forget
        self._clients = Clients(credentials)

    async def exchange(self, client: ClientCredentials, *, code: str, redirect_uri: str, verifier: str) -> Issued:
        """Exchange a code (RFC 6749 section 4.1.3, RFC 7636 section 4.5); what is empty counts as missing.

        A code that is tried with a wrong redirect URI or verifier is spent by that. A second use in the App's name ends
        what the first one gave (RFC 6749 section 4.1.2), whoever makes it; of two at the same time, one is the second.
        """
        app = await self._switched_on(client)
        for name, value in (("code", code), ("redirect_uri", redirect_uri), ("code_verifier", verifier)):
            if not value:
                raise errors.missing(name)
        known = await self._consents.code(Vault.digest(code)) if is_visible(code, MAX_TOKEN_CHARS) else None
        if known is None or known.app_id != app.id:
            raise errors.bad_code("the code is unknown, or another App's")
        if known.spent_at_ms is not None:
            await self._end(known.grant_id)
            raise errors.bad_code("the code was tried before: what it gave ends with this")
        past_ms = self._clock.now_ms() - known.expires_at_ms
        if past_ms >= 0:
            raise errors.bad_code(f"the code expired {past_ms // 1000} s ago")
        if known.redirect_uri != redirect_uri:
            await self._spend(known)
            raise errors.bad_redirect_uri()
        if not answers(verifier, known.challenge, known.challenge_method):
            await self._spend(known)
            raise errors.bad_verifier()
        if not await self._may_act(known.user_id):
            raise errors.bad_code(_AWAY)
        return await self._redeem(known)

    async def refresh(self, client: ClientCredentials, *, refresh_token: str, scope: str = "") -> Issued:
        """Exchange a refresh token for an access token and the refresh token that follows it (RFC 6749 section 6).

        Using one again ends its whole grant (RFC 9700 section 4.14.2): either the client or a thief has an old one, and
        nobody can tell which. That holds as well for the slower of two that use one at the same time, so a client must
        not: what the faster one got stops working.

        Args:
            scope: what the new access token shall be good for, if not for all that was granted. The grant stays as it
                is, and so does what later access tokens may be good for.
        """
        app = await self._switched_on(client)
        if not refresh_token:
            raise errors.missing("refresh_token")
        used = await self._token(app, refresh_token)
        if used is None:
            raise errors.bad_token(_NOT_THERE)
        if used.kind is not TokenKind.REFRESH:
            raise errors.bad_token("the token is no refresh token")
        if used.revoked_at_ms is not None:
            await self._end(used.grant_id)
            raise errors.bad_token("the refresh token was used or revoked before: its whole login ends with this")
        if not await self._may_act(used.user_id):
            raise errors.bad_token(_AWAY)
        if scope and not within(scope, used.scopes):
            raise errors.bad_scope()
        scopes = " ".join(scope_tokens(scope)) or used.scopes
        issued, tokens = self._make(used.app_id, used.user_id, used.grant_id, scopes, used.scopes)
        if not await self._consents.rotate(used.digest, tokens, self._clock.now_ms()):
            await self._lost(used)
            raise errors.bad_token("the refresh token has expired, or was used by somebody else at the same time")
        return issued

    async def revoke(self, client: ClientCredentials, *, token: str) -> None:
        """End the grant that an access or refresh token belongs to, and every token of it (RFC 7009 section 2.1).

        An expired or used token ends its grant as well. Where there is nothing left to end, X calls the token invalid,
        and not what RFC 7009 section 2.2 says. Works while the App's OAuth 2.0 is switched off too. What kind of token
        it is need not be told: it is found without.
        """
        app = await self._clients.authenticate(client)
        if not token:
            raise errors.missing("token")
        known = await self._token(app, token)
        if known is None or known.kind not in OAUTH2_LOGIN_KINDS:
            raise errors.bad_token(_NOT_THERE)
        if not await self._revoke(known):
            raise errors.bad_token("the token's login has ended already")

    async def _switched_on(self, client: ClientCredentials) -> App:
        app = await self._clients.authenticate(client)
        if not app.authentication.oauth2:
            raise errors.switched_off()
        return app

    async def _may_act(self, user_id: int | None) -> bool:
        """Nothing is used up for somebody who is suspended: where they come back, their Apps are still connected."""
        return user_id is not None and await self._people.may_act(user_id)

    async def _token(self, app: App, text: str) -> Token | None:
        """The App's token with this text. Another App's is left alone, or anybody could end it who has seen it."""
        token = await self._credentials.token(Vault.digest(text)) if is_visible(text, MAX_TOKEN_CHARS) else None
        return token if token is not None and token.app_id == app.id else None

    async def _redeem(self, code: Code) -> Issued:
        now_ms = self._clock.now_ms()
        grant_id = grant_number(self._randomness)
        grant = Grant(grant_id, GrantKind.OAUTH2, code.app_id, code.user_id, code.scopes, now_ms)
        issued, tokens = self._make(code.app_id, code.user_id, grant_id, code.scopes, code.scopes)
        if await self._consents.redeem_code(code.digest, grant, tokens, now_ms):
            return issued
        # Somebody was faster, so this is the second use; or it is gone, as the person's consent or the App is.
        first = await self._consents.code(code.digest)
        await self._end(first.grant_id if first is not None else None)
        raise errors.bad_code("the code was used by somebody else at the same time, or the person took it back")

    def _make(
        self, app_id: int, user_id: int | None, grant_id: int | None, scopes: str, granted: str
    ) -> tuple[Issued, list[Token]]:
        """New tokens: an access token good for `scopes`, and as `granted` allows, a refresh token."""
        now_ms = self._clock.now_ms()

        def token(text: str, kind: TokenKind, good_for: str, lives_ms: int) -> Token:
            digest = Vault.digest(text)
            return Token(
                digest, kind, app_id, user_id, good_for, b"", now_ms, expires_at_ms=now_ms + lives_ms, grant_id=grant_id
            )

        access_text = bearer_text(self._randomness, now_ms, "at")
        tokens = [token(access_text, TokenKind.OAUTH2_USER, scopes, ACCESS_S * 1000)]
        refresh_text = None
        if OFFLINE in scope_tokens(granted):
            refresh_text = bearer_text(self._randomness, now_ms, "rt")
            tokens.append(token(refresh_text, TokenKind.REFRESH, granted, REFRESH_MS))
        return Issued(access_text, ACCESS_S, scopes, refresh_text), tokens

    async def _spend(self, code: Code) -> None:
        if not await self._consents.spend_code(code.digest, self._clock.now_ms()):
            # Somebody else used it meanwhile, so it is in more hands than one.
            first = await self._consents.code(code.digest)
            await self._end(first.grant_id if first is not None else None)

    async def _lost(self, refresh_token: Token) -> None:
        """A refresh token did not rotate: it has expired, or somebody used it since it was looked at."""
        now = await self._credentials.token(refresh_token.digest)
        if now is not None and now.revoked_at_ms is not None:
            await self._end(now.grant_id)

    async def _end(self, grant_id: int | None) -> bool:
        """End a grant; True if it held until now."""
        ended = grant_id is not None and await self._consents.revoke_grant(grant_id, self._clock.now_ms())
        # Only then: forgetting costs every caller a query, and must not be had for the asking.
        if ended:
            await self._forget()
        return ended

    async def _revoke(self, token: Token) -> bool:
        """End what a token belongs to; True if it held until now."""
        if token.grant_id is not None:
            return await self._end(token.grant_id)
        if not await self._credentials.revoke_token(token.digest, self._clock.now_ms()):
            return False
        await self._forget()
        return True
