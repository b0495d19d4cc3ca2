import random
from sys import getsizeof

import pytest

from tacet.posts.candidates import MAX_CANDIDATES, OVERHEAD_BYTES, SPARE_CANDIDATES, Candidates, Read, columns
from tacet.posts.cutting import to_read
from tacet.records.people import PostHead, Stretch

ARRAY_HEADERS_BYTES = 1_024
"""More than four arrays take beside their numbers; a part of the overhead."""


def candidates(*ids: int, floor: int = 0) -> Candidates:
    """Posts of author 1, given newest first."""
    return Candidates([1, 2], [PostHead(id_, 1) for id_ in ids], floor, 0)


def ids(read: Read | None) -> list[int] | None:
    return None if read is None else list(read.ids)


@pytest.mark.parametrize(
    ("stretch", "count", "expected", "more"),
    [
        pytest.param(Stretch(), 10, [50, 40, 30], False, id="all of them"),
        pytest.param(Stretch(), 2, [50, 40], True, id="the newest"),
        pytest.param(Stretch(older_than=50), 2, [40, 30], False, id="below one of them"),
        pytest.param(Stretch(newer_than=30), 2, [50, 40], False, id="above one of them"),
        pytest.param(Stretch(30, 50), 2, [40], False, id="between two"),
        pytest.param(Stretch(older_than=30), 2, [], False, id="below all"),
        pytest.param(Stretch(newer_than=50), 2, [], False, id="above all"),
        pytest.param(Stretch(50, 30), 2, [], False, id="a stretch that ends before it begins"),
        pytest.param(Stretch(upwards=True), 2, [30, 40], True, id="the oldest first"),
        pytest.param(Stretch(30, upwards=True), 2, [40, 50], False, id="from one of them upwards"),
        pytest.param(Stretch(30, 50, upwards=True), 2, [40], False, id="upwards between two"),
    ],
)
def test_a_stretch_is_read_in_the_order_in_which_it_is_walked(
    stretch: Stretch, count: int, expected: list[int], more: bool
) -> None:
    read = candidates(50, 40, 30).read(stretch, count)
    assert read == columns(expected, [1] * len(expected), [0] * len(expected), more)


@pytest.mark.parametrize(
    ("stretch", "count", "expected"),
    [
        pytest.param(Stretch(), 2, [50, 40], id="enough is here"),
        pytest.param(Stretch(), 3, None, id="the last one may not be the last"),
        pytest.param(Stretch(newer_than=30), 3, [50, 40], id="it ends above the floor"),
        pytest.param(Stretch(newer_than=29), 3, [50, 40, 30], id="it ends at the floor"),
        pytest.param(Stretch(newer_than=28), 3, None, id="it ends below the floor"),
        pytest.param(Stretch(29, upwards=True), 2, [30, 40], id="upwards from the floor"),
        pytest.param(Stretch(28, upwards=True), 2, None, id="upwards from below the floor"),
        pytest.param(Stretch(older_than=20), 1, None, id="all of it lies below"),
    ],
)
def test_what_lies_below_the_floor_is_left_to_the_store(
    stretch: Stretch, count: int, expected: list[int] | None
) -> None:
    assert ids(candidates(50, 40, 30, floor=30).read(stretch, count)) == expected


def test_a_new_post_takes_its_place_once() -> None:
    home = candidates(50, 30, floor=30)
    for _ in range(2):
        home.add(PostHead(60, 2))
        home.add(PostHead(40, 2, 3))
        home.add(PostHead(20, 2))
    read = home.read(Stretch(newer_than=29), 10)
    assert read == columns([60, 50, 40, 30], [2, 1, 2, 1], [0, 0, 3, 0], False)
    assert sorted(read.named) == [1, 2, 3]
    assert ids(home.read(Stretch(), 10)) is None


def test_what_was_read_last_is_read_anew_after_a_change() -> None:
    home = candidates(50, 40)
    assert ids(home.read(Stretch(), 3)) == [50, 40]
    home.add(PostHead(60, 1))
    assert ids(home.read(Stretch(), 3)) == [60, 50, 40]
    assert ids(home.read(Stretch(), 2)) == [60, 50]
    assert ids(home.read(Stretch(older_than=60), 2)) == [50, 40]
    home.remove(50, 1)
    assert ids(home.read(Stretch(older_than=60), 2)) == [40]


def test_a_deleted_post_is_taken_out() -> None:
    home = candidates(50, 40, 30)
    assert home.remove(40, 1)
    assert home.remove(35, 1)
    assert ids(home.read(Stretch(), 10)) == [50, 30]


@pytest.mark.parametrize(
    ("post_id", "author_id", "told"),
    [
        pytest.param(20, 7, False, id="the repost may repeat it"),
        pytest.param(45, 7, True, id="the repost is older"),
        pytest.param(20, 8, True, id="the repost is of somebody else's"),
    ],
)
def test_whether_a_deleted_post_was_repeated_is_only_told_where_it_can_be(
    post_id: int, author_id: int, told: bool
) -> None:
    home = Candidates([1], [PostHead(40, 1, 7), PostHead(30, 1)], 0, 0)
    assert home.remove(post_id, author_id) is told


def test_the_oldest_are_dropped_when_they_have_become_too_many() -> None:
    home = candidates(floor=0)
    for id_ in range(1, MAX_CANDIDATES + SPARE_CANDIDATES + 2):
        home.add(PostHead(id_, 1))
    # What is left is complete down to its lowest id, and not below.
    assert ids(home.read(Stretch(newer_than=SPARE_CANDIDATES), 10_000)) == list(
        range(MAX_CANDIDATES + SPARE_CANDIDATES + 1, SPARE_CANDIDATES, -1)
    )
    assert home.read(Stretch(newer_than=SPARE_CANDIDATES - 1), 10_000) is None


@pytest.mark.parametrize("count", [0, 100, MAX_CANDIDATES])
def test_the_memory_it_says_is_what_it_takes_when_it_has_grown(count: int) -> None:
    home = Candidates(range(5_000), [PostHead(id_, 1) for id_ in range(count, 0, -1)], 0, 0)
    for id_ in range(count + 1, 3 * MAX_CANDIDATES):
        home.add(PostHead(id_, 1, 2))
        columns = (home._ids, home._author_ids, home._reposted_author_ids, home._authors)
        assert sum(map(getsizeof, columns)) <= home.size_bytes - OVERHEAD_BYTES + ARRAY_HEADERS_BYTES


def test_the_page_that_is_kept_fits_into_what_is_counted_for_it() -> None:
    home = candidates(*range(2**60 + 1_000, 2**60, -1))
    read = home.read(Stretch(), to_read(100))
    assert read is not None
    lists = (read.ids, read.author_ids, read.reposted_author_ids, read.named)
    numbers = {id(number): getsizeof(number) for each in lists for number in each}
    assert sum(map(getsizeof, lists)) + sum(numbers.values()) < OVERHEAD_BYTES


def test_authors_are_known() -> None:
    ids_ = random.Random(5).sample(range(10_000), 500)
    home = Candidates(ids_[:400], [], 0, 0)
    assert home.authors() == sorted(ids_[:400])
    assert [home.is_by(id_) for id_ in ids_] == [True] * 400 + [False] * 100
