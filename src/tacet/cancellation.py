"""Work that cancellation must not leave half done."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Run something to its end, also where whoever waits for it is cancelled: they no longer wait, it goes on.

    For a change in the store and the telling of those who keep what it changes: one without the other would leave them
    stale for good.
    """
    return await asyncio.shield(work)
