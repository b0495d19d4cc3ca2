"""Code challenges and verifiers (RFC 7636 sections 4.1 to 4.6)."""

import base64
import hashlib
import hmac
import re

from tacet.records.consents import ChallengeMethod

_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]{1,256}", re.ASCII)
"""The RFC asks for 43 to 128 characters; X's own examples send one word, and X's own TypeScript SDK makes 171."""

_SHA256_BASE64URL = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)

_METHODS = {"plain": ChallengeMethod.PLAIN, "S256": ChallengeMethod.S256, "s256": ChallengeMethod.S256}
"""By what clients send: X's own TypeScript library writes the last one small."""


def method_named(name: str) -> ChallengeMethod | None:
    """The method of a `code_challenge_method`, empty for `plain` (section 4.3); None for an unknown one."""
    return _METHODS.get(name or "plain")


def is_challenge(text: str, method: ChallengeMethod) -> bool:
    """Whether this can be a challenge of that method."""
    pattern = _SHA256_BASE64URL if method is ChallengeMethod.S256 else _UNRESERVED
    return pattern.fullmatch(text) is not None


def is_verifier(text: str) -> bool:
    """Whether this can be a verifier: 1 to 256 unreserved characters."""
    return _UNRESERVED.fullmatch(text) is not None


def challenge_of(verifier: str, method: ChallengeMethod) -> str:
    """The challenge that a verifier answers (section 4.2)."""
    if method is ChallengeMethod.PLAIN:
        return verifier
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()


def answers(verifier: str, challenge: str, method: ChallengeMethod) -> bool:
    """Whether this is the verifier that the challenge was made from (section 4.6)."""
    if not is_verifier(verifier):
        return False
    return hmac.compare_digest(challenge_of(verifier, method).encode(), challenge.encode())
