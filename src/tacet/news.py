"""What the processes of one service tell each other: that a part of the store was changed."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from tacet.store.base import Part


class News(ABC):
    """Tells and hears. Nothing may rely on it alone: what is told while a process is cut off never reaches it."""

    @abstractmethod
    async def tell(self, part: Part) -> None:
        """Tell the other processes that this part was changed, durably, a moment ago; returns in a bounded time."""

    @abstractmethod
    def listen(self, heard: Callable[[Part], None]) -> None:
        """Have this called for every part that another process says it has changed."""


class Nobody(News):
    """Where there is no other process."""

    async def tell(self, part: Part) -> None:
        return

    def listen(self, heard: Callable[[Part], None]) -> None:
        return
