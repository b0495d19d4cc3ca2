"""From pages to routes: finds the session, checks forms, turns what goes wrong into a page."""

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from tacet.clock import Clock
from tacet.directory.lookup import People
from tacet.identity.signin.passwords import WAITING_S, PasswordsBusy
from tacet.identity.signin.sessions import SESSION_TEXT_LENGTH, Sessions
from tacet.ids import Randomness
from tacet.observing.complaints import Complaints
from tacet.observing.requests import UNKNOWN, Requests
from tacet.pages.forms import csrf_token, id_of, read_fields, same_token
from tacet.pages.onward import to_sign_in, with_query
from tacet.pages.origins import Origins
from tacet.pages.responses import Security, drop_cookie, set_cookie
from tacet.pages.templating import Templates
from tacet.pages.visit import PageError, Visit, not_found
from tacet.records.people import State
from tacet.store.base import StoreAway, StoreBusy, StoreError
from tacet.wire.problems import RETRY_AFTER_S

_OURS_ALONE = ("/account", "/assets", "/i", "/muted", "/portal", "/sign-in", "/sign-out", "/timeline")
"""Below these there is nothing for programs, so an unknown path gets a page; elsewhere see `tacet.pages.nowhere`."""

_NEVER_RESUMED = frozenset(("csrf", "decision"))

_NUMBER = re.compile(r"\{(\w+):int\}")

_log = logging.getLogger(__name__)

Handler = Callable[[Visit], Awaitable[Response]]
"""Answers a visit, or raises `PageError`."""


@dataclass(frozen=True, slots=True)
class Page:
    """One path of the pages. One with neither `get` nor `post` is a 404.

    Attributes:
        path: a template of Starlette's, `/portal/apps/{app_id:int}`; no id is larger than `MAX_ID`.
        get: answers GET and HEAD.
        post: answers a form, whose CSRF token is checked by then.
        open: whether it may be seen signed out; otherwise one is asked to sign in first.
        public: the same for everybody: nobody's session is looked for, no cookie is set.
        resumes: its form's fields are the query of the page itself, so that one that is too old (the person signed in
            or out since) is shown again instead of refused. Only for fields that are no secrets.
    """

    path: str
    get: Handler | None = None
    post: Handler | None = None
    open: bool = False
    public: bool = False
    resumes: bool = False


@dataclass(frozen=True, slots=True)
class Guard:
    """What stands before every page, built once.

    Attributes:
        new_request_id: names a visit in the log and, as `x-transaction-id`, in its answer.
        database_failed: is told of what visits met.
    """

    sessions: Sessions
    people: People
    clock: Clock
    randomness: Randomness
    templates: Templates
    security: Security
    origins: Origins
    requests: Requests
    complaints: Complaints
    new_request_id: Callable[[], bytes]
    max_body_bytes: int
    database_failed: Callable[[StoreError], None]


class Family(Protocol):
    """Pages that belong together."""

    def pages(self) -> Sequence[Page]: ...


def page_routes(guard: Guard, pages: Sequence[Page]) -> list[Route]:
    """The routes of these pages, and of everything else that is for people only."""
    missing = [Page(f"{path}/{{rest:path}}", open=True) for path in _OURS_ALONE]
    # An application and no function, so that Starlette leaves the method to us and a wrong one gets a page as well.
    return [Route(_NUMBER.sub(r"{\1}", page.path), endpoint=_Door(guard, page)) for page in (*pages, *missing)]


def missing_page(guard: Guard) -> ASGIApp:
    """The page that says that there is none."""
    return _Door(guard, Page("", open=True))


