"""Where a form was shown: here, on another site, or here under an address that this server does not go by."""

import logging
import re

from starlette.requests import Request

from tacet.clock import Clock
from tacet.pages.responses import Security
from tacet.pages.visit import PageError

WARNING_INTERVAL_S = 60
"""From one line in the log to the next: a wrong `--public-url` stops everybody, and whoever tries sends many forms."""

MAX_SHOWN_CHARS = 200
"""Of an address that is shown and logged: a host has 253 at most, those that anybody types fewer."""

_ORIGIN = re.compile(rf"https?://[A-Za-z0-9._:\[\]-]{{1,{MAX_SHOWN_CHARS}}}\Z")

_log = logging.getLogger(__name__)


class Origins:
    """Looks where forms come from."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next_warning_ns = 0

    def check(self, request: Request, security: Security) -> None:
        """Refuse a form that a browser says comes from elsewhere. Tokens alone would do; this holds when one leaks.

        Raises:
            PageError: 403.
        """
        origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
        if site not in {None, "same-origin", "none"}:
            raise _elsewhere()
        if origin is None or _is_ours(origin, request, security):
            return
        expected = security.origin or f"http://{request.headers.get('host', '')}"
        if not (_was_shown_here(origin, request) and _ORIGIN.match(origin) and _ORIGIN.match(expected)):
            raise _elsewhere()
        self._warn(expected, origin)
        raise _at_another_address(expected, origin)

    def _warn(self, expected: str, origin: str) -> None:
        now_ns = self._clock.ticks_ns()
        if now_ns < self._next_warning_ns:
            return
        self._next_warning_ns = now_ns + WARNING_INTERVAL_S * 1_000_000_000
        _log.warning(
            "a form was refused: this server is expected at %s, and a browser is at %s; --public-url says where",
            expected,
            origin,
        )


def _is_ours(origin: str, request: Request, security: Security) -> bool:
    if security.origin:
        # Whatever a proxy makes of `Host`, and never by http what belongs to https.
        return origin == security.origin
    return _host(origin) == request.headers.get("host")


def _was_shown_here(origin: str, request: Request) -> bool:
    """Whether it is a page of ours, reached in another way: the browser says so, or sent it to where it came from."""
    return request.headers.get("sec-fetch-site") == "same-origin" or _host(origin) == request.headers.get("host")


def _host(origin: str) -> str:
    return origin.partition("://")[2]


def _elsewhere() -> PageError:
    cause = "This form was sent from another site, so nothing was changed."
    return PageError(403, "From another site", cause, "Open the page here and try again.")


def _at_another_address(expected: str, origin: str) -> PageError:
    cause = f"This server expects to be opened at {expected}, but your browser is at {origin}. Nothing was changed."
    remedy = f"Open {expected} instead. Whoever runs this server: --public-url says where people reach it."
    return PageError(403, "Another address is expected", cause, remedy)
