"""Which App signed a request of a login: by its consumer secret, and the secret of the token that it holds, if any."""

import logging
from typing import Protocol

from tacet.identity.oauth1.request import Parameters, SignedRequest
from tacet.identity.oauth1.verifier import Verifier
from tacet.identity.vault import Vault, VaultError
from tacet.records.consents import RequestToken
from tacet.records.credentials import App, Token

_log = logging.getLogger(__name__)


class Consumers(Protocol):
    """Knows Apps by their consumer key."""

    async def consumer(self, consumer_key: str) -> tuple[App, str] | None:
        """An App and its consumer secret; None where there is none.

        Raises:
            VaultError: the secret cannot be read.
        """
        ...


class AppSignatures:
    """Checks requests that no person is behind yet.

    Args:
        verifier: the authenticator's own, so that no nonce is good in both.
    """

    def __init__(self, consumers: Consumers, verifier: Verifier, vault: Vault) -> None:
        self._consumers = consumers
        self._verifier = verifier
        self._vault = vault

    async def app(
        self,
        request: SignedRequest,
        parameters: Parameters,
        held: RequestToken | Token | None,
        *,
        allow_unsigned_verifier: bool = False,
    ) -> App:
        """The App that signed.

        Args:
            held: the token that the request names; None where it names none, or there is no such token.
            allow_unsigned_verifier: see `Verifier.verify`.

        Raises:
            OAuth1Error: as `Verifier.verify`; an unknown key, an unknown token and a token of another App are
                BAD_SIGNATURE, in the time that one takes.
        """
        consumer, token_secret = await self._secrets(parameters.consumer_key, held)
        owner = parameters.token is None if held is None else consumer is not None and held.app_id == consumer[0].id
        if consumer is None or not owner:
            self._verifier.refuse(request, parameters, allow_unsigned_verifier=allow_unsigned_verifier)
        app, consumer_secret = consumer
        await self._verifier.verify(
            request, parameters, consumer_secret, token_secret, allow_unsigned_verifier=allow_unsigned_verifier
        )
        return app

    async def _secrets(
        self, consumer_key: str, held: RequestToken | Token | None
    ) -> tuple[tuple[App, str] | None, str]:
        try:
            consumer = await self._consumers.consumer(consumer_key)
            return consumer, "" if held is None else self._vault.open(held.secret_sealed)
        except VaultError as error:
            _log.error("a login with OAuth 1.0a cannot be checked: %s", error)
            return None, ""
