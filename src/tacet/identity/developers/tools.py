"""What the actions of developers share: the store's parts, and who owns what."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from tacet.identity.developers.errors import NotADeveloper, NotThere
from tacet.identity.making import Maker
from tacet.records.accounts import Project
from tacet.records.credentials import App
from tacet.records.people import MAX_ID
from tacet.store.accounts import AccountStore
from tacet.store.base import CredentialStore
from tacet.store.consents import ConsentStore

Forget = Callable[[], None]
"""Drops what is cached of Apps and tokens."""


@dataclass(frozen=True, slots=True)
class Tools:
    """Handed to each of the actions.

    Attributes:
        changing: held from reading an App until it is written again. An App is one row: of two changes at once the
            later would undo the earlier, and a key that was just replaced would work again. One lock for everybody,
            because such changes are rare and last one commit.
    """

    credentials: CredentialStore
    consents: ConsentStore
    accounts: AccountStore
    maker: Maker
    forget: Forget
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)

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

    async def put_app(self, app: App) -> None:
        """Write an App so that the next request sees it."""
        await self.credentials.put_app(app)
        self.forget()
