"""`POST /2/oauth2/token`: a code or a refresh token becomes an access token."""

from collections.abc import Mapping

from starlette.routing import Route
from starlette.types import Scope

from tacet.identity.oauth2.clients import ClientCredentials
from tacet.identity.oauth2.errors import bad_grant_type, missing
from tacet.identity.oauth2.tokens import Issued, OAuth2Tokens
from tacet.wire.answering import Answering
from tacet.wire.endpoint import Services
from tacet.wire.headers import Reply
from tacet.wire.oauth2.requests import ClientRequests, Parameters

PATH = "/2/oauth2/token"


class TokenEndpoint:
    """Answers token requests (RFC 6749 section 3.2)."""

    def __init__(self, tokens: OAuth2Tokens, requests: ClientRequests) -> None:
        self._tokens = tokens
        self._requests = requests

    def route(self, services: Services) -> Route:
        return Route(PATH, endpoint=Answering(services, PATH, {"POST": self._answer}))

    async def _answer(self, scope: Scope, body: bytes) -> Reply:
        return await self._requests.answer(scope, body, self._issue)

    async def _issue(self, client: ClientCredentials, given: Parameters) -> Mapping[str, object]:
        match given.one("grant_type"):
            case "authorization_code":
                return _members(
                    await self._tokens.exchange(
                        client,
                        code=given.one("code"),
                        redirect_uri=given.one("redirect_uri"),
                        verifier=given.one("code_verifier"),
                    )
                )
            case "refresh_token":
                return _members(
                    await self._tokens.refresh(
                        client, refresh_token=given.one("refresh_token"), scope=given.one("scope")
                    )
                )
            case "":
                raise missing("grant_type")
            case _:
                raise bad_grant_type()


def _members(issued: Issued) -> Mapping[str, object]:
    """In the order in which X writes them."""
    members: dict[str, object] = {
        "token_type": "bearer",
        "expires_in": issued.expires_in_s,
        "access_token": issued.access_token,
        "scope": issued.scope,
    }
    return members if issued.refresh_token is None else {**members, "refresh_token": issued.refresh_token}
