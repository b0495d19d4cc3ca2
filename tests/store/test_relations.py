"""What every store's `RelationStore` must do."""

import pytest

from tacet.records.relations import MAX_POSITION, Kind, Relation
from tacet.store.base import Conflict, NoFreePosition, Packed, Store
from tests.store.building import NOW, SOURCE, UNSTORABLE, listed, mute

KINDS = pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name.lower())

HOUR = 3_600_000


async def test_a_relation_that_did_not_hold_is_new(store: Store) -> None:
    assert await store.relations.add(mute(7, 100), NOW)
    assert await listed(store) == [(7, 100)]


async def test_adding_again_is_not_new_and_keeps_the_position(store: Store) -> None:
    await store.relations.add(mute(7, 100), NOW)
    await store.relations.add(mute(8, 200), NOW)
    assert not await store.relations.add(mute(7, 300), NOW)
    assert await listed(store) == [(8, 200), (7, 100)]


@KINDS
async def test_kinds_are_lists_of_their_own(store: Store, kind: Kind) -> None:
    for each in Kind:
        await store.relations.add(Relation(each, SOURCE, 70 + each, 100), NOW)
    assert await listed(store, kind=kind) == [(70 + kind, 100)]
    assert await store.relations.which(kind, SOURCE, [70 + each for each in Kind], NOW) == {70 + kind}
    assert await store.relations.remove(kind, SOURCE, 70 + kind, NOW)
    for each in set(Kind) - {kind}:
        assert await listed(store, kind=each) == [(70 + each, 100)]


async def test_sources_have_lists_and_positions_of_their_own(store: Store) -> None:
    await store.relations.add(mute(7, 100, source_id=1), NOW)
    await store.relations.add(mute(7, 100, source_id=2), NOW)
    assert await listed(store, source_id=1) == [(7, 100)]
    assert await store.relations.remove(Kind.MUTE, 1, 7, NOW)
    assert await listed(store, source_id=2) == [(7, 100)]


async def test_the_largest_ids_and_positions_are_kept(store: Store) -> None:
    largest = UNSTORABLE - 1
    assert await store.relations.add(mute(largest, MAX_POSITION - 1, largest, source_id=largest), NOW)
    assert await listed(store, source_id=largest) == [(largest, MAX_POSITION - 1)]
    assert await store.relations.which(Kind.MUTE, largest, [largest], NOW) == {largest}


class TestEnds:
    async def test_an_ended_relation_is_in_no_answer(self, store: Store) -> None:
        relations = store.relations
        await relations.add(mute(7, 100, NOW + HOUR), NOW)
        for now_ms, expected in [(NOW, [(7, 100)]), (NOW + HOUR - 1, [(7, 100)]), (NOW + HOUR, [])]:
            ids = {target_id for target_id, _ in expected}
            assert await listed(store, now_ms) == expected
            assert await relations.newer(Kind.MUTE, SOURCE, 0, 10, now_ms) == expected
            assert (await relations.packed(Kind.MUTE, SOURCE, MAX_POSITION, 10, now_ms)).target_ids == [*ids]
            assert await relations.which(Kind.MUTE, SOURCE, [7], now_ms) == ids

    async def test_ended_relations_take_no_place_on_a_page(self, store: Store) -> None:
        for target_id in range(1, 7):
            await store.relations.add(mute(target_id, 2 * target_id, NOW + 1 if target_id % 2 else None), NOW)
        assert await store.relations.older(Kind.MUTE, SOURCE, MAX_POSITION, 2, NOW + 1) == [(6, 12), (4, 8)]
        assert await store.relations.newer(Kind.MUTE, SOURCE, 0, 2, NOW + 1) == [(2, 4), (4, 8)]

    async def test_adding_after_the_end_is_new_and_gets_the_new_position(self, store: Store) -> None:
        await store.relations.add(mute(7, 100, NOW + HOUR), NOW)
        await store.relations.add(mute(8, 200), NOW)
        assert await store.relations.add(mute(7, 300), NOW + HOUR)
        assert await listed(store, NOW + HOUR) == [(7, 300), (8, 200)]
        assert await listed(store, NOW + 1000 * HOUR) == [(7, 300), (8, 200)]

    async def test_adding_after_the_end_can_set_another_end(self, store: Store) -> None:
        await store.relations.add(mute(7, 100, NOW + HOUR), NOW)
        assert await store.relations.add(mute(7, 300, NOW + 2 * HOUR), NOW + HOUR)
        assert await listed(store, NOW + 2 * HOUR - 1) == [(7, 300)]
        assert await listed(store, NOW + 2 * HOUR) == []

    async def test_adding_again_without_an_end_keeps_the_end(self, store: Store) -> None:
        await store.relations.add(mute(7, 100, NOW + HOUR), NOW)
        assert not await store.relations.add(mute(7, 300), NOW)
        assert await listed(store) == [(7, 100)]
        assert await listed(store, NOW + HOUR) == []

    @pytest.mark.parametrize("before", [None, NOW + 5 * HOUR, NOW + HOUR], ids=["for-good", "later", "sooner"])
    async def test_adding_again_with_an_end_changes_the_end_alone(self, store: Store, before: int | None) -> None:
        await store.relations.add(mute(7, 100, before), NOW)
        assert not await store.relations.add(mute(7, 300, NOW + 2 * HOUR), NOW)
        assert await listed(store, NOW + 2 * HOUR - 1) == [(7, 100)]
        assert await listed(store, NOW + 2 * HOUR) == []

    async def test_removing_an_ended_relation_says_that_it_did_not_hold(self, store: Store) -> None:
        await store.relations.add(mute(7, 100, NOW + HOUR), NOW)
        assert not await store.relations.remove(Kind.MUTE, SOURCE, 7, NOW + HOUR)
        assert await store.relations.add(mute(7, 300), NOW + HOUR)


