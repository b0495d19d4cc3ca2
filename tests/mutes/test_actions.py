import itertools
import random
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tacet.clock import ManualClock
from tacet.directory.lookup import People
from tacet.ids import SeededRandomness
from tacet.mutes.actions import Mutes
from tacet.mutes.errors import CannotMuteSelf, MuteRefused, TargetMissing, TargetUnavailable
from tacet.mutes.paging import Page
from tacet.mutes.positions import (
    FIRST_PAGE,
    Cursor,
    Positions,
    newer_token,
    older_token,
    parse_token,
)
from tacet.records.people import MAX_ID, Person, State
from tacet.records.relations import MAX_POSITION, Kind, Relation
from tacet.store.base import Store
from tacet.store.opening import MEMORY, open_store

NOW = 1_795_311_129_000
HOUR = 3_600_000

ALICE, BOB, CAROL, SUSPENDED, DEACTIVATED = 1, 2, 3, 4, 5
CROWD = range(100, 400)
BEYOND = 9_999_999_999_999_999_999


class World:
    """A store in memory with a few people, and the actions on it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = ManualClock(NOW)
        people = People(store.directory, max_cached=1_000)
        self.mutes = Mutes(store.relations, people, self.clock, Positions(self.clock, SeededRandomness(7)))

    @classmethod
    async def opened(cls) -> "World":
        store = open_store(MEMORY, queue_length=1_000)
        await store.open()
        await store.directory.put_people(
            [
                *(Person(id_, f"user_{id_}", "Someone") for id_ in (ALICE, BOB, CAROL, MAX_ID, *CROWD)),
                Person(SUSPENDED, "suspended", "Gone", State.SUSPENDED),
                Person(DEACTIVATED, "deactivated", "Left", State.DEACTIVATED),
            ]
        )
        return cls(store)

    async def muted(self, source_id: int = ALICE) -> list[int]:
        page = await self.mutes.page(source_id, FIRST_PAGE, 1_000)
        assert (page.older_than, page.newer_than) == (None, None)
        return page.target_ids

    async def forward(self, limit: int, source_id: int = ALICE) -> list[Page]:
        """All pages from the first to the last, as a client walks them: by tokens."""
        pages = [await self.mutes.page(source_id, FIRST_PAGE, limit)]
        while pages[-1].older_than is not None:
            pages.append(await self.mutes.page(source_id, older(pages[-1]), limit))
        return pages

    async def back(self, page: Page, limit: int, source_id: int = ALICE) -> list[Page]:
        """All pages from one before `page` to the first."""
        pages = []
        while page.newer_than is not None:
            page = await self.mutes.page(source_id, newer(page), limit)
            pages.append(page)
        return pages


def older(page: Page) -> Cursor:
    assert page.older_than is not None
    cursor = parse_token(older_token(page.older_than))
    assert cursor is not None
    return cursor


def newer(page: Page) -> Cursor:
    assert page.newer_than is not None
    cursor = parse_token(newer_token(page.newer_than))
    assert cursor is not None
    return cursor


def ids(pages: list[Page]) -> list[int]:
    return [target_id for page in pages for target_id in page.target_ids]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = await World.opened()
    yield made
    await made.store.close()


class TestMute:
    async def test_mute_somebody(self, world: World) -> None:
        assert await world.mutes.mute(ALICE, BOB)
        assert await world.muted() == [BOB]
        assert await world.muted(BOB) == []

    async def test_mute_somebody_twice(self, world: World) -> None:
        await world.mutes.mute(ALICE, BOB)
        await world.mutes.mute(ALICE, CAROL)
        assert not await world.mutes.mute(ALICE, BOB)
        assert await world.muted() == [CAROL, BOB]

    async def test_mute_each_other(self, world: World) -> None:
        assert await world.mutes.mute(ALICE, BOB)
        assert await world.mutes.mute(BOB, ALICE)
        assert (await world.muted(ALICE), await world.muted(BOB)) == ([BOB], [ALICE])

    async def test_mute_the_largest_id_there_can_be(self, world: World) -> None:
        assert await world.mutes.mute(ALICE, MAX_ID)
        assert await world.muted() == [MAX_ID]

    @pytest.mark.parametrize(
        ("target_id", "refusal"),
        [
            pytest.param(ALICE, CannotMuteSelf, id="oneself"),
            pytest.param(99, TargetMissing, id="nobody"),
            pytest.param(0, TargetMissing, id="zero"),
            pytest.param(BEYOND, TargetMissing, id="too-large-to-be-stored"),
            pytest.param(SUSPENDED, TargetUnavailable, id="suspended"),
            pytest.param(DEACTIVATED, TargetUnavailable, id="deactivated"),
        ],
    )
    async def test_a_mute_that_is_refused_writes_nothing(
        self, world: World, target_id: int, refusal: type[MuteRefused]
    ) -> None:
        with pytest.raises(refusal):
            await world.mutes.mute(ALICE, target_id)
        assert await world.muted() == []

    async def test_somebody_muted_stays_muted_when_suspended(self, world: World) -> None:
        await world.mutes.mute(ALICE, BOB)
        await world.store.directory.put_people([Person(BOB, "user_2", "Someone", State.SUSPENDED)])
        assert await world.mutes.which(ALICE, [BOB, CAROL]) == {BOB}
        assert await world.muted() == [BOB]
        assert await world.mutes.unmute(ALICE, BOB)


class TestEnds:
    async def test_a_mute_ends_by_itself(self, world: World) -> None:
        await world.mutes.mute(ALICE, BOB, NOW + HOUR)
        world.clock.advance(HOUR - 1)
        assert await world.mutes.which(ALICE, [BOB]) == {BOB}
        world.clock.advance(1)
        assert await world.mutes.which(ALICE, [BOB]) == set()
        assert await world.muted() == []
        assert not await world.mutes.unmute(ALICE, BOB)

    async def test_muting_again_without_an_end_keeps_it(self, world: World) -> None:
        await world.mutes.mute(ALICE, BOB, NOW + HOUR)
        assert not await world.mutes.mute(ALICE, BOB)
        world.clock.advance(HOUR)
        assert await world.muted() == []

    async def test_muting_again_after_the_end_is_a_new_mute(self, world: World) -> None:
        await world.mutes.mute(ALICE, BOB, NOW + HOUR)
        await world.mutes.mute(ALICE, CAROL)
        world.clock.advance(HOUR)
        assert await world.mutes.mute(ALICE, BOB)
        assert await world.muted() == [BOB, CAROL]


class TestUnmute:
    async def test_unmute_says_whether_it_held(self, world: World) -> None:
        await world.mutes.mute(ALICE, BOB)
        assert await world.mutes.unmute(ALICE, BOB)
        assert not await world.mutes.unmute(ALICE, BOB)
        assert await world.muted() == []

    @pytest.mark.parametrize(
        "target_id", [ALICE, BOB, 99, SUSPENDED, MAX_ID, MAX_ID + 1, BEYOND, 10**100], ids=lambda id_: str(id_)[:20]
    )
    async def test_unmute_before_muting_changes_nothing(self, world: World, target_id: int) -> None:
        await world.mutes.mute(ALICE, CAROL)
        assert not await world.mutes.unmute(ALICE, target_id)
        assert await world.muted() == [CAROL]

    async def test_mute_after_unmute_comes_first(self, world: World) -> None:
        for target_id in (BOB, CAROL):
            await world.mutes.mute(ALICE, target_id)
        await world.mutes.unmute(ALICE, BOB)
        assert await world.mutes.mute(ALICE, BOB)
        assert await world.muted() == [BOB, CAROL]


class TestRestore:
    async def test_an_unmute_undone_is_back_in_its_old_place(self, world: World) -> None:
        for target_id in (BOB, CAROL, MAX_ID):
            await world.mutes.mute(ALICE, target_id)
        position = await world.mutes.position(ALICE, CAROL)
        assert position is not None
        await world.mutes.unmute(ALICE, CAROL)
        assert await world.mutes.position(ALICE, CAROL) is None
        assert await world.mutes.restore(ALICE, CAROL, position)
        assert await world.muted() == [MAX_ID, CAROL, BOB]
        assert await world.mutes.position(ALICE, CAROL) == position

    async def test_somebody_suspended_since_is_muted_again(self, world: World) -> None:
        await world.mutes.mute(ALICE, BOB)
        position = await world.mutes.position(ALICE, BOB)
        await world.mutes.unmute(ALICE, BOB)
        await world.store.directory.put_people([Person(BOB, "user_2", "Someone", State.SUSPENDED)])
        assert await world.mutes.restore(ALICE, BOB, position or 0)
        assert await world.muted() == [BOB]

    async def test_whoever_was_muted_again_meanwhile_stays_where_they_are(self, world: World) -> None:
        await world.mutes.mute(ALICE, BOB)
        await world.mutes.mute(ALICE, CAROL)
        assert not await world.mutes.restore(ALICE, CAROL, 2)
        assert await world.muted() == [CAROL, BOB]

    @pytest.mark.parametrize(
        "position",
        [-2, 0, 1, ((NOW - HOUR) << 20) + 1, (NOW + HOUR) << 20, MAX_POSITION - 1, MAX_POSITION, 10**30],
        ids=["negative", "zero", "one", "odd", "of-the-future", "largest-even", "largest", "unstorable"],
    )
    async def test_a_position_that_no_mute_can_have_had_means_the_newest(self, world: World, position: int) -> None:
        await world.mutes.mute(ALICE, BOB)
        assert await world.mutes.restore(ALICE, CAROL, position)
        assert await world.muted() == [CAROL, BOB]
        await world.mutes.mute(ALICE, MAX_ID)
        assert await world.muted() == [MAX_ID, CAROL, BOB]

    async def test_a_position_that_another_mute_has_harms_neither(self, world: World) -> None:
        await world.mutes.mute(ALICE, BOB)
        taken = await world.mutes.position(ALICE, BOB)
        assert taken is not None
        world.clock.advance(HOUR)
        assert await world.mutes.restore(ALICE, CAROL, taken)
        assert await world.muted() == [CAROL, BOB]
        assert await world.mutes.position(ALICE, BOB) == taken

    async def test_where_all_places_near_it_are_taken_it_is_the_newest(self, world: World) -> None:
        first = NOW << 20
        await world.store.relations.add_many(
            [Relation(Kind.MUTE, ALICE, target_id, first + 2 * n) for n, target_id in enumerate(CROWD)]
        )
        world.clock.advance(HOUR)
        assert await world.mutes.restore(ALICE, CAROL, first)
        assert (await world.muted())[0] == CAROL

    @pytest.mark.parametrize(
        ("target_id", "refusal"),
        [
            pytest.param(ALICE, CannotMuteSelf, id="oneself"),
            pytest.param(99, TargetMissing, id="nobody"),
            pytest.param(BEYOND, TargetMissing, id="too-large-to-be-stored"),
        ],
    )
    async def test_what_can_never_have_been_muted_is_refused(
        self, world: World, target_id: int, refusal: type[MuteRefused]
    ) -> None:
        with pytest.raises(refusal):
            await world.mutes.restore(ALICE, target_id, NOW << 20)
        assert await world.muted() == []

    async def test_a_place_is_told_to_the_list_s_owner_only(self, world: World) -> None:
        await world.mutes.mute(ALICE, BOB)
        assert await world.mutes.position(BOB, ALICE) is None
        assert await world.mutes.position(CAROL, BOB) is None

    async def test_an_ended_mute_has_no_place(self, world: World) -> None:
        await world.mutes.mute(ALICE, BOB, NOW + HOUR)
        assert await world.mutes.position(ALICE, BOB) is not None
        world.clock.advance(HOUR)
        assert await world.mutes.position(ALICE, BOB) is None


class TestPages:
    async def test_nobody_muted_is_one_empty_page(self, world: World) -> None:
        assert await world.mutes.page(ALICE, FIRST_PAGE, 10) == Page([], None, None)

    @pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7])
    async def test_a_walk_forward_and_back_yields_everyone_once_each_way(self, world: World, count: int) -> None:
        crowd = list(CROWD[:count])
        for target_id in crowd:
            await world.mutes.mute(ALICE, target_id)
        pages = await world.forward(limit=3)
        assert ids(pages) == crowd[::-1]
        assert [len(page.target_ids) for page in pages[:-1]] == [3] * (len(pages) - 1)
        assert pages[-1].target_ids
        back = await world.back(pages[-1], limit=3)
        assert [page.target_ids for page in back] == [page.target_ids for page in pages[-2::-1]]

    async def test_the_ends_of_the_list_have_no_way_beyond(self, world: World) -> None:
        for target_id in CROWD[:6]:
            await world.mutes.mute(ALICE, target_id)
        first, last = await world.forward(limit=3)
        assert (first.newer_than, last.older_than) == (None, None)
        assert await world.mutes.page(ALICE, newer(last), 3) == first
        assert await world.mutes.page(ALICE, older(first), 3) == last

    async def test_a_whole_page_back_from_the_middle_is_the_one_just_newer(self, world: World) -> None:
        for target_id in CROWD[:9]:
            await world.mutes.mute(ALICE, target_id)
        third = (await world.forward(limit=2))[2]
        back = await world.mutes.page(ALICE, newer(third), 3)
        assert back.target_ids == [CROWD[7], CROWD[6], CROWD[5]]
        assert back.newer_than is not None
        assert await world.mutes.page(ALICE, older(back), 2) == third

    @pytest.mark.parametrize(
        ("cursor", "back"),
        [
            pytest.param(Cursor(0), FIRST_PAGE, id="older-than-everything"),
            pytest.param(Cursor(1), FIRST_PAGE, id="odd-and-older"),
            pytest.param(Cursor(2), FIRST_PAGE, id="just-above-zero"),
            pytest.param(Cursor(MAX_POSITION - 2, newer=True), None, id="newer-than-everything"),
        ],
    )
    async def test_a_page_past_an_end_is_empty_and_leads_back(
        self, world: World, cursor: Cursor, back: Cursor | None
    ) -> None:
        for target_id in CROWD[:2]:
            await world.mutes.mute(ALICE, target_id)
        page = await world.mutes.page(ALICE, cursor, 3)
        assert page.target_ids == []
        assert (page.newer_than is None) is (back is None)
        assert (page.older_than is None) is (back is not None)
        way_back = older(page) if back is None else newer(page)
        assert (await world.mutes.page(ALICE, way_back, 3)).target_ids == [CROWD[1], CROWD[0]]

    @pytest.mark.parametrize("newer_side", [False, True], ids=["older", "newer"])
    async def test_a_page_emptied_by_unmuting_still_leads_back_to_the_row_at_its_edge(
        self, world: World, newer_side: bool
    ) -> None:
        for target_id in CROWD[:4]:
            await world.mutes.mute(ALICE, target_id)
        first, last = await world.forward(limit=2)
        gone, cursor = (first, newer(last)) if newer_side else (last, older(first))
        for target_id in gone.target_ids:
            await world.mutes.unmute(ALICE, target_id)
        page = await world.mutes.page(ALICE, cursor, 2)
        assert page.target_ids == []
        rest = await world.mutes.page(ALICE, older(page) if newer_side else newer(page), 2)
        assert rest == Page((last if newer_side else first).target_ids, None, None)

    @pytest.mark.parametrize("direction", ["older", "newer"])
    async def test_a_cursor_whose_own_row_is_gone_still_works(self, world: World, direction: str) -> None:
        for target_id in CROWD[:6]:
            await world.mutes.mute(ALICE, target_id)
        first, last = await world.forward(limit=3)
        if direction == "older":
            await world.mutes.unmute(ALICE, first.target_ids[-1])
            assert (await world.mutes.page(ALICE, older(first), 3)).target_ids == last.target_ids
        else:
            await world.mutes.unmute(ALICE, last.target_ids[0])
            assert (await world.mutes.page(ALICE, newer(last), 3)).target_ids == first.target_ids

    async def test_an_even_cursor_towards_newer_leads_back_to_its_own_row(self, world: World) -> None:
        await world.mutes.mute(ALICE, BOB)
        [(_, position)] = await world.store.relations.older(Kind.MUTE, ALICE, MAX_POSITION, 1, NOW)
        page = await world.mutes.page(ALICE, Cursor(position, newer=True), 3)
        assert (await world.mutes.page(ALICE, older(page), 3)).target_ids == [BOB]

    async def test_ended_mutes_are_on_no_page_and_lead_nowhere(self, world: World) -> None:
        for target_id in CROWD[:6]:
            await world.mutes.mute(ALICE, target_id, None if target_id % 2 else NOW + HOUR)
        world.clock.advance(HOUR)
        pages = await world.forward(limit=3)
        assert [page.target_ids for page in pages] == [[CROWD[5], CROWD[3], CROWD[1]]]

    async def test_which_of_these(self, world: World) -> None:
        for target_id in (BOB, CAROL):
            await world.mutes.mute(ALICE, target_id)
        await world.mutes.unmute(ALICE, CAROL)
        assert await world.mutes.which(ALICE, [ALICE, BOB, CAROL, 99, BEYOND]) == {BOB}
        assert await world.mutes.which(ALICE, []) == set()


async def change(world: World, chance: random.Random, count: int) -> None:
    """Somebody mutes or unmutes a few between two pages."""
    for target_id in chance.sample(CROWD, count):
        if chance.random() < 0.5:
            world.clock.advance(chance.randrange(2))
            await world.mutes.mute(ALICE, target_id)
        else:
            await world.mutes.unmute(ALICE, target_id)


@given(count=st.integers(0, 60), limit=st.integers(1, 10), seed=st.integers(0, 1_000_000), changes=st.integers(0, 40))
@settings(max_examples=60, deadline=None)
async def test_who_is_muted_throughout_is_met_once_each_way_whatever_changes_meanwhile(
    count: int, limit: int, seed: int, changes: int
) -> None:
    world = await World.opened()
    chance = random.Random(seed)
    for target_id in chance.sample(CROWD, count):
        await world.mutes.mute(ALICE, target_id)
    before = await positions(world)
    # Only so many changes: whoever walks back by one while others add two never arrives.
    changing = itertools.chain(itertools.repeat(5, changes), itertools.repeat(0))
    forward: list[int] = []
    back: list[int] = []
    page = await world.mutes.page(ALICE, FIRST_PAGE, limit)
    forward += page.target_ids
    while page.older_than is not None:
        await change(world, chance, next(changing))
        page = await world.mutes.page(ALICE, older(page), limit)
        forward += page.target_ids
    back += page.target_ids
    while page.newer_than is not None:
        await change(world, chance, next(changing))
        page = await world.mutes.page(ALICE, newer(page), limit)
        back += page.target_ids
    after = await positions(world)
    await world.store.close()
    # A mute that kept its position was there all along.
    throughout = {target_id for target_id in before.keys() & after.keys() if before[target_id] == after[target_id]}
    for met in (forward, back):
        assert {target_id for target_id in throughout if met.count(target_id) == 1} == throughout
    if not changes:
        assert len(forward) == len(back) == count


async def positions(world: World) -> dict[int, int]:
    return dict(await world.store.relations.older(Kind.MUTE, ALICE, MAX_POSITION, 1_000, world.clock.now_ms()))


async def test_after_a_start_with_the_clock_set_back_a_mute_may_stand_below_older_ones(world: World) -> None:
    await world.mutes.mute(ALICE, BOB)
    restarted = World(world.store)
    restarted.clock.advance(-HOUR)
    await restarted.mutes.mute(ALICE, CAROL)
    assert await restarted.muted() == [BOB, CAROL]
    restarted.clock.advance(2 * HOUR)
    await restarted.mutes.mute(ALICE, MAX_ID)
    assert await restarted.muted() == [MAX_ID, BOB, CAROL]
