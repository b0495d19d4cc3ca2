"""Posts and messages under the hands of two servers at once."""

import random

from tacet.records.people import Post, Stretch
from tacet.store.base import Conflict, Part
from tests.store.building import mentioning, message, post, repost
from tests.store.postgres.racing import TURNS, Race, digest, shuffled


async def test_of_reposts_by_one_person_one_is_recorded(race: Race, chance: random.Random) -> None:
    for turn in range(1, TURNS + 1):
        await race.next.posts.add(post(turn, 5))
        answers = await shuffled(chance, *(race.next.posts.add(repost(100 * turn + n, 6, of=turn)) for n in range(8)))
        assert answers.count(True) == 1
        assert await race.next.posts.repost_of(6, turn) == 100 * turn + answers.index(True)


async def test_of_posts_with_one_id_one_is_recorded(race: Race, chance: random.Random) -> None:
    async def add(id_: int, author_id: int) -> bool:
        try:
            return await race.next.posts.add(mentioning(id_, author_id, author_id + 1))
        except Conflict:
            return False

    for turn in range(1, TURNS + 1):
        answers = await shuffled(chance, *(add(turn, 10 * author_id) for author_id in range(6)))
        assert answers.count(True) == 1
        mentioned = await race.found("SELECT person_id FROM mention WHERE post_id = $1", turn)
        assert mentioned == [(10 * answers.index(True) + 1,)]


async def test_no_repost_and_no_mention_outlives_its_post(race: Race, chance: random.Random) -> None:
    for turn in range(1, TURNS + 1):
        await race.next.posts.add(mentioning(turn, 5, 7, 8))
        reposts = [repost(100 * turn + n, n, of=turn, mentioned_ids=(7, 9)) for n in range(10)]
        await race.next.posts.put(reposts[:4])
        deleted, *_ = await shuffled(
            chance,
            race.next.posts.delete(turn),
            *(race.next.posts.add(each) for each in reposts[4:]),
            *(race.next.posts.delete(each.id) for each in reposts[2:6]),
        )
        assert deleted
        assert await race.found("SELECT 1 FROM post") == []


async def test_a_post_is_deleted_once(race: Race, chance: random.Random) -> None:
    for turn in range(1, TURNS + 1):
        await race.next.posts.put([post(turn, 5), *(repost(100 * turn + n, n, of=turn) for n in range(5))])
        answers = await shuffled(chance, *(race.next.posts.delete(turn) for _ in range(6)))
        assert answers.count(True) == 1


async def test_imports_of_the_same_posts_add_up_to_one(race: Race, chance: random.Random) -> None:
    imported: set[int] = set()
    for turn in range(10):
        originals = [mentioning(100 * turn + n, n, 50 + n % 3, 60) for n in range(1, 21)]
        reposts = [repost(each.id + 50, 5, of=each.id) for each in originals]
        orders = [chance.sample(originals + reposts, 40) for _ in range(5)]
        counts = await shuffled(chance, *(race.next.posts.put(order) for order in orders))
        # Who reads a repost before its post learns the author later; the others find nothing to change.
        assert sorted(counts) == [0, 0, 0, 0, 40]
        imported |= {each.id for each in originals + reposts}
        assert {id_ for (id_,) in await race.found("SELECT id FROM post")} == imported
        named = await race.found("SELECT reposted_id % 100, reposted_author_id FROM post WHERE reposted_id <> 0")
        assert all(original == author_id for original, author_id in named)
    assert (await race.next.revisions())[Part.POSTS] == 10


async def test_imports_and_people_do_not_trip_over_each_other(race: Race, chance: random.Random) -> None:
    def edited(id_: int, turn: int) -> Post:
        return post(id_, 5, f"edit {turn}")

    ids = range(1, 21)
    for turn in range(TURNS):
        await race.next.posts.put([edited(id_, turn) for id_ in ids])
        await shuffled(
            chance,
            # Reposts are imported under other ids than those that people give theirs.
            *(
                race.next.posts.put([repost(1_000 + id_, 6, of=id_) for id_ in chance.sample(ids, 10)])
                for _ in range(2)
            ),
            *(race.next.posts.add(repost(2_000 + id_, 6, of=id_)) for id_ in chance.sample(ids, 8)),
            *(race.next.posts.delete(2_000 + id_) for id_ in chance.sample(ids, 4)),
        )
        repeated = await race.found("SELECT reposted_id, COUNT(*) FROM post WHERE author_id = 6 GROUP BY reposted_id")
        assert all(count == 1 for _, count in repeated)
        await shuffled(chance, *(race.next.posts.delete(id_) for id_ in ids))
        assert await race.found("SELECT 1 FROM post WHERE id < 1000") == []
        assert await race.next.posts.of_authors([5, 6], Stretch(), 100) == []


async def test_of_messages_with_one_id_one_is_recorded(race: Race, chance: random.Random) -> None:
    async def add(id_: int, sender_id: int) -> bool:
        try:
            await race.next.messages.add(message(id_, sender_id, 99, text=digest(sender_id).decode()))
        except Conflict:
            return False
        return True

    for turn in range(1, TURNS + 1):
        answers = await shuffled(chance, *(add(turn, sender_id) for sender_id in range(6)))
        assert answers.count(True) == 1
        assert await race.next.messages.writers([answers.index(True)], 99)
