"""What must hold in every store while many tasks use it at once."""

import asyncio
import random
from collections import Counter

import pytest

from tacet.records.people import Stretch
from tacet.records.relations import MAX_POSITION, Kind
from tacet.store.base import Conflict, Store
from tests.store.building import (
    NOW,
    SOURCE,
    app,
    code,
    grant,
    listed,
    mute,
    person,
    post,
    refresh_token,
    repost,
    request_token,
    token,
)


async def test_of_many_that_add_the_same_relation_one_is_told_that_it_is_new(store: Store) -> None:
    answers = await asyncio.gather(*(store.relations.add(mute(7, 2 * n), NOW) for n in range(1, 101)))
    assert answers.count(True) == 1
    assert await listed(store) == [(7, 2 * (answers.index(True) + 1))]


async def test_of_many_that_remove_the_same_relation_one_is_told_that_it_held(store: Store) -> None:
    await store.relations.add(mute(7, 100), NOW)
    answers = await asyncio.gather(*(store.relations.remove(Kind.MUTE, SOURCE, 7, NOW) for _ in range(100)))
    assert answers.count(True) == 1


async def test_many_that_want_one_position_all_get_one(store: Store) -> None:
    await asyncio.gather(*(store.relations.add(mute(n, 100), NOW) for n in range(50)))
    rows = await listed(store)
    assert {target_id for target_id, _ in rows} == set(range(50))
    assert sorted(position for _, position in rows) == [100 + 2 * n for n in range(50)]


async def test_adds_and_removes_of_one_relation_take_turns(store: Store) -> None:
    balance: Counter[int] = Counter()

    async def flip(seed: int) -> None:
        chance = random.Random(seed)
        for number in range(20):
            target_id = chance.randrange(3)
            if chance.random() < 0.5:
                position = 2 * (1 + seed * 20 + number)
                changed = int(await store.relations.add(mute(target_id, position), NOW))
            else:
                changed = -await store.relations.remove(Kind.MUTE, SOURCE, target_id, NOW)
            balance[target_id] += changed

    await asyncio.gather(*(flip(seed) for seed in range(40)))
    assert {n for n in range(3) if balance[n]} == await store.relations.which(Kind.MUTE, SOURCE, range(3), NOW)
    assert set(balance.values()) <= {0, 1}


async def test_a_write_is_seen_by_whoever_was_told_of_it(store: Store) -> None:
    async def write_and_look(target_id: int) -> None:
        await store.relations.add(mute(target_id, 2 * target_id), NOW)
        assert await store.relations.which(Kind.MUTE, SOURCE, [target_id], NOW) == {target_id}
        await store.relations.remove(Kind.MUTE, SOURCE, target_id, NOW)
        assert await store.relations.which(Kind.MUTE, SOURCE, [target_id], NOW) == set()

    await asyncio.gather(*(write_and_look(target_id) for target_id in range(1, 201)))


async def test_readers_never_see_half_of_a_write_of_many(store: Store) -> None:
    sizes: set[int] = set()

    async def read(writing: asyncio.Task[int]) -> None:
        while not writing.done():
            rows = await store.relations.older(Kind.MUTE, SOURCE, MAX_POSITION, 10_000, NOW)
            sizes.add(len(rows))
            await asyncio.sleep(0)

    writing = asyncio.create_task(store.relations.add_many([mute(n, 2 * n) for n in range(3_000)]))
    await asyncio.gather(*(read(writing) for _ in range(3)))
    assert await writing == 3_000
    assert sizes <= {0, 3_000}


async def test_all_parts_can_be_written_at_once(store: Store) -> None:
    await store.credentials.put_app(app(99))
    numbers = range(1, 41)
    await asyncio.gather(
        *(store.relations.add(mute(n, 2 * n), NOW) for n in numbers),
        *(store.directory.put_people([person(n, f"user_{n}")]) for n in numbers),
        *(store.credentials.put_app(app(n)) for n in numbers),
        *(store.credentials.put_token(token(bytes([n]) * 32, app_id=99)) for n in numbers),
    )
    assert len(await listed(store)) == 40
    assert await store.directory.first_person_ids(100) == list(numbers)
    assert {await store.credentials.app(n) for n in numbers} == {app(n) for n in numbers}
    assert {await store.credentials.token(bytes([n]) * 32) for n in numbers} == {
        token(bytes([n]) * 32, app_id=99) for n in numbers
    }


