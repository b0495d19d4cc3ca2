"""What every store's `RelationStore.change` and `position` must do."""

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tacet.records.relations import Change, Edge, Kind, Relation
from tacet.store.base import Prevented, Store, StoreError
from tests.store.building import NOW, UNSTORABLE, listed, mute
from tests.store.conftest import Fresh

HOUR = 3_600_000

ANN, BOB = 1, 2


def follow(source_id: int, target_id: int, position: int = 100) -> list[Change]:
    return [
        Relation(Kind.FOLLOW, source_id, target_id, position),
        Relation(Kind.FOLLOWED_BY, target_id, source_id, position),
    ]


BLOCKED = Edge(Kind.BLOCK, BOB, ANN)
BLOCKING = Edge(Kind.BLOCK, ANN, BOB)
MUTING = Edge(Kind.MUTE, ANN, BOB)


async def lists(store: Store) -> dict[Kind, list[tuple[int, int]]]:
    """What holds between the two, as (source, target), by kind."""
    found = {}
    for kind in Kind:
        rows = [(source, target) for source in (ANN, BOB) for target, _ in await listed(store, NOW, source, kind)]
        found[kind] = rows
    return {kind: rows for kind, rows in found.items() if rows}


class TestChanging:
    async def test_both_sides_of_a_follow_are_recorded_together(self, store: Store) -> None:
        assert await store.relations.change(follow(ANN, BOB), NOW, unless=[BLOCKED]) == [True, True]
        assert await lists(store) == {Kind.FOLLOW: [(ANN, BOB)], Kind.FOLLOWED_BY: [(BOB, ANN)]}
        assert await store.relations.change(follow(ANN, BOB, 300), NOW, unless=[BLOCKED]) == [False, False]
        assert await listed(store, NOW, ANN, Kind.FOLLOW) == [(BOB, 100)]

    async def test_recording_and_removing_go_together_and_tell_what_changed(self, store: Store) -> None:
        await store.relations.change(follow(ANN, BOB), NOW)
        changes: list[Change] = [
            Relation(Kind.BLOCK, BOB, ANN, 200),
            Edge(Kind.FOLLOW, ANN, BOB),
            Edge(Kind.FOLLOWED_BY, BOB, ANN),
            Edge(Kind.FOLLOW, BOB, ANN),
            Edge(Kind.REQUEST, ANN, BOB),
        ]
        assert await store.relations.change(changes, NOW) == [True, True, True, False, False]
        assert await lists(store) == {Kind.BLOCK: [(BOB, ANN)]}

    async def test_nothing_to_change_is_no_error(self, store: Store) -> None:
        assert await store.relations.change([], NOW) == []

    async def test_changes_of_one_relation_happen_in_order(self, store: Store) -> None:
        changes: list[Change] = [mute(7, 100), Edge(Kind.MUTE, mute(7, 0).source_id, 7), mute(7, 200), mute(7, 300)]
        assert await store.relations.change(changes, NOW) == [True, True, True, False]
        assert await listed(store) == [(7, 200)]

    async def test_a_taken_position_makes_way_for_the_next_free_even_one(self, store: Store) -> None:
        await store.relations.add(Relation(Kind.FOLLOWED_BY, BOB, 3, 100), NOW)
        assert await store.relations.change(follow(ANN, BOB), NOW) == [True, True]
        assert await listed(store, NOW, BOB, Kind.FOLLOWED_BY) == [(ANN, 102), (3, 100)]
        assert await listed(store, NOW, ANN, Kind.FOLLOW) == [(BOB, 100)]

    async def test_one_that_cannot_be_recorded_undoes_the_others(self, store: Store) -> None:
        await store.relations.add_many([mute(target_id, 2 * target_id) for target_id in range(1, 200)])
        with pytest.raises(StoreError, match="clock was set back"):
            await store.relations.change([*follow(ANN, BOB), mute(1_000, 2)], NOW)
        assert await lists(store) == {}

    async def test_one_that_fails_takes_nobody_with_it(self, store: Store) -> None:
        await store.relations.add_many([mute(target_id, 2 * target_id) for target_id in range(1, 200)])
        answers = await asyncio.gather(
            store.relations.change(follow(ANN, BOB), NOW),
            store.relations.change([*follow(BOB, ANN), mute(1_000, 2)], NOW),
            store.relations.change([Relation(Kind.BLOCK, ANN, 3, 100)], NOW),
            return_exceptions=True,
        )
        assert [answers[0], answers[2]] == [[True, True], [True]]
        assert isinstance(answers[1], StoreError)
        assert await lists(store) == {
            Kind.FOLLOW: [(ANN, BOB)],
            Kind.FOLLOWED_BY: [(BOB, ANN)],
            Kind.BLOCK: [(ANN, 3)],
        }


