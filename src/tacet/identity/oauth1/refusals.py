"""Why a login of OAuth 1.0a does not go on: one set of reasons for Apps, one of words for people."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class Refused(Enum):
    """Why a rightly signed request of an App is refused all the same; the values name log fields."""

    SWITCHED_OFF = "switched_off"
    """The App's OAuth 1.0a login is off."""
    CALLBACK_NOT_APPROVED = "callback_not_approved"
    UNKNOWN_ACCESS_TYPE = "unknown_access_type"
    UNNAMED = "unnamed"
    """The request names no token."""
    WRONG_VERIFIER = "wrong_verifier"
    """Missing, wrong, or of a person who has not agreed."""
    ENDED = "ended"
    """The token is too old, used, revoked, somebody else's, or the person's account is no longer there."""


_REASONS: Mapping[Refused, str] = MappingProxyType(
    {
        Refused.SWITCHED_OFF: "OAuth 1.0a is switched off for the App",
        Refused.CALLBACK_NOT_APPROVED: "oauth_callback is none of the App's callback URLs",
        Refused.UNKNOWN_ACCESS_TYPE: "x_auth_access_type is neither read nor write",
        Refused.UNNAMED: "no oauth_token was sent, or none that is known",
        Refused.WRONG_VERIFIER: "oauth_verifier is missing or wrong, or the person has not agreed",
        Refused.ENDED: "the token has expired, was used or revoked, or is somebody else's, or the person is away",
    }
)


class LoginRefused(Exception):
    """A request of an App whose signature is good and which is refused.

    Args:
        refused: why. There is nothing of the request in it, so it may be logged.
        reason: the same in words, for the log of whoever runs the server; nothing of the request in it either.
    """

    def __init__(self, refused: Refused, reason: str = "") -> None:
        super().__init__(refused.value)
        self.refused, self.reason = refused, reason or _REASONS[refused]


class LoginOver(Exception):
    """A person followed a link to a login that cannot go on.

    Attributes:
        cause: what is wrong, in words for them.
        remedy: what they, or the App's developer, can do.
    """

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(cause)
        self.cause, self.remedy = cause, remedy


def link_is_gone() -> LoginOver:
    """The request token is unknown, used or too old: nobody can tell which once it is gone."""
    cause = (
        "The link that brought you here is no good: it was used already, is older than 15 minutes, or is incomplete."
    )
    return LoginOver(cause, "Go back to the App and sign in from there again. Nothing was changed.")


def answered_already() -> LoginOver:
    """Somebody agreed to this request token."""
    cause = "You or somebody else agreed to this sign-in already, and each one is good for a single answer."
    return LoginOver(cause, "Go back to the App. If it does not let you in, sign in from there again.")


def app_is_closed(name: str) -> LoginOver:
    """The App is gone, or its OAuth 1.0a login is off by now."""
    cause = f"{name} does not let people sign in this way any more."
    return LoginOver(cause, "If it is yours, switch OAuth 1.0a on in its user authentication settings.")


def app_has_changed(name: str) -> LoginOver:
    """Its permissions shrank, or its callback is no longer approved, after it asked."""
    cause = f"The settings of {name} were changed after it sent you here."
    return LoginOver(cause, "Go back to the App and sign in from there again. Nothing was changed.")
