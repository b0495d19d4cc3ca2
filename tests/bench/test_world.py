import re
from itertools import chain

import pytest

from bench import world
from bench.world import Shape
from tacet.mutes.positions import parse_token
from tacet.records.relations import MAX_POSITION
from tacet.wire.v2.muting import DEFAULT_PAGE

SMALL = Shape(crowd=150, heavy=2, wide=3, lengths=(120, 300), crowd_mutes=100, heavy_mutes=140)
FULL = Shape()
SAMPLE = [0, 1, 2, 3, 20_000, 20_001, FULL.people - 2, FULL.people - 1]


def test_the_measured_world_has_the_size_that_the_claims_are_about() -> None:
    crowd = FULL.groups()["crowd"]
    assert (crowd.count, crowd.mutes) == (20_000, 100)
    assert FULL.lengths == (1_000, 100_000, 1_000_000)
    assert FULL.people == 1_000_001


def test_groups_follow_each_other_without_gaps() -> None:
    indexes = list(chain.from_iterable(group.indexes for group in SMALL.groups().values()))
    assert indexes == list(range(SMALL.sources))
    assert SMALL.sources <= SMALL.people


def test_ids_are_everybodys_own() -> None:
    assert len({world.person_id(index) for index in range(FULL.people)}) == FULL.people


def test_half_of_the_ids_have_ten_digits_and_half_nineteen() -> None:
    assert [len(str(world.person_id(index))) for index in SAMPLE] == [10, 19, 10, 19, 10, 19, 19, 10]


def test_usernames_are_valid_and_everybodys_own() -> None:
    usernames = [world.person(index).username for index in range(FULL.people - 5_000, FULL.people)]
    assert len({username.lower() for username in usernames}) == len(usernames)
    assert [username for username in usernames if not re.fullmatch("[A-Za-z0-9_]{1,15}", username)] == []


@pytest.mark.parametrize("name", SMALL.groups())
def test_everybody_mutes_as_many_others_as_their_group_says(name: str) -> None:
    group = SMALL.groups()[name]
    for index in group.indexes:
        targets = world.targets(group, index)
        assert len(set(targets)) == group.mutes
        assert index not in targets
        assert set(targets) <= set(range(group.among))


def test_the_longest_list_holds_everybody_else() -> None:
    group = SMALL.groups()["list-300"]
    assert {*world.targets(group, group.first), group.first} == set(range(SMALL.people))


def test_the_same_person_mutes_the_same_others_each_time() -> None:
    group = SMALL.groups()["crowd"]
    assert world.targets(group, 7) == world.targets(group, 7)
    assert world.targets(group, 7) != world.targets(group, 8)


@pytest.mark.parametrize("index", SAMPLE)
def test_positions_are_even_and_grow_with_each_mute(index: int) -> None:
    positions = [world.position(index, nth) for nth in range(1_000)] + [world.position(index, 999_999)]
    assert positions == sorted(set(positions))
    assert all(position % 2 == 0 and position < MAX_POSITION for position in positions)


def test_the_deepest_token_leaves_one_full_page() -> None:
    cursor = parse_token(world.deepest_token(5, DEFAULT_PAGE))
    assert cursor is not None
    assert not cursor.newer
    assert [world.position(5, nth) < cursor.position for nth in (DEFAULT_PAGE - 1, DEFAULT_PAGE)] == [True, False]


def test_mutes_lie_in_the_past() -> None:
    latest = world.position(0, FULL.lengths[-1])
    assert latest < world.position(0, 0) + (366 * 24 * 3_600_000 << 20)


def test_bearers_are_as_long_as_real_ones_and_everybodys_own() -> None:
    texts = {world.bearer_text(index) for index in range(FULL.sources)}
    assert len(texts) == FULL.sources
    assert {len(text) for text in texts} == {world.BEARER_CHARS}
