"""The consent page of OAuth 1.0a: an App asks, a person decides, some get a PIN (RFC 5849 section 2.2).

A GET changes nothing, with one exception: `/oauth/authenticate` lets somebody through at once who has let the same App
do as much before, because "Sign in with X" is that. Another site can bring this about, and gains nothing by it: only a
top-level navigation carries the cookie (SameSite=Lax), the App gets no more than it has, the verifier goes nowhere but
to its approved callback, and the request token that it is for can be approved once. That the answer belongs to whoever
asked is for the App to see to, which finds its own request token in it.
"""

from collections.abc import Awaitable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import quote

from starlette.responses import Response

from tacet.directory.lookup import People
from tacet.identity.oauth1.logins import OAuth1Logins, PendingLogin
from tacet.identity.oauth1.refusals import LoginOver
from tacet.pages.asking import ALLOW, maker, returns_to
from tacet.pages.forms import read_query
from tacet.pages.onward import SCREEN_NAME, to_sign_in, with_query
from tacet.pages.responses import form_targets
from tacet.pages.routing import Page
from tacet.pages.scope_words import access_can, access_cannot
from tacet.pages.visit import PageError, Visit

T = TypeVar("T")

ALWAYS_ASKS = "/oauth/authorize"
ASKS_ONCE = ("/oauth/authenticate", "/i/oauth/authenticate")

TOKEN = "oauth_token"  # noqa: S105 - the name of a parameter
FORCE_LOGIN = "force_login"
YES = frozenset(("true", "1", "t"))
"""Ways to say so that X takes, in any case."""


class OAuth1Consent:
    """Shows what an App asks for, and passes the answer on, or shows it."""

    def __init__(self, logins: OAuth1Logins, people: People) -> None:
        self._logins = logins
        self._people = people

    def pages(self) -> Sequence[Page]:
        # Forms lead to the path that always asks, wherever they were shown: one that is too old is never let through.
        asks = Page(ALWAYS_ASKS, get=self._ask, post=self._decide, open=True, resumes=True)
        return [asks, *[Page(path, get=self._let_through, open=True) for path in ASKS_ONCE]]

    async def _ask(self, visit: Visit) -> Response:
        return await self._answer(visit, always=True)

    async def _let_through(self, visit: Visit) -> Response:
        return await self._answer(visit, always=False)

    async def _answer(self, visit: Visit, *, always: bool) -> Response:
        query = read_query(visit.request)
        token, forced = _last(query, TOKEN), _last(query, FORCE_LOGIN).lower() in YES
        # What nobody can agree to is said before anybody has to sign in for it.
        login = await _unless_over(self._logins.pending(token))
        if visit.person is None or (forced and not _has_just_signed_in(visit, login)):
            return visit.go(_sign_in(visit, query, force=forced))
        if not always and not forced and await self._goes_through(visit, login):
            approval = await _unless_over(self._logins.approve(token, visit.user_id))
            if approval.url is not None:
                return visit.go(approval.url)
        return visit.page(
            "consent.html",
            form_action="" if login.shows_pin else form_targets(login.callback),
            app=login.app,
            maker=await maker(self._people, login.app),
            can=access_can(login.access),
            cannot=access_cannot(login.access),
            action=ALWAYS_ASKS,
            fields={TOKEN: token},
            gives_pin=login.shows_pin,
            returns_to=returns_to(login.callback),
        )

    async def _goes_through(self, visit: Visit, login: PendingLogin) -> bool:
        """A PIN is for somebody who reads it, and whoever only asks for headers wants to go nowhere."""
        if login.shows_pin or visit.request.method == "HEAD":
            return False
        return await self._logins.is_granted(login, visit.user_id)

    async def _decide(self, visit: Visit) -> Response:
        token, user_id = visit.value(TOKEN), visit.user_id
        login = await _unless_over(self._logins.pending(token))
        if visit.value("decision") != ALLOW:
            url = await _unless_over(self._logins.deny(token))
            return visit.page("oauth1/denied.html", app=login.app) if url is None else visit.go(url)
        approval = await _unless_over(self._logins.approve(token, user_id))
        if approval.url is not None:
            return visit.go(approval.url)
        return visit.page("oauth1/pin.html", app=login.app, pin=approval.pin)


async def _unless_over(step: Awaitable[T]) -> T:
    """What a step of a login comes to.

    Raises:
        PageError: it cannot be taken.
    """
    try:
        return await step
    except LoginOver as over:
        raise PageError(400, "This sign-in cannot go on", over.cause, over.remedy) from None


def _has_just_signed_in(visit: Visit, login: PendingLogin) -> bool:
    """Since the App asked: then whoever is signed in has shown it for this very login."""
    return visit.session is not None and visit.session.created_at_ms >= login.asked_at_ms


def _sign_in(visit: Visit, query: Mapping[str, Sequence[str]], *, force: bool) -> str:
    """Where to sign in and come back, with the username that the App expects filled in."""
    kept = {name: query[name][-1:] for name in (TOKEN, FORCE_LOGIN) if name in query}
    url = to_sign_in(with_query(visit.request.url.path, kept), force=force)
    expected = _last(query, SCREEN_NAME)
    return f"{url}&{SCREEN_NAME}={quote(expected, safe='')}" if expected else url


def _last(query: Mapping[str, Sequence[str]], name: str) -> str:
    return (query.get(name) or ("",))[-1]
