"""The hosts that an address names: each is tried in its turn, and none keeps us from the next."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar
from urllib.parse import urlsplit, urlunsplit

from tacet.store.base import StoreAway

HEAD_START_S = 0.25
"""How long a host may be silent before the next is tried beside it: a healthy one has long answered by then."""


class Session(Protocol):
    """What an attempt gives."""

    def terminate(self) -> None:
        """End it at once."""


S = TypeVar("S", bound=Session)


def apart(address: str) -> list[str]:
    """An address for each host of one; where it takes all of them to choose one, they stay together."""
    parts = urlsplit(address)
    user, at, hosts = parts.netloc.rpartition("@")
    if "," not in hosts or "target_session_attrs=prefer-standby" in parts.query:
        return [address]
    return [urlunsplit(parts._replace(netloc=f"{user}{at}{host}")) for host in hosts.split(",")]


async def first(attempts: list[Callable[[], Awaitable[S]]]) -> S:
    """What the first of them gives that gives anything; each has its own limit.

    Raises:
        Exception: of one that was refused, rather than of one that found nobody, where all have failed.
    """
    left = [*attempts]
    trying: set[asyncio.Future[S]] = set()
    failures: list[BaseException] = []
    try:
        while left or trying:
            if left:
                trying.add(asyncio.ensure_future(left.pop(0)()))
            patience_s = HEAD_START_S if left else None
            done, trying = await asyncio.wait(trying, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
            given = [each for each in done if each.exception() is None]
            if given:
                trying |= {*given[1:]}
                return given[0].result()
            failures += filter(None, (each.exception() for each in done))
    finally:
        for each in trying:
            each.cancel()
            each.add_done_callback(end)
    raise next((error for error in failures if not isinstance(error, StoreAway)), failures[-1])


def end(attempt: "asyncio.Future[S]") -> None:
    """End a session that came too late to be needed."""
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().terminate()
