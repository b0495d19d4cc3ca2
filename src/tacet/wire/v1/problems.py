"""The errors of v1.1, `{"errors":[{"code":…,"message":…}]}`; those that logins know as well are in `oauth_problems`.

Codes, statuses and sentences are those of X's table (December 2024) and of recorded answers, and so is which of the two
members comes first.
"""

from tacet.wire.oauth_problems import v1_problem
from tacet.wire.problems import Problem

NO_USER_MATCHES = v1_problem(404, {"code": 17, "message": "No user matches for specified terms."})
TOO_MANY_TERMS = v1_problem(403, {"code": 18, "message": "Too many terms specified in query."})
NO_SUCH_PAGE = v1_problem(404, {"message": "Sorry, that page does not exist", "code": 34})
USER_NOT_FOUND = v1_problem(404, {"code": 50, "message": "User not found."})
USER_SUSPENDED = v1_problem(403, {"code": 63, "message": "User has been suspended."})
CANNOT_FIND_USER = v1_problem(403, {"code": 108, "message": "Cannot find specified user."})
NO_SOURCE_USER = v1_problem(403, {"code": 163, "message": "Could not determine source user."})
READ_ONLY = v1_problem(403, {"code": 261, "message": "Application cannot perform write actions."})
CANNOT_MUTE_SELF = v1_problem(403, {"code": 271, "message": "You can't mute yourself."})
NOT_MUTING = v1_problem(403, {"code": 272, "message": "You are not muting the specified user."})

INVALID_CURSOR = v1_problem(400, {"message": "invalid cursor", "code": 214})
"""Recorded of another list, without its status."""

NO_TARGET_USER = v1_problem(403, {"code": 164, "message": "Target user not specified."})
"""Recorded without its status."""

MALFORMED = v1_problem(400, {"code": 214, "message": "Bad request."})
"""For a query or form that cannot be read; this project's choice."""


def parameter_missing(name: str) -> Problem:
    """403 where a parameter without which nothing can be done is left out."""
    return v1_problem(403, {"code": 38, "message": f"{name} parameter is missing."})


def wrong_method(right: str) -> Problem:
    """400, as recorded. X lets HEAD stand for GET, and says so in its sentence; here, as in v2, it does not.

    Args:
        right: GET or POST.
    """
    wanted = "GET or HEAD" if right == "GET" else right
    return v1_problem(400, {"code": 86, "message": f"This method requires a {wanted}."})
