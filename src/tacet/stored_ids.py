"""Ids for what is stored in their order, also where several processes store."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tacet.clock import Clock
from tacet.ids import Randomness, Snowflakes, snowflake_at
from tacet.store.base import Conflict

T = TypeVar("T")

MAX_SET_BACK_MS = 366 * 24 * 60 * 60 * 1000
"""How far a clock is believed to have been set back, a year: stored ids beyond it were made elsewhere, and imported."""

MAX_ID_ATTEMPTS = 16
"""Ids tried for one thing that is stored. Two processes make the same one in one of 4,096 milliseconds that they share,
and more often only while a clock is behind what is stored."""


class StoredSnowflakes:
    """Ids for what is stored in their order: larger than those stored before, whatever became of the clock since.

    Args:
        newest_id: asks for the largest stored id below another; for the first id that is made, and for the first one
            after `ask_again`.
        shared: others store as well, whose clocks are not this one: it is asked for every id.
    """

    def __init__(
        self,
        clock: Clock,
        randomness: Randomness,
        newest_id: Callable[[int], Awaitable[int]],
        shared: bool = False,
    ) -> None:
        self._clock = clock
        self._ids = Snowflakes(clock, randomness)
        self._newest_id = newest_id
        self._shared = shared
        self._told = 0
        self._is_current = False

    def ask_again(self) -> None:
        """Something was stored that has no id from here."""
        self._told += 1
        self._is_current = False

    async def next_id(self) -> int:
        """A new id.

        Raises:
            StoreError: it could not be made, because the database cannot be read.
        """
        if not self._is_current:
            told = self._told
            believed = snowflake_at(self._clock.now_ms() + MAX_SET_BACK_MS, 0)
            self._ids.start_above(await self._newest_id(believed))
            # What was stored while it was asked for may not be in the answer.
            self._is_current = not self._shared and told == self._told
        return self._ids.next_id()

    async def stored(self, store: Callable[[int], Awaitable[T]]) -> T:
        """What `store` makes of a new id; it is called again with another where somebody else has just used that one.

        Raises:
            StoreError: as `next_id`, and whatever `store` raises.
        """

        async def attempt() -> T:
            try:
                return await store(await self.next_id())
            except Conflict:
                self._ids.skip()
                raise

        return await until_free(attempt)


async def until_free(attempt: Callable[[], Awaitable[T]]) -> T:
    """What `attempt` returns, which makes an id and stores something new by it, and does so again where it is taken.

    Raises:
        StoreError: whatever the attempts raise; a Conflict only after `MAX_ID_ATTEMPTS`.
    """
    for _ in range(MAX_ID_ATTEMPTS - 1):
        with contextlib.suppress(Conflict):
            return await attempt()
    return await attempt()
