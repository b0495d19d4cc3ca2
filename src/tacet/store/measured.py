"""Measuring a store from outside: every operation of its parts, by name, whatever database is behind it."""

import inspect
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from tacet.observing.meters import Meters, Operation
from tacet.store.base import Conflict, Store, StoreAway, StoreBusy, StoreError

Method = Callable[..., Awaitable[Any]]


def measure(store: Store, meters: Meters) -> None:
    """Have every operation of an open store's parts counted from now on, as `relations.add`."""
    for part_name in inspect.get_annotations(Store):
        part = getattr(store, part_name)
        for name in _operations(part):
            method = getattr(part, name)
            setattr(part, name, _timed(method, meters.operation(f"{part_name}.{name}"), meters.clock.ticks_ns))


def _operations(part: object) -> set[str]:
    """What the abstract class of a part demands: no more and no less is an operation of the store."""
    return {
        name
        for interface in type(part).__mro__
        for name in getattr(interface, "__abstractmethods__", ())
        if inspect.iscoroutinefunction(getattr(part, name))
    }


def _timed(method: Method, operation: Operation, ticks_ns: Callable[[], int]) -> Method:
    note = operation.times.note

    @wraps(method)
    async def timed(*arguments: Any, **named: Any) -> Any:
        started_ns = ticks_ns()
        try:
            return await method(*arguments, **named)
        except StoreError as error:
            if not isinstance(error, Conflict):
                operation.failed(_reason(error))
            raise
        finally:
            note(ticks_ns() - started_ns)

    return timed


def _reason(error: StoreError) -> str:
    if isinstance(error, StoreBusy):
        return "busy"
    return "away" if isinstance(error, StoreAway) else "error"
