"""The first page of the portal, and the way in."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from tacet.identity.developers import Developers
from tacet.identity.developers.errors import Refused
from tacet.identity.developers.texts import MAX_USE_CASE_LENGTH, MIN_USE_CASE_LENGTH
from tacet.pages.portal.entry import PORTAL_PATH, SIGN_UP_PATH, Entry, done_words
from tacet.pages.routing import Page
from tacet.pages.visit import INVALID, Visit
from tacet.records.accounts import Project
from tacet.records.credentials import App


@dataclass(frozen=True, slots=True)
class Shelf:
    """A Project and the Apps in it."""

    project: Project
    apps: list[App]


class HomePages:
    """All Projects and Apps, and the sign-up."""

    def __init__(self, developers: Developers, entry: Entry) -> None:
        self._developers = developers
        self._entry = entry

    def pages(self) -> Sequence[Page]:
        return [
            self._entry.page(PORTAL_PATH, self._all),
            # Not behind the entry, which sends people here.
            Page(SIGN_UP_PATH, self._form, self._sign_up),
        ]

    async def _all(self, visit: Visit) -> Response:
        projects = await self._developers.projects.all(visit.user_id)
        apps = await self._developers.apps.all(visit.user_id)
        known = {project.id for project in projects}
        shelves = [Shelf(project, [app for app in apps if app.project_id == project.id]) for project in projects]
        return visit.page(
            "portal/home.html",
            shelves=shelves,
            standalone=[app for app in apps if app.project_id is None],
            # An operator may have put an App into a Project that is nobody's.
            elsewhere=[app for app in apps if app.project_id not in {None, *known}],
            done=done_words(visit),
        )

    async def _form(self, visit: Visit) -> Response:
        if await self._developers.accounts.find(visit.user_id) is not None:
            return visit.go(PORTAL_PATH)
        return _sign_up_page(visit, {})

    async def _sign_up(self, visit: Visit) -> Response:
        agreed = visit.value("agreed") == "on"
        try:
            await self._developers.accounts.sign_up(visit.user_id, visit.value("use_case"), agreed)
        except Refused as refused:
            return _sign_up_page(visit, refused.problems, INVALID)
        return visit.go(PORTAL_PATH)


def _sign_up_page(visit: Visit, problems: object, status: int = 200) -> Response:
    return visit.page(
        "portal/sign_up.html",
        status=status,
        problems=problems,
        use_case=visit.value("use_case"),
        agreed=visit.value("agreed") == "on",
        min_length=MIN_USE_CASE_LENGTH,
        max_length=MAX_USE_CASE_LENGTH,
    )