class _Door:
    """One page as an ASGI application."""

    def __init__(self, guard: Guard, page: Page) -> None:
        self._guard = guard
        self._page = page
        self._route = _NUMBER.sub(r"{\1}", page.path) or UNKNOWN
        self._numbers = _NUMBER.findall(page.path)
        self._handlers = {
            method: handler for method, handler in (("GET", page.get), ("POST", page.post)) if handler is not None
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        guard, request = self._guard, Request(scope, receive)
        moving = (guard.new_request_id(), guard.clock.ticks_ns())
        response = await self.answer(request)
        guard.requests.of(request.method, self._route)(response.status_code, moving, 0)
        response.headers["x-transaction-id"] = moving[0].decode()
        response.headers["date"] = formatdate(guard.clock.now_ms() // 1000, usegmt=True)
        if request.method == "HEAD":
            response.body = b""
        await response(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        """The page, or the page that says what is wrong."""
        guard, cookies = self._guard, request.cookies
        security = guard.security.at(request.headers.get("host", ""))
        cookie = cookies.get(security.session_cookie, "")
        known = cookies.get(security.visit_cookie, "")
        visitor = known if len(known) == SESSION_TEXT_LENGTH else guard.randomness.text(SESSION_TEXT_LENGTH)
        visit = Visit(request, guard.templates, security, None, None, csrf_token(visitor))
        ended = False
        try:
            if cookie and not self._page.public:
                visit = await self._recognise(visit, cookie)
                ended = visit.person is None
            response = await self._handle(visit)
        except PageError as error:
            response = _error_page(visit, error)
        except (StoreError, PasswordsBusy) as error:
            if isinstance(error, StoreError):
                guard.database_failed(error)
            if not isinstance(error, StoreAway):
                guard.complaints.tell(_log, f"{self._page.path} failed: {error}")
            response = _error_page(visit, _not_now(error))
        except Exception:  # noqa: BLE001 - a bug is answered with a page and logged, and never ends a connection
            _log.exception("%s failed", self._page.path)
            response = _error_page(visit, _bug())
        if visit.person is None and not self._page.public:
            _keep_visitor(response, security, ended, visitor, known)
        return response

    async def _recognise(self, visit: Visit, cookie: str) -> Visit:
        """The same visit, signed in where the cookie is of a session that holds."""
        session = await self._guard.sessions.find(cookie)
        if session is None:
            return visit
        person = await self._guard.people.one(session.user_id)
        if person is None or person.state is not State.ACTIVE:
            # Nobody who was suspended comes back to a browser that is signed in (OWASP ASVS 4.0.3, 3.3).
            await self._guard.sessions.end(cookie)
            return visit
        return replace(visit, person=person, session=session, csrf=csrf_token(cookie))

    async def _handle(self, visit: Visit) -> Response:
        if not self._handlers:
            raise not_found()
        self._read_numbers(visit.request)
        method = visit.request.method
        handler = self._handlers.get("GET" if method == "HEAD" else method)
        if handler is None:
            raise _not_by(method, [*self._handlers])
        if method == "POST":
            self._guard.origins.check(visit.request, visit.security)
            fields = await read_fields(visit.request, self._guard.max_body_bytes)
            visit = replace(visit, fields=fields)
        if visit.person is None and not self._page.open:
            return visit.go(sign_in_url(visit.request))
        if method == "POST" and not (same_token(visit.raw("csrf"), visit.csrf) and self._may_post(visit)):
            return self._stale(visit)
        return await handler(visit)

    def _read_numbers(self, request: Request) -> None:
        """Make ids in the path numbers. Starlette's own convertor breaks on thousands of digits."""
        for name in self._numbers:
            number = id_of(request.path_params[name])
            if number is None:
                raise not_found()
            request.path_params[name] = number

    def _may_post(self, visit: Visit) -> bool:
        """A form that can be shown again is always somebody's decision."""
        return visit.person is not None or not self._page.resumes

    def _stale(self, visit: Visit) -> Response:
        if not self._page.resumes:
            raise _too_old()
        fields = {name: values for name, values in visit.fields.items() if name not in _NEVER_RESUMED}
        return visit.go(with_query(visit.request.url.path, fields))


def _keep_visitor(response: Response, security: Security, ended: bool, visitor: str, known: str) -> None:
    """Nobody is signed in: bind the next form to this browser, and drop what remembers a session that has ended."""
    changed = "".join(response.headers.getlist("set-cookie"))
    if ended and f"{security.session_cookie}=" not in changed:
        drop_cookie(response, security.session_cookie, security)
    if visitor != known and f"{security.visit_cookie}=" not in changed:
        set_cookie(response, security.visit_cookie, visitor, security)


def sign_in_url(request: Request) -> str:
    """Where to sign in and come back to what was asked for; after a form, to the page at its path."""
    path = request.url.path
    query = request.url.query if request.method != "POST" else ""
    return to_sign_in(f"{path}?{query}" if query else path)


def _error_page(visit: Visit, error: PageError) -> Response:
    context: dict[str, Any] = {"code": error.status, "title": error.title, "cause": error.cause, "remedy": error.remedy}
    response = visit.page("error.html", status=error.status, link=error.link, **context)
    response.headers.update(error.headers)
    return response


def _not_by(method: str, methods: list[str]) -> PageError:
    allowed = ", ".join([*methods, "HEAD"] if "GET" in methods else methods)
    cause = f"This page does not answer {method[:20]}."
    return PageError(405, "Not this way", cause, "Start again from the first page.", {"allow": allowed})


def _too_old() -> PageError:
    return PageError(
        403,
        "This form is too old",
        "You signed in or out after it was shown, or it came from another site. Nothing was changed.",
        "Go back, reload the page and send it again.",
    )


def _not_now(error: StoreError | PasswordsBusy) -> PageError:
    cause, changed, wait_s = "The database cannot be reached.", "Nothing was changed.", RETRY_AFTER_S
    if isinstance(error, StoreAway):
        changed = "Whether anything was changed is not certain."
    elif isinstance(error, StoreBusy):
        cause = "Too much is being written at once."
    elif isinstance(error, PasswordsBusy):
        cause, wait_s = "Too many people are signing in at once.", WAITING_S
    remedy = "Try again in a few seconds."
    return PageError(503, "Not now", f"{cause} {changed}", remedy, {"retry-after": str(wait_s)})


def _bug() -> PageError:
    cause = "That is our fault. Whether anything was changed is not certain."
    return PageError(500, "Something broke", cause, "Look whether it worked before you try again.")
