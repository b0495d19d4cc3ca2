"""Which Apps people let in, seen from either side, and how they are shown the door."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tacet.clock import Clock
from tacet.records.consents import Connection
from tacet.records.credentials import App
from tacet.store.consents import ConsentStore
from tacet.store.credentials import CredentialStore

MAX_CONNECTIONS = 200
"""Apps shown to one person: more than anybody looks through, on a page of some 100 KB."""


@dataclass(frozen=True, slots=True)
class ConnectedApp:
    """An App that a person lets in."""

    app: App
    connection: Connection


class Connections:
    """Reads and ends what people agreed to.

    Args:
        forget: called after anything was revoked, so that no process lets a cached token work any longer.
    """

    def __init__(
        self, credentials: CredentialStore, consents: ConsentStore, clock: Clock, forget: Callable[[], Awaitable[None]]
    ) -> None:
        self._credentials = credentials
        self._consents = consents
        self._clock = clock
        self._forget = forget

    async def of_user(self, user_id: int) -> list[ConnectedApp]:
        """The Apps that a person lets in, the one let in last first; at most `MAX_CONNECTIONS`."""
        found = [await self._with_app(each) for each in await self._of_user(user_id)]
        return [each for each in found if each is not None]

    async def between(self, app_id: int, user_id: int) -> ConnectedApp | None:
        """One of the Apps of `of_user`; None where it is none of them."""
        for connection in await self._of_user(user_id):
            if connection.app_id == app_id:
                return await self._with_app(connection)
        return None

    async def of_app(self, app_id: int, after_user_id: int, limit: int) -> list[Connection]:
        """The people who let an App in, by id above `after_user_id`."""
        return await self._consents.connections_of_app(app_id, after_user_id, limit, self._clock.now_ms())

    async def revoke(self, app_id: int, user_id: int) -> bool:
        """End everything that a person agreed to with an App, at once; True if something worked until now.

        Raises:
            StoreBusy: the write queue is full.
        """
        revoked = await self._consents.revoke_connection(app_id, user_id, self._clock.now_ms())
        # Only then: forgetting costs every caller a query, and must not be had for the asking.
        if revoked:
            await self._forget()
        return revoked > 0

    async def _of_user(self, user_id: int) -> list[Connection]:
        return await self._consents.connections_of_user(user_id, MAX_CONNECTIONS, self._clock.now_ms())

    async def _with_app(self, connection: Connection) -> ConnectedApp | None:
        """None where the App was deleted since it was asked for."""
        app = await self._credentials.app(connection.app_id)
        return None if app is None else ConnectedApp(app, connection)
