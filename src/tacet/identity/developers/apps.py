"""A developer's Apps."""

from dataclasses import replace

from tacet.identity.developers.errors import NotThere, Refused
from tacet.identity.developers.projects import put_new_project
from tacet.identity.developers.texts import Form, Label, description_of, name_of, read_label
from tacet.identity.developers.tools import Tools
from tacet.identity.making import Draft, MadeApp
from tacet.records.credentials import App

MAX_APPS = 50
"""Of one developer, in and outside Projects: two or three for each Project, and a page that needs no paging."""


class Apps:
    """Create, rename, describe, move, delete."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def all(self, owner_id: int) -> list[App]:
        """A developer's Apps, standalone ones too, oldest first."""
        return await self._tools.accounts.apps(owner_id)

    async def one(self, owner_id: int, app_id: int) -> App:
        """Raises: NotThere."""
        return await self._tools.own_app(owner_id, app_id)

    async def create(self, owner_id: int, project_id: int | None, name: str, description: str) -> MadeApp:
        """A new App that may read, with no login on.

        Args:
            project_id: None for a standalone one.

        Raises:
            NotADeveloper: the owner did not sign up.
            NotThere: the Project.
            Refused: fields `name`, `description`; none where there are too many.
        """
        label = read_label(name, description)
        async with self._tools.changing(owner_id):
            await self._check_room(owner_id)
            if project_id is not None:
                await self._tools.own_project(owner_id, project_id)
            return await self._put(owner_id, project_id, label)

    async def create_with_project(self, owner_id: int, project_name: str, name: str, description: str) -> MadeApp:
        """The same, in a new Project. A crash in between leaves the Project, without Apps.

        Args:
            project_name: empty to call it like the App.

        Raises:
            NotADeveloper: the owner did not sign up.
            Refused: fields `project_name`, `name`, `description`; none where there are too many.
        """
        form = Form()
        label = Label(
            form.read("name", name_of, name) or "", form.read("description", description_of, description) or ""
        )
        called = form.read("project_name", name_of, project_name) if project_name else label.name
        form.check()
        async with self._tools.changing(owner_id):
            await self._check_room(owner_id)
            project = await put_new_project(self._tools, owner_id, Label(called or "", ""))
            return await self._put(owner_id, project.id, label)

    async def _check_room(self, owner_id: int) -> None:
        await self._tools.check_developer(owner_id)
        if len(await self._tools.accounts.apps(owner_id)) >= MAX_APPS:
            raise Refused({"": f"You have {MAX_APPS} Apps, and that is the most: delete one first."})

    async def _put(self, owner_id: int, project_id: int | None, label: Label) -> MadeApp:
        return await self._tools.add_app(Draft(label.name, project_id, label.description, owner_id=owner_id))

    async def describe(self, owner_id: int, app_id: int, name: str, description: str) -> App:
        """Change name and description.

        Raises:
            NotThere
            Refused: fields `name`, `description`.
        """
        async with self._tools.changing(owner_id):
            app = await self._tools.own_app(owner_id, app_id)
            label = read_label(name, description)
            changed = replace(app, name=label.name, description=label.description)
            await self._tools.change_app(changed, app)
        return changed

    async def move(self, owner_id: int, app_id: int, project_id: int) -> App:
        """Put an App into a Project, from outside or from another one. Keys and consents stay.

        Raises:
            NotThere: the App or the Project.
        """
        async with self._tools.changing(owner_id):
            app = await self._tools.own_app(owner_id, app_id)
            project = await self._tools.own_project(owner_id, project_id)
            changed = replace(app, project_id=project.id)
            await self._tools.change_app(changed, app)
        return changed

    async def delete(self, owner_id: int, app_id: int) -> None:
        """Delete an App with its keys and everybody's consent to it.

        Raises:
            NotThere
        """
        async with self._tools.changing(owner_id):
            app = await self._tools.own_app(owner_id, app_id)
            if not await self._tools.accounts.delete_app(app.id):
                raise NotThere
            await self._tools.forget()
