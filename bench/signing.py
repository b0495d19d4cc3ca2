"""Requests that are signed before they are sent, so that the load generator need not sign."""

import random
from collections.abc import Iterator, Mapping, Sequence

from bench import world
from tacet.identity.oauth1.rfc5849.base_string import base_string, origin, signed_part
from tacet.identity.oauth1.rfc5849.encoding import encode
from tacet.identity.oauth1.rfc5849.parameters import normalize
from tacet.identity.oauth1.rfc5849.signature import sign, signing_key

METHOD = "HMAC-SHA1"
"""What every client in use signs with."""

SPREAD_S = 120
"""Timestamps lie within so many seconds before the moment of signing: well inside the window of 300."""

NONCE_BITS = 128
"""Enough that no two nonces are ever the same."""


def signed_page(index: int, scheme_and_host: tuple[str, str], now_s: int, dice: random.Random) -> tuple[str, str]:
    """The path of a person's first page and the `Authorization` header that is good for it, once.

    Args:
        scheme_and_host: of the address that the client believes to be talking to.
        now_s: Unix seconds.
        dice: for nonce and timestamp.
    """
    path = f"/2/users/{world.person_id(index)}/muting"
    return path, signed(index, path, {}, scheme_and_host, now_s, dice)


def signed(
    index: int, path: str, query: Mapping[str, str], scheme_and_host: tuple[str, str], now_s: int, dice: random.Random
) -> str:
    """The `Authorization` header of one GET of a person. For the last three arguments see `signed_page`."""
    oauth = {
        "oauth_consumer_key": world.CONSUMER_KEY,
        "oauth_nonce": f"{dice.getrandbits(NONCE_BITS):032x}",
        "oauth_signature_method": METHOD,
        "oauth_timestamp": str(now_s - dice.randrange(SPREAD_S)),
        "oauth_token": world.oauth1_text(index),
        "oauth_version": "1.0",
    }
    rest = signed_part(path, normalize([*oauth.items(), *query.items()]))
    text = base_string("GET", encode(origin(*scheme_and_host)), rest)
    oauth["oauth_signature"] = sign(METHOD, signing_key(world.CONSUMER_SECRET, world.oauth1_secret(index)), text)
    return "OAuth " + ", ".join(f'{name}="{encode(value)}"' for name, value in oauth.items())


def lines(indexes: Sequence[int], scheme_and_host: tuple[str, str], now_s: int, dice: random.Random) -> Iterator[str]:
    """A line for `lua/lines.lua` for each of these people."""
    for index in indexes:
        path, authorization = signed_page(index, scheme_and_host, now_s, dice)
        yield f"GET\t{path}\t{authorization}\n"