class TestPositions:
    async def test_a_taken_position_makes_way_for_the_next_free_even_one(self, store: Store) -> None:
        for target_id, position in [(1, 100), (2, 102), (3, 106)]:
            await store.relations.add(mute(target_id, position), NOW)
        assert await store.relations.add(mute(4, 100), NOW)
        assert await store.relations.add(mute(5, 100), NOW)
        assert await listed(store) == [(5, 108), (3, 106), (4, 104), (2, 102), (1, 100)]

    async def test_a_revived_relation_steps_over_taken_positions_too(self, store: Store) -> None:
        await store.relations.add(mute(1, 100, NOW + 1), NOW)
        await store.relations.add(mute(2, 200), NOW)
        assert await store.relations.add(mute(1, 200), NOW + 1)
        assert await listed(store, NOW + 1) == [(1, 202), (2, 200)]

    async def test_a_run_of_taken_positions_without_end_is_refused_and_leaves_nothing(self, store: Store) -> None:
        await store.relations.add_many([mute(target_id, 2 * target_id) for target_id in range(1, 200)])
        with pytest.raises(NoFreePosition, match="clock was set back"):
            await store.relations.add(mute(1000, 2), NOW)
        assert await store.relations.which(Kind.MUTE, SOURCE, [1000], NOW) == set()
        assert await store.relations.add(mute(1001, 398), NOW)


