"""What every store's `PostStore` must do."""

import msgspec
import pytest

from tacet.records.people import (
    MAX_ID,
    Post,
    PostDetails,
    PostHead,
    PostMetrics,
    Reference,
    Shape,
    Stretch,
    Withheld,
)
from tacet.store.base import Conflict, Part, Store
from tests.store.building import NOW, UNSTORABLE, mentioning, post, reply, repost

FULL_DETAILS = PostDetails(
    lang="de",
    source="tests",
    possibly_sensitive=True,
    reply_settings="following",
    conversation_id=1,
    in_reply_to_user_id=2,
    references=(Reference("quoted", 3), Reference("replied_to", 4), Reference("retweeted", 5)),
    metrics=PostMetrics(1, 2, 3, 4, 5, 6, 7, 8),
    withheld=Withheld(("CH",), "tweet"),
    mentioned_ids=(8, 9),
    reposted_author_id=10,
)

ALL = Stretch()
UPWARDS = Stretch(upwards=True)


async def ids_of(store: Store, author_ids: list[int], stretch: Stretch = ALL, limit: int = 100) -> list[int]:
    return [head.id for head in await store.posts.of_authors(author_ids, stretch, limit)]


async def mentions_of(store: Store, person_id: int, stretch: Stretch = ALL, limit: int = 100) -> list[int]:
    return [head.id for head in await store.posts.mentioning(person_id, stretch, limit)]


async def test_every_field_of_the_full_example_differs_from_its_default() -> None:
    bare = PostDetails()
    assert [each for each in bare.__struct_fields__ if getattr(FULL_DETAILS, each) == getattr(bare, each)] == []


class TestPutting:
    @pytest.mark.parametrize(
        "kept",
        [
            pytest.param(post(1, 5), id="bare"),
            pytest.param(Post(UNSTORABLE - 1, 5, "漢字 🦊\n'\"", NOW, FULL_DETAILS), id="full"),
        ],
    )
    async def test_a_post_comes_back_as_it_was_put(self, store: Store, kept: Post) -> None:
        assert await store.posts.put([kept]) == 1
        assert await store.posts.by_ids([kept.id, UNSTORABLE, 404]) == [kept]
        assert await store.posts.by_ids([]) == []

    async def test_a_rerun_changes_nothing(self, store: Store) -> None:
        posts = [post(n, 5) for n in range(1, 301)]
        assert await store.posts.put(posts) == 300
        assert await store.posts.put(posts) == 0
        assert await store.posts.put([*posts, post(7, 5, "edited")]) == 1
        assert await store.posts.by_ids([7]) == [post(7, 5, "edited")]

    async def test_none_at_all_are_no_error(self, store: Store) -> None:
        assert await store.posts.put([]) == 0

    async def test_the_latest_of_each_author_is_the_one_with_the_largest_id(self, store: Store) -> None:
        await store.posts.put([post(3, 5), post(9, 5), post(4, 5), post(1, 6), post(20, 7)])
        assert await store.posts.latest([5, 6, 8]) == {5: 9, 6: 1}
        assert await store.posts.latest([]) == {}
        assert await store.posts.latest([UNSTORABLE, 7, 7]) == {7: 20}

    async def test_a_changed_post_is_found_by_what_it_is_now(self, store: Store) -> None:
        await store.posts.put([mentioning(3, 5, 8, 9)])
        replied = reply(3, 6)
        await store.posts.put(
            [msgspec.structs.replace(replied, details=msgspec.structs.replace(replied.details, mentioned_ids=(9, 10)))]
        )
        assert await ids_of(store, [5]) == []
        assert await ids_of(store, [6]) == [3]
        assert await ids_of(store, [6], Stretch(without=Shape.REPLY)) == []
        assert [await mentions_of(store, person_id) for person_id in (8, 9, 10)] == [[], [3], [3]]


