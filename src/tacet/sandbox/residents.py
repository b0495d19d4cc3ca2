"""The sandbox's keys: fixed, documented and known to everybody, so that a test needs no look-up. Never for `serve`.

Everything can be written down from a person's id and username: alice's bearer is `sandbox-oauth2-alice`, her
OAuth 1.0a token `1001-aliceSandboxToken` with the secret `aliceSandboxTokenSecret`.
"""

import base64
from dataclasses import dataclass

from tacet.identity.scopes import GRANTABLE_SCOPES
from tacet.ids import APP_ONLY_START
from tacet.records.credentials import Access, TokenKind
from tacet.records.people import Person
from tacet.sandbox.cast import ALICE, DAY_MS, WORLD_AT_MS
from tacet.sandbox.world import World

RESIDENTS = 10
"""So many people have keys: the first of the world, all of them active."""

ALL_SCOPES = tuple(sorted(GRANTABLE_SCOPES))
"""What the residents granted: everything, one's own e-mail address included."""

PROJECT_ID = 1_600_000_000_000_000_001
PROJECT_NAME = "Tacet sandbox"
PROJECT_DESCRIPTION = "The Apps whose keys everybody knows."

CALLBACKS = (
    *(f"http://{host}:{port}/callback" for port in (3000, 5000, 8000) for host in ("127.0.0.1", "localhost")),
    "https://example.com/callback",
)
"""Where every App may send people back to: the ports that a first try of a client listens on, by either name."""

WEBSITE = "https://example.com"

ISSUED_AT_MS = WORLD_AT_MS - DAY_MS
ACCESS_TOKEN_MS = 7_200_000
"""X's own: two hours."""


@dataclass(frozen=True, slots=True)
class SandboxApp:
    """An App with its secrets in the clear. Both logins are switched on.

    Attributes:
        description: what a test can show with it.
        project_id: None for a standalone App, which v2 refuses.
        client_secret: of OAuth 2.0; empty for a public client.
    """

    id: int
    name: str
    description: str
    project_id: int | None
    access: Access
    consumer_key: str
    consumer_secret: str
    client_id: str
    client_secret: str
    app_only_token: str
    callbacks: tuple[str, ...] = CALLBACKS
    created_at_ms: int = ISSUED_AT_MS

    @property
    def confidential(self) -> bool:
        """Whether it has a client secret, and so must show it at the token endpoint."""
        return bool(self.client_secret)


@dataclass(frozen=True, slots=True)
class SandboxToken:
    """A token in the clear.

    Attributes:
        purpose: what a test can show with it.
        user_id: on whose behalf it speaks; None for app-only.
        secret: of OAuth 1.0a tokens, else empty.
        scopes: of OAuth 2.0 user tokens, space separated, else empty.
        expires_at_ms: Unix milliseconds; None never.
    """

    purpose: str
    kind: TokenKind
    app_id: int
    text: str
    user_id: int | None = None
    secret: str = ""
    scopes: str = ""
    created_at_ms: int = ISSUED_AT_MS
    expires_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class OAuth1Keys:
    """The four strings that OAuth 1.0a clients ask for."""

    consumer_key: str
    consumer_secret: str
    token: str
    token_secret: str


@dataclass(frozen=True, slots=True)
class ResidentKeys:
    """A person and their keys for the sandbox's main App: all scopes, never expiring."""

    person_id: int
    username: str
    name: str
    oauth2_token: str
    oauth1: OAuth1Keys


def _app(number: int, name: str, description: str, access: Access, *, inside: bool, confidential: bool) -> SandboxApp:
    client = base64.urlsafe_b64encode(f"TacetSandboxClient{number:02}:1:ci".encode()).rstrip(b"=").decode()
    return SandboxApp(
        id=10_000_000 + number,
        name=name,
        description=description,
        project_id=PROJECT_ID if inside else None,
        access=access,
        consumer_key=f"TacetSandboxConsumerKey{number:02}",
        consumer_secret=f"TacetSandboxConsumerSecret{number:02}",
        client_id=client,
        client_secret=f"TacetSandboxClientSecret{number:02}" if confidential else "",
        app_only_token=f"{APP_ONLY_START}TacetSandboxAppOnly{number:02}",
    )


