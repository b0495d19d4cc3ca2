"""One PostgreSQL database that any number of processes may serve: opening and closing it."""

import asyncio
from contextlib import AbstractAsyncContextManager
from functools import partial

from tacet.observing.meters import Meters
from tacet.store.base import Part, Serving, Store, StoreBusy
from tacet.store.postgres.accounts import PostgresAccounts
from tacet.store.postgres.alone import Alone
from tacet.store.postgres.connections import connect
from tacet.store.postgres.consents import PostgresConsents
from tacet.store.postgres.credentials import PostgresCredentials
from tacet.store.postgres.database import Database
from tacet.store.postgres.dialect import adapt
from tacet.store.postgres.directory import PostgresDirectory
from tacet.store.postgres.messages import PostgresMessages
from tacet.store.postgres.migrating import check
from tacet.store.postgres.nonces import PostgresNonces
from tacet.store.postgres.posts import PostgresPosts
from tacet.store.postgres.relations import PostgresRelations
from tacet.store.postgres.serving import Claim
from tacet.store.queries import upkeep as queries
from tacet.store.rows import revisions_of

CHECK_S = 0.5
"""Of a check that has no answer by then, it is looked whether requests wait for sessions, as it may do itself: that is
load. Half of what whoever checks waits."""

_REVISIONS = adapt(queries.REVISIONS)


class PostgresStore(Store):
    """All parts in one PostgreSQL database.

    Args:
        address: of the database, checked.
        queue_length: writes of the graph that may wait, and questions that may wait for a session.
        connections: sessions at most.
        timeout_s: how long a statement may take, and the wait for a session.
        serving: of a server; whoever only works beside one gives none.
    """

    shared = True

    def __init__(
        self, address: str, queue_length: int, connections: int, timeout_s: float, serving: Serving | None = None
    ) -> None:
        self._address = address
        self._queue_length = queue_length
        self._connections = connections
        self._timeout_s = timeout_s
        self._serving = serving
        self._claim: Claim | None = None
        self._database: Database | None = None

    async def open(self) -> None:
        database = Database(self._address, self._connections, self._queue_length, self._timeout_s)
        try:
            await database.open()
            await database.transaction(check)
            if self._serving is not None:
                claim = Claim(partial(connect, self._address, self._timeout_s, self._timeout_s), self._serving)
                await claim.take()
                self._claim = claim
        except BaseException:
            await database.close()
            raise
        self._database = database
        self._relations = self.relations = PostgresRelations(database, self._queue_length)
        self.directory = PostgresDirectory(database)
        self.posts = PostgresPosts(database)
        self.messages = PostgresMessages(database)
        self.credentials = PostgresCredentials(database)
        self.consents = PostgresConsents(database)
        self.accounts = PostgresAccounts(database)
        self.nonces = PostgresNonces(database)
        self._alone = Alone(database)

    async def close(self) -> None:
        if self._database is None:
            return
        await self._relations.close()
        await self._database.close()
        if self._claim is not None:
            await self._claim.give_up()

    def observe(self, meters: Meters) -> None:
        assert self._database is not None, "opened"
        pool = self._database.pool
        self._relations.observe(meters)
        meters.watch("store_up", lambda: not pool.away)
        meters.watch("write_queue_limit", lambda: self._queue_length)
        meters.watch("database_connections", lambda: pool.used, "used")
        meters.watch("database_connections", lambda: pool.open - pool.used, "idle")
        meters.watch("database_connections_limit", lambda: self._connections)
        meters.watch("database_waiting", lambda: pool.waiting)

    async def check(self) -> None:
        assert self._database is not None, "opened"
        asking = asyncio.ensure_future(self.revisions())
        try:
            await asyncio.wait([asking], timeout=CHECK_S)
            if not asking.done() and self._database.pool.waiting:
                raise StoreBusy("requests wait for a session")
            await asking
        finally:
            asking.cancel()

    def alone(self, what: str, id_: int) -> AbstractAsyncContextManager[None]:
        return self._alone(what, id_)

    async def revisions(self) -> dict[Part, int]:
        assert self._database is not None, "opened"
        return revisions_of(await self._database.rows(_REVISIONS))
