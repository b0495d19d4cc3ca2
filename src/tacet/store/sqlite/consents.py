"""Logins in SQLite. What is a few statements by key shares its commit with others; what may be more goes alone."""

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from tacet.records.consents import Code, Connection, Grant, RequestToken
from tacet.records.credentials import Access, Token
from tacet.store.consents import KEPT_AFTER_END_MS, MAX_OAUTH1_TOKENS, ConsentStore
from tacet.store.queries.consents import ConsentQueries
from tacet.store.rows import (
    code_of,
    code_row,
    connection_of,
    grant_of,
    grant_row,
    request_token_of,
    request_token_row,
    token_of,
    token_row,
)
from tacet.store.sqlite.credentials import bump
from tacet.store.sqlite.dialect import adapt
from tacet.store.sqlite.reader import Reader
from tacet.store.sqlite.sweeping import sweep
from tacet.store.sqlite.writer import GroupWriter, Size

_decode_texts = msgspec.json.Decoder(list[str]).decode

_SQL = ConsentQueries(adapt)


class SqliteConsents(ConsentStore):
    """Logins of one SQLite database; see `SqliteRelations` for the arguments."""

    def __init__(self, reader: Reader, writer: GroupWriter) -> None:
        self._rows = reader.rows
        self._writer = writer

    async def put_code(self, code: Code) -> bool:
        return bool(await self._changed(_SQL.PUT_CODE, code_row(code)))

    async def code(self, digest: bytes) -> Code | None:
        rows = self._rows(_SQL.CODE, (digest,))
        return code_of(rows[0]) if rows else None

    async def spend_code(self, digest: bytes, now_ms: int) -> bool:
        return bool(await self._changed(_SQL.SPEND_CODE, (digest, now_ms)))

    async def redeem_code(self, digest: bytes, grant: Grant, tokens: Sequence[Token], now_ms: int) -> bool:
        def write(connection: sqlite3.Connection) -> bool:
            key = (digest, now_ms, grant.id, grant.app_id, grant.user_id)
            if not connection.execute(_SQL.REDEEM_CODE, key).fetchall():
                return False
            return _insert(connection, grant, tokens)

        return await self._writer.submit(write, Size.FEW)

    async def rotate(self, refresh_digest: bytes, tokens: Sequence[Token], now_ms: int) -> bool:
        def write(connection: sqlite3.Connection) -> bool:
            used = connection.execute(_SQL.USE_UP_REFRESH_TOKEN, (refresh_digest, now_ms)).fetchall()
            for (grant_id,) in used:
                _insert_tokens(connection, tokens, grant_id)
            return bool(used)

        return await self._writer.submit(write, Size.FEW)

    async def add_grant(self, grant: Grant, tokens: Sequence[Token]) -> bool:
        return await self._writer.submit(lambda connection: _insert(connection, grant, tokens), Size.FEW)

    async def grant(self, grant_id: int) -> Grant | None:
        rows = self._rows(_SQL.GRANT, (grant_id,))
        return grant_of(rows[0]) if rows else None

    async def revoke_grant(self, grant_id: int, now_ms: int) -> bool:
        def write(connection: sqlite3.Connection) -> bool:
            if not connection.execute(_SQL.REVOKE_GRANT, (grant_id, now_ms)).fetchall():
                return False
            connection.execute(_SQL.REVOKE_TOKENS_OF_GRANT, (grant_id, now_ms))
            bump(connection)
            return True

        return await self._writer.submit(write, Size.LONG)

    async def revoke_connection(self, app_id: int, user_id: int, now_ms: int) -> int:
        return await self._writer.submit(
            lambda connection: _revoke_connection(connection, app_id, user_id, now_ms), Size.LONG
        )

    async def own_token(self, app_id: int, user_id: int) -> Token | None:
        rows = self._rows(_SQL.OWN_TOKEN, (app_id, user_id))
        return token_of(rows[0]) if rows else None

    async def oauth1_accesses(self, app_id: int, user_id: int) -> set[Access | None]:
        return {access and Access(access) for (access,) in self._rows(_SQL.OAUTH1_ACCESSES, (app_id, user_id))}

    async def connections_of_user(self, user_id: int, limit: int, now_ms: int) -> list[Connection]:
        return _connections(self._rows(_SQL.CONNECTIONS_OF_USER, (user_id, now_ms, limit)))

    async def connections_of_app(self, app_id: int, after_user_id: int, limit: int, now_ms: int) -> list[Connection]:
        return _connections(self._rows(_SQL.CONNECTIONS_OF_APP, (app_id, now_ms, limit, after_user_id)))

    async def put_request_token(self, token: RequestToken) -> bool:
        return bool(await self._changed(_SQL.PUT_REQUEST_TOKEN, request_token_row(token)))

    async def request_token(self, digest: bytes) -> RequestToken | None:
        rows = self._rows(_SQL.REQUEST_TOKEN, (digest,))
        return request_token_of(rows[0]) if rows else None

    async def approve_request_token(self, digest: bytes, user_id: int, verifier_digest: bytes, now_ms: int) -> bool:
        return bool(await self._changed(_SQL.APPROVE_REQUEST_TOKEN, (digest, user_id, verifier_digest, now_ms)))

    async def drop_request_token(self, digest: bytes) -> bool:
        return bool(await self._changed(_SQL.DROP_REQUEST_TOKEN, (digest,)))

    async def count_wrong_verifier(self, digest: bytes) -> int:
        counted = await self._changed(_SQL.COUNT_WRONG_VERIFIER, (digest,))
        return int(counted[0][0]) if counted else 0

    async def redeem_request_token(
        self, digest: bytes, verifier_digest: bytes, grant: Grant, token: Token, now_ms: int
    ) -> int | None:
        def write(connection: sqlite3.Connection) -> int | None:
            key = (digest, verifier_digest, grant.app_id, grant.user_id, now_ms)
            if not connection.execute(_SQL.REDEEM_REQUEST_TOKEN, key).fetchall():
                return None
            return _join_shared_grant(connection, grant, token, now_ms)

        return await self._writer.submit(write, Size.FEW)

    async def sweep_logins(self, now_ms: int, limit: int) -> int:
        before_ms = now_ms - KEPT_AFTER_END_MS
        return await self._writer.submit(lambda connection: sweep(connection, now_ms, before_ms, limit), Size.LONG)

    async def _changed(self, statement: str, parameters: tuple[Any, ...]) -> list[Any]:
        """What a write of one statement returns."""
        return await self._writer.submit(lambda connection: connection.execute(statement, parameters).fetchall())


