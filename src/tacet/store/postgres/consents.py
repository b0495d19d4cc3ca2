"""Logins in PostgreSQL. What concerns one person's logins to one App goes one after the other; see `locks`."""

from collections.abc import Sequence
from typing import Any

from tacet.records.consents import Code, Connection, Grant, RequestToken
from tacet.records.credentials import Access, Token
from tacet.store.consents import KEPT_AFTER_END_MS, MAX_OAUTH1_TOKENS, ConsentStore
from tacet.store.postgres.credentials import bump
from tacet.store.postgres.database import Database, Transaction
from tacet.store.postgres.dialect import adapt
from tacet.store.postgres.locks import lock_logins
from tacet.store.postgres.sweeping import sweep
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

_SQL = ConsentQueries(adapt)


class PostgresConsents(ConsentStore):
    """Logins of one PostgreSQL database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows
        self._write = database.write

    async def put_code(self, code: Code) -> bool:
        return await self._put(_SQL.PUT_CODE, code_row(code), code.app_id, code.user_id)

    async def code(self, digest: bytes) -> Code | None:
        rows = await self._rows(_SQL.CODE, (digest,))
        return code_of(rows[0]) if rows else None

    async def spend_code(self, digest: bytes, now_ms: int) -> bool:
        return bool(await self._write(_SQL.SPEND_CODE, (digest, now_ms)))

    async def redeem_code(self, digest: bytes, grant: Grant, tokens: Sequence[Token], now_ms: int) -> bool:
        async def write(transaction: Transaction) -> bool:
            await lock_logins(transaction, [(grant.app_id, grant.user_id)])
            key = (digest, now_ms, grant.id, grant.app_id, grant.user_id)
            if not await transaction.rows(_SQL.REDEEM_CODE, key):
                return False
            return await _insert(transaction, grant, tokens)

        return await self._database.transaction(write)

    async def rotate(self, refresh_digest: bytes, tokens: Sequence[Token], now_ms: int) -> bool:
        rows = await self._rows(_SQL.TOKEN, (refresh_digest,))
        if not rows:
            return False
        refresh = token_of(rows[0])

        async def write(transaction: Transaction) -> bool:
            await lock_logins(transaction, [(refresh.app_id, refresh.user_id)])
            used = await transaction.rows(_SQL.USE_UP_REFRESH_TOKEN, (refresh_digest, now_ms))
            for (grant_id,) in used:
                await _insert_tokens(transaction, tokens, grant_id)
            return bool(used)

        return await self._database.transaction(write)

    async def add_grant(self, grant: Grant, tokens: Sequence[Token]) -> bool:
        async def write(transaction: Transaction) -> bool:
            await lock_logins(transaction, [(grant.app_id, grant.user_id)])
            return await _insert(transaction, grant, tokens)

        return await self._database.transaction(write)

    async def grant(self, grant_id: int) -> Grant | None:
        rows = await self._rows(_SQL.GRANT, (grant_id,))
        return grant_of(rows[0]) if rows else None

    async def revoke_grant(self, grant_id: int, now_ms: int) -> bool:
        grant = await self.grant(grant_id)
        if grant is None:
            return False

        async def write(transaction: Transaction) -> bool:
            await lock_logins(transaction, [(grant.app_id, grant.user_id)])
            if not await transaction.rows(_SQL.REVOKE_GRANT, (grant_id, now_ms)):
                return False
            await transaction.run(_SQL.REVOKE_TOKENS_OF_GRANT, (grant_id, now_ms))
            await bump(transaction)
            return True

        return await self._database.transaction(write)

    async def revoke_connection(self, app_id: int, user_id: int, now_ms: int) -> int:
        return await self._database.transaction(
            lambda transaction: _revoke_connection(transaction, app_id, user_id, now_ms)
        )

    async def own_token(self, app_id: int, user_id: int) -> Token | None:
        rows = await self._rows(_SQL.OWN_TOKEN, (app_id, user_id))
        return token_of(rows[0]) if rows else None

    async def oauth1_accesses(self, app_id: int, user_id: int) -> set[Access | None]:
        return {access and Access(access) for (access,) in await self._rows(_SQL.OAUTH1_ACCESSES, (app_id, user_id))}

    async def connections_of_user(self, user_id: int, limit: int, now_ms: int) -> list[Connection]:
        return _connections(await self._rows(_SQL.CONNECTIONS_OF_USER, (user_id, now_ms, limit)))

    async def connections_of_app(self, app_id: int, after_user_id: int, limit: int, now_ms: int) -> list[Connection]:
        return _connections(await self._rows(_SQL.CONNECTIONS_OF_APP, (app_id, now_ms, limit, after_user_id)))

    async def put_request_token(self, token: RequestToken) -> bool:
        return await self._put(_SQL.PUT_REQUEST_TOKEN, request_token_row(token), token.app_id, token.user_id)

    async def request_token(self, digest: bytes) -> RequestToken | None:
        rows = await self._rows(_SQL.REQUEST_TOKEN, (digest,))
        return request_token_of(rows[0]) if rows else None

    async def approve_request_token(self, digest: bytes, user_id: int, verifier_digest: bytes, now_ms: int) -> bool:
        return bool(await self._write(_SQL.APPROVE_REQUEST_TOKEN, (digest, user_id, verifier_digest, now_ms)))

    async def drop_request_token(self, digest: bytes) -> bool:
        return bool(await self._write(_SQL.DROP_REQUEST_TOKEN, (digest,)))

    async def count_wrong_verifier(self, digest: bytes) -> int:
        counted = await self._write(_SQL.COUNT_WRONG_VERIFIER, (digest,))
        return int(counted[0][0]) if counted else 0

    async def redeem_request_token(
        self, digest: bytes, verifier_digest: bytes, grant: Grant, token: Token, now_ms: int
    ) -> int | None:
        async def write(transaction: Transaction) -> int | None:
            await lock_logins(transaction, [(grant.app_id, grant.user_id)])
            key = (digest, verifier_digest, grant.app_id, grant.user_id, now_ms)
            if not await transaction.rows(_SQL.REDEEM_REQUEST_TOKEN, key):
                return None
            return await _join_shared_grant(transaction, grant, token, now_ms)

        return await self._database.transaction(write)

    async def sweep_logins(self, now_ms: int, limit: int) -> int:
        return await sweep(self._database, now_ms, now_ms - KEPT_AFTER_END_MS, limit)

    async def _put(self, statement: str, row: tuple[Any, ...], app_id: int, user_id: int | None) -> bool:
        """Insert the first half of a login where its App is there, and is not being deleted."""

        async def write(transaction: Transaction) -> bool:
            await lock_logins(transaction, [(app_id, user_id)])
            return bool(await transaction.rows(statement, row))

        return await self._database.transaction(write)


async def _insert(transaction: Transaction, grant: Grant, tokens: Sequence[Token]) -> bool:
    """False where its App is not there."""
    if not await transaction.rows(_SQL.INSERT_GRANT, grant_row(grant)):
        return False
    await _insert_tokens(transaction, tokens, grant.id)
    return True


async def _insert_tokens(transaction: Transaction, tokens: Sequence[Token], grant_id: int | None) -> None:
    await transaction.many(_SQL.INSERT_TOKEN, [token_row(token, grant_id) for token in tokens])


async def _revoke_connection(transaction: Transaction, app_id: int, user_id: int, now_ms: int) -> int:
    await lock_logins(transaction, [(app_id, user_id)])
    await transaction.run(_SQL.DROP_CODES_OF_PAIR, (app_id, user_id))
    await transaction.run(_SQL.DROP_REQUEST_TOKENS_OF_PAIR, (app_id, user_id))
    grants = await transaction.rows(_SQL.REVOKE_GRANTS_OF_PAIR, (app_id, user_id, now_ms))
    ends = await transaction.rows(_SQL.REVOKE_TOKENS_OF_PAIR, (app_id, user_id, now_ms))
    if grants or ends:
        await bump(transaction)
    worked = [expires_at_ms for (expires_at_ms,) in ends if expires_at_ms is None or expires_at_ms > now_ms]
    return len(grants) + len(worked)


async def _join_shared_grant(transaction: Transaction, grant: Grant, token: Token, now_ms: int) -> int:
    shared = await transaction.rows(_SQL.SHARED_GRANT, (grant.app_id, grant.user_id))
    if not shared:
        await _insert(transaction, grant, [token])
        return grant.id
    grant_id = int(shared[0][0])
    # Before the new one is there: it stays, even where the clock says that the others are as young.
    older = (grant_id, now_ms, MAX_OAUTH1_TOKENS - 1)
    revoked = await transaction.rows(_SQL.REVOKE_OLDER_TOKENS_OF_GRANT, older)
    await _insert_tokens(transaction, [token], grant_id)
    if revoked:
        await bump(transaction)
    return grant_id


def _connections(rows: list[Any]) -> list[Connection]:
    return [connection_of(*row) for row in rows]
