"""Work that cancellation must not leave half done."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_log = logging.getLogger(__name__)


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Run something to its end, also where whoever waits for it is cancelled: they no longer wait, it goes on.

    For a change in the store and the telling of those who keep what it changes: one without the other would leave them
    stale for good. What fails when nobody waits any more is logged in a line.
    """
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_end)
        raise


def _end(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.warning("a change for which nobody waited any more failed: %s", str(error) or type(error).__name__)
