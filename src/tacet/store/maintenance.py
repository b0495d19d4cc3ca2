"""What is done to a database as a whole, whatever kind it is."""

from tacet.store.address import check, is_postgresql, sqlite_path
from tacet.store.sides import Side


def side(address: str) -> Side:
    """One end of a copy, not opened yet.

    Raises:
        ValueError: nothing knows this address.
    """
    check(address)
    if is_postgresql(address):
        from tacet.store.postgres.copying import PostgresSide

        return PostgresSide(address)
    from tacet.store.sqlite.copying import SqliteSide

    return SqliteSide(sqlite_path(address))


async def migrate(address: str) -> list[str]:
    """Bring the schema up to date, or make it; return the names of the migrations that ran.

    Raises:
        StoreLocked: a server serves the file.
        StoreError: it cannot be reached or written, is another program's, or was made by a newer version.
    """
    if is_postgresql(address):
        from tacet.store.postgres import migrating as postgres

        return await postgres.migrate(address)
    from tacet.store.sqlite.migrating import migrate_file

    return migrate_file(sqlite_path(address))


async def pending(address: str) -> list[str]:
    """The names of the migrations that would run now; nothing is changed.

    Raises:
        StoreError: as `migrate`.
    """
    if is_postgresql(address):
        from tacet.store.postgres import migrating as postgres

        return await postgres.pending(address)
    from tacet.store.sqlite.migrating import pending_in_file

    return pending_in_file(sqlite_path(address))


async def distribute(address: str) -> list[str]:
    """Spread a PostgreSQL database over the machines of its Citus cluster; return what was done, a line each.

    Raises:
        StoreError: there is no Citus, or it cannot be done.
    """
    from tacet.store.postgres import distribution

    return await distribution.distribute(address)
