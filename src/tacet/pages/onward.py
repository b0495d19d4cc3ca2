"""Where a browser goes on to after signing in: a path of ours, never another site."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

SIGN_IN_PATH = "/sign-in"

NEXT = "next"
"""The parameter of `SIGN_IN_PATH` that says where to go on."""

FORCE = "force"
"""The parameter of `SIGN_IN_PATH` that shows it to somebody who is signed in already, whatever its value."""

SCREEN_NAME = "screen_name"
"""The parameter of `SIGN_IN_PATH` that says who is expected to sign in."""

MAX_NEXT_LENGTH = 5_000
"""Characters of a path to come back to: escaped it triples at most, which still fits into a request line."""

HOME = "/"

_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*\Z")
"""Printable ASCII without blanks and backslashes, which browsers read as slashes, and one slash at the start."""


def local_path(text: str) -> str:
    """`text` where it is a path of ours, with or without a query; `HOME` for anything else."""
    return text if len(text) <= MAX_NEXT_LENGTH and _PATH.match(text) else HOME


def with_query(path: str, fields: Mapping[str, Sequence[str]]) -> str:
    """A path with these parameters; the path alone where all of it would be too long."""
    query = urlencode(fields, doseq=True)
    whole = f"{path}?{query}" if query else path
    return whole if len(whole) <= MAX_NEXT_LENGTH else path


def to_sign_in(back: str, *, force: bool = False) -> str:
    """The address of the sign-in that comes back to the path `back`."""
    asked = f"{FORCE}=1&" if force else ""
    return f"{SIGN_IN_PATH}?{asked}{NEXT}={quote(back, safe='')}"
