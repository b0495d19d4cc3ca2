"""The error bodies of both OAuths; everything else that goes wrong is in `tacet.wire.problems`."""

from collections.abc import Mapping
from types import MappingProxyType

from tacet.identity.oauth1.errors import Reason
from tacet.identity.oauth1.refusals import Refused
from tacet.identity.oauth2.errors import OAuth2Error
from tacet.wire.encoding import encode
from tacet.wire.problems import JSON, JSON_V1, Headers, Problem

NO_STORE: Headers = ((b"pragma", b"no-cache"),)
"""What RFC 6749 section 5.1 asks for beside the `cache-control` that every answer has."""

_CHALLENGE: Headers = ((b"www-authenticate", b'Basic realm="OAuth 2.0"'),)
"""Which way to authenticate there is; RFC 6749 section 5.2 asks for it in a 401."""


def oauth2_problem(error: OAuth2Error) -> Problem:
    """An error of `/2/oauth2/token` and `/2/oauth2/revoke` (RFC 6749 section 5.2)."""
    headers = (*NO_STORE, *_CHALLENGE) if error.status == 401 else NO_STORE
    body = {"error": error.error, "error_description": error.description}
    return Problem(error.status, encode(body), JSON, headers=headers)


TEXT_V1 = b"text/html;charset=utf-8"
"""What X says of answers that are a form or a bare sentence."""

_CHALLENGE_V1: Headers = ((b"www-authenticate", b'OAuth realm="https://api.twitter.com"'),)


def v1_problem(status: int, entry: dict[str, object], headers: Headers = ()) -> Problem:
    """An error as v1.1 writes it. X puts the code first in some entries and the message in others."""
    return Problem(status, encode({"errors": [entry]}), JSON_V1, headers=headers)


def _sentence(text: str) -> Problem:
    """A 401 that is a bare sentence; clients look for its words."""
    return Problem(401, text.encode(), TEXT_V1, headers=_CHALLENGE_V1)


BAD_AUTHENTICATION_DATA = v1_problem(400, {"message": "Bad Authentication data.", "code": 215})
"""With a capital A, as clients' users report it and Twython looks for it; X's table of codes has a small one."""
COULD_NOT_AUTHENTICATE = v1_problem(401, {"code": 32, "message": "Could not authenticate you."}, _CHALLENGE_V1)
TIMESTAMP_OUT_OF_BOUNDS = v1_problem(401, {"code": 135, "message": "Timestamp out of bounds."}, _CHALLENGE_V1)
INVALID_TOKEN = v1_problem(401, {"code": 89, "message": "Invalid or expired token."}, _CHALLENGE_V1)
INVALID_BEARER = v1_problem(401, {"message": "Invalid or expired token", "code": 89}, _CHALLENGE_V1)
"""The same of a bearer, as recorded: another order, and no full stop."""
NOT_PERMITTED = v1_problem(403, {"code": 87, "message": "Client is not permitted to perform this action."})
RESOURCE_NOT_ALLOWED = v1_problem(
    403, {"message": "Your credentials do not allow access to this resource", "code": 220}
)
RATE_LIMIT_EXCEEDED = v1_problem(429, {"message": "Rate limit exceeded", "code": 88})
INTERNAL_ERROR_V1 = v1_problem(500, {"message": "Internal error", "code": 131})
BAD_VERIFIER = _sentence("Error processing your OAuth request: Invalid oauth_verifier parameter")
NO_REQUEST_TOKEN = _sentence("Request token missing")

_CALLBACK = (
    "Callback URL not approved for this client application. "
    "Approved callback URLs can be adjusted in your application settings"
)

CALLBACK_NOT_APPROVED = Problem(
    403,
    f"<?xml version='1.0' encoding='UTF-8'?><errors><error code=\"415\">{_CALLBACK}</error></errors>".encode(),
    b"application/xml;charset=utf-8",
)
CALLBACK_NOT_APPROVED_JSON = v1_problem(403, {"code": 415, "message": _CALLBACK})

BAD_APP_CREDENTIALS = v1_problem(
    403, {"code": 99, "label": "authenticity_token_error", "message": "Unable to verify your credentials"}
)
NO_GRANT_TYPE = v1_problem(
    403, {"code": 170, "label": "forbidden_missing_parameter", "message": "Missing required parameter: grant_type"}
)
"""X says this to a wrong `grant_type` as well, as clients' users report; its label is this project's choice."""


def over_capacity(retry_after_s: int) -> Problem:
    """503 for a queue that is full or a database that is away."""
    return v1_problem(503, {"message": "Over capacity", "code": 130}, ((b"retry-after", str(retry_after_s).encode()),))


_REFUSED: Mapping[Refused, Problem] = MappingProxyType(
    {
        Refused.SWITCHED_OFF: NOT_PERMITTED,
        Refused.CALLBACK_NOT_APPROVED: CALLBACK_NOT_APPROVED,
        Refused.UNKNOWN_ACCESS_TYPE: BAD_AUTHENTICATION_DATA,
        Refused.UNNAMED: NO_REQUEST_TOKEN,
        Refused.WRONG_VERIFIER: BAD_VERIFIER,
        Refused.ENDED: INVALID_TOKEN,
    }
)


_UNSIGNED: Mapping[Reason, Problem] = MappingProxyType(
    {Reason.TIMESTAMP_OUT_OF_BOUNDS: TIMESTAMP_OUT_OF_BOUNDS, Reason.UNKNOWN_TOKEN: INVALID_TOKEN}
)


def oauth1_problem(reason: Reason) -> Problem:
    """What a request with a signature that is no good gets to see."""
    return _UNSIGNED.get(reason, COULD_NOT_AUTHENTICATE)


def login_problem(refused: Refused, as_json: bool) -> Problem:
    """What a refused step of an OAuth 1.0a login is answered with.

    Codes 87 for a login that is off and 215 for an unknown `x_auth_access_type` are this project's choice.

    Args:
        as_json: the client would rather have JSON than XML.
    """
    if refused is Refused.CALLBACK_NOT_APPROVED and as_json:
        return CALLBACK_NOT_APPROVED_JSON
    return _REFUSED[refused]
