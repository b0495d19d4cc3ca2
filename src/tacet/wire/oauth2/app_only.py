"""`POST /oauth2/token` and `/oauth2/invalidate_token`: the bearer of an App on its own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.routing import Route
from starlette.types import Scope

from tacet.identity.app_only import AppOnly, AppOnlyRefused
from tacet.identity.oauth2.errors import OAuth2Error
from tacet.wire.answering import Answering, Handle, problem_in_v1
from tacet.wire.attempts import Attempts
from tacet.wire.basic import basic_credentials
from tacet.wire.encoding import encode
from tacet.wire.endpoint import Services
from tacet.wire.headers import Reply
from tacet.wire.oauth2.requests import read_parameters
from tacet.wire.oauth_problems import BAD_APP_CREDENTIALS, NO_GRANT_TYPE, NO_STORE, RATE_LIMIT_EXCEEDED
from tacet.wire.problems import JSON_V1, Problem, Refusal

ISSUE_PATH = "/oauth2/token"
INVALIDATE_PATH = "/oauth2/invalidate_token"


@dataclass(frozen=True, slots=True)
class _Task:
    """What a path does.

    Attributes:
        parameter: the one that it needs.
        unreadable: the answer where the parameters cannot be read.
        work: given consumer key, consumer secret and that parameter, makes the members of the answer.
    """

    parameter: str
    unreadable: Problem
    work: Callable[[str, str, str], Awaitable[dict[str, str]]]


class AppOnlyEndpoints:
    """Answers both. An App shows its consumer key and secret by Basic, or as `client_id` and `client_secret`."""

    def __init__(self, app_only: AppOnly, attempts: Attempts) -> None:
        self._app_only = app_only
        self._attempts = attempts

    def routes(self, services: Services) -> list[Route]:
        handlers: dict[str, Handle] = {ISSUE_PATH: self._token, INVALIDATE_PATH: self._invalidate_token}
        return [
            Route(path, endpoint=Answering(services, path, {"POST": handle}, problem_in_v1))
            for path, handle in handlers.items()
        ]

    async def _token(self, scope: Scope, body: bytes) -> Reply:
        return await self._answer(scope, body, _Task("grant_type", NO_GRANT_TYPE, self._issue))

    async def _invalidate_token(self, scope: Scope, body: bytes) -> Reply:
        return await self._answer(scope, body, _Task("access_token", BAD_APP_CREDENTIALS, self._invalidate))

    async def _answer(self, scope: Scope, body: bytes, task: _Task) -> Reply:
        try:
            given = read_parameters(scope, body)
            key, secret = basic_credentials(scope) or (given.one("client_id"), given.one("client_secret"))
            subject = given.one(task.parameter)
        except OAuth2Error as error:
            raise Refusal(task.unreadable, error.reason) from None
        attempt = await self._attempts.begin(scope, key, RATE_LIMIT_EXCEEDED)
        try:
            return Reply(encode(await task.work(key, secret, subject)), JSON_V1, NO_STORE)
        except AppOnlyRefused as error:
            await attempt.failed()
            raise Refusal(BAD_APP_CREDENTIALS, str(error)) from None

    async def _issue(self, key: str, secret: str, grant_type: str) -> dict[str, str]:
        if grant_type != "client_credentials":
            raise Refusal(NO_GRANT_TYPE, "grant_type is not client_credentials")
        return {"token_type": "bearer", "access_token": await self._app_only.issue(key, secret)}

    async def _invalidate(self, key: str, secret: str, bearer: str) -> dict[str, str]:
        await self._app_only.invalidate(key, secret, bearer)
        return {"access_token": bearer}
