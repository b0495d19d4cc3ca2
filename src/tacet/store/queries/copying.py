"""Whole tables, read in the order of a key and written somewhere else."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "person": ("id",),
        "handle": ("username_key",),
        "relation": ("source_id", "kind", "position"),
        "post": ("id",),
        "mention": ("person_id", "post_id"),
        "message": ("id",),
        "app": ("id",),
        "token": ("digest",),
        "access_grant": ("id",),
        "authorization_code": ("digest",),
        "request_token": ("digest",),
        "developer": ("person_id",),
        "project": ("id",),
        "password": ("person_id",),
        "page_session": ("digest",),
        "app_usage": ("app_id", "hour"),
        "nonce": ("digest",),
    }
)
"""Every table that holds what somebody did, with the columns of a unique index that it is read by."""

TRUE_OF_ALL: Mapping[str, str] = MappingProxyType({"relation": "position > -1"})
"""What all rows of a table fulfil, and has to be said for PostgreSQL to use the index of its key: see `relations`."""

OURS = frozenset({"migration", "relation"})
"""Tables that every database of ours has, so that another program's is left alone."""

MIGRATION_COLUMNS = frozenset({"number", "name"})
"""Of `migration`, by which it is told from another program's table of that name."""

UNFINISHED = "copying"
"""The table that marks a copy under way: a row for each table that was begun, and one for the source, named ''."""

CREATE_MARKS = f"""
CREATE TABLE {UNFINISHED} (
    name TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    checksum TEXT NOT NULL,
    reached TEXT NOT NULL
)
"""

MARKS = f"SELECT name, number, checksum, reached FROM {UNFINISHED}"

PUT_MARK = f"""
INSERT INTO {UNFINISHED} (name, number, checksum, reached) VALUES ($1, $2, $3, $4)
ON CONFLICT (name) DO UPDATE SET number = excluded.number, checksum = excluded.checksum, reached = excluded.reached
"""

DROP_MARKS = f"DROP TABLE {UNFINISHED}"

RAISE_REVISION = """
INSERT INTO revision (part, number) VALUES ($1, $2)
ON CONFLICT (part) DO UPDATE SET
    number = 1 + CASE WHEN revision.number > excluded.number THEN revision.number ELSE excluded.number END
"""


def count(table: str) -> str:
    return f"SELECT COUNT(*) FROM {table}"


def is_filled(table: str) -> str:
    return f"SELECT 1 FROM {table} LIMIT 1"


def read(table: str, columns: Sequence[str], *, first: bool) -> str:
    """The next rows: after the key in `$2` and what follows it, unless these are the first ones; `$1` is how many."""
    key = KEYS[table]
    bounds = ", ".join(f"${place}" for place in range(2, len(key) + 2))
    beyond = "" if first else f"AND ({', '.join(key)}) > ({bounds})"
    return (
        f"SELECT {', '.join(columns)} FROM {table} WHERE {TRUE_OF_ALL.get(table, '1 = 1')} {beyond} "
        f"ORDER BY {', '.join(key)} LIMIT $1"
    )


def insert(table: str, columns: Sequence[str]) -> str:
    values = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"
