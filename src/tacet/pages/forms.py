"""Reading forms, and the tokens that tell our own from those that another site sends in somebody's name."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request

from tacet.pages.visit import PageError
from tacet.records.people import MAX_ID
from tacet.wire.credentials import is_form

MAX_FIELDS = 100
"""Fields of a form; the longest of ours has about 20."""

MAX_ID_DIGITS = len(str(MAX_ID))
"""A longer text is not even turned into a number."""

_PURPOSE = b"tacet: form of "


def csrf_token(cookie: str) -> str:
    """The token of forms for the browser that holds this cookie: whoever cannot read the cookie cannot make it."""
    return hashlib.sha256(_PURPOSE + cookie.encode()).hexdigest()


def same_token(given: str, wanted: str) -> bool:
    """Compare in a time that does not tell how much is right."""
    return hmac.compare_digest(given.encode(), wanted.encode())


async def read_fields(request: Request, max_bytes: int) -> Mapping[str, Sequence[str]]:
    """A form's fields.

    Raises:
        PageError: 413 for more than `max_bytes`, 415 for what is no form, 400 for one that is broken.
    """
    if not is_form(request.scope):
        raise PageError(415, "Not a form", "This address takes forms only.", "Use the form on the page.")
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > max_bytes:
                raise PageError(413, "Too much", f"A form may have {max_bytes:,} bytes.", "Go back and send less.")
        return parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except (ValueError, ClientDisconnect):
        remedy = "Go back, reload the page and send it again."
        raise PageError(400, "A broken form", "It did not arrive as browsers send it.", remedy) from None


def read_query(request: Request) -> Mapping[str, Sequence[str]]:
    """The parameters after the `?`, decoded; of one that is repeated all values, in order.

    Raises:
        PageError: 400 for what is broken.
    """
    try:
        query: str = request.scope["query_string"].decode("ascii")
        return parse_qs(query, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:
        remedy = "If you followed a link, whoever made it has to mend it."
        raise PageError(400, "A broken address", "What stands after the ? cannot be read.", remedy) from None


def id_of(text: str) -> int | None:
    """An id as it stands in a path, a query or a form; None for what is none."""
    # Digits of other scripts are digits to Python, too.
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_ID_DIGITS and int(text) <= MAX_ID):
        return None
    return int(text)
