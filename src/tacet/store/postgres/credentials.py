"""Apps and tokens in PostgreSQL."""

import asyncio
from collections.abc import Callable
from typing import Any

from tacet.records.credentials import App, Token
from tacet.store.base import Part
from tacet.store.credentials import CredentialStore
from tacet.store.postgres.database import Database, LockName, Transaction
from tacet.store.postgres.dialect import adapt
from tacet.store.postgres.locks import lock_logins, of_app, of_project
from tacet.store.queries.credentials import RESEALED_AT_ONCE, CredentialQueries, Sealed
from tacet.store.rows import app_change_row, app_of, app_row, token_of, token_row

_SQL = CredentialQueries(adapt)

# A secret that is replaced between being read and being resealed would come back, so nobody may write meanwhile; reads
# go on. Whoever writes to several of these tables does it in this order.
_KEEP_SECRETS = "LOCK TABLE app, request_token, token IN SHARE ROW EXCLUSIVE MODE"


class PostgresCredentials(CredentialStore):
    """Apps and tokens of one PostgreSQL database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    async def add_app(self, app: App) -> bool:
        async def write(transaction: Transaction) -> bool:
            await transaction.lock(shared=_projects(app))
            return bool(await transaction.rows(_SQL.ADD_APP, app_row(app)))

        return await self._database.transaction(write)

    async def put_app(self, app: App) -> None:
        async def write(transaction: Transaction) -> None:
            # Of two who put a new one at once the later would else find the keys taken, before it finds the App.
            await transaction.lock(of_app(app.id), shared=_projects(app))
            await _put(transaction, _SQL.PUT_APP, app_row(app), _SQL.REPLACE_APP, app_change_row(app))

        await self._database.transaction(write)

    async def change_app(self, app: App, before: App) -> bool:
        async def write(transaction: Transaction) -> bool:
            await transaction.lock(of_app(app.id), shared=_projects(app))
            changed = await transaction.rows(_SQL.CHANGE_APP, (*app_change_row(app), *app_change_row(before)[1:]))
            if changed:
                await bump(transaction)
            return bool(changed)

        return await self._database.transaction(write)

    async def app(self, app_id: int) -> App | None:
        return _one_app(await self._rows(_SQL.APP, (app_id,)))

    async def app_by_consumer_key(self, consumer_key: str) -> App | None:
        return _one_app(await self._rows(_SQL.APP_BY_CONSUMER_KEY, (consumer_key,)))

    async def app_by_client_id(self, client_id: str) -> App | None:
        return _one_app(await self._rows(_SQL.APP_BY_CLIENT_ID, (client_id,)))

    async def any_app(self) -> App | None:
        return _one_app(await self._rows(_SQL.ANY_APP))

    async def apps(self, after_id: int, limit: int) -> list[App]:
        return [app_of(row) for row in await self._rows(_SQL.APPS_AFTER, (after_id, limit))]

    async def put_token(self, token: Token) -> bool:
        row = token_row(token, token.grant_id)

        async def write(transaction: Transaction) -> bool:
            await lock_logins(transaction, [(token.app_id, token.user_id)])
            return await _put(transaction, _SQL.ADD_TOKEN, row, _SQL.REPLACE_TOKEN, row)

        return await self._database.transaction(write)

    async def token(self, digest: bytes) -> Token | None:
        return _one_token(await self._rows(_SQL.TOKEN, (digest,)))

    async def app_only_token(self, app_id: int) -> Token | None:
        return _one_token(await self._rows(_SQL.APP_ONLY_TOKEN, (app_id,)))

    async def revoke_token(self, digest: bytes, now_ms: int) -> bool:
        async def write(transaction: Transaction) -> bool:
            revoked = await transaction.rows(_SQL.REVOKE_TOKEN, (digest, now_ms))
            if revoked:
                await bump(transaction)
            return any(expires_at_ms is None or expires_at_ms > now_ms for (expires_at_ms,) in revoked)

        return await self._database.transaction(write)

    async def reseal(self, change: Callable[[bytes], bytes]) -> int:
        async def write(transaction: Transaction) -> int:
            await transaction.rows(_KEEP_SECRETS)
            count = 0
            for kind in _SQL.sealed():
                count += await _reseal(transaction, kind, change)
            await bump(transaction)
            return count

        return await self._database.transaction(write)


async def _put(
    transaction: Transaction, add: str, row: tuple[Any, ...], replace: str, changed: tuple[Any, ...]
) -> bool:
    """Whether it was written; under the locks of those who could delete it in between."""
    if await transaction.rows(add, row):
        return True
    replaced = await transaction.rows(replace, changed)
    if replaced:
        await bump(transaction)
    return bool(replaced)


def _projects(app: App) -> list[LockName]:
    """What an App is in must not be deleted while it is put there."""
    return [] if app.project_id is None else [of_project(app.project_id)]


async def bump(transaction: Transaction) -> None:
    """Have every server drop what it cached of Apps and tokens; as the last step, for others may wait for this."""
    await transaction.run(_SQL.BUMP, (Part.CREDENTIALS.value,))


async def _reseal(transaction: Transaction, kind: Sealed, change: Callable[[bytes], bytes]) -> int:
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
