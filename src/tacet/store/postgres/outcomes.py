"""What an error says of the statement that it ended, and of its session."""

import asyncpg

from tacet.store.postgres.dialect import DRIVERS

COLLIDED = {"40001", "40P01"}
"""The states of SQL of a failed serialization and of a deadlock: all was undone, trying again is right."""

UNKNOWN_STATEMENT = "26000"
"""Of a prepared statement that the server has forgotten."""

NOTHING_LIKE_IT = {"22021", "22003"}
"""Of a text with a character, or a number of a size, that no row can hold."""

READ_ONLY = "25006"
"""Of a write on a server that is not, or no longer, the primary."""

LOST = ("08", "57P")
"""How states of SQL begin that end the session."""

HELD = "55P03"
"""Of a statement that waited for a lock for too long; nothing was done."""


def fits_no_row(error: BaseException) -> bool:
    """Whether a parameter was refused, by the driver before anything was sent or by the server."""
    return type(error) is asyncpg.DataError or _state(error) in NOTHING_LIKE_IT


def was_held(error: BaseException) -> bool:
    """Whether somebody else held a row for too long; nothing was done."""
    return _state(error) == HELD


def may_not_write(error: BaseException) -> bool:
    """Whether the server can only be read."""
    return _state(error) == READ_ONLY


def was_answered(error: BaseException) -> bool:
    """Whether it is known what became of the statement, so that its session is where it should be."""
    if isinstance(error, asyncpg.PostgresError):
        return not (error.sqlstate or "").startswith(LOST)
    return not isinstance(error, DRIVERS) and isinstance(error, Exception)


def was_lost(error: BaseException | None) -> bool:
    """Whether the session ended before the answer came; not, whether somebody lost patience."""
    return isinstance(error, DRIVERS) and not (was_answered(error) or isinstance(error, TimeoutError))


def is_stale(error: BaseException | None) -> bool:
    """Whether the schema has changed under a prepared statement; nothing was done."""
    # Its state of SQL is that of everything that is not supported; the driver tells them apart.
    return _state(error) == UNKNOWN_STATEMENT or isinstance(error, asyncpg.InvalidCachedStatementError)


def may_succeed_again(error: BaseException | None) -> bool:
    """Whether the server did nothing of it, for a reason that may be gone."""
    return _state(error) in COLLIDED or is_stale(error)


def was_in_vain(error: BaseException, sent: bool) -> bool:
    """Whether a statement surely did nothing, and may do something if tried again.

    Args:
        sent: whether it may have reached the server.
    """
    return may_succeed_again(error) or (was_lost(error) and (not sent or isinstance(error, asyncpg.InterfaceError)))


def called(error: BaseException) -> str:
    """What a failure is called; not its text, which may repeat an address or what was sent."""
    state = _state(error)
    return f"{type(error).__name__}, SQLSTATE {state}" if state else type(error).__name__


def _state(error: BaseException | None) -> str | None:
    return getattr(error, "sqlstate", None)
