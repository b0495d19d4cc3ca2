"""From beginning to end on tiny worlds, for a second each."""

import pytest

from bench.cluster import World
from bench.errors import BenchError
from bench.load import Load
from bench.measures import postgres
from bench.stage import Stage
from tests.bench.test_load import load


def test_it_is_compared_with_pgbench_and_small_with_large(lasting_stage: Stage) -> None:
    figures = postgres.measure(lasting_stage)
    assert all(each.value > 0 and each.measure == postgres.NAME for each in figures)
    assert len({each.label for each in figures}) == len(figures)
    assert [each.unit for each in figures].count("/s") == 9
    goals = sorted(str(goal) for each in figures for goal in each.goals)
    assert goals == ["≤ 1.3 times", "≤ 1.3 times", "≥ 0.6 times", "≥ 0.6 times"]


def test_mutes_that_are_answered_and_not_there_are_noticed(in_postgres: World) -> None:
    def nothing(_: int) -> Load:
        return load(5_000)

    with pytest.raises(BenchError, match="1 mutes were answered and 0 are in the database"):
        postgres.seen(in_postgres, nothing)(1)
