"""Measuring an object from outside."""

from collections.abc import Awaitable, Callable, Iterable
from functools import wraps
from typing import Any

from tacet.clock import Clock
from tacet.observing.meters import Histogram

Method = Callable[..., Awaitable[Any]]


def measure_calls(whole: object, names: Iterable[str], times: Histogram, clock: Clock) -> None:
    """Have the time of some methods of an object counted together, where they do not raise."""
    for name in names:
        setattr(whole, name, _timed_if_done(getattr(whole, name), times, clock.ticks_ns))


def _timed_if_done(method: Method, times: Histogram, ticks_ns: Callable[[], int]) -> Method:
    @wraps(method)
    async def timed(*arguments: Any, **named: Any) -> Any:
        started_ns = ticks_ns()
        answer = await method(*arguments, **named)
        times.note(ticks_ns() - started_ns)
        return answer

    return timed
