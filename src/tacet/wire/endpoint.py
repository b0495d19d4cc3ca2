"""One path of the API: reads a request, asks who is calling, spends the limit, calls, answers.

Endpoints are plain ASGI, without request and response objects: everything else is measured by these
routes.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec
from starlette.types import Receive, Scope, Send

from tacet.clock import Clock
from tacet.identity.authenticator import Authenticator
from tacet.identity.caller import Caller, Method
from tacet.limits.usage import UsageCounter
from tacet.limits.windows import Spent, Windows
from tacet.observing.complaints import Complaints
from tacet.observing.requests import Note, Requests
from tacet.records.credentials import Access
from tacet.store.base import StoreAway, StoreBusy, StoreError
from tacet.wire import problems
from tacet.wire.credentials import authenticate, header
from tacet.wire.headers import Header, HeaderWriter
from tacet.wire.http1 import WHOLE_RESPONSE, WholeResponse
from tacet.wire.operations import Call, Operation
from tacet.wire.parameters import Query, QueryReader, read_path
from tacet.wire.problems import Problem, Refusal, Violation
from tacet.wire.refusals import tell

MAX_LENGTH_DIGITS = 18
"""A `content-length` with more digits is larger than any limit; Python refuses to read thousands of them."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """What every endpoint needs, built once.

    Attributes:
        max_body_bytes: larger bodies are answered 413.
        database_failed: is told of what requests met.
    """

    authenticator: Authenticator
    windows: Windows
    headers: HeaderWriter
    clock: Clock
    usage: UsageCounter
    requests: Requests
    complaints: Complaints
    max_body_bytes: int
    database_failed: Callable[[StoreError], None] = lambda _error: None


class Endpoint:
    """All operations of one path.

    Args:
        operations: one for each method.
    """

    def __init__(self, services: Services, operations: Sequence[Operation]) -> None:
        self._services = services
        self._path = operations[0].path
        self._served = {operation.method: _Served(services, operation) for operation in operations}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        served = self._served.get(scope["method"])
        if served is None:
            problem = problems.method_not_allowed(list(self._served))
            return send_problem(self._services, send, problem, self._services.requests.of(scope["method"], self._path))
        return served.serve(scope, receive, send)


class _Served:
    """One operation and how its queries are read."""

    def __init__(self, services: Services, operation: Operation) -> None:
        self._services = services
        self._operation = operation
        self._queries = QueryReader(operation.parameters)
        self._takes_body = operation.body is not None
        self._note = services.requests.of(operation.method, operation.path)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        services = self._services
        moving = (services.headers.transaction_id(), services.clock.ticks_ns())
        caller: Caller | None = None
        spent: Spent | None = None
        try:
            body = await read_body(scope, receive, services.max_body_bytes) if self._takes_body else b""
            caller = await authenticate(services.authenticator, scope, body)
            if caller.user_id is None and not self._operation.app_only:
                raise Refusal(problems.UNSUPPORTED_AUTHENTICATION, "the token speaks for an App and for nobody")
            spent = await services.windows.spend(self._operation.id, subject_of(caller))
            if spent is not None and not spent.allowed:
                raise Refusal(problems.TOO_MANY_REQUESTS)
            self._authorize(caller)
            answer = await self._operation.handle(self._call(scope, caller, body))
        except Exception as error:  # noqa: BLE001 - a bug is answered and logged, and never ends a connection
            tell(self._operation.method, self._operation.path, error)
            problem = problem_of(services, error, self._operation.id, moving[0])
            spent = await charged(services, error, self._operation.id, caller, spent)
        else:
            services.usage.count(caller.app_id, False)
            self._note(self._operation.status, moving, caller.app_id)
            whole: WholeResponse | None = scope.get("extensions", {}).get(WHOLE_RESPONSE)
            if whole is not None and self._operation.status == 200:
                await whole(services.headers.ok_head(answer, caller, spent, moving), answer)
            else:
                headers = services.headers.ok(answer, caller, spent, moving)
                await _send(send, self._operation.status, headers, answer)
            return
        if caller is not None:
            services.usage.count(caller.app_id, problem is problems.TOO_MANY_REQUESTS)
        self._note(problem.status, moving, caller.app_id if caller is not None else 0)
        headers = services.headers.problem(problem, caller, spent, moving)
        await _send(send, problem.status, headers, problem.body)

    def _authorize(self, caller: Caller) -> None:
        """Whether this caller may call this operation at all."""
        if not caller.in_project:
            raise Refusal(problems.client_forbidden(caller.app_id), "the App is in no Project")
        if caller.method is Method.OAUTH2_USER:
            missing = self._operation.scopes - caller.scopes
            if missing:
                raise Refusal(problems.FORBIDDEN, f"the token lacks {' '.join(sorted(missing))}")
        elif caller.method is Method.OAUTH1_USER and caller.access is not Access.READ_WRITE_MESSAGES:
            if self._operation.messages:
                raise Refusal(problems.OAUTH1_PERMISSIONS, "the App or its token may not touch direct messages")
            if self._operation.writes and caller.access is Access.READ:
                raise Refusal(problems.OAUTH1_PERMISSIONS, "the App or its token may only read")

    def _call(self, scope: Scope, caller: Caller, body: bytes) -> Call:
        """The call a request asks for, or a refusal with everything that is wrong with it."""
        path: dict[str, str] = scope.get("path_params") or {}
        query = self._queries.read(scope["query_string"])
        violations = self._violations(path, query, caller)
        if violations:
            raise Refusal(problems.invalid_request(violations))
        content_type = header(scope, b"content-type").decode("latin-1") if self._takes_body else ""
        return Call(caller, path, query.values, query.selection, query.post_selection, body, content_type)

    def _violations(self, path: dict[str, str], query: Query, caller: Caller) -> list[Violation]:
        own = self._operation.own
        if path.keys() == {own} and path[own] == str(caller.user_id) and not query.shadowing:
            return [*query.violations]
        violations = read_path(self._operation.parameters, path, query.shadowing)
        if own and not violations and path[own] != str(caller.user_id):
            sentence = (
                f"The `{own}` query parameter value [{path[own]}] must be the same as the authenticating user "
                f"[{caller.user_id}]"
            )
            violations = [Violation(sentence, {own: [path[own]]})]
        return [*violations, *query.violations]


async def read_body(scope: Scope, receive: Receive, max_bytes: int) -> bytes:
    """The whole body.

    Raises:
        Refusal: 413 as soon as more than `max_bytes` are announced or have come, 400 when the rest never comes.
    """
    announced = header(scope, b"content-length").lstrip(b"0") or b"0"
    if announced.isdigit() and (len(announced) > MAX_LENGTH_DIGITS or int(announced) > max_bytes):
        raise Refusal(problems.BODY_TOO_LARGE)
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            # What has come is no whole request, whatever it looks like (RFC 9112 section 8): nothing may be written.
            raise Refusal(problems.BAD_REQUEST)
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > max_bytes:
            raise Refusal(problems.BODY_TOO_LARGE)
    return body


def problem_of(services: Services, error: Exception, name: str, transaction_id: bytes) -> Problem:
    """What a caller is told when answering raised this. Called where it was caught; logs what is no fault of theirs.

    Args:
        name: of what was called, for the log.
    """
    if isinstance(error, Refusal):
        return error.problem
    if isinstance(error, StoreError):
        services.database_failed(error)
    if isinstance(error, StoreAway):
        # The store itself logs once that the database is away: a line a request would only fill the disk.
        return problems.service_unavailable(problems.RETRY_AFTER_S)
    if isinstance(error, StoreBusy):
        # Of all routes together: under load it is nothing that one of them does.
        services.complaints.tell(_log, f"too many or too slow: {error}")
        return problems.service_unavailable(problems.RETRY_AFTER_S)
    if isinstance(error, StoreError):
        services.complaints.tell(_log, f"{name} failed: {error}")
        return problems.service_unavailable(problems.RETRY_AFTER_S)
    _log.exception("%s failed, transaction %s", name, transaction_id.decode())
    return problems.INTERNAL_ERROR


def subject_of(caller: Caller) -> int:
    """Whose window a request opens; an App on its own has one that cannot be mistaken for a person's."""
    return caller.user_id if caller.user_id is not None else -caller.app_id


async def charged(
    services: Services, error: Exception, route: str, caller: Caller | None, spent: Spent | None
) -> Spent | None:
    """What a window says after a request that ended with this error.

    Where it is the database that failed, the request is given back: while it is away clients try again and again, and
    must not find their windows used up when it returns.
    """
    if spent is None or caller is None or not isinstance(error, StoreError):
        return spent
    await services.windows.give_back(route, subject_of(caller))
    return msgspec.structs.replace(spent, remaining=spent.remaining + 1)


async def send_ok(services: Services, send: Send, body: bytes, note: Note) -> None:
    """Answer with a body that no operation was needed for."""
    moving = (services.headers.transaction_id(), services.clock.ticks_ns())
    note(200, moving, 0)
    await _send(send, 200, services.headers.ok(body, None, None, moving), body)


async def send_problem(services: Services, send: Send, problem: Problem, note: Note) -> None:
    """Answer with a problem that no operation was reached for."""
    moving = (services.headers.transaction_id(), services.clock.ticks_ns())
    note(problem.status, moving, 0)
    headers = services.headers.problem(problem, None, None, moving)
    await _send(send, problem.status, headers, problem.body)


async def _send(send: Send, status: int, headers: list[Header], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