def _insert(connection: sqlite3.Connection, grant: Grant, tokens: Sequence[Token]) -> bool:
    """False where its App is not there."""
    if not connection.execute(_SQL.INSERT_GRANT, grant_row(grant)).fetchall():
        return False
    _insert_tokens(connection, tokens, grant.id)
    return True


def _insert_tokens(connection: sqlite3.Connection, tokens: Sequence[Token], grant_id: int | None) -> None:
    connection.executemany(_SQL.INSERT_TOKEN, [token_row(token, grant_id) for token in tokens])


def _revoke_connection(connection: sqlite3.Connection, app_id: int, user_id: int, now_ms: int) -> int:
    connection.execute(_SQL.DROP_CODES_OF_PAIR, (app_id, user_id))
    connection.execute(_SQL.DROP_REQUEST_TOKENS_OF_PAIR, (app_id, user_id))
    grants = connection.execute(_SQL.REVOKE_GRANTS_OF_PAIR, (app_id, user_id, now_ms)).fetchall()
    ends = connection.execute(_SQL.REVOKE_TOKENS_OF_PAIR, (app_id, user_id, now_ms)).fetchall()
    if grants or ends:
        bump(connection)
    worked = [expires_at_ms for (expires_at_ms,) in ends if expires_at_ms is None or expires_at_ms > now_ms]
    return len(grants) + len(worked)


def _join_shared_grant(connection: sqlite3.Connection, grant: Grant, token: Token, now_ms: int) -> int:
    shared = connection.execute(_SQL.SHARED_GRANT, (grant.app_id, grant.user_id)).fetchall()
    if not shared:
        _insert(connection, grant, [token])
        return grant.id
    grant_id = int(shared[0][0])
    # Before the new one is there: it stays, even where the clock says that the others are as young.
    older = (grant_id, now_ms, MAX_OAUTH1_TOKENS - 1)
    if connection.execute(_SQL.REVOKE_OLDER_TOKENS_OF_GRANT, older).fetchall():
        bump(connection)
    _insert_tokens(connection, [token], grant_id)
    return grant_id


def _connections(rows: list[Any]) -> list[Connection]:
    return [
        connection_of(app_id, user_id, _decode_texts(scopes), oauth1_rank, since_ms)
        for app_id, user_id, scopes, oauth1_rank, since_ms in rows
    ]
