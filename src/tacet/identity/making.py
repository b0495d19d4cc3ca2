"""Making Apps, keys and tokens: for the portal, the command line, logins, and Apps that ask for their own bearer."""

from dataclasses import dataclass, field, replace

from tacet.clock import Clock
from tacet.identity.vault import Vault
from tacet.ids import Randomness, Snowflakes, app_only_text, client_id_text, grant_number, oauth1_token_text
from tacet.records.consents import Grant, GrantKind
from tacet.records.credentials import Access, App, Token, TokenKind, UserAuthentication

CONSUMER_KEY_LENGTH = 25
"""Characters, as long as X's."""

CONSUMER_SECRET_LENGTH = 50
"""Characters, as long as X's: 297 random bits."""

CLIENT_SECRET_LENGTH = 50
"""Characters, as long as X's: 297 random bits."""

TOKEN_SECRET_LENGTH = 45
"""Characters, as long as X's: 267 random bits."""

NO_LOGIN = UserAuthentication()
"""How an App begins: nobody can sign in through it until its developer says how."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An App before it has an id and keys; see `App` for the fields."""

    name: str
    project_id: int | None
    description: str = ""
    access: Access = Access.READ
    owner_id: int | None = None
    authentication: UserAuthentication = NO_LOGIN


@dataclass(frozen=True, slots=True)
class MadeApp:
    """An App with the secrets that nobody can read again; `client_secret` is empty where none was made."""

    app: App
    consumer_secret: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A token with its text; `secret` is empty for bearers."""

    token: Token
    text: str = field(repr=False)
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes keys; stores nothing.

    Attributes:
        randomness: must be unguessable.
    """

    vault: Vault
    clock: Clock
    randomness: Randomness
    ids: Snowflakes

    def app(self, draft: Draft) -> MadeApp:
        """An App with its API key, and a client secret if it is confidential."""
        consumer_secret = self.randomness.text(CONSUMER_SECRET_LENGTH)
        client_secret = self._client_secret() if draft.authentication.confidential else ""
        app = App(
            id=self.ids.next_id(),
            name=draft.name,
            project_id=draft.project_id,
            access=draft.access,
            consumer_key=self.randomness.text(CONSUMER_KEY_LENGTH),
            consumer_secret_sealed=self.vault.seal(consumer_secret),
            client_id=client_id_text(self.randomness),
            created_at_ms=self.clock.now_ms(),
            client_secret_digest=Vault.digest(client_secret) if client_secret else b"",
            owner_id=draft.owner_id,
            description=draft.description,
            authentication=draft.authentication,
        )
        return MadeApp(app, consumer_secret, client_secret)

    def consumer_key(self, app: App) -> MadeApp:
        """The App with another API key and secret."""
        secret = self.randomness.text(CONSUMER_SECRET_LENGTH)
        key = self.randomness.text(CONSUMER_KEY_LENGTH)
        return MadeApp(replace(app, consumer_key=key, consumer_secret_sealed=self.vault.seal(secret)), secret)

    def client_secret(self, app: App) -> MadeApp:
        """The App with another client secret; its client id stays, as it stands in the logins of public clients."""
        secret = self._client_secret()
        return MadeApp(replace(app, client_secret_digest=Vault.digest(secret)), client_secret=secret)

    def bearer(self, app: App) -> MadeToken:
        """A bearer for the App alone."""
        text = app_only_text(self.randomness)
        sealed, now_ms = self.vault.seal(text), self.clock.now_ms()
        token = Token(Vault.digest(text), TokenKind.APP_ONLY, app.id, None, secret_sealed=sealed, created_at_ms=now_ms)
        return MadeToken(token, text)

    def access_token(self, app_id: int, user_id: int, access: Access | None) -> MadeToken:
        """An OAuth 1.0a access token, of no grant yet.

        Args:
            access: see `Token`.
        """
        text = oauth1_token_text(self.randomness, user_id)
        secret, now_ms = self.randomness.text(TOKEN_SECRET_LENGTH), self.clock.now_ms()
        token = Token(
            Vault.digest(text),
            TokenKind.OAUTH1_USER,
            app_id,
            user_id,
            secret_sealed=self.vault.seal(secret),
            created_at_ms=now_ms,
            access=access,
        )
        return MadeToken(token, text, secret)

    def own_token(self, app: App, user_id: int) -> tuple[Grant, MadeToken]:
        """An access token for the developer's own account, with what the App may do at this moment, and its grant."""
        made = self.access_token(app.id, user_id, app.access)
        grant_id = grant_number(self.randomness)
        grant = Grant(grant_id, GrantKind.OWN, app.id, user_id, "", made.token.created_at_ms)
        return grant, replace(made, token=replace(made.token, grant_id=grant_id))

    def _client_secret(self) -> str:
        return self.randomness.text(CLIENT_SECRET_LENGTH)