class TestUnless:
    async def test_where_it_holds_nothing_is_written(self, store: Store) -> None:
        await store.relations.add(Relation(Kind.BLOCK, BOB, ANN, 100), NOW)
        with pytest.raises(Prevented) as caught:
            await store.relations.change(follow(ANN, BOB), NOW, unless=[BLOCKED])
        assert caught.value.edge == BLOCKED
        assert await lists(store) == {Kind.BLOCK: [(BOB, ANN)]}

    @pytest.mark.parametrize(
        ("unless", "told"),
        [
            pytest.param([BLOCKING, BLOCKED], BLOCKED, id="only-the-last-holds"),
            pytest.param([BLOCKED, BLOCKING], BLOCKED, id="only-the-first-holds"),
            pytest.param([MUTING, BLOCKED], MUTING, id="both-hold"),
            pytest.param([BLOCKED, MUTING], BLOCKED, id="both-hold-the-other-way-round"),
        ],
    )
    async def test_of_several_the_first_that_holds_is_told(self, store: Store, unless: list[Edge], told: Edge) -> None:
        await store.relations.change([Relation(e.kind, e.source_id, e.target_id, 100) for e in (BLOCKED, MUTING)], NOW)
        before = await lists(store)
        with pytest.raises(Prevented) as caught:
            await store.relations.change(follow(ANN, BOB), NOW, unless=unless)
        assert caught.value.edge == told
        assert await lists(store) == before

    async def test_where_it_is_prevented_what_is_written_with_it_stays(self, store: Store) -> None:
        await store.relations.add(Relation(Kind.BLOCK, BOB, ANN, 100), NOW)
        answers = await asyncio.gather(
            store.relations.change([mute(7, 100)], NOW),
            store.relations.change(follow(ANN, BOB), NOW, unless=[BLOCKED]),
            store.relations.change([mute(8, 102)], NOW),
            return_exceptions=True,
        )
        assert [answers[0], answers[2]] == [[True], [True]]
        assert await listed(store) == [(8, 102), (7, 100)]

    @pytest.mark.parametrize(
        "other",
        [
            pytest.param(Relation(Kind.BLOCK, ANN, BOB, 100), id="the-other-way"),
            pytest.param(Relation(Kind.MUTE, BOB, ANN, 100), id="another-kind"),
            pytest.param(Relation(Kind.BLOCK, BOB, 3, 100), id="another-target"),
            pytest.param(Relation(Kind.BLOCK, BOB, ANN, 100, NOW), id="ended"),
        ],
    )
    async def test_another_relation_stops_nothing(self, store: Store, other: Relation) -> None:
        await store.relations.add(other, NOW - HOUR)
        assert await store.relations.change(follow(ANN, BOB), NOW, unless=[BLOCKED]) == [True, True]

    async def test_whoever_comes_first_a_blocked_account_follows_nobody(self, store: Store) -> None:
        block: list[Change] = [
            Relation(Kind.BLOCK, BOB, ANN, 100),
            Edge(Kind.FOLLOW, ANN, BOB),
            Edge(Kind.FOLLOWED_BY, BOB, ANN),
        ]
        for turn in range(20):
            await store.relations.change([Edge(Kind.BLOCK, BOB, ANN)], NOW)
            changes = follow(ANN, BOB, 1_000 + 2 * turn)
            steps = [store.relations.change(changes, NOW, unless=[BLOCKED]) for _ in range(3)]
            steps.insert(turn % 4, store.relations.change(block, NOW))
            answers = await asyncio.gather(*steps, return_exceptions=True)
            assert all(isinstance(answer, list | Prevented) for answer in answers)
            assert await lists(store) == {Kind.BLOCK: [(BOB, ANN)]}


class TestPosition:
    async def test_it_is_where_the_target_stands(self, store: Store) -> None:
        await store.relations.add(mute(7, 100), NOW)
        await store.relations.add(mute(8, 100, NOW + HOUR), NOW)
        source_id = mute(7, 0).source_id
        assert await store.relations.position(Kind.MUTE, source_id, 7, NOW) == 100
        assert await store.relations.position(Kind.MUTE, source_id, 8, NOW) == 102
        assert await store.relations.position(Kind.MUTE, source_id, 8, NOW + HOUR) is None
        assert await store.relations.position(Kind.FOLLOW, source_id, 7, NOW) is None
        assert await store.relations.position(Kind.MUTE, 7, source_id, NOW) is None
        assert await store.relations.position(Kind.MUTE, source_id, UNSTORABLE, NOW) is None


@dataclass(frozen=True)
class Step:
    changes: tuple[Change, ...]
    unless: tuple[Edge, ...]


KINDS = st.sampled_from([Kind.FOLLOW, Kind.BLOCK])
PEOPLE = st.integers(1, 3)
EDGES = st.builds(Edge, KINDS, PEOPLE, PEOPLE)
# Each relation has a position of its own, so that none ever makes way.
RELATIONS = EDGES.map(lambda edge: Relation(edge.kind, edge.source_id, edge.target_id, 2 * edge.target_id))
STEPS = st.builds(Step, st.lists(EDGES | RELATIONS, max_size=4).map(tuple), st.lists(EDGES, max_size=2).map(tuple))


@given(steps=st.lists(STEPS, max_size=12))
@settings(max_examples=50, deadline=None)
async def test_changes_do_to_a_store_what_they_do_to_a_set(fresh: Fresh, steps: list[Step]) -> None:
    holding: set[Edge] = set()
    async with fresh() as store:
        for step in steps:
            held = [edge for edge in step.unless if edge in holding]
            if held:
                with pytest.raises(Prevented) as caught:
                    await store.relations.change(step.changes, NOW, unless=step.unless)
                assert caught.value.edge == held[0]
                continue
            answer = await store.relations.change(step.changes, NOW, unless=step.unless)
            expected = []
            for change in step.changes:
                edge = Edge(change.kind, change.source_id, change.target_id)
                expected.append((edge in holding) is isinstance(change, Edge))
                (holding.discard if isinstance(change, Edge) else holding.add)(edge)
            assert answer == expected
        for kind in (Kind.FOLLOW, Kind.BLOCK):
            for source_id in range(1, 4):
                targets = {edge.target_id for edge in holding if (edge.kind, edge.source_id) == (kind, source_id)}
                assert await store.relations.which(kind, source_id, range(5), NOW) == targets
