"""From beginning to end on a tiny world, for a second each."""

import pytest

from bench.measures import sharing
from bench.stage import Stage


@pytest.mark.parametrize("enough", [True, False], ids=["many-cores", "few-cores"])
def test_it_tells_what_redis_adds_and_what_a_second_process_brings(
    lasting_stage: Stage, monkeypatch: pytest.MonkeyPatch, enough: bool
) -> None:
    monkeypatch.setattr(sharing, "enough_for_two", lambda: enough)
    added, one, two, compared = sharing.measure(lasting_stage)
    assert [str(goal) for goal in added.goals] == ["< 150 µs"]
    assert (one.unit, two.unit) == ("/s", "/s")
    assert compared.value > 0
    assert [str(goal) for goal in compared.goals] == (["≥ 1.6 times"] if enough else [])
