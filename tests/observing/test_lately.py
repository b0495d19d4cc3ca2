from tacet.observing.lately import LATELY_S, Lately


class Noticed:
    """What was noted, by a clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.lately = Lately(lambda: self.now_s)


def test_there_is_nothing_before_anything_happens() -> None:
    assert Noticed().lately.text == ""


def test_what_happens_is_news_for_a_while() -> None:
    noticed = Noticed()
    noticed.lately.note("the disk is full")
    assert noticed.lately.text == "the disk is full"
    noticed.now_s += LATELY_S - 1
    assert noticed.lately.text == "the disk is full"
    noticed.now_s += 1
    assert noticed.lately.text == ""


def test_what_happens_again_and_again_stays_news() -> None:
    noticed = Noticed()
    for _ in range(10):
        noticed.lately.note("the disk is full")
        noticed.now_s += LATELY_S - 1
        assert noticed.lately.text == "the disk is full"


def test_the_last_of_several_is_told() -> None:
    noticed = Noticed()
    noticed.lately.note("the disk is full")
    noticed.lately.note("a table is missing")
    assert noticed.lately.text == "a table is missing"
