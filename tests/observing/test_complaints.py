import logging

import pytest

from tacet.observing.complaints import MAX_KINDS, Complaints

LOG = logging.getLogger("tests.complaints")
FULL = "mute failed: the disk is full"


class Teller:
    """Complaints by a clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self._complaints = Complaints(lambda: self.now_s)

    def tell(self, text: str = FULL, kind: str = "", times: int = 1, later_s: float = 0.0) -> None:
        self.now_s += later_s
        for _ in range(times):
            self._complaints.tell(LOG, text, kind)


@pytest.fixture
def teller() -> Teller:
    return Teller()


def test_the_first_is_told_at_once_and_as_an_error_of_whoever_tells(
    teller: Teller, caplog: pytest.LogCaptureFixture
) -> None:
    teller.tell()
    assert caplog.record_tuples == [(LOG.name, logging.ERROR, FULL)]


def test_what_is_no_error_is_told_as_what_it_is(caplog: pytest.LogCaptureFixture) -> None:
    complaints = Complaints(iter((0.0, 0.5, 1.0)).__next__)
    for _ in range(3):
        complaints.tell(LOG, "a stranger", level=logging.WARNING)
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "a stranger"),
        (logging.WARNING, "a stranger (1 more like it within 1.0 s)"),
    ]


def test_those_of_the_next_second_are_counted_and_told_with_the_first_after_it(
    teller: Teller, caplog: pytest.LogCaptureFixture
) -> None:
    teller.tell(times=5_000)
    teller.tell(later_s=0.9)
    assert caplog.messages == [FULL]
    teller.tell(later_s=0.1, times=3)
    assert caplog.messages == [FULL, f"{FULL} (5,000 more like it within 1.0 s)"]
    teller.tell(later_s=7_200)
    assert caplog.messages[2:] == [f"{FULL} (2 more like it within 7,200.0 s)"]


def test_one_that_comes_seldom_has_no_count(teller: Teller, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        teller.tell(later_s=1.0)
    assert caplog.messages == [FULL] * 3


def test_a_storm_is_a_line_a_second(teller: Teller, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(10_000):
        teller.tell(later_s=1 / 1_024)
    assert len(caplog.messages) == 10
    assert sum(
        int(message.partition(" (")[2].partition(" ")[0].replace(",", "")) for message in caplog.messages[1:]
    ) == (9 * 1_023)


def test_different_failures_do_not_hide_each_other(teller: Teller, caplog: pytest.LogCaptureFixture) -> None:
    for text in (FULL, "unmute failed: the disk is full", "mute failed: the file is damaged"):
        teller.tell(text, times=2)
    assert len(caplog.messages) == len(set(caplog.messages)) == 3


def test_texts_of_one_kind_are_told_as_one(teller: Teller, caplog: pytest.LogCaptureFixture) -> None:
    teller.tell("a batch of 3: full", "full")
    teller.tell("a batch of 4: full", "full")
    teller.tell("a batch of 5: full", "full", later_s=1.0)
    assert caplog.messages == ["a batch of 3: full", "a batch of 5: full (1 more like it within 1.0 s)"]


def test_what_is_remembered_has_a_bound_and_the_oldest_is_told_anew(
    teller: Teller, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(MAX_KINDS):
        teller.tell(f"{number}")
    teller.tell("0")
    assert len(caplog.messages) == MAX_KINDS
    teller.tell("another")
    teller.tell("0")
    teller.tell("2")
    assert caplog.messages[MAX_KINDS:] == ["another", "0"]
