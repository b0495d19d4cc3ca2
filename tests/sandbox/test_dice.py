"""Choices out of seeded bits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacet.ids import SeededRandomness
from tacet.sandbox.dice import Dice


class AllOnes:
    """The largest bits there are."""

    def bits(self, count: int) -> int:
        return (1 << count) - 1

    def text(self, length: int) -> str:
        return "9" * length


@given(st.integers(), st.integers(min_value=1, max_value=1 << 60))
def test_below_stays_below(seed: int, count: int) -> None:
    assert 0 <= Dice(SeededRandomness(seed)).below(count) < count


@given(st.integers(), st.integers(), st.integers(min_value=0, max_value=1 << 40))
def test_between_includes_its_ends_and_nothing_beyond(seed: int, low: int, width: int) -> None:
    assert low <= Dice(SeededRandomness(seed)).between(low, low + width) <= low + width


def test_the_largest_bits_give_the_last_choice() -> None:
    dice = Dice(AllOnes())
    assert (dice.below(7), dice.between(3, 9), dice.pick("abc"), dice.chance(99)) == (6, 9, "c", False)


def test_between_an_end_before_its_start_gives_the_start() -> None:
    assert Dice(SeededRandomness(1)).between(5, 2) == 5


@pytest.mark.parametrize(("percent", "expected"), [(0, {False}), (100, {True})], ids=["never", "always"])
def test_chances_at_the_ends_are_certain(percent: int, expected: set[bool]) -> None:
    dice = Dice(SeededRandomness(1))
    assert {dice.chance(percent) for _ in range(200)} == expected


@given(st.integers(), st.lists(st.integers(), unique=True, max_size=20), st.integers(0, 25))
def test_samples_are_different_entries_and_as_many_as_there_are(seed: int, entries: list[int], count: int) -> None:
    sample = Dice(SeededRandomness(seed)).sample(entries, count)
    assert len(sample) == len(set(sample)) == min(count, len(entries))
    assert set(sample) <= set(entries)


def test_skewed_counts_are_mostly_small() -> None:
    dice = Dice(SeededRandomness(1))
    counts = sorted(dice.skewed(17) for _ in range(1001))
    assert counts[500] < 1000 < counts[-1] < 1 << 17
