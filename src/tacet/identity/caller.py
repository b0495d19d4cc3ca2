"""Who is calling: what every request comes down to once its credentials are checked."""

from dataclasses import dataclass
from enum import Enum, auto

from tacet.identity.oauth1.errors import Reason
from tacet.records.credentials import Access


class Method(Enum):
    """How a caller proved who they are."""

    OAUTH2_USER = auto()
    OAUTH1_USER = auto()
    APP_ONLY = auto()


@dataclass(frozen=True, slots=True)
class Caller:
    """An App, and the person it speaks for.

    Attributes:
        user_id: None for an App on its own.
        scopes: granted OAuth 2.0 scopes; empty for other methods.
        access: what `x-access-level` says of it.
        in_project: v2 is only for Apps that are attached to a Project.
    """

    method: Method
    app_id: int
    user_id: int | None
    scopes: frozenset[str]
    access: Access
    in_project: bool


class Unauthenticated(Exception):
    """No credentials, or none that are good. The text is for a log, never for the caller.

    Args:
        reason: of a signed request, what kind of failure it was; v2 tells none of them apart, v1.1 some.
    """

    def __init__(self, text: str, reason: Reason | None = None) -> None:
        super().__init__(text)
        self.reason = reason
