"""Which store a database address means."""

from tacet.store.address import sqlite_path
from tacet.store.base import Store, StoreError

MEMORY = "sqlite://"
"""The address of a database that lives and dies with its process."""


def open_store(database: str, queue_length: int, server: bool = True) -> Store:
    """The store for `database`, not opened yet: `sqlite:///relative.db`, `sqlite:////absolute.db` or `sqlite://`.

    Args:
        queue_length: writes that may wait for the disk.
        server: False for an admin command that works beside a running server.

    Raises:
        StoreError: no store knows this address.
    """
    from tacet.store.sqlite.store import SqliteStore

    if database == MEMORY:
        return SqliteStore(None, queue_length, server)
    try:
        path = sqlite_path(database)
    except ValueError as error:
        raise StoreError(str(error)) from None
    return SqliteStore(path, queue_length, server)
