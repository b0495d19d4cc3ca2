"""The door of the portal: only developers come in, and what is not theirs looks like what does not exist."""

from collections.abc import Mapping
from types import MappingProxyType

from starlette.responses import Response

from tacet.identity.developers.accounts import DeveloperAccounts
from tacet.identity.developers.errors import NotADeveloper, NotThere
from tacet.pages.forms import id_of, read_query
from tacet.pages.routing import Handler, Page
from tacet.pages.visit import Visit, not_found

PORTAL_PATH = "/portal"
SIGN_UP_PATH = "/portal/sign-up"


class Entry:
    """Makes pages that only developers see."""

    def __init__(self, accounts: DeveloperAccounts) -> None:
        self._accounts = accounts

    def page(self, path: str, get: Handler, post: Handler | None = None) -> Page:
        """A page; somebody who is signed in and no developer is asked to sign up instead.

        Every path answers GET: who has to sign in again before a form is taken comes back to it that way.
        """
        return Page(path, self._guarded(get), self._guarded(post) if post is not None else None)

    def _guarded(self, handler: Handler) -> Handler:
        async def answer(visit: Visit) -> Response:
            try:
                if await self._accounts.find(visit.user_id) is None:
                    raise NotADeveloper
                return await handler(visit)
            except NotADeveloper:
                return visit.go(SIGN_UP_PATH)
            except NotThere:
                raise not_found() from None

        return answer


def path_id(visit: Visit, name: str) -> int:
    """An id in the path, which `Page` has made a number."""
    number: int = visit.request.path_params[name]
    return number


def read_id(text: str) -> int:
    """An id in a query or a form.

    Raises:
        NotThere: it is none.
    """
    id_ = id_of(text)
    if id_ is None:
        raise NotThere
    return id_


def app_url(app_id: int, section: str = "") -> str:
    """The address of an App's pages."""
    return f"{PORTAL_PATH}/apps/{app_id}{section}"


def project_url(project_id: int) -> str:
    """The address of a Project's page."""
    return f"{PORTAL_PATH}/projects/{project_id}"


def done(visit: Visit, url: str, what: str) -> Response:
    """Go on to `url`, where a line says what was done: one of `DONE`."""
    return visit.go(f"{url}?done={what}")


DONE: Mapping[str, str] = MappingProxyType(
    {
        "app-deleted": "The App is deleted, and its keys no longer work.",
        "project-deleted": "The Project is deleted.",
        "project-made": "Your Project was made. Now make an App in it.",
        "renamed": "Saved.",
        "moved": "The App is in this Project now.",
        "saved": "Saved.",
        "bearer-revoked": "The bearer token is revoked.",
        "own-revoked": "Your access token is revoked.",
        "user-revoked": "They are disconnected: every token that they gave this App has stopped working.",
    }
)


def done_words(visit: Visit) -> str:
    """What was just done, in a sentence of ours: the address only picks one."""
    return DONE.get(asked(visit, "done"), "")


def asked(visit: Visit, name: str) -> str:
    """A parameter of the address; empty where it was not given. The last of several counts."""
    return read_query(visit.request).get(name, [""])[-1]
