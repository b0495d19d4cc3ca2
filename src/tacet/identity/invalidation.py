"""An App gives back an OAuth 1.0a access token, in the name of the person it speaks for."""

from tacet.clock import Clock
from tacet.identity.authenticator import Authenticator
from tacet.identity.caller import Unauthenticated
from tacet.identity.oauth1.errors import OAuth1Error, Reason
from tacet.identity.oauth1.refusals import LoginRefused, Refused
from tacet.identity.oauth1.request import Parameters, SignedRequest, collect
from tacet.identity.vault import Vault
from tacet.records.credentials import Token, TokenKind
from tacet.store.credentials import CredentialStore


class OAuth1Invalidation:
    """Ends access tokens."""

    def __init__(self, authenticator: Authenticator, credentials: CredentialStore, clock: Clock) -> None:
        self._authenticator = authenticator
        self._credentials = credentials
        self._clock = clock

    async def invalidate(self, request: SignedRequest) -> str:
        """End the token that signed, or the one in `access_token` where that is the same person's and App's.

        Returns:
            the token's text.

        Raises:
            OAuth1Error: the request is not rightly signed.
            LoginRefused: ENDED, the token that signed or the one to end does not work, or is somebody else's.
            StoreBusy: the write queue is full.
        """
        parameters = collect(request)
        try:
            caller = await self._authenticator.signed(request)
        except Unauthenticated as error:
            if error.reason is Reason.UNKNOWN_TOKEN:
                raise LoginRefused(Refused.ENDED) from None
            raise OAuth1Error(error.reason or Reason.BAD_SIGNATURE) from None
        text = _named(parameters)
        token = await self._find(text)
        if token is None or (token.app_id, token.user_id) != (caller.app_id, caller.user_id):
            raise LoginRefused(Refused.ENDED)
        if not await self._credentials.revoke_token(token.digest, self._clock.now_ms()):
            raise LoginRefused(Refused.ENDED)
        await self._authenticator.forget_everywhere()
        return text

    async def _find(self, text: str) -> Token | None:
        """An OAuth 1.0a access token, ended ones too."""
        token = await self._credentials.token(Vault.digest(text))
        return token if token is not None and token.kind is TokenKind.OAUTH1_USER else None


def _named(parameters: Parameters) -> str:
    named = [value for name, value in parameters.pairs if name == "access_token" and value]
    return named[-1] if named else parameters.token or ""
