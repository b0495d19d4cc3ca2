"""What a relation between two accounts is. Mutes, follows and blocks are one mechanism."""

from dataclasses import dataclass
from enum import IntEnum

MAX_POSITION = (1 << 63) - 1
"""The largest signed 64-bit integer, which both databases can hold; larger page tokens mean the same as this one."""


class Kind(IntEnum):
    """The relations that `connection_status` speaks of; the number is what is stored."""

    MUTE = 1
    FOLLOW = 2
    BLOCK = 3
    FOLLOWED_BY = 4
    """A follow from the other side, written with it: a list of followers, too, then names one source."""
    REQUEST = 5
    """Asking a protected account to be let in as a follower."""


@dataclass(frozen=True, slots=True)
class Relation:
    """`source` mutes, follows or blocks `target`.

    Attributes:
        position: the order within the source's list; see `tacet.mutes.positions`.
        end_at_ms: Unix milliseconds after which it no longer holds; None holds for good.
    """

    kind: Kind
    source_id: int
    target_id: int
    position: int
    end_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """Which relation it is, whether or not it holds. Among changes: that it shall end."""

    kind: Kind
    source_id: int
    target_id: int


Change = Relation | Edge
"""A relation that shall hold from now on, or one that shall not."""
