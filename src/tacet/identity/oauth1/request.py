"""A signed request as it arrived, and what it claims about itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tacet.identity.oauth1.errors import OAuth1Error, Reason
from tacet.identity.oauth1.rfc5849.parameters import (
    MAX_PARAMETERS,
    Pair,
    collect_parameters,
    is_oauth_scheme,
    parse_form,
    parse_header,
)
from tacet.identity.oauth1.rfc5849.signature import DIGESTS

# Characters of one header: clients send about 300, and a callback may add 2,000.
MAX_AUTHORIZATION_CHARS = 8_192
# Characters of path and query, each: what the server in front takes for all headers together.
MAX_TARGET_CHARS = 16_384
# Octets of a form: the limit on bodies of the whole wire.
MAX_FORM_BYTES = 65_536
# Characters of a host name and its port: 253 (RFC 1035) and 6.
MAX_HOST_CHARS = 259
# Characters of a method: the longest registered one has 17.
MAX_METHOD_CHARS = 32
# Characters of a nonce: the longest that a client was seen to send is 64.
MAX_NONCE_CHARS = 256
# Digits of a timestamp in seconds: enough for the next 31,000 years, and no cost to convert.
MAX_TIMESTAMP_DIGITS = 12

_REQUIRED = (
    "oauth_consumer_key",
    "oauth_nonce",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_timestamp",
)
_CREDENTIALS = ("oauth_signature=", "oauth_consumer_key=")


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The parts of an HTTP request that an OAuth 1.0a signature covers.

    Args:
        method: as received.
        scheme: `http` or `https`, as the server sees it.
        host: the `Host` header, as received.
        raw_path: the percent-encoded path, as received.
        query: without its `?`, as received.
        authorization: the `Authorization` header, if there is one.
        form_body: only of a request whose content type is `application/x-www-form-urlencoded`, else None.
    """

    method: str
    scheme: str
    host: str
    raw_path: str
    query: bytes | str = field(default=b"", repr=False)
    authorization: str | None = field(default=None, repr=False)
    form_body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of a signed request, decoded.

    Handlers must read `oauth_` parameters from here and not from the query: where one is repeated, this is
    the value that was signed.

    Args:
        oauth: one value for each `oauth_` name.
        pairs: every other parameter of query and form, in order, repetitions kept.
    """

    oauth: Mapping[str, str] = field(repr=False)
    pairs: tuple[Pair, ...] = field(repr=False)

    @property
    def consumer_key(self) -> str:
        return self.oauth["oauth_consumer_key"]

    @property
    def token(self) -> str | None:
        """The token, or None where it is absent or empty: a request of the App alone."""
        return self.oauth.get("oauth_token") or None

    @property
    def timestamp_s(self) -> int:
        """Unix time in seconds."""
        return int(self.oauth["oauth_timestamp"])


def is_oauth1(authorization: str | None, query: bytes | str, form: bytes | None) -> bool:
    """Whether a request carries OAuth 1.0a credentials, in its header, query or form; valid or not.

    A header of another scheme decides that it does not.
    """
    if authorization is not None:
        return is_oauth_scheme(authorization)
    return _holds_credentials(query) or (form is not None and _holds_credentials(form))


def collect(request: SignedRequest) -> Parameters:
    """Read and check everything about a signed request that needs neither its secrets nor the time.

    Raises:
        OAuth1Error: MALFORMED, MISSING_PARAMETER, UNSUPPORTED_METHOD or UNSUPPORTED_VERSION.
    """
    _check_target(request)
    query = parse_form(_ascii(request.query, MAX_TARGET_CHARS, "query"))
    form = parse_form(_ascii(request.form_body or b"", MAX_FORM_BYTES, "form"))
    oauth, others = collect_parameters(_header_parameters(request.authorization), query, form)
    if len(oauth) + len(others) > MAX_PARAMETERS:
        raise OAuth1Error(Reason.MALFORMED, "too many parameters")
    _check_protocol(oauth)
    return Parameters(oauth, tuple(others))


def _holds_credentials(encoded: bytes | str) -> bool:
    text = encoded if isinstance(encoded, str) else encoded.decode("latin-1")
    return any(text.startswith(name) or f"&{name}" in text for name in _CREDENTIALS)


def _header_parameters(authorization: str | None) -> list[Pair]:
    if authorization is None or not is_oauth_scheme(authorization):
        return []
    return parse_header(_ascii(authorization, MAX_AUTHORIZATION_CHARS, "authorization header"))


def _ascii(raw: bytes | str, max_length: int, part: str) -> str:
    # Octets beyond ASCII must be percent-encoded. Whoever sends them bare leaves it to each reader to choose
    # a charset, and a signature must not depend on that.
    if len(raw) > max_length or not raw.isascii():
        raise OAuth1Error(Reason.MALFORMED, part)
    return raw if isinstance(raw, str) else raw.decode("ascii")


def _check_target(request: SignedRequest) -> None:
    _ascii(request.method, MAX_METHOD_CHARS, "method")
    _ascii(request.scheme, len("https"), "scheme")
    _ascii(request.host, MAX_HOST_CHARS, "host")
    _ascii(request.raw_path, MAX_TARGET_CHARS, "path")


def _check_protocol(oauth: Mapping[str, str]) -> None:
    """What section 3.2 asks of the protocol parameters, the method first: PLAINTEXT needs no nonce."""
    if oauth.get("oauth_signature_method", "HMAC-SHA1") not in DIGESTS:
        raise OAuth1Error(Reason.UNSUPPORTED_METHOD)
    if oauth.get("oauth_version", "1.0") != "1.0":
        raise OAuth1Error(Reason.UNSUPPORTED_VERSION)
    for name in _REQUIRED:
        if not oauth.get(name):
            raise OAuth1Error(Reason.MISSING_PARAMETER, name)
    nonce, timestamp = oauth["oauth_nonce"], oauth["oauth_timestamp"]
    if len(nonce) > MAX_NONCE_CHARS or not nonce.isascii():
        raise OAuth1Error(Reason.MALFORMED, "oauth_nonce")
    if len(timestamp) > MAX_TIMESTAMP_DIGITS or not (timestamp.isascii() and timestamp.isdigit()):
        raise OAuth1Error(Reason.MALFORMED, "oauth_timestamp")
