"""Paths that are no operations of v2: the endpoints of both OAuths. Reads a request, has it handled, answers."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.types import Receive, Scope, Send

from tacet.wire.endpoint import Services, problem_of, read_body, send_problem
from tacet.wire.headers import Reply
from tacet.wire.oauth_problems import INTERNAL_ERROR_V1, over_capacity
from tacet.wire.problems import RETRY_AFTER_S, Problem, Refusal, method_not_allowed
from tacet.wire.refusals import tell

Explain = Callable[[Services, Exception, str, bytes], Problem]
"""`problem_of`, or `problem_in_v1`."""

Handle = Callable[[Scope, bytes], Awaitable[Reply]]
"""Answers a request and its whole body, or raises `Refusal`."""


class Answering:
    """One path.

    Args:
        name: what the log and the meters call it, its path; a query may hold secrets, so it is never the whole target.
        handlers: by method; others are answered 405.
        explain: what is answered when a handler raises.
    """

    def __init__(
        self, services: Services, name: str, handlers: Mapping[str, Handle], explain: Explain = problem_of
    ) -> None:
        self._services = services
        self._name = name
        self._handlers = handlers
        self._explain = explain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        services = self._services
        handle = self._handlers.get(scope["method"])
        note = services.requests.of(scope["method"], self._name)
        if handle is None:
            await send_problem(services, send, method_not_allowed(list(self._handlers)), note)
            return
        moving = (services.headers.transaction_id(), services.clock.ticks_ns())
        try:
            reply = await handle(scope, await read_body(scope, receive, services.max_body_bytes))
        except Exception as error:  # noqa: BLE001 - a bug is answered and logged, and never ends a connection
            tell(scope["method"], self._name, error)
            problem = self._explain(services, error, self._name, moving[0])
            status, headers, body = problem.status, services.headers.problem(problem, None, None, moving), problem.body
        else:
            status, headers, body = 200, services.headers.reply(reply, moving), reply.body
        note(status, moving, 0)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def problem_in_v1(services: Services, error: Exception, name: str, transaction_id: bytes) -> Problem:
    """`problem_of`, with what is the server's own fault in v1.1's words."""
    problem = problem_of(services, error, name, transaction_id)
    if isinstance(error, Refusal):
        return problem
    return over_capacity(RETRY_AFTER_S) if problem.status == 503 else INTERNAL_ERROR_V1
