"""A small model of OAuth 2.0 logins: what was handed out, and whether it may be used. It knows nothing of the store."""

from dataclasses import dataclass, field

from tacet.identity.oauth2.clients import ClientCredentials

CODE_MS = 30_000
ACCESS_MS = 7_200_000
REFRESH_MS = 180 * 24 * 3_600_000
KEPT_MS = 24 * 3_600_000
"""How long after its end a code or token is still known, so that using it again is noticed."""


@dataclass(eq=False)
class Client:
    """An App as the world outside knows it."""

    app_id: int
    client_id: str
    confidential: bool
    secret: str
    former_secret: str = "never-was-one"
    on: bool = True
    gone: bool = False

    def credentials(self, secret: str | None = None) -> ClientCredentials:
        """How it says who it is; with a secret that it should not have, or as it should."""
        if secret is None and not self.confidential:
            return ClientCredentials(self.client_id)
        return ClientCredentials(basic=(self.client_id, self.secret if secret is None else secret))


@dataclass(eq=False)
class Login:
    """What one consent led to: a family of tokens."""

    client: Client
    user_id: int
    ended: bool = False


@dataclass(eq=False)
class Code:
    client: Client
    user_id: int
    text: str
    redirect_uri: str
    verifier: str
    scopes: str
    expires_at_ms: int
    spent: bool = False
    login: Login | None = None
    known: bool = True


@dataclass(eq=False)
class Token:
    login: Login
    text: str
    is_refresh: bool
    scopes: str
    granted: str
    expires_at_ms: int
    used: bool = False
    known: bool = True

    def works(self, now_ms: int) -> bool:
        return not self.used and not self.login.ended and now_ms < self.expires_at_ms


@dataclass
class World:
    """Everything that was ever handed out."""

    clients: list[Client] = field(default_factory=list)
    logins: list[Login] = field(default_factory=list)
    codes: list[Code] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)

    def may_exchange(self, code: Code, is_right: bool, now_ms: int) -> bool:
        """What an exchange in the App's own name does; `is_right` are redirect URI and verifier."""
        if not code.client.on or not code.known:
            return False
        if code.spent:
            self.end(code.login)
            return False
        if now_ms >= code.expires_at_ms:
            return False
        code.spent = True
        return is_right

    def may_refresh(self, token: Token, asks_within: bool, now_ms: int) -> bool:
        """What a refresh in the App's own name does; `asks_within` what was granted."""
        if not token.login.client.on or not token.known or not token.is_refresh:
            return False
        if token.used:
            self.end(token.login)
        if not token.works(now_ms) or not asks_within:
            return False
        token.used = True
        return True

    def may_revoke(self, token: Token) -> bool:
        """What a revocation in the App's own name does: any token that is known ends all of its login."""
        if not token.known or token.login.ended:
            return False
        self.end(token.login)
        return True

    def add(self, login: Login, access: str, refresh: str | None, scopes: str, granted: str, now_ms: int) -> None:
        """Tokens that were issued."""
        self.tokens.append(Token(login, access, False, scopes, granted, now_ms + ACCESS_MS))
        if refresh is not None:
            self.tokens.append(Token(login, refresh, True, granted, granted, now_ms + REFRESH_MS))

    def end(self, login: Login | None) -> None:
        if login is not None:
            login.ended = True

    def disconnect(self, client: Client, user_id: int | None) -> None:
        """A person takes everything back, or, without one, the App is gone."""
        for login in self.logins:
            if login.client is client and user_id in (None, login.user_id):
                login.ended = True
        for code in self.codes:
            if code.client is client and user_id in (None, code.user_id):
                code.known = False

    def tidy(self, now_ms: int) -> None:
        """Forget what ended long ago."""
        ended: list[Code | Token] = [*self.codes, *self.tokens]
        for each in ended:
            each.known = each.known and now_ms < each.expires_at_ms + KEPT_MS
