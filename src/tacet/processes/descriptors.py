"""How many files and connections a process may have open."""

import contextlib
import os
import resource

MOST = 65_536
"""More than any server here needs. Some systems allow a thousand million, and some libraries walk through all."""

RESERVED = 128
"""For everything but clients: the database's files, Redis, logs, metrics, modules, and clients past the most."""

SPARE = 16
"""Files that no client gets, whoever took the others: looking for the database, scrapers and SQLite need some."""

ANY_NUMBER = 1 << 31
"""No file has a number as large as this."""


def allow_many() -> None:
    """Raise this process's limit as far as it may by itself; children inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # macOS has another limit of its own below the one that it tells.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def clients(wanted: int, others: int) -> int:
    """How many connections of clients a process can have open, at most as many as are wanted.

    Args:
        others: connections that it makes itself.
    """
    return max(1, min(wanted, most() - RESERVED - others))


def most() -> int:
    """How many files this process may have open; their numbers are lower."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return ANY_NUMBER if soft == resource.RLIM_INFINITY else soft


def most_with_clients() -> int:
    """How many files there may be once a client has come. Where a process may have but a few, most are clients'."""
    return most() - min(SPARE, most() // 8)


def highest_free(count: int) -> int:
    """The largest of the numbers that the next `count` files would get: they get the lowest that are free.

    Raises:
        OSError: so many cannot be opened; the process has too many open, or the whole system.
    """
    highest = 0
    with contextlib.ExitStack() as opened:
        for _ in range(count):
            highest = os.open(os.devnull, os.O_RDONLY)
            opened.callback(os.close, highest)
    return highest
