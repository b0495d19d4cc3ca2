"""How X writes out the URLs it recognises. Both rules are read off recorded profiles and posts."""

import re

MAX_TAIL_CHARACTERS = 16
"""How much X shows after the host: that many characters, or one less and an ellipsis."""

ELLIPSIS = "\u2026"

_SCHEME = re.compile(r"https?://", re.ASCII | re.IGNORECASE)
_HOST = re.compile(r"(?:www\.)?([^/?#]*)", re.ASCII | re.IGNORECASE)


def expanded_url(url: str) -> str:
    """The URL with a scheme: its own, else `http`."""
    return url if _SCHEME.match(url) else f"http://{url}"


def display_url(url: str) -> str:
    """The URL as people see it: no scheme, no `www.`, no lone slash, and a long rest cut off."""
    scheme = _SCHEME.match(url)
    host = _HOST.match(url, scheme.end() if scheme else 0)
    if host is None:
        return url
    tail = url[host.end() :]
    if tail == "/":
        tail = ""
    elif len(tail) > MAX_TAIL_CHARACTERS:
        tail = tail[: MAX_TAIL_CHARACTERS - 1] + ELLIPSIS
    return host[1] + tail