class TestPuttingReposts:
    @pytest.mark.parametrize("order", [[0, 1], [1, 0]], ids=["original-first", "repost-first"])
    @pytest.mark.parametrize("calls", [1, 2])
    @pytest.mark.parametrize("told", [0, 404], ids=["author-unknown", "author-wrong"])
    async def test_their_author_is_known_once_both_are_there(
        self, store: Store, order: list[int], calls: int, told: int
    ) -> None:
        posts = [post(3, 5), repost(9, 6, of=3, of_author=told)]
        batches = [[posts[each]] for each in order] if calls == 2 else [[posts[each] for each in order]]
        for batch in batches:
            assert await store.posts.put(batch) == len(batch)
        assert await store.posts.by_ids([9]) == [repost(9, 6, of=3, of_author=5)]
        assert await store.posts.of_authors([6], ALL, 10) == [PostHead(9, 6, 5)]
        assert await store.posts.put(posts) == 0
        assert await store.posts.by_ids([9]) == [repost(9, 6, of=3, of_author=5)]

    async def test_a_second_one_of_one_author_is_left_out(self, store: Store) -> None:
        await store.posts.put([post(3, 5), repost(9, 6, of=3)])
        assert await store.posts.put([repost(10, 6, of=3), repost(11, 7, of=3)]) == 1
        assert await ids_of(store, [6, 7]) == [11, 9]
        assert await store.posts.repost_of(6, 3) == 9

    async def test_one_may_be_replaced_under_its_own_id(self, store: Store) -> None:
        await store.posts.put([post(3, 5), post(4, 5), repost(9, 6, of=3)])
        assert await store.posts.put([repost(9, 6, of=4)]) == 1
        assert await store.posts.repost_of(6, 3) is None
        assert await store.posts.repost_of(6, 4) == 9
        assert await store.posts.put([repost(10, 6, of=3)]) == 1


class TestAdding:
    async def test_an_added_post_is_found_every_way(self, store: Store) -> None:
        added = mentioning(9, 5, 7, 8)
        assert await store.posts.add(added)
        assert await store.posts.by_ids([9]) == [added]
        assert await store.posts.latest([5]) == {5: 9}
        assert await ids_of(store, [5]) == [9]
        assert await mentions_of(store, 7) == await mentions_of(store, 8) == [9]

    async def test_an_id_that_is_taken_is_a_conflict_and_nothing_is_written(self, store: Store) -> None:
        await store.posts.add(post(9, 5))
        with pytest.raises(Conflict):
            await store.posts.add(mentioning(9, 6, 7))
        assert await store.posts.by_ids([9]) == [post(9, 5)]
        assert await mentions_of(store, 7) == []

    async def test_a_repost_names_the_author_of_what_it_repeats(self, store: Store) -> None:
        await store.posts.add(post(3, 5))
        assert await store.posts.add(repost(9, 6, of=3))
        assert await store.posts.of_authors([6], ALL, 10) == [PostHead(9, 6, 5)]
        assert await store.posts.repost_of(6, 3) == 9
        assert await store.posts.by_ids([9]) == [repost(9, 6, of=3, of_author=5)]

    async def test_nobody_repeats_a_post_twice(self, store: Store) -> None:
        await store.posts.add(post(3, 5))
        await store.posts.add(repost(9, 6, of=3))
        assert not await store.posts.add(repost(10, 6, of=3, mentioned_ids=(8,)))
        assert await store.posts.by_ids([10]) == []
        assert await mentions_of(store, 8) == []
        assert await store.posts.repost_of(6, 3) == 9

    async def test_others_may_repeat_it_too_and_the_author_may(self, store: Store) -> None:
        await store.posts.add(post(3, 5))
        assert [await store.posts.add(repost(10 + n, n, of=3)) for n in (5, 6, 7)] == [True] * 3
        assert [await store.posts.repost_of(n, 3) for n in (5, 6, 7, 8)] == [15, 16, 17, None]

    async def test_a_post_that_is_gone_is_not_repeated(self, store: Store) -> None:
        assert not await store.posts.add(repost(9, 6, of=404))
        await store.posts.add(post(3, 5))
        await store.posts.delete(3)
        assert not await store.posts.add(repost(9, 6, of=3))
        assert await ids_of(store, [6]) == []

    async def test_after_undoing_one_may_repeat_it_again(self, store: Store) -> None:
        await store.posts.add(post(3, 5))
        await store.posts.add(repost(9, 6, of=3))
        assert await store.posts.delete(9)
        assert await store.posts.repost_of(6, 3) is None
        assert await store.posts.add(repost(10, 6, of=3))
        assert await store.posts.repost_of(6, 3) == 10


