"""Where an answer to an authorization request goes (RFC 6749 sections 3.1.2 and 4.1.2)."""

import re
from collections.abc import Sequence
from urllib.parse import quote, urlencode

_WEB_HOST_ALONE = re.compile(r"https?://[^/]*", re.ASCII)


def with_query(uri: str, pairs: Sequence[tuple[str, str]]) -> str:
    """A redirect URI with more in its query; what stands there already is kept as it is.

    An address of the web without a path gets the "/" that it means anyway (RFC 3986 section 6.2.3), as X's get it.
    """
    base, mark, query = uri.partition("?")
    if _WEB_HOST_ALONE.fullmatch(base):
        base += "/"
    # %20 for a space: a client that undoes nothing but percent-encoding gets back what it sent.
    added = urlencode(pairs, quote_via=quote, safe="")
    joint = "&" if query and not query.endswith("&") else ""
    return f"{base}?{query}{joint}{added}" if mark else f"{base}?{added}"
