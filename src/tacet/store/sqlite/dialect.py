"""The shared SQL in SQLite's tongue, and SQLite's errors in the store's."""

import json
import re
import sqlite3
from collections.abc import Iterable
from functools import cache

import msgspec

from tacet.records.people import MAX_ID
from tacet.store.base import Conflict, StoreError

_ID_LIST = re.compile(r"ids\((\$\d+)\)")
_TEXT_LIST = re.compile(r"texts\((\$\d+)\)")
_PACKED = re.compile(r"packed\((\w+)\)")
_PARAMETER = re.compile(r"\$(\d+)")

_encode = msgspec.json.Encoder().encode


@cache
def adapt(sql: str) -> str:
    """`$1` becomes `?1`, `ids($1)` and `texts($1)` the rows of a JSON array, and `packed(column)` a JSON array."""
    listed = _ID_LIST.sub(r"(SELECT value AS id FROM json_each(\1))", sql)
    listed = _TEXT_LIST.sub(r"(SELECT value AS text FROM json_each(\1))", listed)
    packed = _PACKED.sub(r"json_group_array(\1)", listed)
    return _PARAMETER.sub(r"?\1", packed).strip()


def id_list(ids: Iterable[int]) -> str:
    """The parameter for `ids($1)`; ids too large to be anybody's are left out."""
    listed = list(ids)
    if max(listed, default=0) > MAX_ID:
        listed = [id_ for id_ in listed if id_ <= MAX_ID]
    return _encode(listed).decode()


def text_list(texts: Iterable[str]) -> str:
    """The parameter for `texts($1)`; those with a NUL are left out, for SQLite reads a text from JSON up to there."""
    return json.dumps([text for text in texts if "\0" not in text])


def translated(error: sqlite3.Error) -> StoreError:
    """SQLite's complaint as a store error that names cause and remedy."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if isinstance(error, sqlite3.IntegrityError):
        return Conflict("a value that must be unique is already taken")
    if name.startswith("SQLITE_FULL"):
        return StoreError("the disk is full: free some space; nothing was written")
    if name.startswith("SQLITE_READONLY"):
        return StoreError("the database file is read-only: make it writable for this user; nothing was written")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return StoreError("the database file is damaged or no SQLite file: restore it from a backup")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreError("another program holds the database file for too long: stop it, then try again")
    if name.startswith("SQLITE_CANTOPEN"):
        return StoreError("the database file cannot be opened: check that its folder exists and is writable")
    if name.startswith("SQLITE_IOERR"):
        return StoreError(f"the disk fails ({name}): look whether it is broken, or a limit on file sizes is reached")
    return StoreError(f"the database failed ({name or type(error).__name__})")