class TestDeleting:
    async def test_a_deleted_post_is_gone_and_the_one_before_it_is_the_latest(self, store: Store) -> None:
        await store.posts.put([post(3, 5), mentioning(9, 5, 8)])
        assert await store.posts.delete(9)
        assert not await store.posts.delete(9)
        assert await store.posts.by_ids([3, 9]) == [post(3, 5)]
        assert await store.posts.latest([5]) == {5: 3}
        assert await ids_of(store, [5]) == [3]
        assert await mentions_of(store, 8) == []

    @pytest.mark.parametrize("count", [1, 500])
    async def test_its_reposts_go_with_it_and_nothing_else_does(self, store: Store, count: int) -> None:
        reposters = range(1_000, 1_000 + count)
        await store.posts.put([post(3, 5), post(4, 5), repost(8, 6, of=4), reply(9, 6, to=3)])
        await store.posts.put([repost(10 + each, each, of=3, mentioned_ids=(7,)) for each in reposters])
        await store.posts.put([mentioning(5_000, 6, 7)])
        assert await store.posts.delete(3)
        assert await ids_of(store, [5, 6, *reposters]) == [5_000, 9, 8, 4]
        assert await mentions_of(store, 7) == [5_000]
        assert await store.posts.by_ids([10 + each for each in reposters]) == []

    async def test_a_post_that_never_was_takes_no_reposts_with_it(self, store: Store) -> None:
        await store.posts.put([repost(9, 6, of=404)])
        assert not await store.posts.delete(404)
        assert not await store.posts.delete(0)
        assert await ids_of(store, [6]) == [9]


class TestOfAuthors:
    @pytest.fixture(autouse=True)
    async def timeline(self, store: Store) -> None:
        await store.posts.put(
            [
                post(10, 5),
                post(20, 6),
                reply(30, 5, to=20),
                repost(40, 6, of=10),
                Post(50, 5, "both", NOW, PostDetails(references=(Reference("replied_to", 1), Reference("quoted", 2)))),
                post(60, 7),
                post(70, 6),
            ]
        )

    @pytest.mark.parametrize(
        ("stretch", "limit", "expected"),
        [
            pytest.param(ALL, 100, [70, 50, 40, 30, 20, 10], id="all"),
            pytest.param(ALL, 2, [70, 50], id="newest"),
            pytest.param(ALL, 0, [], id="no-room"),
            pytest.param(UPWARDS, 100, [10, 20, 30, 40, 50, 70], id="upwards"),
            pytest.param(UPWARDS, 2, [10, 20], id="oldest"),
            pytest.param(Stretch(older_than=50), 2, [40, 30], id="strictly-older"),
            pytest.param(Stretch(older_than=51), 2, [50, 40], id="between-two"),
            pytest.param(Stretch(newer_than=20), 100, [70, 50, 40, 30], id="strictly-newer"),
            pytest.param(Stretch(newer_than=20, upwards=True), 2, [30, 40], id="strictly-newer-upwards"),
            pytest.param(Stretch(20, 50), 100, [40, 30], id="between"),
            pytest.param(Stretch(20, 50, upwards=True), 1, [30], id="between-upwards"),
            pytest.param(Stretch(50, 20), 100, [], id="upside-down"),
            pytest.param(Stretch(70), 100, [], id="newer-than-all"),
            pytest.param(Stretch(older_than=10), 100, [], id="older-than-all"),
            pytest.param(Stretch(without=Shape.REPLY), 100, [70, 40, 20, 10], id="without-replies"),
            pytest.param(Stretch(without=Shape.REPOST), 100, [70, 50, 30, 20, 10], id="without-reposts"),
            pytest.param(Stretch(without=Shape.REPOST | Shape.QUOTE), 3, [70, 30, 20], id="without-two"),
        ],
    )
    async def test_a_stretch_of_several_authors(
        self, store: Store, stretch: Stretch, limit: int, expected: list[int]
    ) -> None:
        assert await ids_of(store, [5, 6], stretch, limit) == expected

    @pytest.mark.parametrize(
        ("author_ids", "expected"),
        [
            pytest.param([], [], id="nobody"),
            pytest.param([404, UNSTORABLE, 10**40], [], id="nobody-known"),
            pytest.param([7], [60], id="one"),
            pytest.param([6, 6, 6], [70, 40, 20], id="one-thrice"),
            pytest.param([*range(100, 5_000), 5, 7], [60, 50, 30, 10], id="thousands"),
        ],
    )
    async def test_whoever_is_asked_for(self, store: Store, author_ids: list[int], expected: list[int]) -> None:
        assert await ids_of(store, author_ids) == expected

    async def test_a_head_says_whose_post_it_is_and_whose_it_repeats(self, store: Store) -> None:
        heads = await store.posts.of_authors([6, 7], ALL, 3)
        assert heads == [PostHead(70, 6), PostHead(60, 7), PostHead(40, 6, 5)]

    async def test_the_largest_id_is_older_than_nothing(self, store: Store) -> None:
        await store.posts.put([post(MAX_ID - 1, 8)])
        assert await ids_of(store, [8]) == [MAX_ID - 1]


