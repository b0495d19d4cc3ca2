"""The schema of a PostgreSQL database: what it is, and how it is brought up to date."""

from importlib import resources

from tacet.store.base import StoreError
from tacet.store.postgres.connections import connect
from tacet.store.postgres.database import Transaction
from tacet.store.postgres.dialect import adapt
from tacet.store.queries import upkeep as queries
from tacet.store.queries.copying import MIGRATION_COLUMNS, OURS, UNFINISHED

CONNECT_TIMEOUT_S = 10.0

LOCK = ("migrating",)

NEWER = "the database was made by a newer version of tacet: run that version, or restore a backup"

# Only where names without a schema lead; not what extensions brought, nor the parts of tables.
TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = to_regnamespace(quote_ident(current_schema())) AND relkind IN ('r', 'p') AND NOT relispartition
  AND NOT EXISTS (
      SELECT 1 FROM pg_depend
      WHERE classid = CAST('pg_class' AS REGCLASS) AND objid = pg_class.oid AND deptype = 'e')
"""

COLUMNS = """
SELECT attname FROM pg_attribute
WHERE attrelid = to_regclass(quote_ident($1)) AND attnum > 0 AND NOT attisdropped
"""

_CREATE = "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL)"
_DONE = adapt(queries.MIGRATIONS_DONE)
_RECORD = adapt(queries.RECORD_MIGRATION)


async def migrate(address: str) -> list[str]:
    """Run what has not run yet, all in one transaction; return the names of what has run now.

    Of several who do so at once, one does it, and the others find it done. It takes as long as it takes.

    Raises:
        StoreError: it cannot be reached, is another program's, an unfinished copy, or was made by a newer version.
    """
    connection = await connect(address, None, CONNECT_TIMEOUT_S)
    try:
        transaction = Transaction(connection)
        await transaction.lock(LOCK)
        due = await _missing(transaction)
        await _check_finished(transaction)
        await transaction.rows(_CREATE)
        for number, name, sql in due:
            await transaction.script(sql)
            await transaction.rows(_RECORD, (number, name))
        await transaction.commit()
    finally:
        await connection.close(CONNECT_TIMEOUT_S)
    return [name for _, name, _ in due]


async def pending(address: str) -> list[str]:
    """The names of the migrations that have not run yet, in order. Nothing is changed.

    Raises:
        StoreError: as `migrate`.
    """
    return await _asked(address, finished=True)


async def missing(address: str) -> list[str]:
    """As `pending`, also of an unfinished copy."""
    return await _asked(address, finished=False)


async def check(transaction: Transaction) -> None:
    """Let only a schema pass that is up to date.

    Raises:
        StoreError: it is not; the message says what to do.
    """
    due = await _missing(transaction)
    await _check_finished(transaction)
    if due:
        raise StoreError("the database's schema is empty or older than this program: run `tacet database migrate`")


async def _asked(address: str, finished: bool) -> list[str]:
    connection = await connect(address, None, CONNECT_TIMEOUT_S)
    try:
        transaction = Transaction(connection)
        due = await _missing(transaction)
        if finished:
            await _check_finished(transaction)
        return [name for _, name, _ in due]
    finally:
        await connection.close(CONNECT_TIMEOUT_S)


async def _check_finished(transaction: Transaction) -> None:
    if any(name == UNFINISHED for (name,) in await transaction.rows(TABLES)):
        raise StoreError("it is an unfinished copy of another database: run the same `tacet database copy` again")


async def _missing(transaction: Transaction) -> list[tuple[int, str, str]]:
    """(number, name, SQL) of every migration that has not run yet, in order."""
    tables = {name for (name,) in await transaction.rows(TABLES)}
    columns = {name for (name,) in await transaction.rows(COLUMNS, ("migration",))}
    if tables and not (tables >= OURS and columns >= MIGRATION_COLUMNS):
        raise StoreError("the database is another program's: give a database, or a schema, of Tacet's own")
    done = {number for (number,) in await transaction.rows(_DONE)} if tables else set()
    known = _migrations()
    if done and max(done) > known[-1][0]:
        raise StoreError(NEWER)
    return [each for each in known if each[0] not in done]


def _migrations() -> list[tuple[int, str, str]]:
    """(number, name, SQL) of every migration, in order."""
    folder = resources.files("tacet.store.postgres") / "migrations"
    found = [(int(f.name[:4]), f.name, f.read_text("utf-8")) for f in folder.iterdir() if f.name.endswith(".sql")]
    return sorted(found)
