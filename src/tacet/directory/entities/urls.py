"""URLs in a text, by twitter-text's rules, in time proportional to the text.

A URL has a scheme and any host, or no scheme and a host of ASCII and accented Latin letters. Either host ends
in a top-level domain that exists. A port, a path and a query may follow, without the punctuation behind them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tacet.directory.entities.characters import (
    CYRILLIC,
    DIRECTIONS,
    LATIN_ACCENTS,
    NONCHARACTERS,
    PUNCTUATION,
    SPACES,
)
from tacet.directory.entities.domains import top_level_domain_end

MAX_URL_CHARACTERS = 4096
"""Longer ones X does not recognise."""

MAX_HOST_CHARACTERS = 253
"""What fits into DNS (RFC 1035 section 2.3.4, less the outermost length bytes)."""

MAX_SHORT_CODE_CHARACTERS = 40
"""The longest code that X's own shortener hands out."""

_HOST_RUN = re.compile(rf"(?:[._-]|[^{PUNCTUATION}{SPACES}{DIRECTIONS}{NONCHARACTERS}])+")
_SCHEME = re.compile(r"https?://\Z", re.ASCII | re.IGNORECASE)
_LONGEST_SCHEME = len("https://")
_NOT_BEFORE_SCHEME = re.compile(rf"[A-Za-z0-9@＠$#＃{NONCHARACTERS}]")
_NOT_BEFORE_BARE_HOST = re.compile(rf"[A-Za-z0-9@$#_./\-{NONCHARACTERS}]")
_JOINT = re.compile(r"[._/-]")
_NO_JOINT = re.compile(r"[^._-]")
_ANY_LABEL = re.compile(r"[^._-](?:[^.]*[^._-])?(?=\.)")
_LATIN_LABEL = re.compile(
    rf"[a-z0-9{LATIN_ACCENTS}](?:[a-z0-9{LATIN_ACCENTS}_-]*[a-z0-9{LATIN_ACCENTS}])?(?=\.)", re.IGNORECASE
)
_LATIN_RUN = re.compile(rf"[a-z0-9{LATIN_ACCENTS}._-]+", re.IGNORECASE)