class TestStretches:
    @pytest.fixture(autouse=True)
    async def five(self, store: Store) -> None:
        await store.relations.add_many([mute(target_id, 10 * target_id) for target_id in (3, 1, 5, 2, 4)])

    @pytest.mark.parametrize(
        ("position", "limit", "expected"),
        [
            pytest.param(MAX_POSITION, 10, [5, 4, 3, 2, 1], id="all"),
            pytest.param(MAX_POSITION, 2, [5, 4], id="newest"),
            pytest.param(40, 2, [3, 2], id="strictly-below"),
            pytest.param(41, 2, [4, 3], id="between"),
            pytest.param(11, 10, [1], id="oldest"),
            pytest.param(10, 10, [], id="below-all"),
            pytest.param(0, 10, [], id="zero"),
            pytest.param(MAX_POSITION, 0, [], id="no-room"),
        ],
    )
    async def test_older_goes_down_from_the_position(
        self, store: Store, position: int, limit: int, expected: list[int]
    ) -> None:
        rows = [(target_id, 10 * target_id) for target_id in expected]
        assert await store.relations.older(Kind.MUTE, SOURCE, position, limit, NOW) == rows
        packed = Packed([*expected], rows[-1][1] if rows and expected[-1] > 1 else None)
        assert await store.relations.packed(Kind.MUTE, SOURCE, position, limit, NOW) == packed

    @pytest.mark.parametrize(
        ("position", "limit", "expected"),
        [
            pytest.param(0, 10, [1, 2, 3, 4, 5], id="all"),
            pytest.param(-1, 2, [1, 2], id="oldest"),
            pytest.param(20, 2, [3, 4], id="strictly-above"),
            pytest.param(21, 2, [3, 4], id="between"),
            pytest.param(49, 10, [5], id="newest"),
            pytest.param(50, 10, [], id="above-all"),
            pytest.param(MAX_POSITION, 10, [], id="largest"),
            pytest.param(0, 0, [], id="no-room"),
        ],
    )
    async def test_newer_goes_up_from_the_position(
        self, store: Store, position: int, limit: int, expected: list[int]
    ) -> None:
        rows = [(target_id, 10 * target_id) for target_id in expected]
        assert await store.relations.newer(Kind.MUTE, SOURCE, position, limit, NOW) == rows


async def test_only_what_has_not_ended_makes_a_list_go_on(store: Store) -> None:
    await store.relations.add_many([mute(1, 10, end_at_ms=NOW), mute(2, 20), mute(3, 30)])
    assert await store.relations.packed(Kind.MUTE, SOURCE, MAX_POSITION, 1, NOW) == Packed([3], 30)
    assert await store.relations.packed(Kind.MUTE, SOURCE, MAX_POSITION, 2, NOW) == Packed([3, 2], None)


async def test_a_packed_stretch_keeps_the_order_of_a_long_list(store: Store) -> None:
    await store.relations.add_many([mute(n * 7919 % 10_007, 2 * n) for n in range(1, 2_001)])
    rows = await store.relations.older(Kind.MUTE, SOURCE, 3_001, 1_000, NOW)
    packed = await store.relations.packed(Kind.MUTE, SOURCE, 3_001, 1_000, NOW)
    assert packed == Packed([target_id for target_id, _ in rows], rows[-1][1])
    assert len(rows) == 1_000


class TestWhichAndWho:
    @pytest.mark.parametrize("count", [0, 1, 1_000])
    async def test_which_finds_the_targets_among_any_number(self, store: Store, count: int) -> None:
        await store.relations.add_many([mute(target_id, 2 * target_id) for target_id in range(0, 2_000, 3)])
        asked = range(count)
        expected = {target_id for target_id in asked if target_id % 3 == 0}
        assert await store.relations.which(Kind.MUTE, SOURCE, asked, NOW) == expected

    @pytest.mark.parametrize("count", [0, 1, 1_000])
    async def test_who_finds_the_sources_among_any_number(self, store: Store, count: int) -> None:
        await store.relations.add_many([Relation(Kind.BLOCK, source_id, 7, 100) for source_id in range(0, 2_000, 3)])
        asked = range(count)
        expected = {source_id for source_id in asked if source_id % 3 == 0}
        assert await store.relations.who(Kind.BLOCK, asked, 7, NOW) == expected

    async def test_who_leaves_out_what_has_ended(self, store: Store) -> None:
        await store.relations.add(Relation(Kind.BLOCK, SOURCE, 7, 100, NOW + HOUR), NOW)
        assert await store.relations.who(Kind.BLOCK, [SOURCE], 7, NOW + HOUR - 1) == {SOURCE}
        assert await store.relations.who(Kind.BLOCK, [SOURCE], 7, NOW + HOUR) == set()

    async def test_nobody_can_ask_who_mutes_somebody(self, store: Store) -> None:
        await store.relations.add(mute(7, 100), NOW)
        for source_ids in ([SOURCE], []):
            with pytest.raises(ValueError, match="never asked"):
                await store.relations.who(Kind.MUTE, source_ids, 7, NOW)

    async def test_ids_too_large_to_be_stored_are_nobodys(self, store: Store) -> None:
        await store.relations.add(mute(7, 100), NOW)
        beyond = [UNSTORABLE, 9_999_999_999_999_999_999, 10**40]
        assert await store.relations.which(Kind.MUTE, SOURCE, [*beyond, 7], NOW) == {7}
        await store.relations.add(Relation(Kind.BLOCK, SOURCE, 7, 100), NOW)
        assert await store.relations.who(Kind.BLOCK, [*beyond, SOURCE], 7, NOW) == {SOURCE}

    async def test_asking_twice_for_one_id_finds_it_once(self, store: Store) -> None:
        await store.relations.add(mute(7, 100), NOW)
        assert await store.relations.which(Kind.MUTE, SOURCE, [7, 7, 8], NOW) == {7}


