"""Developer accounts, Projects, passwords and page sessions, as they are stored."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Developer:
    """A person who signed up as a developer.

    Attributes:
        use_case: what they say they will build.
    """

    person_id: int
    use_case: str
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class Project:
    """What Apps are gathered in; only Apps in one may call v2.

    Attributes:
        owner_id: the developer's person id.
    """

    id: int
    owner_id: int
    name: str
    description: str
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class Password:
    """Attributes:
    encoded: argon2id's own text form, with parameters and salt.
    """

    person_id: int
    encoded: str
    changed_at_ms: int


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser.

    Attributes:
        digest: SHA-256 of the cookie's text.
        seen_at_ms: the last request, written at most once a minute.
        expires_at_ms: Unix milliseconds past which it ends even when in use.
    """

    digest: bytes
    user_id: int
    created_at_ms: int
    seen_at_ms: int
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What an App asked for in one hour.

    Attributes:
        hour: Unix time in whole hours.
        requests: all that were authenticated as this App's, refused ones included.
        refused: those answered 429.
    """

    app_id: int
    hour: int
    requests: int
    refused: int
