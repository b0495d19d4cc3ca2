"""The log of refused requests: what whoever runs the server may know, and the client is not told."""

import logging

from tacet.wire.problems import Refusal

_log = logging.getLogger(__name__)


def is_heard() -> bool:
    """Whether anybody reads it: finding a reason may cost something."""
    return _log.isEnabledFor(logging.DEBUG)


def tell(method: str, path: str, error: Exception) -> None:
    """Log why a request was refused, at the level debug; nothing where the answer itself says it all.

    Args:
        path: as the route has it, without values: an id in it may be of somebody who is being muted.
    """
    if isinstance(error, Refusal) and error.reason:
        _log.debug("%s %s %d: %s", method, path, error.problem.status, error.reason)
