import re
from itertools import chain

import pytest

from bench import world
from bench.world import Shape
from tacet.mutes.positions import parse_token
from tacet.records.people import Shape as PostShape
from tacet.records.relations import MAX_POSITION, Kind
from tacet.wire.v2.muting import DEFAULT_PAGE
from tests.bench.small import SHAPE as SMALL

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


READERS = [name for name in SMALL.groups() if name.startswith("reader")]


def test_readers_are_those_that_the_claims_are_about() -> None:
    few, many = (FULL.groups()[name] for name in ("reader-500", "reader-100000"))
    assert (few.follows, few.mutes, many.follows, many.mutes) == (500, 500, 500, 100_000)
    assert FULL.posts == 1_000_000


@pytest.mark.parametrize("name", READERS)
def test_a_tenth_of_whom_a_reader_follows_is_muted(name: str) -> None:
    group = SMALL.groups()[name]
    for index in group.indexes:
        followed, muted = world.followed_by(group, index), world.targets(group, index)
        assert len(set(followed)) == group.follows
        assert set(followed) <= set(SMALL.groups()["crowd"].indexes)
        assert set(followed) & set(muted) == set(followed[:: world.FOLLOWED_TO_MUTED])


def test_follows_are_told_from_both_sides() -> None:
    group = SMALL.groups()[READERS[0]]
    follows = list(world.follows(group, group.first))
    forth = {(each.source_id, each.target_id, each.position) for each in follows if each.kind is Kind.FOLLOW}
    back = {(each.target_id, each.source_id, each.position) for each in follows if each.kind is Kind.FOLLOWED_BY}
    assert forth == back
    assert (len(forth), len(follows)) == (group.follows, 2 * group.follows)


def test_positions_of_followers_are_everybodys_own() -> None:
    groups = [SMALL.groups()[name] for name in READERS]
    told = [each for group in groups for index in group.indexes for each in world.follows(group, index)]
    assert len({(each.kind, each.source_id, each.position) for each in told}) == len(told)


def test_posts_are_by_the_crowd_in_the_order_of_their_ids() -> None:
    posts = list(world.posts(SMALL))
    assert len(posts) == SMALL.posts
    assert [post.id for post in posts] == sorted({post.id for post in posts})
    assert {post.author_id for post in posts} == {world.person_id(index) for index in range(SMALL.crowd)}
    assert {len(post.text) // 40 for post in posts} <= {1, 2}


def test_some_posts_are_reposts_of_others_posts_each_once_and_some_are_replies() -> None:
    by_id = {post.id: post for post in world.posts(SMALL)}
    reposts = [post for post in by_id.values() if post.shape is PostShape.REPOST]
    replies = [post for post in by_id.values() if post.shape is PostShape.REPLY]
    assert len({post.reposted_id for post in reposts}) == len(reposts)
    assert all(by_id[post.reposted_id].author_id == post.details.reposted_author_id for post in reposts)
    assert not any(by_id[post.reposted_id].reposted_id for post in reposts)
    assert 0.1 < len(reposts) / len(by_id) < 0.2 < len(replies) / len(by_id) + 0.05
