"""Apps and tokens in PostgreSQL."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tacet.records.credentials import App, Token
from tacet.store.base import CredentialStore, Part
from tacet.store.postgres.database import Database, Transaction
from tacet.store.postgres.dialect import adapt
from tacet.store.postgres.locks import of_app
from tacet.store.queries import credentials as queries
from tacet.store.queries import upkeep
from tacet.store.rows import app_of, app_row, token_of, token_row

RESEALED_AT_ONCE = 1_000
"""Secrets held in memory while all are replaced, about 100 bytes each: enough that asking for more costs little."""

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

# A secret that is replaced between being read and being resealed would come back, so nobody may write meanwhile; reads
# go on. Whoever writes to several of these tables does it in this order.
_KEEP_SECRETS = "LOCK TABLE app, request_token, token IN SHARE ROW EXCLUSIVE MODE"


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


class PostgresCredentials(CredentialStore):
    """Apps and tokens of one PostgreSQL database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    async def add_app(self, app: App) -> None:
        await self._database.write(_INSERT_APP, app_row(app))

    async def put_app(self, app: App) -> None:
        row = app_row(app)

        async def write(transaction: Transaction) -> None:
            # Of two who put a new one at once the later would else find the keys taken, before it finds the App.
            await transaction.lock(of_app(app.id))
            # The time of its making stays.
            await _put(transaction, _ADD_APP, row, _REPLACE_APP, row[:7] + row[8:])

        await self._database.transaction(write)

    async def app(self, app_id: int) -> App | None:
        return _one_app(await self._rows(_APP, (app_id,)))

    async def app_by_consumer_key(self, consumer_key: str) -> App | None:
        return _one_app(await self._rows(_APP_BY_CONSUMER_KEY, (consumer_key,)))

    async def app_by_client_id(self, client_id: str) -> App | None:
        return _one_app(await self._rows(_APP_BY_CLIENT_ID, (client_id,)))

    async def any_app(self) -> App | None:
        return _one_app(await self._rows(_ANY_APP))

    async def apps(self, after_id: int, limit: int) -> list[App]:
        return [app_of(row) for row in await self._rows(_APPS_AFTER, (after_id, limit))]

    async def put_token(self, token: Token) -> None:
        row = token_row(token, token.grant_id)
        await self._database.transaction(lambda transaction: _put(transaction, _ADD_TOKEN, row, _REPLACE_TOKEN, row))

    async def token(self, digest: bytes) -> Token | None:
        return _one_token(await self._rows(_TOKEN, (digest,)))

    async def app_only_token(self, app_id: int) -> Token | None:
        return _one_token(await self._rows(_APP_ONLY_TOKEN, (app_id,)))

    async def revoke_token(self, digest: bytes, now_ms: int) -> bool:
        async def write(transaction: Transaction) -> bool:
            revoked = await transaction.rows(_REVOKE_TOKEN, (digest, now_ms))
            if revoked:
                await bump(transaction)
            return any(expires_at_ms is None or expires_at_ms > now_ms for (expires_at_ms,) in revoked)

        return await self._database.transaction(write)

    async def reseal(self, change: Callable[[bytes], bytes]) -> int:
        async def write(transaction: Transaction) -> int:
            await transaction.rows(_KEEP_SECRETS)
            count = 0
            for kind in _SEALED:
                count += await _reseal(transaction, kind, change)
            await bump(transaction)
            return count

        return await self._database.transaction(write)


async def _put(
    transaction: Transaction, add: str, row: tuple[Any, ...], replace: str, changed: tuple[Any, ...]
) -> None:
    # Where it was there, and is not any more, it is new again.
    while not await transaction.rows(add, row):
        if await transaction.run(replace, changed):
            await bump(transaction)
            return


async def bump(transaction: Transaction) -> None:
    """Have every server drop what it cached of Apps and tokens; as the last step, for others may wait for this."""
    await transaction.run(_BUMP, (Part.CREDENTIALS.value,))


async def _reseal(transaction: Transaction, kind: _Sealed, change: Callable[[bytes], bytes]) -> int:
    count, after = 0, kind.below
    while rows := await transaction.rows(kind.read, (after, RESEALED_AT_ONCE)):
        await transaction.many(kind.write, await asyncio.to_thread(_changed, rows, change))
        count += len(rows)
        after = rows[-1][0]
    return count


def _changed(rows: list[Any], change: Callable[[bytes], bytes]) -> list[tuple[Any, bytes]]:
    return [(key, change(sealed)) for key, sealed in rows]


def _one_app(rows: list[Any]) -> App | None:
    return app_of(rows[0]) if rows else None


def _one_token(rows: list[Any]) -> Token | None:
    return token_of(rows[0]) if rows else None
