"""The signature itself (section 3.4.2), with SHA-1 as the RFC has it and with SHA-256 in the same way."""

import hmac
from base64 import b64encode

from tacet.identity.oauth1.rfc5849.encoding import encode

# PLAINTEXT and RSA-SHA1 are left out on purpose: X offers neither.
DIGESTS = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256"}


def signing_key(consumer_secret: str, token_secret: str) -> bytes:
    """The HMAC key: both secrets, encoded and joined by `&`, which stays when either is empty."""
    return f"{encode(consumer_secret)}&{encode(token_secret)}".encode("ascii")


def sign(method: str, key: bytes, text: str) -> str:
    """The base64 of the HMAC of `text`; `method` is one of DIGESTS."""
    return b64encode(hmac.digest(key, text.encode("ascii"), DIGESTS[method])).decode("ascii")


def same_signature(expected: str, given: str) -> bool:
    """Compare in a time that does not depend on where the two differ."""
    return hmac.compare_digest(expected.encode(), given.encode())
