"""Deleting what logins leave behind in PostgreSQL.

What has ended is looked for without a lock, then deleted a few rows a transaction, under the locks of those whose it
is: nobody's login waits long, and no grant goes while it gets a new token.
"""

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

from tacet.store.postgres.database import Database, Transaction
from tacet.store.postgres.dialect import adapt, id_list
from tacet.store.postgres.locks import lock_logins, of_person
from tacet.store.queries.sweeping import SweepingQueries

SWEPT_AT_ONCE = 100
"""Rows a transaction, each with two locks at most: a server has room for 6,400 at least unless it is told otherwise."""

_SQL = SweepingQueries(adapt)

_Delete = Callable[[Transaction, list[Any]], Awaitable[int]]
"""Deletes some of the rows that were found, as far as they are still there; returns how many rows went."""


async def sweep(database: Database, now_ms: int, before_ms: int, limit: int) -> int:
    """Delete at most `limit` of each kind; return how many rows.

    Args:
        now_ms: sessions and request tokens that ended by now go.
        before_ms: codes and tokens that ended by then go, and grants whose last token went.
        limit: a kind of token is a way of ending: its own end, its revocation, the revocation of its grant.
    """
    kinds: list[tuple[str, int, _Delete]] = [
        (_SQL.ENDED_SESSIONS, now_ms, _end_sessions),
        (_SQL.ENDED_REQUEST_TOKENS, now_ms, partial(_delete_logins, _SQL.DROP_REQUEST_TOKEN)),
        (_SQL.ENDED_CODES, before_ms, partial(_delete_logins, _SQL.DELETE_CODE)),
        *((find, before_ms, partial(_delete_tokens, before_ms)) for find in _SQL.ended_tokens()),
        (_SQL.REVOKED_GRANTS, before_ms, _delete_grants),
    ]
    deleted = 0
    for find, until_ms, delete in kinds:
        # In one order, so that two who sweep do not wait for each other.
        found = sorted(await database.rows(find, (until_ms, limit)), key=lambda row: row[0])
        for first in range(0, len(found), SWEPT_AT_ONCE):
            some = found[first : first + SWEPT_AT_ONCE]
            deleted += await database.transaction(partial(_apply, delete, some))
    return deleted


async def _apply(delete: _Delete, found: list[Any], transaction: Transaction) -> int:
    return await delete(transaction, found)


async def _end_sessions(transaction: Transaction, found: list[Any]) -> int:
    await transaction.lock(*(of_person(user_id) for _, user_id in found))
    return len(await transaction.rows_of_many(_SQL.END_SESSION, [(digest,) for digest, _ in found]))


async def _delete_logins(delete: str, transaction: Transaction, found: list[Any]) -> int:
    await lock_logins(transaction, [(app_id, user_id) for _, app_id, user_id in found])
    return len(await transaction.rows_of_many(delete, [(digest,) for digest, *_ in found]))


async def _delete_tokens(before_ms: int, transaction: Transaction, found: list[Any]) -> int:
    """Tokens, and the grants whose last ones they were."""
    await lock_logins(transaction, [(app_id, user_id) for _, app_id, user_id, _ in found])
    deleted = len(await transaction.rows_of_many(_SQL.DELETE_TOKEN, [(digest, before_ms) for digest, *_ in found]))
    return deleted + await _drop_empty(transaction, {grant_id for *_, grant_id in found if grant_id is not None})


async def _delete_grants(transaction: Transaction, found: list[Any]) -> int:
    await lock_logins(transaction, [(app_id, user_id) for _, app_id, user_id in found])
    return await _drop_empty(transaction, [grant_id for grant_id, *_ in found])


async def _drop_empty(transaction: Transaction, grant_ids: Iterable[int]) -> int:
    return len(await transaction.rows(_SQL.DROP_EMPTY_GRANTS, (id_list(grant_ids),)))
