"""The processes of a parent, as it knows them, and how long it waits before it starts one anew."""

from dataclasses import dataclass

FIRST_PAUSE_S = 0.1
"""Before a process that died is started anew; doubled each time that it dies again."""

LONGEST_PAUSE_S = 10.0
"""A start takes a processor for half a second: one that never succeeds takes a twentieth of it at most."""

FIRST_AWAY_PAUSE_S = 1.0
"""Before a process is tried again that said why it cannot serve, or that there was no room for; doubled each time that
the reason is the same."""

LONGEST_AWAY_PAUSE_S = 5.0
"""A tenth of a processor at most is taken from the others, and the process is back five seconds after what was away;
those that serve have found it long before."""

STEADY_S = 30.0
"""Whoever has lived so long dies for a new reason."""

MOST_DOUBLINGS = 10
"""A pause is at its longest by then; without a bound a number that grows for weeks would be too large some day."""


@dataclass(slots=True)
class Slot:
    """One of the processes, whichever lives at the moment.

    Attributes:
        pid: 0 where none lives.
        due_s: when to start one where none lives; by when it must be ready where one does.
        deaths: one after another.
        reason: why it could not serve, or not be started, the last time; empty once it was ready or died.
        attempts: how often in succession for this reason.
        error: why it cannot serve, as it said itself.
        silent_s: how long the parent has listened to it in vain.
    """

    number: int
    pid: int = 0
    ready: bool = False
    began_s: float = 0.0
    due_s: float = 0.0
    deaths: int = 0
    reason: str = ""
    attempts: int = 0
    error: Exception | None = None
    silent_s: float = 0.0

    def begin(self, now_s: float, patience_s: float) -> None:
        """Take note that one is being started."""
        self.ready, self.error, self.silent_s = False, None, 0.0
        self.began_s, self.due_s = now_s, now_s + patience_s

    def told(self, error: Exception | None) -> None:
        """Take note of what it told: that it is ready, or why it cannot serve."""
        self.error = error
        self.ready = error is None
        if self.ready:
            self.reason = ""

    def died(self, now_s: float) -> float:
        """Have one that died started anew; return after how many seconds."""
        if now_s - self.began_s > STEADY_S:
            self.deaths = 0
        pause_s = _doubled(FIRST_PAUSE_S, self.deaths, LONGEST_PAUSE_S)
        self.deaths, self.reason = self.deaths + 1, ""
        self.due_s = now_s + pause_s
        return pause_s

    def failed(self, reason: str, now_s: float) -> bool:
        """Have one tried again that could not serve, or not be started; return whether the reason is a new one."""
        is_new = reason != self.reason
        self.reason, self.attempts = reason, 0 if is_new else self.attempts + 1
        self.due_s = now_s + _doubled(FIRST_AWAY_PAUSE_S, self.attempts, LONGEST_AWAY_PAUSE_S)
        return is_new


def _doubled(first_s: float, times: int, longest_s: float) -> float:
    return min(first_s * 2.0 ** min(times, MOST_DOUBLINGS), longest_s)
