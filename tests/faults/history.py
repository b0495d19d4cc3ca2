"""What clients were told, edge by edge, and whether one database can have said all of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from tests.faults.linearizability import Operation, Register

Edge = tuple[int, int]
"""Source and target of a mute."""

SHOWN = 12
"""Operations of an edge that a failure shows."""


class History:
    """Everything that was asked and answered, from the time that nobody was muted.

    Attributes:
        asked: edges that somebody ever asked to mute.
        count: operations so far.
    """

    def __init__(self) -> None:
        self._registers: dict[Edge, Register] = defaultdict(Register)
        self._fresh: dict[Edge, list[Operation]] = defaultdict(list)
        self.asked: set[Edge] = set()
        self.count = 0

    @property
    def edges(self) -> set[Edge]:
        """Those of which anything is known."""
        return {*self._registers, *self._fresh}

    def note(self, edge: Edge, operation: Operation) -> None:
        """One more, in whichever order they end."""
        self._fresh[edge].append(operation)
        self.count += 1
        if operation.writes and operation.value:
            self.asked.add(edge)

    def judge(self) -> None:
        """Fail unless some order explains every answer so far. Nothing may be under way."""
        for edge, operations in self._fresh.items():
            wrong = self._registers[edge].extend(operations)
            assert wrong is None, _story(edge, operations, wrong)
        self._fresh.clear()

    def compare(self, muted: Iterable[Edge]) -> None:
        """Fail unless these can be the mutes that hold now, which is after everything that was noted."""
        self.judge()
        held = set(muted)
        assert held <= self.asked, f"nobody asked for {held - self.asked}"
        lost = [edge for edge in self.edges - held if self._registers[edge].values == {True}]
        assert lost == [], "acknowledged mutes are lost"
        undone = [edge for edge in held if self._registers[edge].values == {False}]
        assert undone == [], "acknowledged unmutes are undone"

    def settle(self) -> None:
        """Whatever was to make the writes that were never answered is gone by now."""
        self.judge()
        for register in self._registers.values():
            register.settle()

    def note_reads(self, muted: Mapping[Edge, bool], began_ns: int, ended_ns: int) -> None:
        """What was seen of several edges in one answer."""
        for edge, value in muted.items():
            self.note(edge, Operation(False, value, began_ns, ended_ns))


def _story(edge: Edge, operations: Iterable[Operation], wrong: Operation) -> str:
    before = sorted((each for each in operations if each.began_ns <= wrong.ended_ns), key=lambda each: each.began_ns)
    lines = [f"  {each.began_ns}..{each.ended_ns} {_name(each)}" for each in before[-SHOWN:]]
    return "\n".join((f"no order explains what was seen of {edge}: {_name(wrong)} at {wrong.ended_ns}", *lines))


def _name(operation: Operation) -> str:
    if operation.writes:
        return "mute" if operation.value else "unmute"
    return "muted" if operation.value else "not muted"
