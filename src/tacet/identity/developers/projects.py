"""A developer's Projects."""

from dataclasses import replace

from tacet.identity.developers.errors import NotEmpty, NotThere, Refused
from tacet.identity.developers.texts import Label, read_label
from tacet.identity.developers.tools import Tools
from tacet.records.accounts import Project

MAX_PROJECTS = 20
"""Of one developer: enough for every product and its stages, and a page that needs no paging."""


class Projects:
    """Create, rename, describe, delete."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def all(self, owner_id: int) -> list[Project]:
        """A developer's Projects, oldest first."""
        return await self._tools.accounts.projects(owner_id)

    async def one(self, owner_id: int, project_id: int) -> Project:
        """Raises: NotThere."""
        return await self._tools.own_project(owner_id, project_id)

    async def create(self, owner_id: int, name: str, description: str) -> Project:
        """A new Project, without Apps.

        Raises:
            NotADeveloper: the owner did not sign up.
            Refused: fields `name`, `description`; none where there are too many.
        """
        label = read_label(name, description)
        async with self._tools.changing(owner_id):
            await self._tools.check_developer(owner_id)
            return await put_new_project(self._tools, owner_id, label)

    async def describe(self, owner_id: int, project_id: int, name: str, description: str) -> Project:
        """Change name and description.

        Raises:
            NotThere
            Refused: fields `name`, `description`.
        """
        async with self._tools.changing(owner_id):
            project = await self._tools.own_project(owner_id, project_id)
            label = read_label(name, description)
            changed = replace(project, name=label.name, description=label.description)
            if not await self._tools.accounts.change_project(changed):
                raise NotThere
        return changed

    async def delete(self, owner_id: int, project_id: int) -> None:
        """Delete a Project without Apps.

        Raises:
            NotThere
            NotEmpty: there are Apps in it.
        """
        async with self._tools.changing(owner_id):
            project = await self._tools.own_project(owner_id, project_id)
            if await self._tools.accounts.delete_project(project.id):
                return
            # It may have gone since it was read, by another server on the same database.
            if await self._tools.accounts.project(project.id) is None:
                raise NotThere
            raise NotEmpty


async def put_new_project(tools: Tools, owner_id: int, label: Label) -> Project:
    """Make and write a Project; while `tools.changing` is held.

    Raises:
        Refused: there are too many.
    """
    if len(await tools.accounts.projects(owner_id)) >= MAX_PROJECTS:
        raise Refused({"": f"You have {MAX_PROJECTS} Projects, and that is the most: delete one first."})
    return await tools.add_project(owner_id, label)
