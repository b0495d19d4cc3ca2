"""Deleting what logins leave behind in SQLite."""

import sqlite3

from tacet.store.queries import sweeping as queries
from tacet.store.sqlite.dialect import adapt, id_list

_SWEEP_AT_THEIR_END = (adapt(queries.SWEEP_SESSIONS), adapt(queries.SWEEP_REQUEST_TOKENS))
_SWEEP_CODES = adapt(queries.SWEEP_CODES)
_SWEEP_TOKENS = (
    adapt(queries.SWEEP_EXPIRED_TOKENS),
    adapt(queries.SWEEP_REVOKED_TOKENS),
    adapt(queries.SWEEP_TOKENS_OF_REVOKED_GRANTS),
)
_SWEEP_REVOKED_GRANTS = adapt(queries.SWEEP_REVOKED_GRANTS)
_DROP_EMPTY_GRANTS = adapt(queries.DROP_EMPTY_GRANTS)


def sweep(connection: sqlite3.Connection, now_ms: int, before_ms: int, limit: int) -> int:
    """Delete at most `limit` of each kind, in the transaction under way; return how many rows.

    Args:
        now_ms: sessions and request tokens that ended by now go.
        before_ms: codes and tokens that ended by then go, and grants whose last token went.
        limit: a kind of token is a way of ending: its own end, its revocation, the revocation of its grant.
    """
    deleted = len(connection.execute(_SWEEP_CODES, (before_ms, limit)).fetchall())
    for statement in _SWEEP_AT_THEIR_END:
        deleted += len(connection.execute(statement, (now_ms, limit)).fetchall())
    ended: set[int] = set()
    for statement in _SWEEP_TOKENS:
        grant_ids = connection.execute(statement, (before_ms, limit)).fetchall()
        deleted += len(grant_ids)
        ended |= {grant_id for (grant_id,) in grant_ids if grant_id is not None}
    deleted += len(connection.execute(_DROP_EMPTY_GRANTS, (id_list(ended),)).fetchall())
    return deleted + len(connection.execute(_SWEEP_REVOKED_GRANTS, (before_ms, limit)).fetchall())
