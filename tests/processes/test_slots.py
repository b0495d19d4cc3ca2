"""How long a process that died, or cannot be there, is left alone."""

from tacet.processes.slots import FIRST_AWAY_PAUSE_S, LONGEST_AWAY_PAUSE_S, LONGEST_PAUSE_S, STEADY_S, Slot

AWAY = "cannot serve: the database cannot be reached"
MANY = 5_000
"""Deaths: with pauses of ten seconds that takes most of a day, and more than a number with a point can double."""


def pauses(slot: Slot, reasons: list[str]) -> list[float]:
    """How long it is left alone after each of these failures."""
    paused = []
    for reason in reasons:
        slot.failed(reason, 100.0)
        paused.append(slot.due_s - 100.0)
    return paused


def test_one_that_dies_each_time_is_left_alone_for_ever_longer_but_not_for_ever() -> None:
    slot = Slot(0)
    assert [slot.died(0.0) for _ in range(8)] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, LONGEST_PAUSE_S]


def test_however_often_it_died_its_pause_is_the_longest_one() -> None:
    slot = Slot(0, deaths=MANY)
    assert slot.died(7.0) == LONGEST_PAUSE_S
    assert (slot.due_s, slot.deaths) == (7.0 + LONGEST_PAUSE_S, MANY + 1)


def test_one_that_has_lived_long_is_started_soon() -> None:
    slot = Slot(0, deaths=MANY, began_s=10.0)
    assert slot.died(10.1 + STEADY_S) == 0.1


def test_the_same_reason_pauses_it_for_ever_longer_and_is_new_once() -> None:
    slot = Slot(0)
    assert pauses(slot, [AWAY] * 5) == [FIRST_AWAY_PAUSE_S, 2.0, 4.0, LONGEST_AWAY_PAUSE_S, LONGEST_AWAY_PAUSE_S]
    assert not slot.failed(AWAY, 0.0)
    slot.attempts = MANY
    assert pauses(slot, [AWAY]) == [LONGEST_AWAY_PAUSE_S]


def test_another_reason_is_a_beginning() -> None:
    slot = Slot(0)
    assert pauses(slot, [AWAY, AWAY, "cannot serve: it starts", AWAY]) == [1.0, 2.0, 1.0, 1.0]
    assert slot.failed("cannot be started: no memory", 0.0)


def test_what_kept_it_from_serving_is_no_death() -> None:
    slot = Slot(0)
    pauses(slot, [AWAY] * 3)
    assert slot.deaths == 0


def test_a_reason_is_a_new_one_after_it_was_ready() -> None:
    slot = Slot(0)
    slot.failed(AWAY, 0.0)
    slot.begin(1.0, 60.0)
    slot.told(None)
    assert slot.ready
    assert slot.failed(AWAY, 2.0)


def test_one_that_cannot_serve_is_not_ready() -> None:
    slot, error = Slot(0, ready=True), ValueError(AWAY)
    slot.told(error)
    assert (slot.ready, slot.error) == (False, error)
