"""From paths to endpoints. Every path is listed once, with all its methods; anything else is a 404 in JSON."""

import re
from collections import defaultdict
from collections.abc import Sequence

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from tacet.wire import problems
from tacet.wire.endpoint import Endpoint, Services, send_problem
from tacet.wire.operations import Operation
from tacet.wire.problems import Problem


def router(services: Services, operations: Sequence[Operation], others: Sequence[Route] = ()) -> ASGIApp:
    """The application for these operations; `others` are routes that are no operations of the API."""
    by_path: dict[str, list[Operation]] = defaultdict(list)
    for operation in operations:
        by_path[operation.path].append(operation)
    routes = [Route(path, endpoint=Endpoint(services, listed)) for path, listed in by_path.items()]
    routes += others
    for route in routes:
        # A "$" also matches before a line break at the end, which is no part of a path.
        route.path_regex = re.compile(route.path_regex.pattern.removesuffix("$") + r"\Z")
    return Router(routes, redirect_slashes=False, default=answering(services, problems.NOT_FOUND))


def answering(services: Services, problem: Problem) -> ASGIApp:
    """An application that has one answer to everything."""

    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send_problem(services, send, problem)

    return answer
