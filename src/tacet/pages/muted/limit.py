"""How often one may mute on these pages."""

import contextlib
from collections.abc import AsyncIterator

from tacet.clock import Clock
from tacet.limits.windows import Spent, Windows
from tacet.pages.templating import clock_time
from tacet.pages.visit import PageError
from tacet.store.base import StoreError

ROUTE = "pages/mutes"
"""Their name among the limits of the settings."""


class MuteLimit:
    """Counts mutes that somebody makes on the pages, apart from those that Apps make for them."""

    def __init__(self, windows: Windows, clock: Clock) -> None:
        self._windows = windows
        self._clock = clock

    @contextlib.asynccontextmanager
    async def spending(self, user_id: int, back: str) -> AsyncIterator[None]:
        """Count the mute that is made within, whether or not it is refused; not where the database fails.

        Args:
            back: the address where somebody goes on who has to wait.

        Raises:
            PageError: 429, there were too many.
        """
        spent = await self._windows.spend(ROUTE, user_id)
        if spent is not None and not spent.allowed:
            raise _enough(spent, max(1, spent.resets_at_s - self._clock.now_ms() // 1000), back)
        try:
            yield
        except StoreError:
            await self._windows.give_back(ROUTE, user_id)
            raise


def _enough(spent: Spent, wait_s: int, back: str) -> PageError:
    minutes = -(-wait_s // 60)
    wait = f"in {minutes} minutes" if minutes > 1 else "in a minute"
    cause = f"You have muted {spent.limit} times on these pages within a short time. Nobody was muted just now."
    remedy = f"You can go on {wait}, at {clock_time(spent.resets_at_s * 1000)}."
    return PageError(429, "Enough for now", cause, remedy, {"retry-after": str(wait_s)}, ("Back", back))
