"""Every error body, in one place. Wording, key order and layout are X's where a recording exists.

An error is data: a status, a body, a content type, and which of X's layers answered.
"""

from dataclasses import dataclass
from typing import Any, Literal

from tacet.wire.encoding import encode, encode_pretty

PROBLEMS = "https://api.x.com/2/problems/"
"""Where X's problem types live by now."""

OLD_PROBLEMS = "https://api.twitter.com/2/problems/"
"""Where they lived before; one type is still answered with it."""

JSON = b"application/json; charset=utf-8"
PROBLEM_JSON = b"application/problem+json"
JSON_V1 = b"application/json;charset=utf-8"
"""How v1.1 and both older token endpoints write it."""

Headers = tuple[tuple[bytes, bytes], ...]
Section = Literal["data", "includes"]
"""A part of a 200 that an entry of its `errors[]` speaks of."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer other than 200.

    Attributes:
        at_edge: X's gateway answered, before the application: other headers, and no access level.
        headers: further headers, beside those every answer has.
    """

    status: int
    body: bytes
    content_type: bytes = PROBLEM_JSON
    at_edge: bool = False
    headers: Headers = ()


class Refusal(Exception):
    """Carries a problem up to where answers are sent.

    Args:
        reason: what the log may say beside it; never a value out of the request.
    """

    def __init__(self, problem: Problem, reason: str = "") -> None:
        super().__init__(problem.status)
        self.problem, self.reason = problem, reason


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong with a request: a sentence, and the raw values it speaks of."""

    message: str
    parameters: dict[str, list[str]] | None = None

    def entry(self) -> dict[str, Any]:
        if self.parameters is None:
            return {"message": self.message}
        return {"parameters": self.parameters, "message": self.message}


def invalid_request(violations: list[Violation]) -> Problem:
    """400 with every violation at once; the recorded bodies carry no `status`."""
    body = {
        "errors": [violation.entry() for violation in violations],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": PROBLEMS + "invalid-request",
    }
    return Problem(400, encode(body), JSON)


EMPTY_TEXT = "$.text: must be at least 1 characters long"
"""What the validator says of an empty text, for one in which nothing can be read."""


def refused(message: str) -> Problem:
    """400 for a request that is well formed and against a rule."""
    return invalid_request([Violation(message)])


def _blank(status: int, title: str, headers: Headers = ()) -> Problem:
    body = {"title": title, "type": "about:blank", "status": status, "detail": title}
    return Problem(status, encode_pretty(body), at_edge=True, headers=headers)


BAD_REQUEST = _blank(400, "Bad Request")
UNAUTHORIZED = _blank(401, "Unauthorized")
FORBIDDEN = _blank(403, "Forbidden")
NOT_FOUND = _blank(404, "Not Found")
BODY_TOO_LARGE = _blank(413, "Content Too Large", ((b"connection", b"close"),))
HEADERS_TOO_LARGE = _blank(431, "Request Header Fields Too Large", ((b"connection", b"close"),))
INTERNAL_ERROR = _blank(500, "Internal Server Error")


def method_not_allowed(allowed: list[str]) -> Problem:
    """405; RFC 9110 section 15.5.6 asks for `Allow`."""
    return _blank(405, "Method Not Allowed", ((b"allow", ", ".join(allowed).encode()),))


def _too_much(status: int, title: str, headers: Headers = ()) -> Problem:
    """429 and 503 are recorded with their members in another order."""
    body = {"title": title, "detail": title, "type": "about:blank", "status": status}
    return Problem(status, encode_pretty(body), at_edge=True, headers=headers)


TOO_MANY_REQUESTS = _too_much(429, "Too Many Requests")
"""The window's numbers are in the rate-limit headers, and X sends no `Retry-After`."""


RETRY_AFTER_S = 1
"""What a 503 asks to wait, of programs and of people: a full queue empties within a second or not at all."""


def service_unavailable(retry_after_s: int) -> Problem:
    """503 for a queue that is full or a database that is away."""
    return _too_much(503, "Service Unavailable", ((b"retry-after", str(retry_after_s).encode()),))


UNSUPPORTED_AUTHENTICATION = Problem(
    403,
    encode_pretty(
        {
            "title": "Unsupported Authentication",
            # Two spaces after "endpoint.", as recorded since 2022.
            "detail": "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint.  "
            "Supported authentication types are [OAuth 1.0a User Context, OAuth 2.0 User Context].",
            "type": OLD_PROBLEMS + "unsupported-authentication",
            "status": 403,
        }
    ),
    at_edge=True,
)

OAUTH1_PERMISSIONS = Problem(
    403,
    encode(
        {
            "title": "Forbidden",
            "status": 403,
            "detail": "Your client app is not configured with the appropriate oauth1 app permissions "
            "for this endpoint.",
            "type": PROBLEMS + "oauth1-permissions",
        }
    ),
)


