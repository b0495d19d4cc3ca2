"""Apps and tokens in SQLite."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tacet.records.credentials import App, Token
from tacet.store.base import CredentialStore, Part
from tacet.store.queries import credentials as queries
from tacet.store.queries import upkeep
from tacet.store.rows import app_of, app_row, token_of, token_row
from tacet.store.sqlite.dialect import adapt
from tacet.store.sqlite.reader import Reader
from tacet.store.sqlite.writer import GroupWriter, Size

RESEALED_AT_ONCE = 1_000
"""Secrets held in memory while all are replaced, about 100 bytes each: enough that asking for more costs nothing."""

_INSERT_APP = adapt(queries.INSERT_APP)
_ADD_APP = adapt(queries.ADD_APP)
_REPLACE_APP = adapt(queries.REPLACE_APP)
_APP = adapt(queries.APP)
_ANY_APP = adapt(queries.ANY_APP)
_APPS_AFTER = adapt(queries.APPS_AFTER)
_APP_BY_CONSUMER_KEY = adapt(queries.APP_BY_CONSUMER_KEY)
_APP_BY_CLIENT_ID = adapt(queries.APP_BY_CLIENT_ID)
_ADD_TOKEN = adapt(queries.ADD_TOKEN)
_REPLACE_TOKEN = adapt(queries.REPLACE_TOKEN)
_TOKEN = adapt(queries.TOKEN)
_APP_ONLY_TOKEN = adapt(queries.APP_ONLY_TOKEN)
_REVOKE_TOKEN = adapt(queries.REVOKE_TOKEN)
_BUMP = adapt(upkeep.BUMP)


@dataclass(frozen=True, slots=True)
class _Sealed:
    """One kind of secret: how to read some past a key, how to write one, and what lies below all keys."""

    read: str
    write: str
    below: int | bytes


_SEALED = (
    _Sealed(adapt(queries.SEALED_OF_APPS), adapt(queries.RESEAL_APP), -1),
    _Sealed(adapt(queries.SEALED_OF_TOKENS), adapt(queries.RESEAL_TOKEN), b""),
    _Sealed(adapt(queries.SEALED_OF_REQUEST_TOKENS), adapt(queries.RESEAL_REQUEST_TOKEN), b""),
)


class SqliteCredentials(CredentialStore):
    """Apps and tokens of one SQLite database; see `SqliteRelations` for the arguments."""

    def __init__(self, reader: Reader, writer: GroupWriter) -> None:
        self._rows = reader.rows
        self._writer = writer

    async def put_app(self, app: App) -> None:
        row = app_row(app)
        # The time of its making stays.
        changed = row[:7] + row[8:]
        await self._writer.submit(lambda connection: _put(connection, _ADD_APP, row, _REPLACE_APP, changed), Size.LONG)

    async def add_app(self, app: App) -> None:
        row = app_row(app)
        await self._writer.submit(lambda connection: connection.execute(_INSERT_APP, row).rowcount)

    async def app(self, app_id: int) -> App | None:
        return _one_app(self._rows(_APP, (app_id,)))

    async def app_by_consumer_key(self, consumer_key: str) -> App | None:
        return _one_app(self._rows(_APP_BY_CONSUMER_KEY, (consumer_key,)))

    async def app_by_client_id(self, client_id: str) -> App | None:
        return _one_app(self._rows(_APP_BY_CLIENT_ID, (client_id,)))

    async def any_app(self) -> App | None:
        return _one_app(self._rows(_ANY_APP))

    async def apps(self, after_id: int, limit: int) -> list[App]:
        return [app_of(row) for row in self._rows(_APPS_AFTER, (after_id, limit))]

    async def put_token(self, token: Token) -> None:
        row = token_row(token, token.grant_id)
        await self._writer.submit(lambda connection: _put(connection, _ADD_TOKEN, row, _REPLACE_TOKEN, row), Size.FEW)

    async def token(self, digest: bytes) -> Token | None:
        return _one_token(self._rows(_TOKEN, (digest,)))

    async def app_only_token(self, app_id: int) -> Token | None:
        return _one_token(self._rows(_APP_ONLY_TOKEN, (app_id,)))

    async def revoke_token(self, digest: bytes, now_ms: int) -> bool:
        def write(connection: sqlite3.Connection) -> bool:
            revoked = connection.execute(_REVOKE_TOKEN, (digest, now_ms)).fetchall()
            if revoked:
                bump(connection)
            return any(expires_at_ms is None or expires_at_ms > now_ms for (expires_at_ms,) in revoked)

        return await self._writer.submit(write, Size.FEW)

    async def reseal(self, change: Callable[[bytes], bytes]) -> int:
        def write(connection: sqlite3.Connection) -> int:
            count = sum(_reseal(connection, sealed, change) for sealed in _SEALED)
            bump(connection)
            return count

        return await self._writer.submit(write, Size.LONG)


def bump(connection: sqlite3.Connection) -> None:
    """Have every server drop what it cached of Apps and tokens, as part of the transaction under way."""
    connection.execute(_BUMP, (Part.CREDENTIALS.value,))


def _put(
    connection: sqlite3.Connection, add: str, row: tuple[Any, ...], replace: str, changed: tuple[Any, ...]
) -> None:
    if not connection.execute(add, row).fetchall():
        connection.execute(replace, changed)
        bump(connection)


def _reseal(connection: sqlite3.Connection, kind: _Sealed, change: Callable[[bytes], bytes]) -> int:
    count, after = 0, kind.below
    while rows := connection.execute(kind.read, (after, RESEALED_AT_ONCE)).fetchall():
        connection.executemany(kind.write, [(key, change(sealed)) for key, sealed in rows])
        count += len(rows)
        after = rows[-1][0]
    return count


def _one_app(rows: list[Any]) -> App | None:
    return app_of(rows[0]) if rows else None


def _one_token(rows: list[Any]) -> Token | None:
    return token_of(rows[0]) if rows else None
