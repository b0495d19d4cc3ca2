"""`POST /2/oauth2/revoke`: a client gives back what it was granted (RFC 7009)."""

from collections.abc import Mapping

from starlette.routing import Route
from starlette.types import Scope

from tacet.identity.oauth2.clients import ClientCredentials
from tacet.identity.oauth2.tokens import OAuth2Tokens
from tacet.wire.answering import Answering
from tacet.wire.endpoint import Services
from tacet.wire.headers import Reply
from tacet.wire.oauth2.requests import ClientRequests, Parameters

PATH = "/2/oauth2/revoke"


class RevokeEndpoint:
    """Answers revocation requests. `token_type_hint` is taken and not needed: every token is found by its digest."""

    def __init__(self, tokens: OAuth2Tokens, requests: ClientRequests) -> None:
        self._tokens = tokens
        self._requests = requests

    def route(self, services: Services) -> Route:
        return Route(PATH, endpoint=Answering(services, PATH, {"POST": self._answer}))

    async def _answer(self, scope: Scope, body: bytes) -> Reply:
        return await self._requests.answer(scope, body, self._revoke)

    async def _revoke(self, client: ClientCredentials, given: Parameters) -> Mapping[str, object]:
        await self._tokens.revoke(client, token=given.one("token"))
        return {"revoked": True}
