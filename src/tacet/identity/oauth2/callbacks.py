"""What is wrong with a redirect URI that is nearly right. For people only: what counts is every character."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

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
    """The registered URL that has the most in common with `given`; None where none is near."""
    mine = _parts(given)
    best: tuple[int, str, list[str]] | None = None
    for url in registered:
        pairs = zip(_PARTS, _parts(url), mine, strict=True)
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


def _shown(part: str) -> str:
    if not part:
        return "left out"
    return part if len(part) <= MAX_SHOWN_CHARS else f"{part[: MAX_SHOWN_CHARS - 1]}…"
