"""One path of v1.1: reads a request, asks who is calling, spends the limit, calls, answers."""

from collections.abc import Iterable, Mapping

from starlette.types import Receive, Scope, Send

from tacet.identity.caller import Caller, Method, Unauthenticated
from tacet.identity.oauth1 import OAuth1Error, Reason, collect
from tacet.identity.oauth1.rfc5849.parameters import PROTOCOL_PREFIX, Pair, parse_form
from tacet.limits.windows import Spent
from tacet.observing.requests import UNKNOWN
from tacet.records.credentials import Access
from tacet.wire.answering import problem_in_v1
from tacet.wire.credentials import BLANKS, header, is_form, signed_request
from tacet.wire.endpoint import Services, charged, read_body, subject_of
from tacet.wire.headers import Header
from tacet.wire.oauth_problems import (
    BAD_AUTHENTICATION_DATA,
    INVALID_BEARER,
    RATE_LIMIT_EXCEEDED,
    RESOURCE_NOT_ALLOWED,
    oauth1_problem,
)
from tacet.wire.problems import Problem, Refusal
from tacet.wire.refusals import tell
from tacet.wire.v1.calls import V1Call, V1Operation
from tacet.wire.v1.problems import MALFORMED, NO_SUCH_PAGE, READ_ONLY, wrong_method


class V1Endpoint:
    """Serves one operation."""

    def __init__(self, services: Services, operation: V1Operation) -> None:
        self._services = services
        self._operation = operation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        services, operation = self._services, self._operation
        moving = (services.headers.transaction_id(), services.clock.ticks_ns())
        note = services.requests.of(scope["method"], operation.path)
        caller: Caller | None = None
        spent: Spent | None = None
        try:
            if scope["method"] != operation.method and not (operation.by_post and scope["method"] == "POST"):
                raise Refusal(wrong_method(operation.method))
            body = await read_body(scope, receive, services.max_body_bytes)
            call = await self._authenticated(scope, body)
            caller = call.caller
            if caller.method is Method.OAUTH2_USER:
                raise Refusal(RESOURCE_NOT_ALLOWED, "v1.1 wants OAuth 1.0a here, not a bearer of OAuth 2.0")
            if caller.user_id is None and not operation.app_only:
                raise Refusal(RESOURCE_NOT_ALLOWED, "v1.1 wants OAuth 1.0a here, not a bearer of an App alone")
            spent = await services.windows.spend(operation.id, subject_of(caller))
            if spent is not None and not spent.allowed:
                raise Refusal(RATE_LIMIT_EXCEEDED)
            if operation.writes and caller.access is Access.READ:
                raise Refusal(READ_ONLY, "the App or its token may only read")
            answer = await operation.handle(call)
        except Exception as error:  # noqa: BLE001 - a bug is answered and logged, and never ends a connection
            tell(operation.method, operation.path, error)
            problem = problem_in_v1(services, error, operation.id, moving[0])
            spent = await charged(services, error, operation.id, caller, spent)
        else:
            services.usage.count(caller.app_id, False)
            note(200, moving, caller.app_id)
            headers = services.headers.v1(200, answer, caller, self._shown(spent), moving)
            await _send(send, 200, headers, answer)
            return
        if caller is not None:
            services.usage.count(caller.app_id, problem is RATE_LIMIT_EXCEEDED)
        note(problem.status, moving, caller.app_id if caller is not None else 0)
        await _send(send, problem.status, self._problem_headers(problem, caller, spent, moving), problem.body)

    def _problem_headers(
        self, problem: Problem, caller: Caller | None, spent: Spent | None, moving: tuple[bytes, int]
    ) -> list[Header]:
        headers = self._services.headers
        if problem.at_edge:
            return headers.problem(problem, None, None, moving)
        return headers.v1(problem.status, problem.body, caller, self._shown(spent), moving, problem.headers)

    def _shown(self, spent: Spent | None) -> Spent | None:
        """Requests that write are counted too, and X shows nothing of it."""
        return spent if self._operation.method == "GET" else None

    async def _authenticated(self, scope: Scope, body: bytes) -> V1Call:
        """The call, of whoever sent it.

        Raises:
            Refusal: 400 where nobody says who they are, 401 where it is not so. Unlike v2, v1.1 says why.
        """
        authorization = header(scope, b"authorization").decode("latin-1")
        scheme, _, credentials = authorization.partition(" ")
        if scheme.lower() == "bearer":
            return await self._of_bearer(credentials.strip(BLANKS), scope, body)
        request = signed_request(scope, body, authorization)
        if request is None:
            raise Refusal(BAD_AUTHENTICATION_DATA, "there is neither a bearer nor an OAuth 1.0a signature")
        try:
            caller = await self._services.authenticator.signed(request)
        except Unauthenticated as error:
            raise Refusal(oauth1_problem(error.reason or Reason.BAD_SIGNATURE), str(error)) from None
        parameters = collect(request)
        token = parameters.token or ""
        return V1Call(caller, caller.user_id, dict(parameters.pairs), token, _is_json(scope, body))

    async def _of_bearer(self, text: str, scope: Scope, body: bytes) -> V1Call:
        try:
            caller = await self._services.authenticator.bearer(text)
        except Unauthenticated as error:
            raise Refusal(INVALID_BEARER, str(error)) from None
        sources = (scope["query_string"], body) if is_form(scope) else (scope["query_string"],)
        return V1Call(caller, caller.user_id, _given(sources), is_json=_is_json(scope, body))


async def send_no_such_page(services: Services, method: str, send: Send) -> None:
    """Answer what is below `/1.1/` and is nothing."""
    moving = (services.headers.transaction_id(), services.clock.ticks_ns())
    services.requests.of(method, UNKNOWN)(NO_SUCH_PAGE.status, moving, 0)
    headers = services.headers.v1(NO_SUCH_PAGE.status, NO_SUCH_PAGE.body, None, None, moving)
    await _send(send, NO_SUCH_PAGE.status, headers, NO_SUCH_PAGE.body)


async def _send(send: Send, status: int, headers: list[Header], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _is_json(scope: Scope, body: bytes) -> bool:
    """Whether a body is JSON, or looks like it: some clients send a form's content type whatever they send."""
    return body[:1] == b"{" or (body != b"" and b"json" in header(scope, b"content-type").lower())


def _given(sources: Iterable[bytes]) -> Mapping[str, str]:
    """The parameters of a request that nobody signed, read as those of signed ones are."""
    pairs: list[Pair] = []
    try:
        for source in sources:
            pairs += parse_form(source.decode("ascii"))
    except (OAuth1Error, UnicodeDecodeError):
        raise Refusal(MALFORMED, "the query or the form cannot be read") from None
    return {name: value for name, value in pairs if not name.startswith(PROTOCOL_PREFIX)}
