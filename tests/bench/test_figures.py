import pytest

from bench.figures import Goal, Sense, figure, load_figure, rate_figure
from bench.load import Load
from tests.bench.test_load import load

HALF_OF_BARE = Goal(Sense.AT_LEAST, 0.5, of_bare=True)


@pytest.mark.parametrize(
    ("goal", "text", "good", "bad"),
    [
        (Goal(Sense.AT_LEAST, 5_000.0, "/s"), "≥ 5,000/s", 5_000, 4_999.9),
        (Goal(Sense.AT_MOST, 1.3, " times"), "≤ 1.3 times", 1.3, 1.31),
        (Goal(Sense.BELOW, 0.6, " s"), "< 0.6 s", 0.59, 0.6),
        (HALF_OF_BARE, "≥ 0.5 of bare", 0.5, 0.49),
    ],
    ids=["at-least", "at-most", "below", "of-bare"],
)
def test_goals_say_what_they_want_and_notice_it(goal: Goal, text: str, good: float, bad: float) -> None:
    assert str(goal) == text
    assert goal.is_reached(good)
    assert not goal.is_reached(bad)


def test_a_figure_is_the_median_of_its_samples() -> None:
    made = figure("start", "start", [3.0, 1.0, 9.0], " s", Goal(Sense.BELOW, 3.5, " s"))
    assert made.value == 3.0
    assert [made.is_reached(goal) for goal in made.goals] == [True]


def test_a_ratio_is_the_median_over_rounds_not_the_ratio_of_medians() -> None:
    ours, bare = [load(50), load(90), load(30)], [load(100), load(100), load(50)]
    made = load_figure("page", "page", ours, bare, HALF_OF_BARE)
    assert made.bare is not None
    assert made.bare.ratios == [0.5, 0.9, 0.6]
    assert (made.value, made.bare.rate, made.bare.ratio) == (50, 100, 0.6)
    assert made.is_reached(HALF_OF_BARE)


def test_a_goal_about_a_ratio_is_not_reached_without_one() -> None:
    assert not figure("page", "page", [9_000.0], "/s", HALF_OF_BARE).is_reached(HALF_OF_BARE)


def test_a_load_without_a_neighbour_has_its_medians_and_no_bare_route() -> None:
    made = rate_figure("postgres", "page", [load(50), load(90), load(30)], Goal(Sense.AT_LEAST, 40, "/s"))
    assert (made.value, made.unit, made.samples, made.bare) == (50, "/s", [50, 90, 30], None)
    assert (made.cpu_us, made.busy, made.p50_us, made.p99_us) == (1, 1, 1, 1)
    assert [made.is_reached(goal) for goal in made.goals] == [True]


def test_what_a_generator_does_not_tell_is_not_shown_as_none_at_all() -> None:
    made = rate_figure("postgres", "pgbench", [Load(10, 5.0, 0.0, 0.0, 0, 0, 0)])
    assert (made.cpu_us, made.busy, made.p50_us, made.p99_us) == (None, None, None, None)
