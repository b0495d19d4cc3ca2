import pytest

from tacet.clock import ManualClock
from tacet.observing.meters import Meters
from tacet.observing.request_log import RequestLog
from tacet.observing.requests import METHODS, OTHER_METHOD, Requests

ROUTE = "/2/users/{id}/muting"
ID = b"00000000000000ff"
APP = 5


class Kept(RequestLog):
    """A log whose entries stay where they were put."""

    def __init__(self) -> None:
        super().__init__("text", len)

    @property
    def entries(self) -> list[tuple[object, ...]]:
        return [entry for entry in self._waiting if isinstance(entry, tuple)]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_000)


@pytest.fixture
def meters(clock: ManualClock) -> Meters:
    return Meters(clock)


def test_requests_count_by_status_and_time(clock: ManualClock, meters: Meters) -> None:
    note = Requests(clock, meters).of("GET", ROUTE)
    moving = (ID, clock.ticks_ns())
    clock.advance(3)
    for status in (200, 200, 429):
        note(status, moving, APP)
    measured = meters.routes["GET", ROUTE]
    assert measured.statuses == {200: 2, 429: 1}
    assert measured.times.total == 9_000_000
    assert sum(measured.times.counts) == 3


def test_a_line_is_logged_beside_counting(clock: ManualClock, meters: Meters) -> None:
    log = Kept()
    note = Requests(clock, meters, log).of("GET", ROUTE)
    moving = (ID, clock.ticks_ns())
    clock.advance(2)
    note(200, moving, APP)
    assert log.entries == [(1_002, "GET", ROUTE, 200, 2_000_000, ID, APP)]
    assert meters.routes["GET", ROUTE].statuses == {200: 1}


def test_logging_works_without_meters(clock: ManualClock) -> None:
    log = Kept()
    Requests(clock, None, log).of("GET", ROUTE)(503, (ID, clock.ticks_ns()), 0)
    assert log.entries == [(1_000, "GET", ROUTE, 503, 0, ID, 0)]


def test_what_machines_ask_all_day_is_counted_and_not_logged(clock: ManualClock, meters: Meters) -> None:
    log = Kept()
    Requests(clock, meters, log).of("GET", "/_health/live", logged=False)(200, (ID, 0), 0)
    assert log.entries == []
    assert meters.routes["GET", "/_health/live"].statuses == {200: 1}


def test_nothing_is_kept_where_nobody_wants_to_know(clock: ManualClock) -> None:
    requests = Requests(clock)
    assert requests.of("GET", ROUTE) is requests.of("POST", "/2/tweets")


@pytest.mark.parametrize("method", ["BREW", "get", "PROPFIND", ""], ids=repr)
def test_methods_that_clients_make_up_are_one_label(clock: ManualClock, meters: Meters, method: str) -> None:
    Requests(clock, meters).of(method, ROUTE)(405, (ID, 0), 0)
    assert list(meters.routes) == [(OTHER_METHOD, ROUTE)]


@pytest.mark.parametrize("method", sorted(METHODS))
def test_methods_that_are_known_are_told_apart(clock: ManualClock, meters: Meters, method: str) -> None:
    Requests(clock, meters).of(method, ROUTE)(200, (ID, 0), 0)
    assert list(meters.routes) == [(method, ROUTE)]