class TestPosts:
    async def test_of_many_reposts_by_one_person_one_is_recorded(self, store: Store) -> None:
        await store.posts.add(post(1, 5))
        answers = await asyncio.gather(*(store.posts.add(repost(10 + n, 6, of=1)) for n in range(50)))
        assert answers.count(True) == 1
        assert [head.id for head in await store.posts.of_authors([6], Stretch(), 100)] == [10 + answers.index(True)]

    async def test_no_repost_outlives_its_post(self, store: Store) -> None:
        for turn in range(1, 21):
            await store.posts.add(post(turn, 5))
            reposts = [store.posts.add(repost(1_000 * turn + n, n, of=turn)) for n in range(10, 20)]
            # Each repost either came too late, or went with its post.
            answers = await asyncio.gather(*reposts[: turn % 11], store.posts.delete(turn), *reposts[turn % 11 :])
            assert answers[turn % 11]
        assert await store.posts.of_authors(range(5, 40), Stretch(), 100) == []

    async def test_a_post_whose_id_is_taken_takes_nobody_with_it(self, store: Store) -> None:
        answers = await asyncio.gather(*(store.posts.add(post(1 + n % 2, n)) for n in range(6)), return_exceptions=True)
        for of_one_id in (answers[::2], answers[1::2]):
            assert [answer for answer in of_one_id if not isinstance(answer, Conflict)] == [True]


@pytest.mark.usefixtures("apps")
class TestLogins:
    async def test_of_many_that_redeem_a_code_one_is_given_something(self, store: Store) -> None:
        await store.consents.put_code(code())
        answers = await asyncio.gather(
            *(store.consents.redeem_code(code().digest, grant(n), [token(bytes([n]) * 32)], NOW) for n in range(20))
        )
        [winner] = [n for n, answer in enumerate(answers) if answer]
        found = await store.consents.code(code().digest)
        assert found is not None
        assert found.grant_id == winner
        assert [n for n in range(20) if await store.consents.grant(n)] == [winner]
        assert [n for n in range(20) if await store.credentials.token(bytes([n]) * 32)] == [winner]

    async def test_of_many_that_rotate_a_refresh_token_one_is_given_something(self, store: Store) -> None:
        await store.consents.add_grant(grant(), [refresh_token()])
        answers = await asyncio.gather(
            *(store.consents.rotate(refresh_token().digest, [token(bytes([n]) * 32)], NOW) for n in range(20))
        )
        winners = [n for n, answer in enumerate(answers) if answer]
        assert len(winners) == 1
        assert [n for n in range(20) if await store.credentials.token(bytes([n]) * 32)] == winners

    async def test_of_many_that_redeem_a_request_token_one_is_given_something(self, store: Store) -> None:
        await store.consents.put_request_token(request_token(user_id=SOURCE, verifier_digest=b"v"))
        key = (request_token().digest, b"v")
        answers = await asyncio.gather(
            *(store.consents.redeem_request_token(*key, grant(n), token(bytes([n]) * 32), NOW) for n in range(20))
        )
        [winner] = [answer for answer in answers if answer is not None]
        assert [n for n in range(20) if await store.credentials.token(bytes([n]) * 32)] == [winner]

    async def test_no_token_outlives_a_revocation_that_comes_between_rotations(self, store: Store) -> None:
        for turn in range(1, 11):
            digests = [bytes([turn, n]) * 16 for n in range(4)]
            await store.consents.add_grant(grant(turn), [refresh_token(digests[0])])
            first = store.consents.rotate(digests[0], [refresh_token(digests[1]), token(digests[2])], NOW)
            second = store.consents.rotate(digests[1], [token(digests[3])], NOW)
            await asyncio.gather(first, store.consents.revoke_grant(turn, NOW), second)
            found = [await store.credentials.token(digest) for digest in digests]
            assert [each for each in found if each and each.revoked_at_ms is None] == []

    async def test_wrong_verifiers_are_all_counted(self, store: Store) -> None:
        await store.consents.put_request_token(request_token())
        counts = await asyncio.gather(*(store.consents.count_wrong_verifier(request_token().digest) for _ in range(20)))
        assert sorted(counts) == list(range(1, 21))
