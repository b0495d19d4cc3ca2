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
from tacet.store.queries import consents as queries
from tacet.store.queries.credentials import INSERT_TOKEN, TOKEN
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

_PUT_CODE = adapt(queries.PUT_CODE)
_CODE = adapt(queries.CODE)
_SPEND_CODE = adapt(queries.SPEND_CODE)
_REDEEM_CODE = adapt(queries.REDEEM_CODE)
_INSERT_GRANT = adapt(queries.INSERT_GRANT)
_GRANT = adapt(queries.GRANT)
_TOKEN = adapt(TOKEN)
_INSERT_TOKEN = adapt(INSERT_TOKEN)
_USE_UP_REFRESH_TOKEN = adapt(queries.USE_UP_REFRESH_TOKEN)
_REVOKE_GRANT = adapt(queries.REVOKE_GRANT)
_REVOKE_TOKENS_OF_GRANT = adapt(queries.REVOKE_TOKENS_OF_GRANT)
_REVOKE_GRANTS_OF_PAIR = adapt(queries.REVOKE_GRANTS_OF_PAIR)
_OWN_TOKEN = adapt(queries.OWN_TOKEN)
_REVOKE_TOKENS_OF_PAIR = adapt(queries.REVOKE_TOKENS_OF_PAIR)
_DROP_CODES_OF_PAIR = adapt(queries.DROP_CODES_OF_PAIR)
_DROP_REQUEST_TOKENS_OF_PAIR = adapt(queries.DROP_REQUEST_TOKENS_OF_PAIR)
_CONNECTIONS_OF_USER = adapt(queries.CONNECTIONS_OF_USER)
_CONNECTIONS_OF_APP = adapt(queries.CONNECTIONS_OF_APP)
_OAUTH1_ACCESSES = adapt(queries.OAUTH1_ACCESSES)
_PUT_REQUEST_TOKEN = adapt(queries.PUT_REQUEST_TOKEN)
_REQUEST_TOKEN = adapt(queries.REQUEST_TOKEN)
_APPROVE_REQUEST_TOKEN = adapt(queries.APPROVE_REQUEST_TOKEN)
_DROP_REQUEST_TOKEN = adapt(queries.DROP_REQUEST_TOKEN)
_COUNT_WRONG_VERIFIER = adapt(queries.COUNT_WRONG_VERIFIER)
_REDEEM_REQUEST_TOKEN = adapt(queries.REDEEM_REQUEST_TOKEN)
_SHARED_GRANT = adapt(queries.SHARED_GRANT)
_REVOKE_OLDER_TOKENS_OF_GRANT = adapt(queries.REVOKE_OLDER_TOKENS_OF_GRANT)


