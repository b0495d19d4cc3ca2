"""What every answer to a browser carries: the headers that keep a page to itself.

Sources: OWASP ASVS 4.0.3 chapters 3.4 and 14.4; RFC 9700 sections 4.2.4 (referrer), 4.12 (303), 4.16 (framing).
"""

import re
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from starlette.responses import Response

HSTS_S = 365 * 24 * 3600
"""A year, as the preload lists ask for."""

ASSET_S = 365 * 24 * 3600
"""How long browsers keep what has its digest in its address; caches take a year for "for ever" (RFC 9111)."""

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)

_URL_CHARACTERS = ":/?#[]@!$&'()*+,;=%"
"""Kept in `Location`, beside letters, digits and `-._~`: all that RFC 3986 gives a meaning."""

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*\Z")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\Z")
_PORT = re.compile(r"[0-9]{1,5}\Z")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Security:
    """How this server is reached.

    Attributes:
        secure: people reach it by https, so cookies and names must never go over anything else.
        origin: as browsers write it; empty where it is whatever they say in `Host`.
        port: of the address that one browser has reached; empty where it named none.
    """

    secure: bool
    origin: str = ""
    port: str = ""

    def at(self, host: str) -> "Security":
        """The same for a browser that says this in `Host`."""
        port = host.rpartition(":")[2]
        return replace(self, port=port) if _PORT.match(port) else self

    @property
    def session_cookie(self) -> str:
        """Its name: with `__Host-` a browser takes it only over https, for this host and every path (RFC 6265bis)."""
        return self._cookie("tacet_session")

    @property
    def visit_cookie(self) -> str:
        """The same, for browsers that nobody is signed in on: their forms are bound to it."""
        return self._cookie("tacet_visit")

    def _cookie(self, name: str) -> str:
        if self.secure:
            return f"__Host-{name}"
        # Cookies know no ports (RFC 6265 section 8.5): of two servers on a machine, each would sign people out of the
        # other if theirs had one name.
        return f"{name}_{self.port}" if self.port else name


def reached_at(public_url: str) -> Security:
    """The security of a server with this `public_url`, which may be empty."""
    scheme, _, host = public_url.lower().partition("://")
    host = host.removesuffix({"https": ":443", "http": ":80"}.get(scheme, "\n"))
    return Security(scheme == "https", f"{scheme}://{host}" if host else "")


def html(body: bytes, status: int, security: Security, form_action: str = "") -> Response:
    """A page. It may hold what only this person may see, so nobody keeps a copy."""
    response = Response(body, status, media_type="text/html")
    _protect(response, security, form_action)
    return response


def see_other(url: str, security: Security) -> Response:
    """Send the browser on by GET, whatever the method was (RFC 9700 section 4.12: never 307 after a form)."""
    # Line breaks would end the header and blanks the address; what is escaped already stays as it is.
    response = Response(status_code=303, headers={"location": quote(url, safe=_URL_CHARACTERS)})
    _protect(response, security, "")
    return response


def asset(body: bytes, media_type: str, security: Security) -> Response:
    """A file that is the same for everybody, and never changes under its address."""
    response = Response(body, headers={"content-type": media_type})
    _protect(response, security, "")
    response.headers["cache-control"] = f"public, max-age={ASSET_S}, immutable"
    return response


def form_targets(url: str) -> str:
    """Where the form of a consent page may lead beside this server: to the App at `url`, and on from there.

    Chromium holds `form-action` against every redirect that follows a form. An App that was just given its answer may
    send the browser on to any https page of its own; one on this machine, to any port of it.

    Returns:
        sources for `visit.page(form_action=...)`, made of nothing but a checked scheme, host and port.
    """
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme.lower(), (parts.hostname or ""), parts.port
    except ValueError:
        return "https:"
    if not _SCHEME.match(scheme) or scheme == "https":
        return "https:"
    if scheme != "http":
        return f"https: {scheme}:"
    if host in _LOOPBACK:
        # A policy cannot name an IPv6 address; its own scheme is the nearest.
        return "https: http:" if ":" in host else "https: http://127.0.0.1:* http://localhost:*"
    return f"https: http://{host}{f':{port}' if port else ''}" if _HOST.match(host) else "https: http:"


def _protect(response: Response, security: Security, form_action: str) -> None:
    headers = response.headers
    headers["content-security-policy"] = f"{_POLICY} {form_action}".rstrip()
    headers["cache-control"] = "no-store"
    # Other sites learn nothing from a link; `no-referrer` would also take `Origin` from our own forms.
    headers["referrer-policy"] = "same-origin"
    headers["x-content-type-options"] = "nosniff"
    headers["x-frame-options"] = "DENY"
    headers["cross-origin-resource-policy"] = "same-origin"
    headers["permissions-policy"] = "camera=(), geolocation=(), microphone=()"
    headers["server"] = "tacet"
    if security.secure:
        headers["strict-transport-security"] = f"max-age={HSTS_S}; includeSubDomains"


def set_cookie(response: Response, name: str, text: str, security: Security) -> None:
    """Keep a cookie until the browser is closed. Lax, because a consent page is reached from another site."""
    response.set_cookie(name, text, path="/", secure=security.secure, httponly=True, samesite="lax")


def drop_cookie(response: Response, name: str, security: Security) -> None:
    """Make the browser forget a cookie."""
    response.delete_cookie(name, path="/", secure=security.secure, httponly=True, samesite="lax")
