"""Which store a database address means."""

from tacet.store.address import check, is_postgresql, sqlite_path
from tacet.store.base import Serving, Store, StoreError

MEMORY = "sqlite://"
"""The address of a database that lives and dies with its process."""

CONNECTIONS = 10
"""To PostgreSQL, of one process: two batches of writes and eight reads at a time keep one core busy."""

TIMEOUT_S = 5.0
"""How long a statement in PostgreSQL may take: hundreds of times what the slowest does."""


def open_store(
    database: str,
    queue_length: int,
    server: bool = True,
    connections: int = CONNECTIONS,
    timeout_s: float = TIMEOUT_S,
    serving: Serving | None = None,
) -> Store:
    """The store for `database`, not opened yet: `sqlite:///relative.db`, `sqlite:////absolute.db`, `sqlite://`, or
    `postgresql://user@host:port/name`.

    Args:
        queue_length: writes that may wait for the disk.
        server: False for an admin command that works beside a running server.
        connections: to PostgreSQL, at most.
        timeout_s: how long a statement may take in PostgreSQL.
        serving: of a server, so that two are kept from one PostgreSQL database which would not know of each other.

    Raises:
        StoreError: no store knows this address.
    """
    if database != MEMORY:
        try:
            check(database)
        except ValueError as error:
            raise StoreError(str(error)) from None
    # Imported here: who uses one of them need not load the other.
    if is_postgresql(database):
        from tacet.store.postgres.store import PostgresStore

        return PostgresStore(database, queue_length, connections, timeout_s, serving)
    from tacet.store.sqlite.store import SqliteStore

    return SqliteStore(None if database == MEMORY else sqlite_path(database), queue_length, server)
