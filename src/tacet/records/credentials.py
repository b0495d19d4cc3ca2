"""Apps and the tokens that speak for them and for people, as they are stored: never a readable secret."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Access(StrEnum):
    """What an App may do through OAuth 1.0a, in the words of X's `x-access-level` header."""

    READ = "read"
    READ_WRITE = "read-write"
    READ_WRITE_MESSAGES = "read-write-directmessages"


class TokenKind(IntEnum):
    """What a token is; the number is what is stored."""

    OAUTH2_USER = 1
    APP_ONLY = 2
    OAUTH1_USER = 3


@dataclass(frozen=True, slots=True)
class App:
    """A client application.

    Attributes:
        project_id: the Project it is attached to; None for a standalone App, which v2 refuses.
        consumer_key: the public half of its API key (OAuth 1.0a).
        consumer_secret_sealed: the other half, encrypted (see `tacet.identity.vault`).
        client_id: its OAuth 2.0 client id.
    """

    id: int
    name: str
    project_id: int | None
    access: Access
    consumer_key: str
    consumer_secret_sealed: bytes
    client_id: str
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer or an OAuth 1.0a access token.

    Attributes:
        digest: SHA-256 of the token's text: what a look-up is made by.
        user_id: on whose behalf it speaks; None for app-only.
        scopes: granted OAuth 2.0 scopes, space separated; empty for other kinds.
        secret_sealed: an OAuth 1.0a token secret, encrypted; empty for bearers.
        expires_at_ms: Unix milliseconds from which it no longer works; None never.
        revoked_at_ms: Unix milliseconds at which it was revoked; None while it works.
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
