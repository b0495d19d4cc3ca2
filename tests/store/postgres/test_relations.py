"""Two servers that write the same lists at once."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg
import pytest

from tacet.records.relations import MAX_POSITION, Change, Edge, Kind, Relation
from tacet.store.base import Prevented, Store
from tacet.store.opening import open_store
from tests.store.building import NOW, QUEUE_LENGTH, SOURCE, listed, mute, person

OTHERS = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"

TIMEOUT_S = 30
"""Of a statement: more than any takes, however busy the machine is."""

Pair = tuple[Store, Store]


@pytest.fixture
async def both(migrated_address: str) -> AsyncIterator[Pair]:
    """Two servers on one database. None of their transactions may ever wait for each other."""
    one, other = (open_store(migrated_address, QUEUE_LENGTH, timeout_s=TIMEOUT_S) for _ in range(2))
    await one.open()
    await other.open()
    yield one, other
    await one.close()
    await other.close()
    assert await deadlocks(migrated_address) == 0


async def deadlocks(address: str) -> int:
    """How many there have been in a database that nobody uses any more: who leaves tells the server's statistics."""
    connection = await asyncpg.connect(address)
    try:
        for _ in range(1_000):
            if not await connection.fetch(OTHERS):
                break
            await asyncio.sleep(0.01)
        return int(
            await connection.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        )
    finally:
        await connection.close()


async def test_mutes_of_the_same_pairs_take_turns(both: Pair) -> None:
    balance: Counter[tuple[int, int]] = Counter()

    async def flip(store: Store, seed: int) -> None:
        chance = random.Random(seed)
        for number in range(40):
            source_id, target_id = chance.randrange(3), chance.randrange(4)
            if chance.random() < 0.5:
                position = 2 * (1 + seed * 40 + number)
                changed = int(await store.relations.add(mute(target_id, position, source_id=source_id), NOW))
            else:
                changed = -await store.relations.remove(Kind.MUTE, source_id, target_id, NOW)
            balance[source_id, target_id] += changed

    await asyncio.gather(*(flip(both[seed % 2], seed) for seed in range(24)))
    assert set(balance.values()) <= {0, 1}
    for source_id in range(3):
        held = {target_id for target_id in range(4) if balance[source_id, target_id]}
        assert {target_id for target_id, _ in await listed(both[0], source_id=source_id)} == held


async def test_positions_that_collide_are_all_found_a_place(both: Pair) -> None:
    answers = await asyncio.gather(*(both[n % 2].relations.add(mute(n, 100), NOW) for n in range(40)))
    assert all(answers)
    rows = await listed(both[0])
    assert sorted(position for _, position in rows) == [100 + 2 * n for n in range(40)]
    assert {target_id for target_id, _ in rows} == {*range(40)}


async def test_a_row_that_somebody_holds_keeps_no_other_waiting(both: Pair, migrated_address: str) -> None:
    store = both[0]
    await store.relations.add(mute(1, 2), NOW)
    holder = await asyncpg.connect(migrated_address)
    try:
        await holder.execute("BEGIN; SELECT * FROM relation FOR UPDATE")
        held = asyncio.create_task(store.relations.add(mute(1, 4, NOW + 9), NOW))
        async with asyncio.timeout(TIMEOUT_S / 2):
            for turn in range(3):
                answers = await asyncio.gather(
                    *(store.relations.add(mute(n, 100 * turn + 2 * n), NOW) for n in range(2, 40))
                )
                assert any(answers) == (turn == 0)
        assert not held.done()
        await holder.execute("ROLLBACK")
        # It held already: only its end is another.
        assert await held is False
    finally:
        await holder.close()


@pytest.mark.parametrize(
    "relation",
    [mute(2, MAX_POSITION + 1), mute(2, 6, MAX_POSITION + 1), mute(1 << 63, 6)],
    ids=["position", "end", "id"],
)
async def test_what_cannot_be_stored_takes_nobody_along(both: Pair, relation: Relation) -> None:
    answers = await asyncio.gather(
        both[0].relations.add(relation, NOW),
        *(both[0].relations.add(mute(n, 2 * n), NOW) for n in range(10, 15)),
        return_exceptions=True,
    )
    assert isinstance(answers[0], OverflowError)
    assert answers[1:] == [True] * 5


