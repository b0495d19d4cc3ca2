"""The shared SQL in PostgreSQL's tongue, and PostgreSQL's errors in the store's."""

import re
from collections.abc import Iterable
from functools import cache

import asyncpg

from tacet.records.people import MAX_ID
from tacet.store.address import PERCENT_ENCODE
from tacet.store.base import Conflict, StoreAway, StoreBusy, StoreError

_AMONG_IDS = re.compile(r"IN \(\s*SELECT id FROM ids\((\$\d+)\) AS \w+\)")
_AMONG_TEXTS = re.compile(r"IN \(\s*SELECT text FROM texts\((\$\d+)\) AS \w+\)")
_ID_LIST = re.compile(r"ids\((\$\d+)\) AS (\w+)")
_TEXT_LIST = re.compile(r"texts\((\$\d+)\) AS (\w+)")
_PACKED = re.compile(r"packed\((\w+)\)")

_PASSWORD = (
    "the database refuses the password, or was given none: give it as PGPASSWORD, in a password file, or in the "
    f"address, where {PERCENT_ENCODE}"
)

_POOLED = "a prepared statement was lost: a pooler between us and the database must pool sessions, not transactions"


class Held(StoreBusy):
    """Somebody else holds the same rows; nothing was written."""


class Unstorable(StoreError):
    """A row is not as rows must be; nothing was written."""


# The second character of a state of SQL says little; these stand for what somebody can do something about.
_SAID: dict[str, tuple[type[StoreError], str]] = {
    "22000": (Unstorable, "a number is too large, or a text is no Unicode, to be stored"),
    "22003": (Unstorable, "a number is too large to be stored"),
    "23505": (Conflict, "a value that must be unique is already taken"),
    "25006": (
        StoreAway,
        "the database can only be read: give the address of the primary server, or several hosts, of which the one "
        "that can be written is found",
    ),
    "25P03": (StoreBusy, "a transaction stood still for too long; nothing was written"),
    "26000": (StoreError, _POOLED),
    "42P05": (StoreError, _POOLED),
    "40001": (Held, "others changed the same rows again and again; nothing was written"),
    "40P01": (Held, "others changed the same rows again and again; nothing was written"),
    "53100": (StoreError, "the disk of the database is full: free some space; nothing was written"),
    "53200": (StoreBusy, "the database is out of memory; nothing was written"),
    "53300": (StoreBusy, "the database takes no more connections: raise its max_connections, or give fewer to us"),
    "55P03": (Held, "somebody else holds the same rows for too long; nothing was written"),
    "57014": (StoreBusy, "the database took too long; nothing was written"),
    "42501": (StoreError, "the database user may not do this: make it the owner of Tacet's tables"),
    "42P01": (StoreError, "a table is missing: run `tacet database migrate`"),
    "42703": (StoreError, "a column is missing: run `tacet database migrate`"),
    "3D000": (StoreError, "there is no such database on the server: create it, or correct its name in the address"),
    "28P01": (StoreError, _PASSWORD),
    "28000": (StoreError, "the database refuses the user: correct the address, or the server's pg_hba.conf"),
    "22021": (Unstorable, "a text holds a character that the database cannot store"),
}

_AWAY_CLASSES = ("08", "57P")
"""States of SQL of lost connections, and of a server that ends or starts."""

DRIVERS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What the driver raises."""

WRITTEN_OR_NOT = "the connection to the database was lost; what was being written may or may not have been"


@cache
def adapt(sql: str) -> str:
    """`ids($1)` and `texts($1)` become the rows of an array, `packed(column)` an array.

    To be among them is to equal one of them: for a join with their rows the planner would look for other ways than by
    the index, and find some where it believes a table to be small.
    """
    among = _AMONG_IDS.sub(r"= ANY (CAST(\1 AS BIGINT[]))", sql)
    among = _AMONG_TEXTS.sub(r"= ANY (CAST(\1 AS TEXT[]))", among)
    listed = _ID_LIST.sub(r"unnest(CAST(\1 AS BIGINT[])) AS \2 (id)", among)
    listed = _TEXT_LIST.sub(r"unnest(CAST(\1 AS TEXT[])) AS \2 (text)", listed)
    return _PACKED.sub(r"array_agg(\1)", listed).strip()


def id_list(ids: Iterable[int]) -> list[int]:
    """The parameter for `ids($1)`; ids too large to be anybody's are left out."""
    listed = list(ids)
    if max(listed, default=0) > MAX_ID:
        listed = [id_ for id_ in listed if id_ <= MAX_ID]
    return listed


def text_list(texts: Iterable[str]) -> list[str]:
    """The parameter for `texts($1)`; those that no stored text can equal are left out: with a NUL, or half a pair of
    UTF-16."""
    return [text for text in texts if "\0" not in text and (text.isascii() or _is_unicode(text))]


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def translated(error: Exception) -> StoreError:
    """PostgreSQL's complaint, or the driver's, as a store error that names cause and remedy, and no stored data."""
    if isinstance(error, StoreError):
        return error
    if isinstance(error, asyncpg.PostgresError):
        return _said(error.sqlstate or "")
    if isinstance(error, asyncpg.TargetServerAttributeNotMatched):
        return StoreAway("no server of the database's address can be written")
    if isinstance(error, OSError | asyncpg.InterfaceError | asyncpg.InternalClientError):
        return StoreAway(WRITTEN_OR_NOT)
    return StoreError(f"the database failed ({type(error).__name__})")


def _said(state: str) -> StoreError:
    if state in _SAID:
        kind, reason = _SAID[state]
        return kind(reason)
    if state.startswith(_AWAY_CLASSES):
        return StoreAway(WRITTEN_OR_NOT)
    return StoreError(f"the database failed (SQLSTATE {state})")
