"""What every store's `MessageStore` must do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tacet.records.messages import Message
from tacet.records.people import MAX_ID, Stretch
from tacet.store.base import Conflict, Store
from tests.store.building import NOW, UNSTORABLE, message
from tests.store.conftest import Fresh

ALL = Stretch()


async def test_a_message_comes_back_as_it_was_added(store: Store) -> None:
    kept = Message(UNSTORABLE - 2, 1, 2, "漢字 🦊\n'\"", NOW)
    await store.messages.add(kept)
    assert await store.messages.between(1, 2, ALL, 10) == [kept]
    assert await store.messages.of_person(2, ALL, 10) == [kept]


async def test_an_id_that_is_taken_is_a_conflict(store: Store) -> None:
    await store.messages.add(message(10, 1, 2))
    with pytest.raises(Conflict):
        await store.messages.add(message(10, 3, 4))
    assert await store.messages.of_person(3, ALL, 10) == []


async def test_two_people_have_one_conversation_whoever_asks(store: Store) -> None:
    for id_, sender_id, recipient_id in [(10, 1, 2), (20, 2, 1), (30, 1, 3), (40, 3, 2)]:
        await store.messages.add(message(id_, sender_id, recipient_id))
    for pair in [(1, 2), (2, 1)]:
        assert [each.id for each in await store.messages.between(*pair, ALL, 10)] == [20, 10]
    assert await store.messages.between(1, 404, ALL, 10) == []
    assert await store.messages.between(1, UNSTORABLE, ALL, 10) == []


async def test_a_message_to_oneself_is_there_once(store: Store) -> None:
    await store.messages.add(message(10, 1, 1))
    assert await store.messages.of_person(1, ALL, 10) == [message(10, 1, 1)]
    assert await store.messages.between(1, 1, ALL, 10) == [message(10, 1, 1)]


async def test_writers_are_those_who_wrote_and_not_those_who_were_written_to(store: Store) -> None:
    for id_, sender_id, recipient_id in [(10, 1, 9), (20, 9, 2), (30, 3, 9), (40, 3, 9), (50, 4, 8)]:
        await store.messages.add(message(id_, sender_id, recipient_id))
    assert await store.messages.writers([1, 2, 3, 4, 3, UNSTORABLE], 9) == {1, 3}
    assert await store.messages.writers([], 9) == set()
    assert await store.messages.writers([1], 404) == set()


PEOPLE = st.integers(1, 4)
IDS = st.integers(0, 40)
STRETCHES = st.builds(Stretch, newer_than=IDS, older_than=IDS, upwards=st.booleans()) | st.just(ALL)


@given(
    pairs=st.lists(st.tuples(PEOPLE, PEOPLE), max_size=30),
    looks=st.lists(st.tuples(PEOPLE, PEOPLE, STRETCHES, st.integers(0, 9)), max_size=8),
)
@settings(max_examples=60, deadline=None)
async def test_stretches_are_those_of_a_sorted_list(
    fresh: Fresh, pairs: list[tuple[int, int]], looks: list[tuple[int, int, Stretch, int]]
) -> None:
    messages = [message(nth, *pair) for nth, pair in enumerate(pairs, start=1)]
    async with fresh() as store:
        for each in messages:
            await store.messages.add(each)
        for one_id, other_id, stretch, limit in looks:
            inside = [m for m in messages if stretch.newer_than < m.id < stretch.older_than]
            inside = inside if stretch.upwards else inside[::-1]
            pair = [m for m in inside if {m.sender_id, m.recipient_id} == {one_id, other_id}]
            assert await store.messages.between(one_id, other_id, stretch, limit) == pair[:limit]
            whole = [m for m in inside if one_id in (m.sender_id, m.recipient_id)]
            assert await store.messages.of_person(one_id, stretch, limit) == whole[:limit]


async def test_the_newest_id_is_the_largest_below_another(store: Store) -> None:
    assert await store.messages.newest_id(MAX_ID) == 0
    for id_ in (30, MAX_ID - 1, 20):
        await store.messages.add(message(id_, 1, 2))
    assert [await store.messages.newest_id(below) for below in (MAX_ID, MAX_ID - 1, 30, 20)] == [MAX_ID - 1, 30, 20, 0]