async def test_what_must_not_hold_together_never_does(both: Pair) -> None:
    """A follow is made unless there is a block, and a block ends the follow."""

    def follow(number: int) -> tuple[list[Change], list[Edge]]:
        return [Relation(Kind.FOLLOW, 1, 2, 2 * number)], [Edge(Kind.BLOCK, 2, 1)]

    def block(number: int) -> tuple[list[Change], list[Edge]]:
        return [Relation(Kind.BLOCK, 2, 1, 2 * number), Edge(Kind.FOLLOW, 1, 2)], []

    def unblock(_number: int) -> tuple[list[Change], list[Edge]]:
        return [Edge(Kind.BLOCK, 2, 1)], []

    async def act(store: Store, number: int) -> None:
        changes, unless = chance.choice((follow, block, unblock))(number)
        with suppress(Prevented):
            await store.relations.change(changes, NOW, unless)

    chance, seen = random.Random(1), set[tuple[bool, bool]]()
    for turn in range(25):
        await asyncio.gather(*(act(both[n % 2], 1 + 6 * turn + n) for n in range(6)))
        blocked = await both[0].relations.which(Kind.BLOCK, 2, [1], NOW)
        follows = await both[0].relations.which(Kind.FOLLOW, 1, [2], NOW)
        seen.add((bool(blocked), bool(follows)))
    assert seen == {(True, False), (False, True), (False, False)}


async def test_both_sides_of_a_follow_are_written_together(both: Pair) -> None:
    async def act(store: Store, seed: int) -> None:
        chance = random.Random(seed)
        for number in range(15):
            one, other = chance.sample(range(4), 2)
            position = 2 * (1 + seed * 15 + number)
            made: list[Change] = [
                Relation(Kind.FOLLOW, one, other, position),
                Relation(Kind.FOLLOWED_BY, other, one, position),
            ]
            ended: list[Change] = [Edge(Kind.FOLLOW, one, other), Edge(Kind.FOLLOWED_BY, other, one)]
            changed = await store.relations.change(chance.choice((made, ended)), NOW)
            assert changed[0] == changed[1]

    await asyncio.gather(*(act(both[seed % 2], seed) for seed in range(10)))
    edges = {kind: set[tuple[int, int]]() for kind in (Kind.FOLLOW, Kind.FOLLOWED_BY)}
    for kind, found in edges.items():
        for person_id in range(4):
            rows = await both[0].relations.older(kind, person_id, MAX_POSITION, 100, NOW)
            found |= {(person_id, target_id) for target_id, _ in rows}
    assert edges[Kind.FOLLOWED_BY] == {(target, source) for source, target in edges[Kind.FOLLOW]}


async def test_imports_mutes_and_sweeps_at_once_fail_nobody(both: Pair) -> None:
    one, other = both
    relations = [mute(n, 2 * n, NOW + 1, source_id=SOURCE + n % 3) for n in range(1, 300)]

    async def add_and_remove(store: Store) -> None:
        for n in range(1, 60):
            await store.relations.add(mute(n, 10_000 + 2 * n, source_id=SOURCE + n % 3), NOW + 2)
            await store.relations.remove(Kind.MUTE, SOURCE + n % 3, n, NOW + 2)

    await asyncio.gather(
        one.relations.add_many(relations),
        other.relations.add_many([*reversed(relations)]),
        *(store.relations.sweep(NOW + 2, 50) for store in both * 10),
        *(add_and_remove(store) for store in both),
    )
    await one.relations.sweep(NOW + 2, 1_000)
    assert await other.relations.sweep(NOW + 2, 1_000) == 0
    assert [row for n in range(3) for row in await listed(one, NOW + 2, SOURCE + n)] == []


async def test_imports_of_the_same_people_at_once_give_everybody_their_name(both: Pair) -> None:
    crowd = [person(n, f"user_{n}") for n in range(1, 200)]
    answers = await asyncio.gather(
        both[0].directory.put_people(crowd), both[1].directory.put_people([*reversed(crowd)])
    )
    assert sorted(answers) == [0, len(crowd)]
    assert await both[0].directory.ids_of(f"user_{n}" for n in range(1, 200)) == {f"user_{n}": n for n in range(1, 200)}
