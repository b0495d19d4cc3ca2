"""From paths to endpoints. Every path is listed once, with all its methods; anything else is a 404 in JSON."""

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from tacet.observing.requests import UNKNOWN
from tacet.wire import problems
from tacet.wire.endpoint import Endpoint, Services, send_problem
from tacet.wire.operations import Operation
from tacet.wire.problems import Problem


def router(
    services: Services,
    operations: Sequence[Operation],
    others: Sequence[Route] = (),
    nowhere: ASGIApp | None = None,
) -> ASGIApp:
    """The application for these operations.

    Args:
        others: routes that are no operations of the API.
        nowhere: answers paths that have none; a 404 in JSON where it is left out.
    """
    by_path: dict[str, list[Operation]] = defaultdict(list)
    for operation in operations:
        by_path[operation.path].append(operation)
    rest = by_route(others, nowhere or answering(services, problems.NOT_FOUND))
    return Paths({path: Endpoint(services, listed) for path, listed in by_path.items()}, rest)


def by_route(routes: Sequence[Route], otherwise: ASGIApp) -> ASGIApp:
    """An application of routes; `otherwise` answers what none of them matches."""
    for route in routes:
        # A "$" also matches before a line break at the end, which is no part of a path.
        route.path_regex = re.compile(route.path_regex.pattern.removesuffix("$") + r"\Z")
    return Router(routes, redirect_slashes=False, default=otherwise)


class Later:
    """An application that is put together when it is first asked for, because starting must not wait for it."""

    def __init__(self, make: Callable[[], ASGIApp]) -> None:
        self._make = make

    @cached_property
    def made(self) -> ASGIApp:
        return self._make()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.made(scope, receive, send)


@dataclass(frozen=True, slots=True)
class _Path:
    """A path's literal segments and parameters, each with its place."""

    literals: tuple[tuple[int, str], ...]
    parameters: tuple[tuple[int, str], ...]
    endpoint: ASGIApp


class Paths:
    """Finds the endpoint of a path by its segments; whatever has none goes to `rest`.

    Starlette's router tries a regular expression a route and copies the scope, which is a tenth of a whole look-up.

    Args:
        endpoints: by path template, `/2/users/{id}`; of two that match, the first is taken.
    """

    def __init__(self, endpoints: Mapping[str, ASGIApp], rest: ASGIApp) -> None:
        self._rest = rest
        self._by_length: dict[int, list[_Path]] = defaultdict(list)
        for template, endpoint in endpoints.items():
            segments = list(enumerate(template.split("/")))
            literals = tuple((at, text) for at, text in segments if text and not text.startswith("{"))
            parameters = tuple((at, text.strip("{}")) for at, text in segments if text.startswith("{"))
            self._by_length[len(segments)].append(_Path(literals, parameters, endpoint))

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # A parameter's value is never empty: a path with an empty segment is nowhere.
        if scope["type"] == "http" and "//" not in (whole := scope["path"]) and whole[-1:] != "/":
            segments = whole.split("/")
            for path in self._by_length.get(len(segments), ()):
                if all(segments[at] == text for at, text in path.literals):
                    scope["path_params"] = {name: segments[at] for at, name in path.parameters}
                    return path.endpoint(scope, receive, send)
        return self._rest(scope, receive, send)


def answering(services: Services, problem: Problem, route: str = UNKNOWN) -> ASGIApp:
    """An application that has one answer to everything; `route` is what the log and the meters call it."""

    async def answer(scope: Scope, _receive: Receive, send: Send) -> None:
        await send_problem(services, send, problem, services.requests.of(scope["method"], route))

    return answer
