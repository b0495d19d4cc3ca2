"""Apps and the tokens that speak for them and for people, as they are stored: never a readable secret."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

ACCESS_ORDER = ("read", "read-write", "read-write-directmessages")
"""Each allows what those before it allow."""


class Access(StrEnum):
    """What an App may do through OAuth 1.0a, in the words of X's `x-access-level` header."""

    READ = "read"
    READ_WRITE = "read-write"
    READ_WRITE_MESSAGES = "read-write-directmessages"

    def at_most(self, other: "Access") -> "Access":
        """The lesser of the two."""
        return min(self, other, key=ACCESS_ORDER.index)


class TokenKind(IntEnum):
    """What a token is; the number is what is stored."""

    OAUTH2_USER = 1
    APP_ONLY = 2
    OAUTH1_USER = 3
    REFRESH = 4


OAUTH2_LOGIN_KINDS = frozenset({TokenKind.OAUTH2_USER, TokenKind.REFRESH})
"""What an OAuth 2.0 login makes: one of them ends with all others of its grant."""


@dataclass(frozen=True, slots=True)
class UserAuthentication:
    """An App's "User authentication settings": how people may sign in through it.

    Attributes:
        oauth1: whether the OAuth 1.0a login is on; tokens that exist work either way.
        oauth2: the same for OAuth 2.0.
        confidential: whether it can keep a client secret, and so must show it at the token endpoint.
        callbacks: redirect URIs and callback URLs, compared character by character.
        website: what people are shown beside its name.
    """

    oauth1: bool = False
    oauth2: bool = False
    confidential: bool = False
    callbacks: tuple[str, ...] = ()
    website: str = ""


@dataclass(frozen=True, slots=True)
class App:
    """A client application.

    Attributes:
        project_id: the Project it is attached to; None for a standalone App, which v2 refuses.
        consumer_key: the public half of its API key (OAuth 1.0a).
        consumer_secret_sealed: the other half, encrypted (see `tacet.identity.vault`).
        client_id: its OAuth 2.0 client id.
        client_secret_digest: SHA-256 of its OAuth 2.0 client secret; empty where it has none.
        owner_id: the developer whose App it is; None where an operator made it.
        description: what it does, in the words of whoever made it.
    """

    id: int
    name: str
    project_id: int | None
    access: Access
    consumer_key: str
    consumer_secret_sealed: bytes
    client_id: str
    created_at_ms: int
    client_secret_digest: bytes = b""
    owner_id: int | None = None
    description: str = ""
    authentication: UserAuthentication = UserAuthentication()

    def allowed(self, agreed: Access | None) -> Access:
        """What an OAuth 1.0a token of its may do: what was agreed to, None for anything, as far as the App may."""
        return self.access if agreed is None else agreed.at_most(self.access)


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer, a refresh token or an OAuth 1.0a access token.

    Attributes:
        digest: SHA-256 of the token's text: what a look-up is made by.
        user_id: on whose behalf it speaks; None for app-only.
        scopes: granted OAuth 2.0 scopes, space separated; empty for other kinds.
        secret_sealed: encrypted: of OAuth 1.0a the token secret, of app-only bearers the bearer itself, which X
            answers again when it is asked for again; empty for the rest.
        expires_at_ms: Unix milliseconds from which it no longer works; None never.
        revoked_at_ms: Unix milliseconds at which it was revoked or, a refresh token, used; None while it works.
        grant_id: the `Grant` it came from and ends with; None where no login made it.
        access: of OAuth 1.0a, what the person agreed to (`x_auth_access_type`); None as much as the App may.
    """

    digest: bytes
    kind: TokenKind
    app_id: int
    user_id: int | None
    scopes: str = ""
    secret_sealed: bytes = b""
    created_at_ms: int = 0
    expires_at_ms: int | None = None
    revoked_at_ms: int | None = None
    grant_id: int | None = None
    access: Access | None = None
