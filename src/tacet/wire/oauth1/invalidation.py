"""`POST /1.1/oauth/invalidate_token.json`: an App gives back an access token."""

from starlette.routing import Route
from starlette.types import Scope

from tacet.identity.authenticator import Authenticator
from tacet.identity.caller import Unauthenticated
from tacet.identity.invalidation import OAuth1Invalidation
from tacet.identity.oauth1.request import SignedRequest
from tacet.wire.answering import Answering, problem_in_v1
from tacet.wire.credentials import BLANKS, header
from tacet.wire.encoding import encode
from tacet.wire.endpoint import Services
from tacet.wire.headers import Reply
from tacet.wire.oauth1.requests import SignedRequests
from tacet.wire.oauth_problems import INVALID_BEARER, RESOURCE_NOT_ALLOWED
from tacet.wire.problems import JSON_V1, Refusal

PATH = "/1.1/oauth/invalidate_token.json"


class InvalidationEndpoint:
    """Answers it. Only an OAuth 1.0a signature in the name of a person will do."""

    def __init__(
        self, invalidation: OAuth1Invalidation, authenticator: Authenticator, requests: SignedRequests
    ) -> None:
        self._invalidation = invalidation
        self._authenticator = authenticator
        self._requests = requests

    def route(self, services: Services) -> Route:
        return Route(PATH, endpoint=Answering(services, PATH, {"POST": self._answer}, problem_in_v1))

    async def _answer(self, scope: Scope, body: bytes) -> Reply:
        scheme, _, credentials = header(scope, b"authorization").decode("latin-1").partition(" ")
        if scheme.lower() == "bearer":
            raise await self._of_bearer(credentials.strip(BLANKS))
        return await self._requests.answer(scope, body, self._invalidate)

    async def _of_bearer(self, text: str) -> Refusal:
        try:
            await self._authenticator.bearer(text)
        except Unauthenticated as error:
            return Refusal(INVALID_BEARER, str(error))
        return Refusal(RESOURCE_NOT_ALLOWED, "a bearer was sent where only an OAuth 1.0a signature will do")

    async def _invalidate(self, request: SignedRequest) -> Reply:
        return Reply(encode({"access_token": await self._invalidation.invalidate(request)}), JSON_V1)