# Some characters may stand anywhere in a path, some only before others; brackets must close, one may nest.
_ENDS_PATH = rf"[a-z0-9=+\-_#/{CYRILLIC}{LATIN_ACCENTS}]"
_INSIDE_PATH = r"[!*';:,.$%\[\]\u2013~@|&]"
_ANY_IN_PATH = rf"(?:{_ENDS_PATH}|{_INSIDE_PATH})"
_BRACKETS = rf"\((?:{_ANY_IN_PATH}++|{_ANY_IN_PATH}*+\({_ANY_IN_PATH}++\){_ANY_IN_PATH}*+)\)"
_PATH = re.compile(
    rf"/(?:{_ENDS_PATH}|{_BRACKETS}|{_INSIDE_PATH}(?:{_INSIDE_PATH}|{_BRACKETS})*+{_ENDS_PATH})*+",
    re.IGNORECASE,
)
_PORT = re.compile(r":[0-9]+")
_QUERY = re.compile(r"\?(?:[a-z0-9_&=#/-]|[!?*'@();:+$%\[\].,~|]++[a-z0-9_&=#/-])++", re.ASCII | re.IGNORECASE)
_SHORTENED = re.compile(r"https?://t\.co/([a-z0-9]+)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A URL, or what only looks like one (`end` is None); reading goes on at `resume` either way."""

    start: int
    end: int | None
    resume: int


def url_spans(text: str) -> Iterator[tuple[int, int]]:
    """Start (inclusive) and end (exclusive) of each URL, in order."""
    resume = 0
    while run := _HOST_RUN.search(text, resume):
        follows_url = 0 < run.start() == resume
        resume = run.end()
        # Most words have no dot, and a host has one.
        if "." not in run[0]:
            continue
        for candidate in _candidates(text, *run.span(), follows_url):
            resume = max(resume, candidate.resume)
            if candidate.end is not None:
                yield candidate.start, candidate.end


def _candidates(text: str, run_start: int, run_end: int, follows_url: bool) -> Iterator[_Candidate]:
    """All there is in a run of characters that hosts may hold."""
    at = run_start
    first = _with_scheme(text, run_start, run_end)
    if not first and not follows_url:
        first = _part_of_something(text, run_start, run_end)
    if first:
        yield first
        at = first.resume
    while at < run_end and (piece := _LATIN_RUN.search(text, at, run_end)):
        # After its first host, a piece goes on with a dot or underscore, and behind those no URL may begin.
        at = piece.end()
        if bare := _bare(text, piece.start(), run_end):
            yield bare
            at = max(at, bare.resume)


def _with_scheme(text: str, start: int, run_end: int) -> _Candidate | None:
    scheme = _SCHEME.search(text, max(0, start - _LONGEST_SCHEME), start)
    if not scheme or _stands_after(_NOT_BEFORE_SCHEME, text, scheme.start()):
        return None
    host_end = _host_end(text, start, run_end, _ANY_LABEL)
    if host_end is None:
        return None
    _, end = _tail_ends(text, host_end)
    is_host = _is_host(text[start:host_end])
    return _Candidate(scheme.start(), _url_end(text, scheme.start(), end) if is_host else None, end)


def _part_of_something(text: str, run_start: int, run_end: int) -> _Candidate | None:
    """A host right behind a slash, dot, dash or underscore is passed over, with the path that it has."""
    first = _NO_JOINT.search(text, run_start, run_end)
    if not first or not _stands_after(_JOINT, text, first.start()):
        return None
    host_end = _host_end(text, first.start(), run_end, _ANY_LABEL)
    return _Candidate(first.start(), None, _tail_ends(text, host_end)[1]) if host_end else None


def _bare(text: str, start: int, run_end: int) -> _Candidate | None:
    host_end = _host_end(text, start, run_end, _LATIN_LABEL)
    if host_end is None:
        return None
    path_end, resume = _tail_ends(text, host_end)
    # Without a path neither port nor query belong to it: "at example.com: 20" and "example.com?" are prose.
    end = resume if path_end else host_end
    is_url = _is_host(text[start:host_end]) and not _stands_after(_NOT_BEFORE_BARE_HOST, text, start)
    # Without a scheme not even a subdomain may have underscores: the URL begins after them.
    start = max(start, text.rfind("_", start, host_end) + 1)
    return _Candidate(start, end if is_url and end - start <= MAX_URL_CHARACTERS else None, resume)


def _stands_after(unwanted: re.Pattern[str], text: str, start: int) -> bool:
    return start > 0 and unwanted.match(text, start - 1) is not None


def _host_end(text: str, start: int, run_end: int, label: re.Pattern[str]) -> int | None:
    """The end of the longest host from `start` on: labels, then a top-level domain."""
    host_end = None
    at = start
    while found := label.match(text, at, run_end):
        at = found.end() + 1
        # Underscores are for the names of machines, not for what can be registered.
        if "_" not in found[0]:
            host_end = top_level_domain_end(text, at, run_end) or host_end
    return host_end


def _tail_ends(text: str, host_end: int) -> tuple[int | None, int]:
    """Where the path ends, None without one; and where the whole URL ends."""
    port = _PORT.match(text, host_end)
    end = port.end() if port else host_end
    path = _PATH.match(text, end)
    if path:
        end = path.end()
    if query := _QUERY.match(text, end):
        end = query.end()
    return path.end() if path else None, end


def _is_host(host: str) -> bool:
    if len(host) > MAX_HOST_CHARACTERS:
        return False
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True


def _url_end(text: str, start: int, end: int) -> int | None:
    """Where a URL with a scheme ends: X's own short links do with their code. None if it is too long."""
    shortened = _SHORTENED.match(text, start, end)
    if shortened:
        if len(shortened[1]) > MAX_SHORT_CODE_CHARACTERS:
            return None
        query = _QUERY.match(text, shortened.end(), end)
        return query.end() if query else shortened.end()
    return end if end - start <= MAX_URL_CHARACTERS else None
