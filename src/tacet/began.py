"""Since when the request that runs here is being answered: what it needs in all must not take for ever."""

from contextvars import ContextVar
from math import inf

BEGAN_S: ContextVar[float] = ContextVar("tacet_began_s", default=inf)
"""By the event loop's clock; infinity outside of requests, where there is all the time. A context variable, because
what asks the database deep down does not know for whom it works."""


def has_written(now_s: float) -> None:
    """Something of the request is stored: what belongs to it gets as much time again, and is not left half done."""
    if BEGAN_S.get() != inf:
        BEGAN_S.set(now_s)
