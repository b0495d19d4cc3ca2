import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest

from tacet.clock import ManualClock
from tacet.directory.lookup import Acquaintance, Connections, People, Posts, is_shown
from tacet.records.messages import Message
from tacet.records.people import MAX_ID, Person, Post, Profile, State
from tacet.records.relations import Kind, Relation
from tacet.store.base import Store
from tacet.store.posts import PostStore
from tests import worlds

NOW = 1_795_311_129_000

ANN = Person(1, "Ann", "Ann A.")
BEA = Person(2, "bea_99", "Bea", State.SUSPENDED)
CEM = Person(3, "cem", "Cem")


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    async with worlds.empty_store() as opened:
        await opened.directory.put_people([ANN, BEA, CEM])
        yield opened


class Counting:
    """A directory that notes what it is asked for, and answers when it is let."""

    def __init__(self, people: dict[int, Person]) -> None:
        self.found = people
        self.asked: list[set[int]] = []
        self.answering = asyncio.Event()
        self.answering.set()

    async def people(self, ids: Iterable[int]) -> list[Person]:
        wanted = set(ids)
        self.asked.append(wanted)
        found = [person for id_, person in self.found.items() if id_ in wanted]
        await self.answering.wait()
        return found


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch, store: Store) -> Counting:
    made = Counting({person.id: person for person in (ANN, BEA, CEM)})
    monkeypatch.setattr(store.directory, "people", made.people)
    return made


class TestPeople:
    async def test_one_by_id_whatever_their_state(self, store: Store) -> None:
        people = People(store.directory, max_cached=10)
        assert [await people.one(id_) for id_ in (1, 2, 4, MAX_ID + 1)] == [ANN, BEA, None, None]

    async def test_several_by_id(self, store: Store) -> None:
        people = People(store.directory, max_cached=10)
        assert await people.by_ids([3, 4, 1, 1, MAX_ID + 1]) == {3: CEM, 1: ANN}
        assert await people.by_ids([]) == {}

    async def test_the_first_in_order_whatever_their_state(self, store: Store) -> None:
        people = People(store.directory, max_cached=10)
        assert await people.first(2) == [ANN, BEA]
        assert await people.first(10) == [ANN, BEA, CEM]

    async def test_several_by_username_whatever_its_case(self, store: Store) -> None:
        people = People(store.directory, max_cached=10)
        assert await people.by_usernames(["ANN", "Bea_99", "nobody"]) == {"ann": ANN, "bea_99": BEA}
        assert await people.by_usernames([]) == {}

    async def test_misses_cost_one_query_together_and_hits_none(self, store: Store, counting: Counting) -> None:
        people = People(store.directory, max_cached=10)
        await people.one(1)
        await people.by_ids([1, 2, 3])
        assert counting.asked == [{1}, {2, 3}]
        await people.by_ids([3, 2, 1])
        assert await people.one(2) == BEA
        assert len(counting.asked) == 2

    async def test_whoever_does_not_exist_is_asked_for_each_time(self, store: Store, counting: Counting) -> None:
        people = People(store.directory, max_cached=10)
        assert await people.one(9) is None
        counting.found[9] = Person(9, "new", "New")
        assert await people.one(9) == counting.found[9]

    async def test_a_small_cache_still_finds_everybody(self, store: Store) -> None:
        people = People(store.directory, max_cached=1)
        for _ in range(3):
            assert await people.by_ids([1, 2, 3]) == {1: ANN, 2: BEA, 3: CEM}


class TestForgetting:
    async def test_a_change_shows_after_forgetting(self, store: Store) -> None:
        people = People(store.directory, max_cached=10)
        await people.one(1)
        anna = Person(1, "anna", "Anna")
        await store.directory.put_people([anna])
        before = people.generation
        people.forget()
        assert people.generation > before
        assert await people.one(1) == anna
        assert await people.by_usernames(["ann", "anna"]) == {"anna": anna}

    async def test_a_look_up_under_way_keeps_nothing_from_before_the_change(
        self, store: Store, counting: Counting
    ) -> None:
        people = People(store.directory, max_cached=10)
        counting.answering.clear()
        looking = asyncio.create_task(people.one(1))
        await asyncio.sleep(0)
        counting.found[1] = Person(1, "anna", "Anna")
        people.forget()
        counting.answering.set()
        await looking
        assert await people.one(1) == counting.found[1]


class TestPosts:
    async def test_by_id_and_latest_of_their_authors(self, store: Store) -> None:
        kept = [Post(10, 1, "one", NOW), Post(11, 1, "two", NOW), Post(12, 3, "three", NOW)]
        await store.posts.put(kept)
        posts = Posts(store.posts)
        assert await posts.by_ids([12, 10, 99, MAX_ID + 1]) == {12: kept[2], 10: kept[0]}
        assert await posts.latest_of([1, 2, 3]) == {1: 11, 3: 12}

    async def test_none_wanted_is_nothing_asked(self) -> None:
        unreachable: PostStore = NotImplemented
        assert await Posts(unreachable).by_ids([]) == {}


