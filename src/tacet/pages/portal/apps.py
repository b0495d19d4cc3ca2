"""Pages about Apps: make, overview, rename, move, delete."""

from collections.abc import Mapping, Sequence

from starlette.responses import Response

from tacet.identity.developers import Developers
from tacet.identity.developers.errors import NotThere, Refused
from tacet.identity.making import MadeApp
from tacet.pages.portal.entry import PORTAL_PATH, Entry, app_url, asked, done, done_words, path_id, read_id
from tacet.pages.portal.projects import LABEL_LENGTHS
from tacet.pages.portal.secrets import app_secrets, secrets_page
from tacet.pages.portal.usage import DailyUsage
from tacet.pages.routing import Page
from tacet.pages.visit import INVALID, Visit
from tacet.records.accounts import Project
from tacet.records.credentials import App

STANDALONE = "standalone"
"""Chosen in place of a Project."""

NEW = "new"
"""Chosen in place of a Project by somebody who has none yet."""


class AppPages:
    """Make, look at, rename, move, delete."""

    def __init__(self, developers: Developers, usage: DailyUsage, entry: Entry) -> None:
        self._apps = developers.apps
        self._projects = developers.projects
        self._usage = usage
        self._entry = entry

    def pages(self) -> Sequence[Page]:
        page, one = self._entry.page, "/portal/apps/{app_id:int}"
        return [
            page("/portal/apps/new", self._form, self._create),
            page(one, self._show, self._change),
            page(f"{one}/delete", self._confirm, self._delete),
        ]

    async def _form(self, visit: Visit) -> Response:
        chosen = asked(visit, "project")
        return await self._new_page(visit, {"name": "", "description": "", "project": chosen, "project_name": ""}, {})

    async def _create(self, visit: Visit) -> Response:
        given = {name: visit.value(name) for name in ("name", "description", "project", "project_name")}
        try:
            made = await self._made(visit.user_id, given)
        except NotThere:
            return await self._new_page(visit, given, {"project": "Choose one of these."})
        except Refused as refused:
            return await self._new_page(visit, given, refused.problems)
        return secrets_page(visit, made.app, "Your App was made", app_secrets(made))

    async def _made(self, owner_id: int, given: Mapping[str, str]) -> MadeApp:
        name, description, project = given["name"], given["description"], given["project"]
        if project == NEW:
            return await self._apps.create_with_project(owner_id, given["project_name"], name, description)
        project_id = None if project == STANDALONE else read_id(project)
        return await self._apps.create(owner_id, project_id, name, description)

    async def _new_page(self, visit: Visit, given: Mapping[str, str], problems: Mapping[str, str]) -> Response:
        return visit.page(
            "portal/app_new.html",
            status=INVALID if problems else 200,
            projects=await self._projects.all(visit.user_id),
            new=NEW,
            standalone=STANDALONE,
            problems=problems,
            **given,
            **LABEL_LENGTHS,
        )

    async def _show(self, visit: Visit) -> Response:
        app = await self._apps.one(visit.user_id, path_id(visit, "app_id"))
        return await self._page(visit, app, {"name": app.name, "description": app.description}, {})

    async def _change(self, visit: Visit) -> Response:
        if visit.value("action") == "move":
            return await self._move(visit)
        app_id, name, description = path_id(visit, "app_id"), visit.value("name"), visit.value("description")
        try:
            await self._apps.describe(visit.user_id, app_id, name, description)
        except Refused as refused:
            app = await self._apps.one(visit.user_id, app_id)
            return await self._page(visit, app, {"name": name, "description": description}, refused.problems)
        return done(visit, app_url(app_id), "renamed")

    async def _move(self, visit: Visit) -> Response:
        app = await self._apps.move(visit.user_id, path_id(visit, "app_id"), read_id(visit.value("project")))
        return done(visit, app_url(app.id), "moved")

    async def _page(self, visit: Visit, app: App, given: Mapping[str, str], problems: Mapping[str, str]) -> Response:
        projects = await self._projects.all(visit.user_id)
        return visit.page(
            "portal/app.html",
            status=INVALID if problems else 200,
            app=app,
            project=_find(projects, app.project_id),
            others=[project for project in projects if project.id != app.project_id],
            chart=await self._usage.chart(app.id),
            problems=problems,
            done=done_words(visit),
            **given,
            **LABEL_LENGTHS,
        )

    async def _confirm(self, visit: Visit) -> Response:
        app = await self._apps.one(visit.user_id, path_id(visit, "app_id"))
        return visit.page("portal/app_delete.html", app=app)

    async def _delete(self, visit: Visit) -> Response:
        await self._apps.delete(visit.user_id, path_id(visit, "app_id"))
        return done(visit, PORTAL_PATH, "app-deleted")


def _find(projects: Sequence[Project], project_id: int | None) -> Project | None:
    return next((project for project in projects if project.id == project_id), None)
