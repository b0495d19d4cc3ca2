"""What is wrong with a redirect URI that is nearly right. For people only: what counts is every character."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from tacet.identity.developers.urls import LOOPBACK_HOSTS

MAX_DIFFERENT_PARTS = 2
"""Of scheme, host, port, path and query: with more, it is another address and not a mistyped one."""

MAX_SHOWN_CHARS = 40
"""Of a part: a host or a path by which one recognises it."""

_PARTS = ("scheme", "host", "port", "path", "query")


@dataclass(frozen=True, slots=True)
class Near:
    """A registered URL, and how another one differs: `its port is 3000, not 8000`."""

    url: str
    difference: str


def nearest(given: str, registered: Sequence[str]) -> Near | None:
    """The registered URL that has the most in common with `given`; None where none is near.

    Anybody may ask who knows the App's client id, so only what is where they look already is near: nobody learns a host
    by guessing a path.
    """
    mine = _parts(given)
    best: tuple[int, str, list[str]] | None = None
    for url in registered:
        parts = _parts(url)
        if _place(parts) != _place(mine):
            continue
        pairs = zip(_PARTS, parts, mine, strict=True)
        different = [
            f"its {name} is {_shown(theirs)}, not {_shown(own)}" for name, theirs, own in pairs if theirs != own
        ]
        if len(different) <= MAX_DIFFERENT_PARTS and (best is None or len(different) < best[0]):
            best = (len(different), url, different)
    if best is None:
        return None
    _, url, different = best
    return Near(url, ", and ".join(different) or "small and capital letters count, and so does every sign at its end")


def _parts(url: str) -> tuple[str, ...]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return (url, "", "", "", "")
    host, colon, port = parts.netloc.rpartition(":")
    if not colon or not port.isdigit():
        host, port = parts.netloc, ""
    return (parts.scheme, host, port, parts.path, parts.query)


def _place(parts: tuple[str, ...]) -> str:
    """Where a URL leads: its host, whatever this machine is called there; of an app on a device its scheme."""
    scheme, host = parts[0], parts[1].lower()
    if not host:
        return f"{scheme}:"
    return LOOPBACK_HOSTS[0] if host in LOOPBACK_HOSTS else host.removeprefix("www.")


def _shown(part: str) -> str:
    if not part:
        return "left out"
    return part if len(part) <= MAX_SHOWN_CHARS else f"{part[: MAX_SHOWN_CHARS - 1]}…"
