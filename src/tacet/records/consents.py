"""What people agreed to, and the short-lived halves of a login, as they are stored."""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from tacet.records.credentials import Access, App


class GrantKind(IntEnum):
    """How a grant came to be; the number is what is stored."""

    OAUTH2 = 1
    OAUTH1 = 2
    OWN = 3
    """The access token that a developer makes for their own account in the portal."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A person's consent to an App: every token that comes from it ends with it.

    Each OAuth 2.0 login makes a grant of its own, the family of RFC 9700 section 4.14.2. All OAuth 1.0a logins of
    a person to an App share one.

    Attributes:
        scopes: of OAuth 2.0, space separated in the order asked for; else empty.
        revoked_at_ms: Unix milliseconds; None while it holds.
    """

    id: int
    kind: GrantKind
    app_id: int
    user_id: int
    scopes: str
    created_at_ms: int
    revoked_at_ms: int | None = None


class ChallengeMethod(StrEnum):
    """How a `code_challenge` was made from its verifier (RFC 7636 section 4.2)."""

    PLAIN = "plain"
    S256 = "S256"


@dataclass(frozen=True, slots=True)
class Code:
    """An OAuth 2.0 authorization code.

    Attributes:
        digest: SHA-256 of its text.
        redirect_uri: the one it was asked for with, which its exchange must repeat.
        challenge: of the method `plain`, it is the verifier itself.
        expires_at_ms: Unix milliseconds from which it no longer works.
        spent_at_ms: Unix milliseconds at which somebody tried to exchange it; None while nobody has.
        grant_id: what came of that; None where nothing did.
    """

    digest: bytes
    app_id: int
    user_id: int
    scopes: str
    redirect_uri: str
    challenge: str = field(repr=False)
    challenge_method: ChallengeMethod
    created_at_ms: int
    expires_at_ms: int
    spent_at_ms: int | None = None
    grant_id: int | None = None


@dataclass(frozen=True, slots=True)
class RequestToken:
    """An OAuth 1.0a request token ("temporary credentials", RFC 5849 section 2.1).

    Attributes:
        digest: SHA-256 of its text.
        secret_sealed: its secret, encrypted.
        callback: where the browser returns to; `oob` shows a PIN instead.
        access: what `x_auth_access_type` asked for; None as much as the App may.
        user_id: who agreed; None while nobody has.
        verifier_digest: SHA-256 of the verifier or PIN that they were given; empty until then.
        wrong_verifiers: how many wrong ones were tried.
    """

    digest: bytes
    app_id: int
    secret_sealed: bytes
    callback: str
    access: Access | None
    created_at_ms: int
    expires_at_ms: int
    user_id: int | None = None
    verifier_digest: bytes = b""
    wrong_verifiers: int = 0


@dataclass(frozen=True, slots=True)
class Connection:
    """An App that a person lets in, or a person who lets an App in: their grants seen as one.

    Attributes:
        scopes: of all its OAuth 2.0 grants together, in alphabetical order.
        oauth1: whether one of them is an OAuth 1.0a grant.
        since_ms: when the first of them was made, in Unix milliseconds.
        access: the most that a working token of its OAuth 1.0a grants allows; None as much as the App may, or where
            there is no such grant.
    """

    app_id: int
    user_id: int
    scopes: tuple[str, ...]
    oauth1: bool
    since_ms: int
    access: Access | None = None

    def access_now(self, app: App) -> Access | None:
        """What OAuth 1.0a allows its App: what was agreed to, as far as the App may; None without such a grant."""
        return app.allowed(self.access) if self.oauth1 else None