class TestRemoving:
    async def test_removing_says_whether_it_held(self, store: Store) -> None:
        await store.relations.add(mute(7, 100), NOW)
        assert await store.relations.remove(Kind.MUTE, SOURCE, 7, NOW)
        assert not await store.relations.remove(Kind.MUTE, SOURCE, 7, NOW)
        assert await listed(store) == []

    async def test_removing_what_never_was_changes_nothing(self, store: Store) -> None:
        await store.relations.add(mute(7, 100), NOW)
        assert not await store.relations.remove(Kind.MUTE, SOURCE, 8, NOW)
        assert not await store.relations.remove(Kind.MUTE, 7, SOURCE, NOW)
        assert await listed(store) == [(7, 100)]

    async def test_adding_after_removing_is_new_and_gets_the_new_position(self, store: Store) -> None:
        await store.relations.add(mute(7, 100, NOW + HOUR), NOW)
        await store.relations.remove(Kind.MUTE, SOURCE, 7, NOW)
        assert await store.relations.add(mute(7, 300), NOW)
        assert await listed(store, NOW + 1000 * HOUR) == [(7, 300)]


class TestSweeping:
    async def test_sweeping_deletes_what_has_ended_and_nothing_else(self, store: Store) -> None:
        for target_id, end_at_ms in [(1, None), (2, NOW - 1), (3, NOW), (4, NOW + 1)]:
            await store.relations.add(mute(target_id, 2 * target_id, end_at_ms), NOW - HOUR)
        assert await store.relations.sweep(NOW, 10) == 2
        assert await store.relations.sweep(NOW, 10) == 0
        assert await listed(store, NOW - HOUR) == [(4, 8), (1, 2)]

    async def test_sweeping_stops_at_its_limit(self, store: Store) -> None:
        await store.relations.add_many([mute(n, 2 * n, NOW) for n in range(1, 8)])
        assert [await store.relations.sweep(NOW, 3) for _ in range(4)] == [3, 3, 1, 0]


class TestAddingMany:
    async def test_it_says_how_many_are_new(self, store: Store) -> None:
        await store.relations.add(mute(1, 10_000), NOW)
        assert await store.relations.add_many([mute(n, 2 * n, NOW + HOUR) for n in range(1, 2_001)]) == 1_999
        assert await store.relations.add_many([mute(n, 20_000 + 2 * n) for n in range(1, 2_001)]) == 0
        assert (await listed(store))[-1] == (2, 4)
        assert await listed(store, NOW + HOUR) == [(1, 10_000)]

    async def test_what_is_recorded_already_stays_as_it_is_even_ended(self, store: Store) -> None:
        await store.relations.add_many([mute(1, 2, NOW), mute(2, 4)])
        assert await store.relations.add_many([mute(1, 6), mute(2, 8, NOW)]) == 0
        assert await listed(store) == [(2, 4)]
        assert await listed(store, NOW - 1) == [(2, 4), (1, 2)]

    async def test_a_relation_given_twice_counts_once(self, store: Store) -> None:
        assert await store.relations.add_many([mute(1, 100), mute(1, 102)]) == 1
        assert await listed(store) == [(1, 100)]

    async def test_none_at_all_are_no_error(self, store: Store) -> None:
        assert await store.relations.add_many([]) == 0

    async def test_a_taken_position_is_a_conflict_and_nothing_is_written(self, store: Store) -> None:
        with pytest.raises(Conflict):
            await store.relations.add_many([mute(1, 100), mute(2, 102), mute(3, 100)])
        assert await listed(store) == []
