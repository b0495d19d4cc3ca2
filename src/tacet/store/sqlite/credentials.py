"""Apps and tokens in SQLite."""

import sqlite3
from typing import Any

from tacet.records.credentials import Access, App, Token, TokenKind
from tacet.store import queries
from tacet.store.base import CredentialStore, Part
from tacet.store.sqlite.dialect import adapt
from tacet.store.sqlite.reader import Reader
from tacet.store.sqlite.writer import GroupWriter

_PUT_APP = adapt(queries.PUT_APP)
_APP = adapt(queries.APP)
_ANY_APP = adapt(queries.ANY_APP)
_APP_BY_CONSUMER_KEY = adapt(queries.APP_BY_CONSUMER_KEY)
_PUT_TOKEN = adapt(queries.PUT_TOKEN)
_TOKEN = adapt(queries.TOKEN)
_REVOKE_TOKEN = adapt(queries.REVOKE_TOKEN)
_BUMP = adapt(queries.BUMP)


class SqliteCredentials(CredentialStore):
    """Apps and tokens of one SQLite database; see `SqliteRelations` for the arguments."""

    def __init__(self, reader: Reader, writer: GroupWriter) -> None:
        self._rows = reader.rows
        self._writer = writer

    async def put_app(self, app: App) -> None:
        row = (
            app.id,
            app.name,
            app.project_id,
            app.access.value,
            app.consumer_key,
            app.consumer_secret_sealed,
            app.client_id,
            app.created_at_ms,
        )

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(_PUT_APP, row)
            connection.execute(_BUMP, (Part.CREDENTIALS.value,))

        await self._writer.submit(write, long=True)

    async def app(self, app_id: int) -> App | None:
        return _one_app(self._rows(_APP, (app_id,)))

    async def app_by_consumer_key(self, consumer_key: str) -> App | None:
        return _one_app(self._rows(_APP_BY_CONSUMER_KEY, (consumer_key,)))

    async def any_app(self) -> App | None:
        return _one_app(self._rows(_ANY_APP))

    async def put_token(self, token: Token) -> None:
        row = (
            token.digest,
            token.kind.value,
            token.app_id,
            token.user_id,
            token.scopes,
            token.secret_sealed,
            token.created_at_ms,
            token.expires_at_ms,
            token.revoked_at_ms,
        )

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(_PUT_TOKEN, row)
            connection.execute(_BUMP, (Part.CREDENTIALS.value,))

        await self._writer.submit(write, long=True)

    async def token(self, digest: bytes) -> Token | None:
        rows = self._rows(_TOKEN, (digest,))
        if not rows:
            return None
        found, kind, *rest = rows[0]
        return Token(found, TokenKind(kind), *rest)

    async def revoke_token(self, digest: bytes, now_ms: int) -> bool:
        def write(connection: sqlite3.Connection) -> bool:
            revoked = connection.execute(_REVOKE_TOKEN, (digest, now_ms)).fetchall()
            connection.execute(_BUMP, (Part.CREDENTIALS.value,))
            return any(expires_at_ms is None or expires_at_ms > now_ms for (expires_at_ms,) in revoked)

        return await self._writer.submit(write, long=True)


def _one_app(rows: list[Any]) -> App | None:
    if not rows:
        return None
    id_, name, project_id, access, *rest = rows[0]
    return App(id_, name, project_id, Access(access), *rest)
