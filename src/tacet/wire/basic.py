"""Reading `Authorization: Basic` (RFC 7617), as OAuth 2.0 clients and Apps on their own send it."""

import base64
import binascii
import re
from urllib.parse import unquote

from starlette.types import Scope

from tacet.wire.credentials import BLANKS, header

MAX_BASIC_CHARS = 1_024
"""Of the encoded part; a client id and its secret have about 120."""

_BROKEN_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")


def basic_credentials(scope: Scope) -> tuple[str, str] | None:
    """Name and secret; None where there are none, or the header is something else or broken.

    OAuth 2.0 asks clients to percent-encode both first (RFC 6749 section 2.3.1), and most do not. Keys are made of
    characters that stay as they are, so both ways of sending them read the same here.
    """
    scheme, _, encoded = header(scope, b"authorization").decode("latin-1").partition(" ")
    encoded = encoded.strip(BLANKS)
    if scheme.lower() != "basic" or len(encoded) > MAX_BASIC_CHARS:
        return None
    try:
        # Some clients leave the padding out.
        plain = base64.b64decode(encoded.rstrip("=") + "=" * (-len(encoded.rstrip("=")) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    name, colon, secret = plain.partition(":")
    return (_decoded(name), _decoded(secret)) if colon else None


def _decoded(text: str) -> str:
    return text if _BROKEN_ESCAPE.search(text) else unquote(text)
