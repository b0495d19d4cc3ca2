"""Positions: the order of a list, its v2 page token and its v1.1 cursor, in one 64-bit integer.

A position is `milliseconds since 1970 << 20 | tie-breaking bits` with the lowest bit 0, which is how X's own cursors
look. The lowest bit is free so that a token can say which way to walk from a position: even means "older than this",
odd means "newer than this".
"""

import re
from dataclasses import dataclass

from tacet.clock import Clock
from tacet.ids import Randomness
from tacet.records.relations import MAX_POSITION

TIE_BITS = 20
"""Bits below the milliseconds; with the lowest kept 0 they tell 524,288 mutes of one millisecond apart."""

NEWEST = MAX_POSITION
"""Older than this is everything: where a first page starts."""

TOKEN_PATTERN = "^[0-9]{1,19}$"  # noqa: S105 - a pattern, no token
"""What a page token looks like, for people to read."""

_TOKEN = re.compile(r"[0-9]{1,19}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page starts: strictly older, or strictly newer, than `position`."""

    position: int
    newer: bool = False


FIRST_PAGE = Cursor(NEWEST)


class Positions:
    """Makes positions: newer calls get larger ones, even when the clock stands still or steps back."""

    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        self._randomness = randomness
        self._last = 0
        self._last_ms = 0

    def next_position(self) -> int:
        """An even 64-bit integer, larger than all before it from this object."""
        now_ms = self._clock.now_ms()
        if now_ms > self._last_ms:
            # Random bits only at the start of a millisecond keep two processes apart and one process in order.
            self._last_ms = now_ms
            self._last = max((now_ms << TIE_BITS) | (self._randomness.bits(TIE_BITS - 2) << 1), self._last + 2)
        else:
            self._last += 2
        return self._last


def moment_ms(position: int) -> int:
    """When a mute at this position was made, in Unix milliseconds."""
    return position >> TIE_BITS


def older_token(position: int) -> str:
    """The token for "older than `position`"."""
    return str(position & ~1)


def newer_token(position: int) -> str:
    """The token for "newer than `position`"."""
    return str(position | 1)


def parse_token(token: str) -> Cursor | None:
    """Read a page token: 1 to 19 ASCII digits, else None."""
    return cursor_of(int(token)) if _TOKEN.fullmatch(token) else None


def cursor_of(number: int) -> Cursor:
    """What a token says, however its number was written."""
    position = min(number, MAX_POSITION)
    return Cursor(position, newer=bool(position & 1) and position != MAX_POSITION)
