"""How many files and connections a process may have open."""

import contextlib
import resource

MOST = 65_536
"""More than any server here needs. Some systems allow a thousand million, and some libraries walk through all."""

RESERVED = 128
"""For everything but clients: the database's files, Redis, logs, metrics, modules, and clients past the most."""


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
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    return max(1, min(wanted, soft - RESERVED - others))
