"""Why a signed request was refused, as data: the wire decides what the client gets to see of it."""

from enum import Enum


class Reason(Enum):
    """Every way a request signed with OAuth 1.0a can fail; the values name metrics and log fields."""

    MALFORMED = "malformed"
    UNSUPPORTED_METHOD = "unsupported_method"
    UNSUPPORTED_VERSION = "unsupported_version"
    MISSING_PARAMETER = "missing_parameter"
    TIMESTAMP_OUT_OF_BOUNDS = "timestamp_out_of_bounds"
    NONCE_REPLAYED = "nonce_replayed"
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_TOKEN = "unknown_token"  # noqa: S105 - the name of a failure, no token


class OAuth1Error(Exception):
    """A request that must be answered as unauthenticated.

    Args:
        reason: what kind of failure it was.
        detail: which part of the request, by its name. Never a value out of the request, so it may be logged.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail
