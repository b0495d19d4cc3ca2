"""Deleting what logins leave behind in SQLite."""

import sqlite3
from collections.abc import Iterable
from typing import Any

from tacet.store.queries import sweeping as queries
from tacet.store.queries.accounts import END_SESSION
from tacet.store.queries.consents import DROP_REQUEST_TOKEN
from tacet.store.sqlite.dialect import adapt, id_list

_ENDED_CODES = adapt(queries.ENDED_CODES)
_DELETE_CODE = adapt(queries.DELETE_CODE)
_AT_THEIR_END = (
    (adapt(queries.ENDED_SESSIONS), adapt(END_SESSION)),
    (adapt(queries.ENDED_REQUEST_TOKENS), adapt(DROP_REQUEST_TOKEN)),
)
_ENDED_TOKENS = (
    adapt(queries.EXPIRED_TOKENS),
    adapt(queries.REVOKED_TOKENS),
    adapt(queries.TOKENS_OF_REVOKED_GRANTS),
)
_DELETE_TOKEN = adapt(queries.DELETE_TOKEN)
_REVOKED_GRANTS = adapt(queries.REVOKED_GRANTS)
_DROP_EMPTY_GRANTS = adapt(queries.DROP_EMPTY_GRANTS)


def sweep(connection: sqlite3.Connection, now_ms: int, before_ms: int, limit: int) -> int:
    """Delete at most `limit` of each kind, in the transaction under way; return how many rows.

    Args:
        now_ms: sessions and request tokens that ended by now go.
        before_ms: codes and tokens that ended by then go, and grants whose last token went.
        limit: a kind of token is a way of ending: its own end, its revocation, the revocation of its grant.
    """
    deleted = 0
    for find, delete in _AT_THEIR_END:
        for digest, *_ in connection.execute(find, (now_ms, limit)).fetchall():
            deleted += len(connection.execute(delete, (digest,)).fetchall())
    for digest, *_ in connection.execute(_ENDED_CODES, (before_ms, limit)).fetchall():
        deleted += len(connection.execute(_DELETE_CODE, (digest,)).fetchall())
    for find in _ENDED_TOKENS:
        deleted += _delete_tokens(connection, connection.execute(find, (before_ms, limit)).fetchall(), before_ms)
    revoked = [grant_id for grant_id, *_ in connection.execute(_REVOKED_GRANTS, (before_ms, limit)).fetchall()]
    return deleted + _drop_empty(connection, revoked)


def _delete_tokens(connection: sqlite3.Connection, tokens: list[Any], before_ms: int) -> int:
    """These tokens, and the grants whose last ones they were."""
    deleted = 0
    for digest, *_ in tokens:
        deleted += len(connection.execute(_DELETE_TOKEN, (digest, before_ms)).fetchall())
    return deleted + _drop_empty(connection, {grant_id for *_, grant_id in tokens if grant_id is not None})


def _drop_empty(connection: sqlite3.Connection, grant_ids: Iterable[int]) -> int:
    return len(connection.execute(_DROP_EMPTY_GRANTS, (id_list(grant_ids),)).fetchall())
