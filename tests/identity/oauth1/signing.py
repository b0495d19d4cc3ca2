"""Signed requests as oauthlib makes them: a client that shares no code with what is tested."""

from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from oauthlib.oauth1 import Client

from tacet.clock import ManualClock
from tacet.identity.oauth1 import Nonces, OAuth1Error, Reason, SignedRequest, Verifier, collect
from tacet.settings import X_API_ORIGINS

NOW_S = 1_795_311_129
CONSUMER_SECRET = "kd94hf93k423kf44"
TOKEN_SECRET = "pfkkdhi9sl3r4s00"
FORM_TYPE = "application/x-www-form-urlencoded"

Method = Literal["DELETE", "GET", "POST", "PUT"]
METHODS: tuple[Method, ...] = ("DELETE", "GET", "POST", "PUT")
Pairs = list[tuple[str, str]]
T = TypeVar("T")


@dataclass(frozen=True)
class Signing:
    """What a client signs with; `replace` it for a variation."""

    consumer_key: str = "dpf43f3p2l4k3l03"
    consumer_secret: str = CONSUMER_SECRET
    token: str | None = "1001-nnch734d00sl2jdk"
    token_secret: str | None = TOKEN_SECRET
    method: str = "HMAC-SHA1"
    place: str = "AUTH_HEADER"
    nonce: str = "chapoH"
    timestamp_s: int = NOW_S
    callback: str | None = None
    verifier: str | None = None


def encoded(pairs: Pairs) -> str:
    """Pairs as a query or form in which every escape is one that oauthlib can read back."""
    return urlencode(pairs, quote_via=quote)


def signed(
    url: str = "https://api.x.com/2/users/1001/muting",
    signing: Signing | None = None,
    *,
    method: Method = "GET",
    form: Pairs | None = None,
) -> SignedRequest:
    """The request as it arrives at the host that the URL names."""
    by = signing or Signing()
    client = Client(
        by.consumer_key,
        client_secret=by.consumer_secret,
        resource_owner_key=by.token,
        resource_owner_secret=by.token_secret,
        signature_method=by.method,
        signature_type=by.place,
        callback_uri=by.callback,
        verifier=by.verifier,
        nonce=by.nonce,
        timestamp=str(by.timestamp_s),
    )
    headers = {} if form is None else {"Content-Type": FORM_TYPE}
    uri, headers, body = client.sign(url, method, None if form is None else encoded(form), headers)
    parts = urlsplit(uri)
    return SignedRequest(
        method=method,
        scheme=parts.scheme,
        host=parts.netloc,
        raw_path=parts.path,
        query=parts.query.encode(),
        authorization=headers.get("Authorization"),
        form_body=None if form is None else body.encode(),
    )


def at(request: SignedRequest, host: str) -> SignedRequest:
    """The same request, arrived in plain HTTP at another host."""
    return replace(request, scheme="http", host=host)


def verifier_at(now_s: int = NOW_S, nonces: Nonces | None = None) -> Verifier:
    return Verifier(ManualClock(now_s * 1000), nonces or Nonces(), X_API_ORIGINS)


def finished(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine gives that waits for nothing: with a memory of one process, checking a signature does not."""
    try:
        work.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    raise AssertionError("it waits")


def outcome(
    request: SignedRequest,
    verifier: Verifier | None = None,
    *,
    consumer_secret: str = CONSUMER_SECRET,
    token_secret: str = TOKEN_SECRET,
    allow_unsigned_verifier: bool = False,
) -> Reason | None:
    """Why a request is refused, or None if it is not."""
    try:
        finished(
            (verifier or verifier_at()).verify(
                request,
                collect(request),
                consumer_secret,
                token_secret,
                allow_unsigned_verifier=allow_unsigned_verifier,
            )
        )
    except OAuth1Error as error:
        return error.reason
    return None
