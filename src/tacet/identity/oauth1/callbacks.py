"""Where a login returns to: the App's callback, or nowhere, and then a PIN is shown (RFC 5849 sections 2.1 and 2.2)."""

from tacet.identity.oauth2.rfc6749.redirect import with_query

OUT_OF_BAND = "oob"
"""The callback of Apps that no browser can return to."""


def approved(token: str, verifier: str, callback: str) -> str:
    """Where the browser of somebody who agreed goes on."""
    return _answered(callback, [("oauth_token", token), ("oauth_verifier", verifier)])


def denied(token: str, callback: str) -> str:
    """Where the browser of somebody who did not agree goes on; the RFC knows no such answer, X does."""
    return _answered(callback, [("denied", token)])


def _answered(callback: str, pairs: list[tuple[str, str]]) -> str:
    """The callback with more in its query. A fragment, which OAuth 2.0 forbids and this RFC does not, stays behind."""
    before, mark, fragment = callback.partition("#")
    return f"{with_query(before, pairs)}{mark}{fragment}"