class PostgresConsents(ConsentStore):
    """Logins of one PostgreSQL database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows
        self._write = database.write

    async def put_code(self, code: Code) -> None:
        await self._write(_PUT_CODE, code_row(code))

    async def code(self, digest: bytes) -> Code | None:
        rows = await self._rows(_CODE, (digest,))
        return code_of(rows[0]) if rows else None

    async def spend_code(self, digest: bytes, now_ms: int) -> bool:
        return bool(await self._write(_SPEND_CODE, (digest, now_ms)))

    async def redeem_code(self, digest: bytes, grant: Grant, tokens: Sequence[Token], now_ms: int) -> bool:
        async def write(transaction: Transaction) -> bool:
            await lock_logins(transaction, [(grant.app_id, grant.user_id)])
            key = (digest, now_ms, grant.id, grant.app_id, grant.user_id)
            if not await transaction.rows(_REDEEM_CODE, key):
                return False
            await _insert(transaction, grant, tokens)
            return True

        return await self._database.transaction(write)

    async def rotate(self, refresh_digest: bytes, tokens: Sequence[Token], now_ms: int) -> bool:
        rows = await self._rows(_TOKEN, (refresh_digest,))
        if not rows:
            return False
        refresh = token_of(rows[0])

        async def write(transaction: Transaction) -> bool:
            await lock_logins(transaction, [(refresh.app_id, refresh.user_id)])
            used = await transaction.rows(_USE_UP_REFRESH_TOKEN, (refresh_digest, now_ms))
            for (grant_id,) in used:
                await _insert_tokens(transaction, tokens, grant_id)
            return bool(used)

        return await self._database.transaction(write)

    async def add_grant(self, grant: Grant, tokens: Sequence[Token]) -> None:
        async def write(transaction: Transaction) -> None:
            await lock_logins(transaction, [(grant.app_id, grant.user_id)])
            await _insert(transaction, grant, tokens)

        await self._database.transaction(write)

    async def grant(self, grant_id: int) -> Grant | None:
        rows = await self._rows(_GRANT, (grant_id,))
        return grant_of(rows[0]) if rows else None

    async def revoke_grant(self, grant_id: int, now_ms: int) -> bool:
        grant = await self.grant(grant_id)
        if grant is None:
            return False

        async def write(transaction: Transaction) -> bool:
            await lock_logins(transaction, [(grant.app_id, grant.user_id)])
            if not await transaction.rows(_REVOKE_GRANT, (grant_id, now_ms)):
                return False
            await transaction.run(_REVOKE_TOKENS_OF_GRANT, (grant_id, now_ms))
            await bump(transaction)
            return True

        return await self._database.transaction(write)

    async def revoke_connection(self, app_id: int, user_id: int, now_ms: int) -> int:
        return await self._database.transaction(
            lambda transaction: _revoke_connection(transaction, app_id, user_id, now_ms)
        )

    async def own_token(self, app_id: int, user_id: int) -> Token | None:
        rows = await self._rows(_OWN_TOKEN, (app_id, user_id))
        return token_of(rows[0]) if rows else None

    async def oauth1_accesses(self, app_id: int, user_id: int) -> set[Access | None]:
        return {access and Access(access) for (access,) in await self._rows(_OAUTH1_ACCESSES, (app_id, user_id))}

    async def connections_of_user(self, user_id: int, limit: int, now_ms: int) -> list[Connection]:
        return _connections(await self._rows(_CONNECTIONS_OF_USER, (user_id, now_ms, limit)))

    async def connections_of_app(self, app_id: int, after_user_id: int, limit: int, now_ms: int) -> list[Connection]:
        return _connections(await self._rows(_CONNECTIONS_OF_APP, (app_id, now_ms, limit, after_user_id)))

    async def put_request_token(self, token: RequestToken) -> None:
        await self._write(_PUT_REQUEST_TOKEN, request_token_row(token))

    async def request_token(self, digest: bytes) -> RequestToken | None:
        rows = await self._rows(_REQUEST_TOKEN, (digest,))
        return request_token_of(rows[0]) if rows else None

    async def approve_request_token(self, digest: bytes, user_id: int, verifier_digest: bytes, now_ms: int) -> bool:
        return bool(await self._write(_APPROVE_REQUEST_TOKEN, (digest, user_id, verifier_digest, now_ms)))

    async def drop_request_token(self, digest: bytes) -> bool:
        return bool(await self._write(_DROP_REQUEST_TOKEN, (digest,)))

    async def count_wrong_verifier(self, digest: bytes) -> int:
        counted = await self._write(_COUNT_WRONG_VERIFIER, (digest,))
        return int(counted[0][0]) if counted else 0

    async def redeem_request_token(
        self, digest: bytes, verifier_digest: bytes, grant: Grant, token: Token, now_ms: int
    ) -> int | None:
        async def write(transaction: Transaction) -> int | None:
            await lock_logins(transaction, [(grant.app_id, grant.user_id)])
            key = (digest, verifier_digest, grant.app_id, grant.user_id, now_ms)
            if not await transaction.rows(_REDEEM_REQUEST_TOKEN, key):
                return None
            return await _join_shared_grant(transaction, grant, token, now_ms)

        return await self._database.transaction(write)

    async def sweep_logins(self, now_ms: int, limit: int) -> int:
        return await sweep(self._database, now_ms, now_ms - KEPT_AFTER_END_MS, limit)


async def _insert(transaction: Transaction, grant: Grant, tokens: Sequence[Token]) -> None:
    await transaction.run(_INSERT_GRANT, grant_row(grant))
    await _insert_tokens(transaction, tokens, grant.id)


async def _insert_tokens(transaction: Transaction, tokens: Sequence[Token], grant_id: int | None) -> None:
    await transaction.many(_INSERT_TOKEN, [token_row(token, grant_id) for token in tokens])


async def _revoke_connection(transaction: Transaction, app_id: int, user_id: int, now_ms: int) -> int:
    await lock_logins(transaction, [(app_id, user_id)])
    await transaction.run(_DROP_CODES_OF_PAIR, (app_id, user_id))
    await transaction.run(_DROP_REQUEST_TOKENS_OF_PAIR, (app_id, user_id))
    grants = await transaction.rows(_REVOKE_GRANTS_OF_PAIR, (app_id, user_id, now_ms))
    ends = await transaction.rows(_REVOKE_TOKENS_OF_PAIR, (app_id, user_id, now_ms))
    if grants or ends:
        await bump(transaction)
    worked = [expires_at_ms for (expires_at_ms,) in ends if expires_at_ms is None or expires_at_ms > now_ms]
    return len(grants) + len(worked)


async def _join_shared_grant(transaction: Transaction, grant: Grant, token: Token, now_ms: int) -> int:
    shared = await transaction.rows(_SHARED_GRANT, (grant.app_id, grant.user_id))
    if not shared:
        await _insert(transaction, grant, [token])
        return grant.id
    grant_id = int(shared[0][0])
    # Before the new one is there: it stays, even where the clock says that the others are as young.
    older = (grant_id, now_ms, MAX_OAUTH1_TOKENS - 1)
    revoked = await transaction.rows(_REVOKE_OLDER_TOKENS_OF_GRANT, older)
    await _insert_tokens(transaction, [token], grant_id)
    if revoked:
        await bump(transaction)
    return grant_id


def _connections(rows: list[Any]) -> list[Connection]:
    return [connection_of(*row) for row in rows]
