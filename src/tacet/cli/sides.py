"""The two databases of a copy, each of which says in its errors which of the two it is."""

import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from tacet.store.sides import Side

FROM, TO = "FROM", "TO"


def named(side: "Side", argument: str) -> "Side":
    """The same side, whose store errors begin with the argument that gave its address, and name that address."""
    return cast("Side", _Named(side, argument))


class _Named:
    """Passes on whatever a side can do."""

    def __init__(self, side: "Side", argument: str) -> None:
        self._side = side
        self._argument = argument

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._side, name)
        return self._telling(found) if inspect.iscoroutinefunction(found) else found

    def _telling(self, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        from tacet.store.base import StoreError

        async def told(*arguments: Any) -> Any:
            try:
                return await method(*arguments)
            except StoreError as error:
                address = self._side.name
                where = self._argument if address in str(error) else f"{self._argument}, {address}"
                error.args = (f"{where}: {error}",)
                raise

        return told
