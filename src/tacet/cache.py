"""A bounded cache that costs one dict look-up on a hit."""

from collections.abc import Iterable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


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

    def get_all(self, keys: Iterable[K]) -> list[V | None]:
        """The young values of many keys, in order, None for each that is not young: `get` moves those up."""
        return list(map(self._young.get, keys))

    def put(self, key: K, value: V) -> None:
        """Keep a value."""
        self._young[key] = value
        if len(self._young) >= self._half:
            self._old = self._young
            self._young = {}

    def clear(self) -> None:
        """Forget all."""
        self._young.clear()
        self._old.clear()

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