MAIN_APP = _app(
    1,
    "Tacet sandbox",
    "The App that the sandbox's keys belong to.",
    Access.READ_WRITE_MESSAGES,
    inside=True,
    confidential=True,
)
READ_ONLY_APP = _app(
    2,
    "Tacet sandbox, read only",
    "May not write by OAuth 1.0a.",
    Access.READ,
    inside=True,
    confidential=True,
)
STANDALONE_APP = _app(
    3,
    "Tacet sandbox, outside a Project",
    "For v1.1; v2 refuses it.",
    Access.READ_WRITE,
    inside=False,
    confidential=True,
)
PUBLIC_APP = _app(
    4,
    "Tacet sandbox, public client",
    "Runs where no secret is safe, so it has none for OAuth 2.0.",
    Access.READ_WRITE_MESSAGES,
    inside=True,
    confidential=False,
)
APPS = (MAIN_APP, READ_ONLY_APP, STANDALONE_APP, PUBLIC_APP)


def residents(world: World) -> list[ResidentKeys]:
    """The people with keys, alice, bob and carol first."""
    return [
        ResidentKeys(
            person.id,
            person.username,
            person.name,
            _bearer(person),
            OAuth1Keys(
                MAIN_APP.consumer_key,
                MAIN_APP.consumer_secret,
                _oauth1_text(person),
                _oauth1_secret(person),
            ),
        )
        for person in world.people[:RESIDENTS]
    ]


def tokens(world: World) -> list[SandboxToken]:
    """Every token of the sandbox: app-only ones, those of the people with keys, and alice's that get refused."""
    found = [SandboxToken("look-ups without a user", TokenKind.APP_ONLY, app.id, app.app_only_token) for app in APPS]
    for person in world.people[:RESIDENTS]:
        found.append(_oauth2(person, "everything", MAIN_APP))
        found.append(_oauth1(person, "everything", MAIN_APP))
    return found + _refused(world.people[ALICE])


def _refused(person: Person) -> list[SandboxToken]:
    may_read = " ".join(scope for scope in ALL_SCOPES if scope != "mute.write")
    expired_at_ms = ISSUED_AT_MS + ACCESS_TOKEN_MS
    return [
        _oauth2(person, "writing without mute.write is refused", MAIN_APP, "-without-mute-write", may_read),
        _oauth2(person, "expired", MAIN_APP, "-expired", expires_at_ms=expired_at_ms),
        _oauth1(person, "writing with a read-only App is refused", READ_ONLY_APP, "ReadOnly"),
        _oauth2(person, "an App outside a Project is refused", STANDALONE_APP, "-standalone"),
        _oauth1(person, "an App outside a Project is refused", STANDALONE_APP, "Standalone"),
    ]


def _oauth2(
    person: Person,
    purpose: str,
    app: SandboxApp,
    ending: str = "",
    scopes: str = " ".join(ALL_SCOPES),
    expires_at_ms: int | None = None,
) -> SandboxToken:
    text = _bearer(person) + ending
    return SandboxToken(
        purpose, TokenKind.OAUTH2_USER, app.id, text, person.id, scopes=scopes, expires_at_ms=expires_at_ms
    )


def _oauth1(person: Person, purpose: str, app: SandboxApp, ending: str = "") -> SandboxToken:
    text, secret = _oauth1_text(person) + ending, _oauth1_secret(person) + ending
    return SandboxToken(purpose, TokenKind.OAUTH1_USER, app.id, text, person.id, secret)


def _bearer(person: Person) -> str:
    return f"sandbox-oauth2-{person.username}"


def _oauth1_text(person: Person) -> str:
    # Clients read the user id before the dash, and sign without escaping what is only letters and digits.
    return f"{person.id}-{_alphanumeric(person.username)}SandboxToken"


def _oauth1_secret(person: Person) -> str:
    return f"{_alphanumeric(person.username)}SandboxTokenSecret"


def _alphanumeric(username: str) -> str:
    return username.replace("_", "")
