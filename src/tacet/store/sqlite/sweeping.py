"""Deleting what logins leave behind in SQLite."""

import sqlite3
from collections.abc import Iterable
from typing import Any

from tacet.store.queries.sweeping import SweepingQueries
from tacet.store.sqlite.dialect import adapt, id_list

_SQL = SweepingQueries(adapt)


def sweep(connection: sqlite3.Connection, now_ms: int, before_ms: int, limit: int) -> int:
    """Delete at most `limit` of each kind, in the transaction under way; return how many rows.

    Args:
        now_ms: sessions and request tokens that ended by now go.
        before_ms: codes and tokens that ended by then go, and grants whose last token went.
        limit: a kind of token is a way of ending: its own end, its revocation, the revocation of its grant.
    """
    deleted = 0
    at_their_end = (_SQL.ENDED_SESSIONS, _SQL.END_SESSION), (_SQL.ENDED_REQUEST_TOKENS, _SQL.DROP_REQUEST_TOKEN)
    for find, delete in at_their_end:
        for digest, *_ in connection.execute(find, (now_ms, limit)).fetchall():
            deleted += len(connection.execute(delete, (digest,)).fetchall())
    for digest, *_ in connection.execute(_SQL.ENDED_CODES, (before_ms, limit)).fetchall():
        deleted += len(connection.execute(_SQL.DELETE_CODE, (digest,)).fetchall())
    for find in _SQL.ended_tokens():
        deleted += _delete_tokens(connection, connection.execute(find, (before_ms, limit)).fetchall(), before_ms)
    revoked = [grant_id for grant_id, *_ in connection.execute(_SQL.REVOKED_GRANTS, (before_ms, limit)).fetchall()]
    return deleted + _drop_empty(connection, revoked)


def _delete_tokens(connection: sqlite3.Connection, tokens: list[Any], before_ms: int) -> int:
    """These tokens, and the grants whose last ones they were."""
    deleted = 0
    for digest, *_ in tokens:
        deleted += len(connection.execute(_SQL.DELETE_TOKEN, (digest, before_ms)).fetchall())
    return deleted + _drop_empty(connection, {grant_id for *_, grant_id in tokens if grant_id is not None})


def _drop_empty(connection: sqlite3.Connection, grant_ids: Iterable[int]) -> int:
    return len(connection.execute(_SQL.DROP_EMPTY_GRANTS, (id_list(grant_ids),)).fetchall())
