"""A bounded cache that costs one dict look-up on a hit."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Generic, TypeVar

MANY = 2
"""Keys from which `itemgetter` gives a tuple; for one it gives the value itself."""

K = TypeVar("K")
V = TypeVar("V")


class Hits:
    """How often a cache had what was asked for; counted by whoever asks it, many at once.

    Attributes:
        found: what it had.
        missed: what had to be read or made.
    """

    __slots__ = ("found", "missed")

    def __init__(self) -> None:
        self.found = 0
        self.missed = 0


class TwoGenerations(Generic[K, V]):
    """Keeps what was used lately: entries live in a young and an old half, and a hit in the old half moves up.

    When the young half is full the old one is dropped whole, which bounds the memory without a list to keep in order.

    Args:
        max_entries: entries in both halves together.
    """

    def __init__(self, max_entries: int) -> None:
        self._half = max(1, max_entries // 2)
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        """The value, or None when it is not kept (None itself cannot be kept)."""
        value = self._young.get(key)
        if value is None and self._old:
            value = self._old.pop(key, None)
            if value is not None:
                self.put(key, value)
        return value

    def get_all(self, keys: Sequence[K]) -> tuple[V, ...] | None:
        """The values of many keys, in order; None when not all of them are young, which `get` makes them."""
        if len(keys) < MANY:
            return None
        try:
            # One call for all of them takes half the time of a call each.
            found: tuple[V, ...] = itemgetter(*keys)(self._young)
        except KeyError:
            return None
        return found

    def put(self, key: K, value: V) -> None:
        """Keep a value."""
        self._young[key] = value
        if len(self._young) >= self._half:
            self._old = self._young
            self._young = {}

    def drop(self, key: K) -> None:
        """Forget one key, kept or not."""
        self._young.pop(key, None)
        self._old.pop(key, None)

    def values(self) -> list[V]:
        """Everything kept, in no order."""
        return [*self._young.values(), *self._old.values()]

    def clear(self) -> None:
        """Forget all."""
        self._young.clear()
        self._old.clear()

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
