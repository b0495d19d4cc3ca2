"""What the actions of developers share: the store's parts, and who owns what."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from tacet.identity.developers.errors import NotADeveloper, NotThere
from tacet.identity.developers.texts import Label
from tacet.identity.making import Draft, MadeApp, Maker
from tacet.records.accounts import Project
from tacet.records.credentials import App
from tacet.records.people import MAX_ID
from tacet.store.accounts import AccountStore
from tacet.store.base import Alone, StoreBusy
from tacet.store.consents import ConsentStore
from tacet.store.credentials import CredentialStore
from tacet.stored_ids import until_free

Forget = Callable[[], Awaitable[None]]
"""Drops what is cached of Apps and tokens, in every process."""


@dataclass(frozen=True, slots=True)
class Tools:
    """Handed to each of the actions.

    Attributes:
        alone: see `Store.alone`.
    """

    credentials: CredentialStore
    consents: ConsentStore
    accounts: AccountStore
    maker: Maker
    forget: Forget
    alone: Alone

    def changing(self, owner_id: int) -> AbstractAsyncContextManager[None]:
        """Held from reading an App or a Project of theirs until it is written again, or another is added.

        An App is one row: of two changes at once the later would undo the earlier, and a key that was just replaced
        would work again.
        """
        return self.alone("developer", owner_id)

    @property
    def now_ms(self) -> int:
        """Unix milliseconds."""
        return self.maker.clock.now_ms()

    async def own_app(self, owner_id: int, app_id: int) -> App:
        """Raises: NotThere: it does not exist, is somebody else's, or an operator made it."""
        app = await self.credentials.app(app_id) if app_id <= MAX_ID else None
        if app is None or app.owner_id != owner_id:
            raise NotThere
        return app

    async def own_project(self, owner_id: int, project_id: int) -> Project:
        """Raises: NotThere: it does not exist or is somebody else's."""
        project = await self.accounts.project(project_id) if project_id <= MAX_ID else None
        if project is None or project.owner_id != owner_id:
            raise NotThere
        return project

    async def check_developer(self, person_id: int) -> None:
        """Raises: NotADeveloper: they did not sign up."""
        if await self.accounts.developer(person_id) is None:
            raise NotADeveloper

    async def change_app(self, app: App, before: App) -> None:
        """Write an App again, so that the next request sees it.

        Args:
            before: how `own_app` found it.

        Raises:
            NotThere: the App was deleted meanwhile, or the Project that it comes into.
            StoreBusy: it was changed meanwhile, as by a new secret key or at a server whose `changing` was lost.
        """
        if not await self.credentials.change_app(app, before):
            if await self.credentials.app(app.id) in (None, before):
                raise NotThere
            raise StoreBusy("the App was changed at the same time; nothing was written")
        await self.forget()

    async def add_app(self, draft: Draft) -> MadeApp:
        """Make and write an App.

        Raises:
            NotThere: its Project was deleted meanwhile.
        """

        async def attempt() -> MadeApp:
            made = self.maker.app(draft)
            if not await self.credentials.add_app(made.app):
                raise NotThere
            return made

        return await until_free(attempt)

    async def add_project(self, owner_id: int, label: Label) -> Project:
        """Make and write a Project."""

        async def attempt() -> Project:
            project = Project(self.maker.ids.next_id(), owner_id, label.name, label.description, self.now_ms)
            await self.accounts.add_project(project)
            return project

        return await until_free(attempt)
