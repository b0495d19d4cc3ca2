"""Finding the credentials of a request, wherever its client put them, and having them checked."""

from starlette.types import Scope

from tacet.identity.authenticator import Authenticator
from tacet.identity.caller import Caller, Unauthenticated
from tacet.identity.oauth1 import SignedRequest, is_oauth1
from tacet.wire.problems import UNAUTHORIZED, Refusal

BLANKS = " \t"
"""What may stand around a header's value (RFC 9110 section 5.6.3); `strip()` alone takes away more than that."""

FORM = "application/x-www-form-urlencoded"


def header(scope: Scope, name: bytes) -> bytes:
    """The first header of this lower-case name; empty when there is none."""
    value: bytes
    for key, value in scope["headers"]:
        if key == name:
            return value
    return b""


def is_form(scope: Scope) -> bool:
    """Whether the body is a form, whose fields an OAuth 1.0a signature covers."""
    return header(scope, b"content-type").partition(b";")[0].strip().lower() == FORM.encode()


def signed_request(scope: Scope, body: bytes, authorization: str) -> SignedRequest | None:
    """What an OAuth 1.0a signature covers; None where the request carries no such credentials.

    Args:
        authorization: the header of that name; empty when there is none.
    """
    form = body if body and is_form(scope) else None
    if not is_oauth1(authorization or None, scope["query_string"], form):
        return None
    return SignedRequest(
        method=scope["method"],
        scheme=scope["scheme"],
        host=header(scope, b"host").decode("latin-1"),
        raw_path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"],
        authorization=authorization or None,
        form_body=form,
    )


async def authenticate(authenticator: Authenticator, scope: Scope, body: bytes) -> Caller:
    """Who sent this request.

    Raises:
        Refusal: 401, the same for no credentials and for any that are no good.
    """
    authorization = header(scope, b"authorization").decode("latin-1")
    scheme, _, credentials = authorization.partition(" ")
    try:
        if scheme.lower() == "bearer":
            return await authenticator.bearer(credentials.strip(BLANKS))
        request = signed_request(scope, body, authorization)
        if request is None:
            raise Refusal(UNAUTHORIZED, "there is neither a bearer nor an OAuth 1.0a signature")
        return await authenticator.signed(request)
    except Unauthenticated as error:
        # The caller is told nothing more, as X tells nothing more; whoever runs the server may want to know.
        raise Refusal(UNAUTHORIZED, str(error)) from None
