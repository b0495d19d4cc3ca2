"""`/oauth/request_token` and `/oauth/access_token`: the two steps of a login that the App takes itself."""

from urllib.parse import urlencode

from starlette.routing import Route
from starlette.types import Scope

from tacet.identity.oauth1.logins import OAuth1Logins
from tacet.identity.oauth1.request import SignedRequest
from tacet.wire.answering import Answering, Handle, problem_in_v1
from tacet.wire.endpoint import Services
from tacet.wire.headers import Reply
from tacet.wire.oauth1.requests import SignedRequests
from tacet.wire.oauth_problems import TEXT_V1

ASK_PATH = "/oauth/request_token"
EXCHANGE_PATH = "/oauth/access_token"


class LoginEndpoints:
    """Answers both, by POST and by GET: a client that is still in use sends GET."""

    def __init__(self, logins: OAuth1Logins, requests: SignedRequests) -> None:
        self._logins = logins
        self._requests = requests

    def routes(self, services: Services) -> list[Route]:
        handlers = {ASK_PATH: self._request_token, EXCHANGE_PATH: self._access_token}
        return [_route(services, path, handler) for path, handler in handlers.items()]

    async def _request_token(self, scope: Scope, body: bytes) -> Reply:
        return await self._requests.answer(scope, body, self._ask)

    async def _access_token(self, scope: Scope, body: bytes) -> Reply:
        return await self._requests.answer(scope, body, self._exchange)

    async def _ask(self, request: SignedRequest) -> Reply:
        made = await self._logins.request(request)
        return _form(
            {"oauth_token": made.token, "oauth_token_secret": made.secret, "oauth_callback_confirmed": "true"},
        )

    async def _exchange(self, request: SignedRequest) -> Reply:
        made = await self._logins.exchange(request)
        return _form(
            {
                "oauth_token": made.token,
                "oauth_token_secret": made.secret,
                "user_id": str(made.user_id),
                "screen_name": made.screen_name,
            }
        )


def _route(services: Services, path: str, handler: Handle) -> Route:
    return Route(path, endpoint=Answering(services, path, {"POST": handler, "GET": handler}, problem_in_v1))


def _form(members: dict[str, str]) -> Reply:
    """Members in X's order. Clients read it as JSON when the content type says so, so it says `text/html`."""
    return Reply(urlencode(members).encode(), TEXT_V1)
