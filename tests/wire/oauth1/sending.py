"""Signed requests over the wire of a service."""

from urllib.parse import parse_qsl

from tacet.identity.oauth1 import SignedRequest
from tests.identity.oauth1.logins import Keys
from tests.identity.oauth1.signing import FORM_TYPE
from tests.service import HOST, Answer, Service, exchange


async def send(service: Service, request: SignedRequest, **headers: str) -> Answer:
    """Send a request as it was signed."""
    sent = {"host": HOST, **headers}
    if request.authorization is not None:
        sent["authorization"] = request.authorization
    if request.form_body is not None:
        sent["content-type"] = FORM_TYPE
    query = request.query.decode() if isinstance(request.query, bytes) else request.query
    target = f"{request.raw_path}?{query}" if query else request.raw_path
    return await exchange(service.tacet, request.method, target, sent, [request.form_body or b""])


def members(answer: Answer) -> dict[str, str]:
    """What a form-encoded answer says, in order."""
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "text/html;charset=utf-8"
    return dict(parse_qsl(answer.body.decode(), strict_parsing=True))


def keys_of(answer: Answer) -> Keys:
    found = members(answer)
    return Keys(found["oauth_token"], found["oauth_token_secret"])