def client_forbidden(app_id: int) -> Problem:
    """403 for an App that is in no Project."""
    body = {
        "client_id": str(app_id),
        "detail": "When authenticating requests to the Twitter API v2 endpoints, you must use keys and tokens from a "
        "Twitter developer App that is attached to a Project. You can create a project via the developer portal.",
        "registration_url": "https://developer.twitter.com/en/docs/projects/overview",
        "title": "Client Forbidden",
        "required_enrollment": "Appropriate Level of API Access",
        "reason": "client-not-enrolled",
        "type": PROBLEMS + "client-forbidden",
    }
    return Problem(403, encode(body))


def not_permitted(detail: str) -> Problem:
    """403 for what is well formed and not for this caller to do; recorded of `POST /2/tweets` in this order."""
    return Problem(403, encode({"detail": detail, "type": "about:blank", "title": "Forbidden", "status": 403}))


def missing_target(target_id: str, parameter: str = "target_user_id") -> Problem:
    """404 for a mute of nobody: X's guide says 404 "User doesn't exist"; the body's shape is this project's choice."""
    detail = f"Could not find user with {parameter}: [{target_id}]."
    return _about_target(404, "Not Found Error", detail, target_id, parameter)


def suspended_target(target_id: str, parameter: str = "target_user_id") -> Problem:
    """403 for a mute of an account that is suspended or deactivated; this project's choice."""
    return _about_target(403, "Forbidden", f"User has been suspended: [{target_id}].", target_id, parameter)


def _about_target(status: int, title: str, detail: str, target_id: str, parameter: str) -> Problem:
    body = {
        "title": title,
        "detail": detail,
        "type": PROBLEMS + "resource-not-found",
        "resource_type": "user",
        "resource_id": target_id,
        "parameter": parameter,
        "value": target_id,
        "status": status,
    }
    return Problem(status, encode(body))


def missing_user(parameter: str, value: str) -> dict[str, Any]:
    """An entry of `errors[]` in a 200: nobody has this id or username."""
    return {
        "value": value,
        "detail": f"Could not find user with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": "user",
        "parameter": parameter,
        "resource_id": value,
        "type": PROBLEMS + "resource-not-found",
    }


def suspended_user(parameter: str, value: str) -> dict[str, Any]:
    """An entry of `errors[]` in a 200: the account is suspended."""
    return {
        "parameter": parameter,
        "resource_id": value,
        "value": value,
        "detail": f"User has been suspended: [{value}].",
        "title": "Forbidden",
        "resource_type": "user",
        "type": PROBLEMS + "resource-not-found",
    }


def hidden_user(parameter: str, value: str) -> dict[str, Any]:
    """An entry of `errors[]` in a 200: the account lets the viewer see nothing of it; recorded with these members."""
    return {
        "title": "Authorization Error",
        "detail": f"Sorry, you are not authorized to see the user with {parameter}: [{value}].",
        "type": PROBLEMS + "not-authorized-for-resource",
        "section": "data",
        "resource_type": "user",
        "resource_id": value,
        "parameter": parameter,
        "value": value,
    }


def missing_post(noun: str, parameter: str, value: str) -> dict[str, Any]:
    """An entry of `errors[]` in a 200: a post is gone. `noun` is `tweet` or `post`."""
    return {
        "title": "Not Found Error",
        "detail": f"Could not find {noun} with {parameter}: [{value}].",
        "type": PROBLEMS + "resource-not-found",
        "resource_type": noun,
        "resource_id": value,
        "parameter": parameter,
        "value": value,
    }


def missing_subject(noun: str, parameter: str, value: str) -> Problem:
    """404 for a post that is to be repeated and is not there; the body's shape is this project's choice."""
    return Problem(404, encode({**missing_post(noun, parameter, value), "status": 404}))


def hidden_post(noun: str, parameter: str, value: str, section: Section) -> dict[str, Any]:
    """An entry of `errors[]` in a 200: the viewer may not see a post."""
    return {
        "title": "Authorization Error",
        "detail": f"Sorry, you are not authorized to see the {noun.capitalize()} with {parameter}: [{value}].",
        "type": PROBLEMS + "not-authorized-for-resource",
        "section": section,
        "resource_type": noun,
        "resource_id": value,
        "parameter": parameter,
        "value": value,
    }


def hidden_field(noun: str, field: str, post_id: str, section: Section) -> dict[str, Any]:
    """An entry of `errors[]` in a 200: metrics that only the author may see."""
    return {
        "title": "Field Authorization Error",
        "detail": f"Sorry, you are not authorized to access '{field}' on the {noun.capitalize()} with id : "
        f"[{post_id}].",
        "type": PROBLEMS + "not-authorized-for-field",
        "section": section,
        "field": field,
        "resource_type": noun,
        "resource_id": post_id,
        "parameter": "id",
        "value": post_id,
    }
