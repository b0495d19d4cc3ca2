"""Failures that repeat: a full disk fails each of thousands of requests a second, and its log may be on that disk."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

QUIET_S = 1.0
"""Between two lines of one kind: often enough to see that it goes on."""

MAX_KINDS = 256
"""Kinds that are remembered, more than there are routes; past this the oldest is taken for a new one."""


@dataclass(slots=True)
class _Told:
    """When a kind was told last, and how often it came since."""

    at_s: float
    kept_back: int = 0


class Complaints:
    """Logs the first failure of its kind at once, and then one line a second at most, with how many there were.

    Args:
        now_s: reads a clock that never runs backwards, in seconds.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._kinds: dict[str, _Told] = {}

    def tell(self, log: logging.Logger, text: str, kind: str = "", level: int = logging.ERROR) -> None:
        """Log it, or count it.

        Args:
            kind: what counts as the same failure; the text itself where it is empty.
        """
        now_s, kind = self._now_s(), kind or text
        told = self._kinds.get(kind)
        if told is None:
            if len(self._kinds) >= MAX_KINDS:
                del self._kinds[next(iter(self._kinds))]
            self._kinds[kind] = _Told(now_s)
            log.log(level, "%s", text)
        elif now_s - told.at_s < QUIET_S:
            told.kept_back += 1
        else:
            log.log(level, "%s%s", text, f" ({_more(told, now_s)})" if told.kept_back else "")
            self._kinds[kind] = _Told(now_s)


def _more(told: _Told, now_s: float) -> str:
    return f"{told.kept_back:,} more like it within {now_s - told.at_s:,.1f} s"
