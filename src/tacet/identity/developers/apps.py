"""A developer's Apps."""

from dataclasses import replace

from tacet.identity.developers.errors import NotThere, Refused
from tacet.identity.developers.texts import read_label
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
        tools = self._tools
        label = read_label(name, description)
        async with tools.changing:
            await tools.check_developer(owner_id)
            if project_id is not None:
                await tools.own_project(owner_id, project_id)
            if len(await tools.accounts.apps(owner_id)) >= MAX_APPS:
                raise Refused({"": f"You have {MAX_APPS} Apps, and that is the most: delete one first."})
            made = tools.maker.app(Draft(label.name, project_id, label.description, owner_id=owner_id))
            await tools.put_app(made.app)
        return made

    async def describe(self, owner_id: int, app_id: int, name: str, description: str) -> App:
        """Change name and description.

        Raises:
            NotThere
            Refused: fields `name`, `description`.
        """
        async with self._tools.changing:
            app = await self._tools.own_app(owner_id, app_id)
            label = read_label(name, description)
            changed = replace(app, name=label.name, description=label.description)
            await self._tools.put_app(changed)
        return changed

    async def move(self, owner_id: int, app_id: int, project_id: int) -> App:
        """Put an App into a Project, from outside or from another one. Keys and consents stay.

        Raises:
            NotThere: the App or the Project.
        """
        async with self._tools.changing:
            app = await self._tools.own_app(owner_id, app_id)
            project = await self._tools.own_project(owner_id, project_id)
            changed = replace(app, project_id=project.id)
            await self._tools.put_app(changed)
        return changed

    async def delete(self, owner_id: int, app_id: int) -> None:
        """Delete an App with its keys and everybody's consent to it.

        Raises:
            NotThere
        """
        async with self._tools.changing:
            app = await self._tools.own_app(owner_id, app_id)
            if not await self._tools.accounts.delete_app(app.id):
                raise NotThere
            self._tools.forget()
