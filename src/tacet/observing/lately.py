"""What went wrong for requests, for as long as it is news."""

from collections.abc import Callable

LATELY_S = 10.0
"""A failure is told of for so long after it came last: whoever looks every few seconds sees it, though few may ask, and
one odd request is soon forgotten."""


class Lately:
    """The last failure, until nothing like it has come for `LATELY_S`.

    Args:
        now_s: reads a clock that never runs backwards, in seconds.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._text = ""
        self._until_s = float("-inf")

    def note(self, text: str) -> None:
        """It has just happened, again or for the first time."""
        self._text, self._until_s = text, self._now_s() + LATELY_S

    @property
    def text(self) -> str:
        """What happened last; empty where that is no news any more."""
        return self._text if self._now_s() < self._until_s else ""
