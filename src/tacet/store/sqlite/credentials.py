"""Apps and tokens in SQLite."""

import sqlite3
from collections.abc import Callable
from typing import Any

from tacet.records.credentials import App, Token
from tacet.store.base import Part
from tacet.store.credentials import CredentialStore
from tacet.store.queries.credentials import RESEALED_AT_ONCE, CredentialQueries, Sealed
from tacet.store.rows import app_change_row, app_of, app_row, token_of, token_row
from tacet.store.sqlite.dialect import adapt
from tacet.store.sqlite.reader import Reader
from tacet.store.sqlite.writer import GroupWriter, Size

_SQL = CredentialQueries(adapt)


class SqliteCredentials(CredentialStore):
    """Apps and tokens of one SQLite database; see `SqliteRelations` for the arguments."""

    def __init__(self, reader: Reader, writer: GroupWriter) -> None:
        self._rows = reader.rows
        self._writer = writer

    async def put_app(self, app: App) -> None:
        row, changed = app_row(app), app_change_row(app)
        await self._writer.submit(
            lambda connection: _put(connection, _SQL.PUT_APP, row, _SQL.REPLACE_APP, changed), Size.LONG
        )

    async def add_app(self, app: App) -> bool:
        row = app_row(app)
        return bool(await self._writer.submit(lambda connection: connection.execute(_SQL.ADD_APP, row).fetchall()))

    async def change_app(self, app: App, before: App) -> bool:
        parameters = (*app_change_row(app), *app_change_row(before)[1:])

        def write(connection: sqlite3.Connection) -> bool:
            changed = connection.execute(_SQL.CHANGE_APP, parameters).fetchall()
            if changed:
                bump(connection)
            return bool(changed)

        return await self._writer.submit(write, Size.FEW)

    async def app(self, app_id: int) -> App | None:
        return _one_app(self._rows(_SQL.APP, (app_id,)))

    async def app_by_consumer_key(self, consumer_key: str) -> App | None:
        return _one_app(self._rows(_SQL.APP_BY_CONSUMER_KEY, (consumer_key,)))

    async def app_by_client_id(self, client_id: str) -> App | None:
        return _one_app(self._rows(_SQL.APP_BY_CLIENT_ID, (client_id,)))

    async def any_app(self) -> App | None:
        return _one_app(self._rows(_SQL.ANY_APP))

    async def apps(self, after_id: int, limit: int) -> list[App]:
        return [app_of(row) for row in self._rows(_SQL.APPS_AFTER, (after_id, limit))]

    async def put_token(self, token: Token) -> bool:
        row = token_row(token, token.grant_id)
        return await self._writer.submit(
            lambda connection: _put(connection, _SQL.ADD_TOKEN, row, _SQL.REPLACE_TOKEN, row), Size.FEW
        )

    async def token(self, digest: bytes) -> Token | None:
        return _one_token(self._rows(_SQL.TOKEN, (digest,)))

    async def app_only_token(self, app_id: int) -> Token | None:
        return _one_token(self._rows(_SQL.APP_ONLY_TOKEN, (app_id,)))

    async def revoke_token(self, digest: bytes, now_ms: int) -> bool:
        def write(connection: sqlite3.Connection) -> bool:
            revoked = connection.execute(_SQL.REVOKE_TOKEN, (digest, now_ms)).fetchall()
            if revoked:
                bump(connection)
            return any(expires_at_ms is None or expires_at_ms > now_ms for (expires_at_ms,) in revoked)

        return await self._writer.submit(write, Size.FEW)

    async def reseal(self, change: Callable[[bytes], bytes]) -> int:
        def write(connection: sqlite3.Connection) -> int:
            count = sum(_reseal(connection, sealed, change) for sealed in _SQL.sealed())
            bump(connection)
            return count

        return await self._writer.submit(write, Size.LONG)


def bump(connection: sqlite3.Connection) -> None:
    """Have every server drop what it cached of Apps and tokens, as part of the transaction under way."""
    connection.execute(_SQL.BUMP, (Part.CREDENTIALS.value,))


def _put(
    connection: sqlite3.Connection, add: str, row: tuple[Any, ...], replace: str, changed: tuple[Any, ...]
) -> bool:
    if connection.execute(add, row).fetchall():
        return True
    replaced = connection.execute(replace, changed).fetchall()
    if replaced:
        bump(connection)
    return bool(replaced)


def _reseal(connection: sqlite3.Connection, kind: Sealed, change: Callable[[bytes], bytes]) -> int:
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
