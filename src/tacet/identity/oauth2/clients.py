"""Which App a request at the token endpoint comes from (RFC 6749 section 2.3)."""

import hmac
from dataclasses import dataclass, field

from tacet.identity.oauth2.errors import bad_client
from tacet.identity.oauth2.rfc6749.characters import is_visible
from tacet.identity.vault import Vault
from tacet.records.credentials import App
from tacet.store.credentials import CredentialStore

MAX_CLIENT_ID_CHARS = 200
"""X's have 34 to 36 characters."""

MAX_CLIENT_SECRET_CHARS = 500
"""X's have 50 characters; the rest is left to whoever makes their own."""


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """What a client says about itself.

    Attributes:
        client_id: the parameter; empty where there is none.
        basic: client id and secret of `Authorization: Basic`; None where there is none that can be read.
    """

    client_id: str = ""
    basic: tuple[str, str] | None = field(default=None, repr=False)


class Clients:
    """Tells Apps by their client id, and by their client secret where they have to keep one."""

    def __init__(self, credentials: CredentialStore) -> None:
        self._credentials = credentials

    async def authenticate(self, client: ClientCredentials) -> App:
        """The App that a client is, proved as far as it can be proved.

        A confidential App shows its secret, and only by Basic: a `client_secret` parameter does not count, as X does
        not count it. A public one gives its client id in either place. The secret with it stays empty, or is right:
        Apps that were confidential before go on sending theirs.

        Raises:
            OAuth2Error: 401, the same for everything that can be wrong.
        """
        client_id, secret = client.basic or (client.client_id, "")
        # Two ways to say who one is must not say different things (RFC 6749 section 2.3).
        if client.client_id not in {"", client_id}:
            raise bad_client("client_id and Basic name different clients")
        if not is_visible(client_id, MAX_CLIENT_ID_CHARS):
            raise bad_client("there is no client id, neither as client_id nor by Basic")
        app = await self._credentials.app_by_client_id(client_id)
        if not self._has_proved(app, secret) or app is None:
            raise bad_client(_why(app, secret))
        return app

    def _has_proved(self, app: App | None, secret: str) -> bool:
        is_shown = is_visible(secret, MAX_CLIENT_SECRET_CHARS)
        given = Vault.digest(secret if is_shown else "")
        wanted = app.client_secret_digest if app is not None else b""
        # Compared for unknown Apps as well, so that the time of an answer does not tell which ones exist.
        is_right = hmac.compare_digest(given, wanted or bytes(len(given)))
        if is_shown:
            return is_right and app is not None
        return not secret and app is not None and not app.authentication.confidential


def _why(app: App | None, secret: str) -> str:
    """What is wrong with a client that has not proved to be this App, for the log."""
    if app is None:
        return "no App has this client id"
    if not app.authentication.confidential:
        return "the App is a public client, but a client secret was sent"
    return "the client secret is wrong" if secret else "the App is confidential, but no client secret was sent by Basic"