class TestAcquaintance:
    @pytest.fixture
    async def acquaintance(self, store: Store) -> Acquaintance:
        relations = [
            Relation(Kind.MUTE, 1, 2, 2),
            Relation(Kind.MUTE, 1, 3, 4, end_at_ms=NOW),
            Relation(Kind.FOLLOW, 1, 3, 2),
            Relation(Kind.BLOCK, 1, 4, 2),
            Relation(Kind.FOLLOW, 5, 1, 2),
            Relation(Kind.REQUEST, 1, 6, 2),
            Relation(Kind.REQUEST, 7, 1, 2),
            # What others think of the viewer, of which only who follows them may show.
            Relation(Kind.MUTE, 2, 1, 2),
            Relation(Kind.BLOCK, 3, 1, 2),
        ]
        await store.relations.add_many(relations)
        for sender_id, recipient_id in ((5, 1), (1, 6), (8, 1), (8, 9)):
            await store.messages.add(Message(10 * sender_id + recipient_id, sender_id, recipient_id, "Hi", NOW))
        return Acquaintance(store.relations, store.messages, ManualClock(NOW))

    async def test_connections_are_the_viewers_own_and_who_follows_them(self, acquaintance: Acquaintance) -> None:
        assert await acquaintance.between(1, range(1, 10)) == Connections(1, {2}, {3}, {4}, {5}, {6}, {7})

    async def test_what_decides_about_messages_is_only_asked_for_where_it_is_wanted(
        self, acquaintance: Acquaintance
    ) -> None:
        alone = await acquaintance.between(1, range(1, 10), statuses=False, messages=True)
        assert alone == Connections(1, blocking={4}, followed_by={5}, blocked_by={3}, written_by={5, 8})
        both = await acquaintance.between(1, range(1, 10), messages=True)
        assert both == Connections(1, {2}, {3}, {4}, {5}, {6}, {7}, {3}, {5, 8})

    async def test_where_nothing_is_wanted_the_store_is_not_asked(self) -> None:
        unreachable: Any = NotImplemented
        acquaintance = Acquaintance(unreachable, unreachable, ManualClock(NOW))
        assert await acquaintance.between(1, [2, 3], statuses=False) == Connections(1)

    async def test_connections_name_nobody_who_was_not_asked_for(self, acquaintance: Acquaintance) -> None:
        assert await acquaintance.between(1, [9, MAX_ID + 1], messages=True) == Connections(1)

    async def test_nobody_learns_who_mutes_or_blocks_them(self, acquaintance: Acquaintance) -> None:
        connections = await acquaintance.between(4, range(1, 10))
        assert connections == Connections(4)

    async def test_who_mutes_the_viewer_is_never_even_asked(self, store: Store) -> None:
        asked: list[Kind] = []

        class Listening:
            async def which(self, *_: object) -> set[int]:
                return set()

            async def who(self, kind: Kind, *_: object) -> set[int]:
                asked.append(kind)
                return set()

        relations: Any = Listening()
        await Acquaintance(relations, store.messages, ManualClock(NOW)).between(2, [1, 3], messages=True)
        assert set(asked) == {Kind.FOLLOW, Kind.REQUEST, Kind.BLOCK}

    async def test_followed_are_those_the_viewer_follows(self, acquaintance: Acquaintance) -> None:
        assert await acquaintance.followed(1, [1, 2, 3, 5]) == {3}


TAKES_ALL = Profile(receives_dm_from_anyone=True)
MAY_WRITE: dict[str, tuple[Connections, Profile, bool]] = {
    "strangers": (Connections(1), Profile(), False),
    "who-takes-messages-from-anyone": (Connections(1), TAKES_ALL, True),
    "who-follows-the-viewer": (Connections(1, followed_by={7}), Profile(), True),
    "whom-the-viewer-follows": (Connections(1, following={7}), Profile(), False),
    "who-has-written-before": (Connections(1, written_by={7}), Profile(), True),
    "whom-the-viewer-mutes": (Connections(1, muting={7}), TAKES_ALL, True),
    "whom-the-viewer-blocks": (Connections(1, blocking={7}, followed_by={7}, written_by={7}), TAKES_ALL, False),
    "who-blocks-the-viewer": (Connections(1, blocked_by={7}, followed_by={7}, written_by={7}), TAKES_ALL, False),
    "oneself": (Connections(7), TAKES_ALL, False),
}


@pytest.mark.parametrize(("connections", "profile", "may"), MAY_WRITE.values(), ids=MAY_WRITE.keys())
def test_whom_one_may_write_to(connections: Connections, profile: Profile, may: bool) -> None:
    assert connections.may_write_to(Person(7, "p", "P", profile=profile)) is may


@pytest.mark.parametrize(
    ("state", "shown"), [(State.ACTIVE, True), (State.SUSPENDED, False), (State.DEACTIVATED, False)], ids=str
)
def test_only_active_accounts_are_shown(state: State, shown: bool) -> None:
    assert is_shown(Person(1, "ann", "Ann", state)) is shown