class TestMentioning:
    @pytest.fixture(autouse=True)
    async def mentions(self, store: Store) -> None:
        await store.posts.put([mentioning(10, 5, 8), mentioning(20, 6, 8, 9), post(25, 6), mentioning(30, 5, 8, 8)])
        replied = reply(40, 6)
        details = msgspec.structs.replace(replied.details, mentioned_ids=(8,))
        await store.posts.add(msgspec.structs.replace(replied, details=details))

    @pytest.mark.parametrize(
        ("stretch", "limit", "expected"),
        [
            pytest.param(ALL, 100, [40, 30, 20, 10], id="all"),
            pytest.param(ALL, 2, [40, 30], id="newest"),
            pytest.param(UPWARDS, 2, [10, 20], id="oldest"),
            pytest.param(Stretch(10, 40), 100, [30, 20], id="between"),
            pytest.param(Stretch(10, 40, upwards=True), 100, [20, 30], id="between-upwards"),
            pytest.param(Stretch(without=Shape.REPLY), 2, [30, 20], id="without-replies"),
        ],
    )
    async def test_a_stretch_of_mentions(self, store: Store, stretch: Stretch, limit: int, expected: list[int]) -> None:
        assert await mentions_of(store, 8, stretch, limit) == expected

    async def test_everybody_has_their_own(self, store: Store) -> None:
        assert await store.posts.mentioning(9, ALL, 10) == [PostHead(20, 6)]
        assert await mentions_of(store, 404) == []
        assert await mentions_of(store, UNSTORABLE) == []


async def test_the_newest_id_is_the_largest_below_another(store: Store) -> None:
    assert await store.posts.newest_id(MAX_ID) == 0
    await store.posts.put([post(30, 5), post(MAX_ID - 1, 6), post(20, 7)])
    assert [await store.posts.newest_id(below) for below in (MAX_ID, MAX_ID - 1, 31, 30, 20)] == [
        MAX_ID - 1,
        30,
        30,
        20,
        0,
    ]
    assert await store.posts.newest_id(-1) == 0


async def test_putting_posts_changes_their_revision_and_no_other(store: Store) -> None:
    async def revisions_after(posts: list[Post]) -> tuple[int, set[Part]]:
        await store.posts.put(posts)
        found = await store.revisions()
        return found.pop(Part.POSTS, 0), {part for part, number in found.items() if number}

    assert await revisions_after([]) == (0, set())
    assert await revisions_after([post(3, 5), post(4, 5)]) == (1, set())
    assert await revisions_after([post(3, 5), post(4, 5)]) == (1, set())
    assert await revisions_after([post(3, 5), post(4, 5, "edited")]) == (2, set())


async def test_what_is_added_or_deleted_one_by_one_changes_no_revision(store: Store) -> None:
    await store.posts.add(post(3, 5))
    await store.posts.add(repost(9, 6, of=3))
    await store.posts.delete(3)
    assert set((await store.revisions()).values()) <= {0}
