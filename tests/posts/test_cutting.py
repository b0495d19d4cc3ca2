import pytest

from tacet.posts.cutting import Cut, cut, to_read
from tacet.records.people import MAX_ID, Stretch

DOWN, UP = Stretch(10, 60), Stretch(10, 60, upwards=True)
FALLING, RISING = [50, 40, 30, 20], [20, 30, 40, 50]


@pytest.mark.parametrize(
    ("stretch", "ids", "kept", "more", "limit", "expected"),
    [
        pytest.param(DOWN, FALLING, [0, 1, 2, 3], False, 4, Cut([0, 1, 2, 3], None, 59), id="everything fits"),
        pytest.param(DOWN, FALLING, [0, 1, 2, 3], True, 4, Cut([0, 1, 2, 3], 20, 59), id="full, and there is more"),
        pytest.param(DOWN, FALLING, [0, 1, 2, 3], False, 2, Cut([0, 1], 40, 59), id="more was read than is shown"),
        pytest.param(DOWN, FALLING, [0, 2, 3], True, 2, Cut([0, 2], 30, 59), id="something hidden between"),
        pytest.param(DOWN, FALLING, [0, 1], True, 2, Cut([0, 1], 20, 59), id="hidden ones at the end are left behind"),
        pytest.param(DOWN, FALLING, [1], True, 2, Cut([1], 20, 59), id="short, and there is more"),
        pytest.param(DOWN, FALLING, [], True, 2, Cut([], 20, 59), id="all hidden, and there is more"),
        pytest.param(DOWN, FALLING, [0, 1], False, 2, Cut([0, 1], None, 59), id="only hidden ones are left"),
        pytest.param(DOWN, [], [], False, 2, Cut([], None, 59), id="nothing at all"),
        pytest.param(Stretch(0, 0), [], [], False, 2, Cut([], None, 0), id="below every id"),
        pytest.param(UP, RISING, [0, 1, 2, 3], False, 4, Cut([3, 2, 1, 0], 11, None), id="upwards, to the end"),
        pytest.param(UP, RISING, [0, 1, 2, 3], False, 2, Cut([1, 0], 11, 30), id="upwards, and there is more"),
        pytest.param(UP, RISING, [3], True, 2, Cut([3], 11, 50), id="upwards, short"),
        pytest.param(UP, [], [], False, 2, Cut([], 11, None), id="upwards, nothing newer"),
        pytest.param(Stretch(MAX_ID, upwards=True), [], [], False, 2, Cut([], MAX_ID, None), id="above every id"),
    ],
)
def test_a_page_is_cut_so_that_both_its_ends_go_on_where_it_stops(
    stretch: Stretch, ids: list[int], kept: list[int], more: bool, limit: int, expected: Cut
) -> None:
    assert cut(stretch, ids, kept, more, limit) == expected


@pytest.mark.parametrize("limit", [1, 5, 100])
def test_more_is_read_than_is_shown(limit: int) -> None:
    assert to_read(limit) > limit
