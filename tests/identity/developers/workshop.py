"""A developer portal without pages: its actions over a store in memory, and two developers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tacet.clock import ManualClock
from tacet.identity.developers import Developers
from tacet.identity.developers.authentication import WantedAuthentication
from tacet.identity.making import MadeApp, Maker
from tacet.identity.vault import Vault, new_secret_key
from tacet.ids import SeededRandomness, Snowflakes
from tacet.records.credentials import App
from tacet.store.base import Store
from tests import worlds

NOW = 1_795_311_129_000
DEVELOPER, OTHER, NOBODY = 1001, 1002, 1003
USE_CASE = "A quieter timeline for people at work"
BEYOND = 2**63


@dataclass
class Workshop:
    """The actions, and what they work on. `forgotten` counts how often the caches were dropped."""

    store: Store
    vault: Vault
    clock: ManualClock
    seed: int = 7
    forgotten: int = 0
    developers: Developers = field(init=False)

    def __post_init__(self) -> None:
        randomness = SeededRandomness(self.seed)
        maker = Maker(self.vault, self.clock, randomness, Snowflakes(self.clock, randomness))
        store = self.store
        self.developers = Developers(store, maker, self._forget)

    async def _forget(self) -> None:
        self.forgotten += 1

    async def app(self, owner_id: int = DEVELOPER, project_id: int | None = None) -> MadeApp:
        return await self.developers.apps.create(owner_id, project_id, "Quiet evenings", "")

    async def project(self, owner_id: int = DEVELOPER) -> int:
        return (await self.developers.projects.create(owner_id, "Evenings", "")).id

    async def stored(self, app_id: int) -> App:
        app = await self.store.credentials.app(app_id)
        assert app is not None
        return app

    async def authenticate(self, app_id: int, **wanted: str | bool) -> MadeApp:
        """Change the settings that are named; the others are those of an App that is new."""
        return await self.developers.authentication.change(DEVELOPER, app_id, settings(**wanted))


def settings(
    oauth1: bool | str = False,
    oauth2: bool | str = False,
    access: bool | str = "read",
    client_type: bool | str = "public",
    callbacks: bool | str = "",
    website: bool | str = "",
) -> WantedAuthentication:
    return WantedAuthentication(
        bool(oauth1), bool(oauth2), str(access), str(client_type), str(callbacks or ""), str(website or "")
    )


@asynccontextmanager
async def opened() -> AsyncIterator[Workshop]:
    async with worlds.empty_store() as store:
        workshop = Workshop(store, Vault(new_secret_key(SeededRandomness(1))), ManualClock(NOW))
        for person_id in (DEVELOPER, OTHER):
            await workshop.developers.accounts.sign_up(person_id, USE_CASE, agreed=True)
        yield workshop
