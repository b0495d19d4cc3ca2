"""The consent page of OAuth 2.0: an App asks, a person decides (RFC 6749 section 4.1.1)."""

from collections.abc import Awaitable, Mapping, Sequence
from typing import TypeVar

from starlette.responses import Response

from tacet.directory.lookup import People
from tacet.identity.oauth2.authorization import AuthorizationRefused, AuthorizationRequest, Authorizations
from tacet.pages.asking import ALLOW, maker, returns_to
from tacet.pages.forms import read_query
from tacet.pages.portal.entry import app_url
from tacet.pages.responses import form_targets
from tacet.pages.routing import Page, sign_in_url
from tacet.pages.scope_words import scopes_can, scopes_cannot
from tacet.pages.visit import PageError, Visit
from tacet.records.people import Person

T = TypeVar("T")

PATHS = ("/i/oauth2/authorize", "/2/oauth2/authorize")
"""Where X's documentation sends people, and where X's OpenAPI document does."""

_PARAMETERS = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
)


class Consent:
    """Shows what an App asks for, and passes the answer on."""

    def __init__(self, authorizations: Authorizations, people: People) -> None:
        self._authorizations = authorizations
        self._people = people

    def pages(self) -> Sequence[Page]:
        return [Page(path, get=self._ask, post=self._decide, open=True, resumes=True) for path in PATHS]

    async def _ask(self, visit: Visit) -> Response:
        parameters = read_query(visit.request)
        # What nobody can agree to is said before anybody has to sign in for it.
        asked = await self._read(visit, parameters)
        if visit.person is None:
            return visit.go(sign_in_url(visit.request))
        return visit.page(
            "consent.html",
            form_action=form_targets(asked.redirect_uri),
            app=asked.app,
            maker=await maker(self._people, asked.app),
            can=scopes_can(asked.scopes),
            cannot=scopes_cannot(asked.scopes),
            action=visit.request.url.path,
            fields={name: parameters[name][0] for name in _PARAMETERS if name in parameters},
            gives_pin=False,
            returns_to=returns_to(asked.redirect_uri),
        )

    async def _decide(self, visit: Visit) -> Response:
        asked = await self._read(visit, visit.fields)
        if visit.value("decision") == ALLOW:
            return visit.go(await _unless_refused(self._authorizations.allow(asked, visit.user_id), visit.person))
        return visit.go(self._authorizations.deny(asked))

    async def _read(self, visit: Visit, parameters: Mapping[str, Sequence[str]]) -> AuthorizationRequest:
        return await _unless_refused(self._authorizations.read(parameters), visit.person)


async def _unless_refused(step: Awaitable[T], person: Person | None) -> T:
    """What a step of a login comes to.

    Raises:
        PageError: it cannot be taken.
    """
    try:
        return await step
    except AuthorizationRefused as refused:
        raise _no_question(refused, person) from None


def _no_question(refused: AuthorizationRefused, person: Person | None) -> PageError:
    """The App's own developer is led to the settings that could mend it; others cannot open them."""
    link = None
    if refused.app is not None and person is not None and refused.app.owner_id == person.id:
        link = ("Open its settings", app_url(refused.app.id, "/authentication"))
    return PageError(400, "This login link does not work", refused.cause, refused.remedy, link=link)
