"""Which store a database address means."""

from pathlib import Path

from tacet.store.base import Store, StoreError

MEMORY = "sqlite://"
"""The address of a database that lives and dies with its process."""

_FILE_PREFIX = "sqlite:///"


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
    if database.startswith(_FILE_PREFIX) and len(database) > len(_FILE_PREFIX):
        return SqliteStore(Path(database.removeprefix(_FILE_PREFIX)), queue_length, server)
    raise StoreError(f"no store is known for the database address {database.split('@')[-1]!r}: give sqlite:///PATH")
