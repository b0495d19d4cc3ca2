"""OAuth 1.0a as X does it: `collect` a request, look up its secrets, `verify` it."""

from tacet.identity.oauth1.errors import OAuth1Error, Reason
from tacet.identity.oauth1.nonces import NonceMemory, Nonces
from tacet.identity.oauth1.request import Parameters, SignedRequest, collect, is_oauth1
from tacet.identity.oauth1.verifier import Verifier

__all__ = [
    "NonceMemory",
    "Nonces",
    "OAuth1Error",
    "Parameters",
    "Reason",
    "SignedRequest",
    "Verifier",
    "collect",
    "is_oauth1",
]
