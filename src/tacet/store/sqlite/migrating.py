"""Bringing a SQLite file's schema up to date."""

import os
import sqlite3
from contextlib import closing
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from tacet.store.base import StoreError
from tacet.store.queries import upkeep as queries
from tacet.store.queries.copying import MIGRATION_COLUMNS, OURS, UNFINISHED
from tacet.store.sqlite.dialect import adapt, translated
from tacet.store.sqlite.locking import PRIVATE_MODE, check_one_name, take_lock
from tacet.store.sqlite.writer import BUSY_TIMEOUT_MS

Migration = tuple[int, str, str]
"""Number, name and SQL."""


def check_ours(connection: sqlite3.Connection, path: Path) -> None:
    """Before anything is changed in it.

    Raises:
        StoreError: the file belongs to another program, or has several names.
    """
    # Before the first statement, which would make a log beside this name.
    check_one_name(path)
    tables = _tables(connection)
    if tables and not (tables >= OURS and _columns(connection, "migration") >= MIGRATION_COLUMNS):
        raise StoreError(f"{path} is another program's database: give another file")


def is_unfinished(connection: sqlite3.Connection) -> bool:
    """Whether it is a copy of another database that was not finished."""
    return UNFINISHED in _tables(connection)


def check_finished(connection: sqlite3.Connection, path: Path) -> None:
    """Before anybody works with what is in it.

    Raises:
        StoreError: it is a copy of another database that was not finished.
    """
    if is_unfinished(connection):
        raise StoreError(f"{path} is an unfinished copy of another database: run the same `tacet database copy` again")


def migrations() -> list[Migration]:
    """All there are, in order."""
    folder = resources.files("tacet.store.sqlite") / "migrations"
    found = [(int(f.name[:4]), f.name, f.read_text("utf-8")) for f in folder.iterdir() if f.name.endswith(".sql")]
    return sorted(found)


def pending(connection: sqlite3.Connection) -> list[Migration]:
    """Those that have not run yet, in order.

    Raises:
        StoreError: the database was made by a newer version of this program.
    """
    known, done = migrations(), set()
    if "migration" in _tables(connection):
        done = {number for (number,) in connection.execute(adapt(queries.MIGRATIONS_DONE))}
    if done and max(done) > known[-1][0]:
        raise StoreError("the database was made by a newer version of tacet: run that version, or restore a backup")
    return [each for each in known if each[0] not in done]


def migrate(connection: sqlite3.Connection) -> list[str]:
    """Run what is pending, all of it in one transaction: what fails leaves the old schema. Return the names.

    Raises:
        StoreError: the database was made by a newer version of this program.
        sqlite3.Error: it cannot be written, whether or not there was anything to write.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        # Where the file is read-only, and only a write would tell, this fails now and not at the first mute.
        connection.execute("DELETE FROM migration WHERE number < 0")
        due = pending(connection)
    except StoreError:
        connection.execute("ROLLBACK")
        raise
    for number, name, sql in due:
        for statement in _statements(sql):
            connection.execute(statement)
        connection.execute(adapt(queries.RECORD_MIGRATION), (number, name))
    connection.execute("COMMIT")
    return [name for _, name, _ in due]


def migrate_file(path: Path) -> list[str]:
    """As `migrate`, for a file that no server has; one that is not there is made.

    Raises:
        StoreLocked: a server has it.
        StoreError: it is another program's, an unfinished copy, or cannot be opened.
    """
    lock_file = take_lock(path, "migrate")
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_MODE))
        with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)) as connection:
            check_ours(connection, path)
            check_finished(connection, path)
            connection.execute("PRAGMA journal_mode = WAL")
            return migrate(connection)
    except OSError as error:
        raise StoreError(f"{path} cannot be opened: {error.strerror}") from None
    except sqlite3.Error as error:
        raise translated(error) from None
    finally:
        lock_file.close()


def pending_in_file(path: Path) -> list[str]:
    """The names of what is pending; nothing is changed, and nothing made.

    Raises:
        StoreError: it is another program's, an unfinished copy, was made by a newer version, or cannot be opened.
    """
    if not path.exists():
        return [name for _, name, _ in migrations()]
    try:
        address = f"file:{quote(str(path.resolve()))}?mode=rw"
        with closing(sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_MS / 1000)) as connection:
            check_ours(connection, path)
            check_finished(connection, path)
            return [name for _, name, _ in pending(connection)]
    except sqlite3.Error as error:
        raise translated(error) from None


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))}


def _statements(sql: str) -> list[str]:
    """The single statements of a migration: `executescript` would commit before each."""
    statements, gathered = [], ""
    for line in sql.splitlines(keepends=True):
        gathered += line
        if sqlite3.complete_statement(gathered):
            statements.append(gathered)
            gathered = ""
    return statements
