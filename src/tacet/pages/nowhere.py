"""What is nowhere: a page for people with a browser, the API's JSON for programs."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from tacet.pages.routing import Guard, missing_page
from tacet.wire.accept import prefers_html

_FOR_PROGRAMS = ("/1.1", "/2", "/oauth", "/oauth2")
"""Below these are the routes of the API, those of X that are not served here included."""


def nowhere(guard: Guard, for_programs: ASGIApp) -> ASGIApp:
    """An application for every path that nothing else answers.

    Args:
        for_programs: answers whoever does not ask for HTML.
    """
    page = missing_page(guard)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        chosen = page if _is_for_people(scope) else for_programs
        await chosen(scope, receive, send)

    return answer


def _is_for_people(scope: Scope) -> bool:
    path: str = scope["path"]
    if any(path == prefix or path.startswith(f"{prefix}/") for prefix in _FOR_PROGRAMS):
        return False
    return prefers_html(Headers(scope=scope).get("accept", ""))
