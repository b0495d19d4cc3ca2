import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacet.cache import TwoGenerations


def filled(max_entries: int, keys: range) -> TwoGenerations[int, str]:
    cache: TwoGenerations[int, str] = TwoGenerations(max_entries)
    for key in keys:
        cache.put(key, str(key))
    return cache


def test_what_was_put_is_kept() -> None:
    cache = filled(10, range(3))
    assert [cache.get(key) for key in range(4)] == ["0", "1", "2", None]
    assert len(cache) == 3


def test_putting_again_replaces() -> None:
    cache = filled(10, range(5))
    cache.put(0, "new")
    assert cache.get(0) == "new"


def test_what_was_replaced_never_comes_back() -> None:
    cache = filled(4, range(2))
    cache.put(0, "new")
    for key in range(10, 20):
        cache.put(key, str(key))
        assert cache.get(0) == "new"


def test_what_is_asked_for_stays_while_the_rest_goes() -> None:
    cache = filled(10, range(5))
    for key in range(100, 200):
        cache.put(key, str(key))
        assert cache.get(3) == "3"
    assert cache.get(4) is None


def test_the_latest_are_kept() -> None:
    cache = filled(100, range(1_000))
    assert [cache.get(key) for key in range(950, 1_000)] == [str(key) for key in range(950, 1_000)]


@pytest.mark.parametrize("max_entries", [1, 2, 3, 10, 99])
def test_it_never_holds_more_than_it_may(max_entries: int) -> None:
    cache: TwoGenerations[int, str] = TwoGenerations(max_entries)
    for key in range(300):
        cache.put(key, "")
        cache.get(key - 1)
        cache.get(key - max_entries // 2)
        assert len(cache) <= max_entries
    assert cache.get(299) == ""


@pytest.mark.parametrize("others", [0, 4], ids=["young", "old"])
def test_what_is_forgotten_is_gone(others: int) -> None:
    cache = filled(10, range(1, 2 + others))
    cache.put(1, "twice")
    cache.clear()
    assert cache.get(1) is None
    assert len(cache) == 0


def test_what_is_dropped_is_gone_young_or_old() -> None:
    cache = filled(10, range(7))
    for key in (0, 6, 99):
        cache.drop(key)
        assert cache.get(key) is None
    assert len(cache) == 5


def test_all_values_are_those_that_are_kept() -> None:
    assert sorted(filled(10, range(7)).values()) == [str(key) for key in range(7)]


@given(
    steps=st.lists(st.tuples(st.sampled_from(["put", "get", "drop", "clear"]), st.integers(0, 9))),
    max_entries=st.integers(1, 6),
)
def test_it_returns_the_latest_value_or_none(steps: list[tuple[str, int]], max_entries: int) -> None:
    cache: TwoGenerations[int, int] = TwoGenerations(max_entries)
    latest: dict[int, int] = {}
    for number, (step, key) in enumerate(steps):
        if step == "put":
            cache.put(key, number)
            latest[key] = number
        elif step == "drop":
            cache.drop(key)
            latest.pop(key, None)
        elif step == "clear":
            cache.clear()
            latest.clear()
        else:
            assert cache.get(key) in {latest.get(key), None}
        assert len(cache) <= max_entries


def test_many_come_together_in_the_order_asked() -> None:
    cache = filled(10, range(4))
    assert cache.get_all([3, 0, 3, 1]) == tuple(cache.get(key) for key in [3, 0, 3, 1])


@pytest.mark.parametrize("keys", [[], [1], [1, 99]], ids=["none", "one", "one-unknown"])
def test_where_not_many_are_young_nothing_comes_together(keys: list[int]) -> None:
    assert filled(10, range(4)).get_all(keys) is None


def test_what_grew_old_comes_together_again_once_it_was_asked_for() -> None:
    cache = filled(10, range(5))
    assert cache.get_all([0, 1]) is None
    assert [cache.get(key) for key in (0, 1)] == [cache.get(0), cache.get(1)]
    assert cache.get_all([0, 1]) == (cache.get(0), cache.get(1))
