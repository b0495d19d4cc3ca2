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
from tacet.store.queries import sweeping as queries
from tacet.store.queries.accounts import END_SESSION
from tacet.store.queries.consents import DROP_REQUEST_TOKEN

SWEPT_AT_ONCE = 100
"""Rows a transaction, each with two locks at most: a server has room for 6,400 at least unless it is told otherwise."""

_ENDED_SESSIONS = adapt(queries.ENDED_SESSIONS)
_END_SESSION = adapt(END_SESSION)
_ENDED_REQUEST_TOKENS = adapt(queries.ENDED_REQUEST_TOKENS)
_DROP_REQUEST_TOKEN = adapt(DROP_REQUEST_TOKEN)
_ENDED_CODES = adapt(queries.ENDED_CODES)
_DELETE_CODE = adapt(queries.DELETE_CODE)
_ENDED_TOKENS = (
    adapt(queries.EXPIRED_TOKENS),
    adapt(queries.REVOKED_TOKENS),
    adapt(queries.TOKENS_OF_REVOKED_GRANTS),
)
_DELETE_TOKEN = adapt(queries.DELETE_TOKEN)
_REVOKED_GRANTS = adapt(queries.REVOKED_GRANTS)
_DROP_EMPTY_GRANTS = adapt(queries.DROP_EMPTY_GRANTS)

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
        (_ENDED_SESSIONS, now_ms, _end_sessions),
        (_ENDED_REQUEST_TOKENS, now_ms, partial(_delete_logins, _DROP_REQUEST_TOKEN)),
        (_ENDED_CODES, before_ms, partial(_delete_logins, _DELETE_CODE)),
        *((find, before_ms, partial(_delete_tokens, before_ms)) for find in _ENDED_TOKENS),
        (_REVOKED_GRANTS, before_ms, _delete_grants),
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
    return len(await transaction.rows_of_many(_END_SESSION, [(digest,) for digest, _ in found]))


async def _delete_logins(delete: str, transaction: Transaction, found: list[Any]) -> int:
    await lock_logins(transaction, [(app_id, user_id) for _, app_id, user_id in found])
    return len(await transaction.rows_of_many(delete, [(digest,) for digest, *_ in found]))


async def _delete_tokens(before_ms: int, transaction: Transaction, found: list[Any]) -> int:
    """Tokens, and the grants whose last ones they were."""
    await lock_logins(transaction, [(app_id, user_id) for _, app_id, user_id, _ in found])
    deleted = len(await transaction.rows_of_many(_DELETE_TOKEN, [(digest, before_ms) for digest, *_ in found]))
    return deleted + await _drop_empty(transaction, {grant_id for *_, grant_id in found if grant_id is not None})


async def _delete_grants(transaction: Transaction, found: list[Any]) -> int:
    await lock_logins(transaction, [(app_id, user_id) for _, app_id, user_id in found])
    return await _drop_empty(transaction, [grant_id for grant_id, *_ in found])


async def _drop_empty(transaction: Transaction, grant_ids: Iterable[int]) -> int:
    return len(await transaction.rows(_DROP_EMPTY_GRANTS, (id_list(grant_ids),)))
