"""Taking note of every answered request: in the meters, and where it is wanted in the log."""

from bisect import bisect_left
from collections.abc import Callable

from tacet.clock import Clock
from tacet.observing.meters import Meters
from tacet.observing.request_log import RequestLog

UNKNOWN = "unknown"
"""The route of every path that leads nowhere: what clients make up must not become labels."""

OVERLOAD = "overload"
"""The route of requests on connections that are too many: their paths are not looked at."""

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
"""Methods that are told apart, for the same reason."""

OTHER_METHOD = "other"

Moving = tuple[bytes, int]
"""A request's id, and its start in clock ticks."""

Note = Callable[[int, Moving, int], None]
"""Called once for each request, when its answer is ready, with its status and the App that asked; 0 for none."""


class Requests:
    """Makes what takes note of requests, one for each route.

    Args:
        meters: None where nobody measures.
        log: None where requests are not logged.
    """

    def __init__(self, clock: Clock, meters: Meters | None = None, log: RequestLog | None = None) -> None:
        self._clock = clock
        self._meters = meters
        self._log = log
        self._notes: dict[tuple[str, str], Note] = {}

    def of(self, method: str, route: str, logged: bool = True) -> Note:
        """What takes note of one route's requests.

        Args:
            route: as a template: an id in it may be of somebody who is being muted.
            logged: False for what machines ask all day.
        """
        key = (method if method in METHODS else OTHER_METHOD, route)
        note = self._notes.get(key)
        if note is None:
            note = self._notes[key] = self._made(*key, self._log if logged else None)
        return note

    def _made(self, method: str, route: str, log: RequestLog | None) -> Note:
        if self._meters is None and log is None:
            return _nothing
        if self._meters is None:
            return self._logging(method, route, log)
        return self._measuring(method, route, self._meters, log)

    def _measuring(self, method: str, route: str, meters: Meters, log: RequestLog | None) -> Note:
        # Names are looked up here, once: each look-up is a twentieth of the whole work.
        ticks_ns = self._clock.ticks_ns
        measured = meters.route(method, route)
        statuses, times = measured.statuses, measured.times
        bounds, counts = times.bounds, times.counts
        logging = self._logging(method, route, log) if log is not None else None

        def note(status: int, moving: Moving, app_id: int) -> None:
            took_ns = ticks_ns() - moving[1]
            try:
                statuses[status] += 1
            except KeyError:
                statuses[status] = 1
            counts[bisect_left(bounds, took_ns)] += 1
            times.total += took_ns
            if logging is not None:
                logging(status, moving, app_id)

        return note

    def _logging(self, method: str, route: str, log: RequestLog | None) -> Note:
        if log is None:
            return _nothing
        put, clock = log.put, self._clock

        def note(status: int, moving: Moving, app_id: int) -> None:
            put((clock.now_ms(), method, route, status, clock.ticks_ns() - moving[1], moving[0], app_id))

        return note


def _nothing(_status: int, _moving: Moving, _app_id: int) -> None:
    """Nobody wants to know."""
