"""Reaching a database that is away: again and again, for it may come back at any moment."""

import asyncio
from collections.abc import Awaitable, Callable

from tacet.store.postgres.hosts import end
from tacet.store.postgres.session import Connection

RETRY_S = 0.25
"""Between attempts to reach a database that is away: short, for it is to be found within two seconds of its return."""

HUNG_S = 0.5
"""An attempt that takes longer gets another beside it: its packets may have been lost before the network came back."""

MAX_ATTEMPTS = 16
"""Attempts at a time, so that each has eight seconds; past that the oldest gives way."""


async def reached(connect: Callable[[], Awaitable[Connection]]) -> Connection:
    """A session, once there is one; several attempts overlap where the first ones hang."""
    loop = asyncio.get_running_loop()
    attempts: list[asyncio.Future[Connection]] = []
    begun_at = loop.time() - HUNG_S
    try:
        while True:
            if not attempts or loop.time() - begun_at >= HUNG_S:
                begun_at = loop.time()
                if len(attempts) == MAX_ATTEMPTS:
                    _give_up(attempts.pop(0))
                attempts.append(asyncio.ensure_future(connect()))
            done, _ = await asyncio.wait(attempts, timeout=RETRY_S, return_when=asyncio.FIRST_COMPLETED)
            # One that was called off, by whatever it waited for, has no exception to ask for.
            if succeeded := [each for each in done if not each.cancelled() and each.exception() is None]:
                attempts.remove(succeeded[0])
                return succeeded[0].result()
            attempts = [each for each in attempts if each not in done]
            if not attempts:
                await asyncio.sleep(max(0.0, begun_at + RETRY_S - loop.time()))
    finally:
        for each in attempts:
            _give_up(each)


def _give_up(attempt: asyncio.Future[Connection]) -> None:
    attempt.cancel()
    attempt.add_done_callback(end)
