"""Choices out of random bits."""

from collections.abc import Sequence
from typing import TypeVar

from tacet.ids import Randomness

T = TypeVar("T")

DRAW_BITS = 64
"""Bits for one choice: enough that even milliseconds of decades are chosen evenly."""


class Dice:
    """Chooses by `randomness`; the same bits give the same choices on every machine."""

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness

    def below(self, count: int) -> int:
        """0 to `count` - 1, all equally likely."""
        return (self._randomness.bits(DRAW_BITS) * count) >> DRAW_BITS

    def between(self, low: int, high: int) -> int:
        """`low` to `high`, both included; `low` if `high` is less."""
        return low + self.below(max(1, high - low + 1))

    def chance(self, percent: int) -> bool:
        """True that often in a hundred."""
        return self.below(100) < percent

    def pick(self, choices: Sequence[T]) -> T:
        """One of `choices`, of which there is at least one."""
        return choices[self.below(len(choices))]

    def sample(self, choices: Sequence[T], count: int) -> list[T]:
        """`count` different entries of `choices` in any order; all of them, if there are fewer."""
        left = list(choices)
        for chosen in range(min(count, len(left))):
            other = self.between(chosen, len(left) - 1)
            left[chosen], left[other] = left[other], left[chosen]
        return left[:count]

    def skewed(self, doublings: int) -> int:
        """A count as counts of followers are: mostly small, rarely near 2 to the power of `doublings`."""
        return self.below(1 << self.between(1, doublings))
