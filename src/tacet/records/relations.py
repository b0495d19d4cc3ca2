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
