"""Whether what clients saw of one register can have happened, each operation at one moment between call and answer.

After Wing and Gong (Testing and Verifying Concurrent Objects, 1993), with Lowe's order of the search (Testing for
Linearizability, 2017): walk the history by time, keep every state in which the register may be, and let an operation
take effect only when an answer demands it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

NEVER = 1 << 62
"""When an operation ended that was never answered."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A call and its answer, as the client saw them.

    Attributes:
        writes: whether it sets the register to `value`; else it read `value`.
        began_ns: before it was sent, on a clock that never steps back.
        ended_ns: after its answer was read. `NEVER` where none came: a write may take effect at any time from its
            beginning on, or never.
    """

    writes: bool
    value: bool
    began_ns: int
    ended_ns: int

    @property
    def is_unknown(self) -> bool:
        return self.ended_ns == NEVER


Spent = tuple[int, int]
"""How many of the unanswered writes of False and of True have taken effect."""

Place = tuple[bool, frozenset[int]]
"""The register's value, and which of the operations under way have taken effect."""


class Register:
    """One register and all states in which it may be by now.

    A history may be given in pieces, each beginning when all of the one before have ended.

    Args:
        value: what it holds at first.
    """

    def __init__(self, value: bool = False) -> None:
        # Whoever has spent fewer unanswered writes can do all that another in the same place can: only these are kept.
        self._states: dict[Place, list[Spent]] = {(value, frozenset()): [(0, 0)]}
        self._unanswered: Spent = (0, 0)

    @property
    def values(self) -> set[bool]:
        """What it may hold now."""
        reached = set()
        for (value, _), each in self._states.items():
            reached.add(value)
            if any(spent[not value] < self._unanswered[not value] for spent in each):
                reached.add(not value)
        return reached

    def settle(self) -> None:
        """From now on no unanswered write takes effect any more: whoever was to make it is gone."""
        self._states = {(value, frozenset()): [(0, 0)] for value in self.values}
        self._unanswered = (0, 0)

    def extend(self, operations: Iterable[Operation]) -> Operation | None:
        """Go on with what happened next; return the first operation whose answer no order explains, or None."""
        under_way: dict[int, Operation] = {}
        for number, operation, is_end in _moments(operations):
            if is_end:
                self._states = self._after(number, under_way)
                del under_way[number]
                if not self._states:
                    return operation
            elif not operation.is_unknown:
                under_way[number] = operation
            elif operation.writes:
                without, with_ = self._unanswered
                self._unanswered = (without, with_ + 1) if operation.value else (without + 1, with_)
        return None

    def _after(self, number: int, under_way: dict[int, Operation]) -> dict[Place, list[Spent]]:
        """The states reachable from those of now in which this operation has taken effect; it is then forgotten."""
        reached: dict[Place, list[Spent]] = {}
        seen: dict[Place, list[Spent]] = {}
        waiting = [(place, spent) for place, each in self._states.items() for spent in each]
        while waiting:
            (value, done), spent = waiting.pop()
            # Reading what is there changes nothing, and so never closes a way.
            done |= {n for n, each in under_way.items() if not each.writes and each.value == value}
            if not _keep(seen, (value, done), spent):
                continue
            if number in done:
                _keep(reached, (value, done - {number}), spent)
                continue
            for n, each in under_way.items():
                if each.writes and n not in done:
                    waiting.append(((each.value, done | {n}), spent))
            if spent[not value] < self._unanswered[not value]:
                waiting.append(((not value, done), _spending(spent, not value)))
        return reached


def _spending(spent: Spent, value: bool) -> Spent:
    return (spent[0], spent[1] + 1) if value else (spent[0] + 1, spent[1])


def _keep(states: dict[Place, list[Spent]], place: Place, spent: Spent) -> bool:
    """Add a state, unless one that is as good is there; return whether it was added."""
    there = states.setdefault(place, [])
    if any(each[0] <= spent[0] and each[1] <= spent[1] for each in there):
        return False
    there[:] = [each for each in there if not (spent[0] <= each[0] and spent[1] <= each[1])]
    there.append(spent)
    return True


def _moments(operations: Iterable[Operation]) -> Iterator[tuple[int, Operation, bool]]:
    """Beginnings and ends by time; at one moment beginnings come first, for those operations overlap."""
    moments = []
    for number, operation in enumerate(operations):
        moments.append((operation.began_ns, False, number, operation))
        if not operation.is_unknown:
            moments.append((operation.ended_ns, True, number, operation))
    moments.sort(key=lambda each: each[:3])
    return ((number, operation, is_end) for _, is_end, number, operation in moments)
