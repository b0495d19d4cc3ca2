"""Request parameters: where they are found (section 3.4.1.3.1) and their normal form (section 3.4.1.3.2)."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from tacet.identity.oauth1.errors import OAuth1Error, Reason
from tacet.identity.oauth1.rfc5849.encoding import decode, encode

Pair = tuple[str, str]

PROTOCOL_PREFIX = "oauth_"
SIGNATURE = "oauth_signature"

# X's routes take about twenty parameters; 256 leaves room and keeps the sort below a millisecond.
MAX_PARAMETERS = 256

# One `name="value"` of a header, with its comma. Quotes are optional because some clients leave them out;
# escapes inside quotes only ever occur in `realm`. Nothing is given back once it matched: trying again after a run
# of blanks would take a time that grows with its square.
_HEADER_PARAMETER = re.compile(
    r'[ \t]*+([^ \t=",]++)[ \t]*+=[ \t]*+(?:"([^"\\]*+(?:\\.[^"\\]*+)*+)"|([^ \t",]*+))[ \t]*+(?:,|$)'
)


def is_oauth_scheme(authorization: str) -> bool:
    """Whether an `Authorization` value is of the scheme `OAuth`, in any case (section 3.5.1)."""
    return authorization[:6].rstrip().lower() == "oauth"


def parse_header(authorization: str) -> list[Pair]:
    """The decoded parameters of an `Authorization: OAuth …` value, in order (section 3.5.1).

    Raises:
        OAuth1Error: MALFORMED when it is not a list of names and values, or holds more than MAX_PARAMETERS.
    """
    text = authorization[len("OAuth ") :].strip(" \t")
    pairs: list[Pair] = []
    position = 0
    while position < len(text):
        found = _HEADER_PARAMETER.match(text, position)
        if found is None or len(pairs) == MAX_PARAMETERS:
            raise OAuth1Error(Reason.MALFORMED, "authorization header")
        name, quoted, bare = found.groups()
        pairs.append((decode(name), decode(quoted if quoted is not None else bare)))
        position = found.end()
    return pairs


def parse_form(text: str) -> list[Pair]:
    """The decoded parameters of a query or a form body, in order, blank values and repetitions kept.

    Raises:
        OAuth1Error: MALFORMED for broken percent-encoding or more than MAX_PARAMETERS.
    """
    if not text:
        return []
    if text.count("&") >= MAX_PARAMETERS:
        raise OAuth1Error(Reason.MALFORMED, "too many parameters")
    parts = [part.partition("=") for part in text.replace("+", " ").split("&") if part]
    return [(decode(name), decode(value)) for name, _, value in parts]


def collect_parameters(
    header: Iterable[Pair], query: Iterable[Pair], form: Iterable[Pair]
) -> tuple[dict[str, str], list[Pair]]:
    """Split what was parsed into protocol parameters and the request's own.

    Of each `oauth_` name only one value counts, the last one seen in header, query and form, in that order;
    parameters of other names count as often as they occur in query and form, and not at all in the header.
    This is how X's own verifier reads them (twitter/joauth, `OAuthParams`); counting every occurrence, as
    section 3.4.1.3.1 says, refuses three of the clients in use.
    """
    oauth = {name: value for name, value in header if name.startswith(PROTOCOL_PREFIX)}
    others: list[Pair] = []
    for source in (query, form):
        for pair in source:
            if pair[0].startswith(PROTOCOL_PREFIX):
                oauth[pair[0]] = pair[1]
            else:
                others.append(pair)
    return oauth, others


def normalize(pairs: Iterable[Pair]) -> str:
    """The string of section 3.4.1.3.2; the signature itself must not be among `pairs`."""
    encoded = sorted([(encode(name), encode(value)) for name, value in pairs])
    return "&".join([f"{name}={value}" for name, value in encoded])


def covered(oauth: Mapping[str, str], unsigned: Collection[str] = ()) -> Iterator[Pair]:
    """The protocol parameters that a signature covers: all but itself and those named as `unsigned`."""
    return (pair for pair in oauth.items() if pair[0] != SIGNATURE and pair[0] not in unsigned)
