"""Pages about Projects."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from tacet.identity.developers import Developers
from tacet.identity.developers.errors import NotEmpty, Refused
from tacet.identity.developers.texts import MAX_DESCRIPTION_LENGTH, MAX_NAME_LENGTH
from tacet.pages.portal.entry import PORTAL_PATH, Entry, done, done_words, path_id, project_url
from tacet.pages.routing import Page
from tacet.pages.visit import INVALID, Visit

LABEL_LENGTHS: Mapping[str, Any] = {"max_name": MAX_NAME_LENGTH, "max_description": MAX_DESCRIPTION_LENGTH}
"""For the fields of forms."""


class ProjectPages:
    """Make, look at, rename, delete."""

    def __init__(self, developers: Developers, entry: Entry) -> None:
        self._projects = developers.projects
        self._apps = developers.apps
        self._entry = entry

    def pages(self) -> Sequence[Page]:
        page, one = self._entry.page, "/portal/projects/{project_id:int}"
        return [
            page("/portal/projects/new", self._form, self._create),
            page(one, self._show, self._describe),
            page(f"{one}/delete", self._confirm, self._delete),
        ]

    async def _form(self, visit: Visit) -> Response:
        return visit.page("portal/project_new.html", problems={}, name="", description="", **LABEL_LENGTHS)

    async def _create(self, visit: Visit) -> Response:
        name, description = visit.value("name"), visit.value("description")
        try:
            project = await self._projects.create(visit.user_id, name, description)
        except Refused as refused:
            given: dict[str, Any] = {"problems": refused.problems, "name": name, "description": description}
            return visit.page("portal/project_new.html", status=INVALID, **given, **LABEL_LENGTHS)
        return done(visit, project_url(project.id), "project-made")

    async def _show(self, visit: Visit) -> Response:
        project = await self._projects.one(visit.user_id, path_id(visit, "project_id"))
        return await self._page(visit, {"name": project.name, "description": project.description})

    async def _describe(self, visit: Visit) -> Response:
        name, description = visit.value("name"), visit.value("description")
        try:
            project = await self._projects.describe(visit.user_id, path_id(visit, "project_id"), name, description)
        except Refused as refused:
            return await self._page(visit, {"name": name, "description": description}, refused.problems)
        return done(visit, project_url(project.id), "renamed")

    async def _page(
        self, visit: Visit, given: Mapping[str, str], problems: Mapping[str, str] | None = None
    ) -> Response:
        project = await self._projects.one(visit.user_id, path_id(visit, "project_id"))
        apps = [app for app in await self._apps.all(visit.user_id) if app.project_id == project.id]
        return visit.page(
            "portal/project.html",
            status=INVALID if problems else 200,
            project=project,
            apps=apps,
            problems=problems or {},
            done=done_words(visit),
            **given,
            **LABEL_LENGTHS,
        )

    async def _confirm(self, visit: Visit) -> Response:
        project = await self._projects.one(visit.user_id, path_id(visit, "project_id"))
        apps = [app for app in await self._apps.all(visit.user_id) if app.project_id == project.id]
        return visit.page("portal/project_delete.html", project=project, apps=apps)

    async def _delete(self, visit: Visit) -> Response:
        try:
            await self._projects.delete(visit.user_id, path_id(visit, "project_id"))
        except NotEmpty:
            # The page says that there are Apps in it, which is why.
            return await self._confirm(visit)
        return done(visit, PORTAL_PATH, "project-deleted")
