from collections.abc import AsyncIterator, Iterable

import pytest

from tacet.directory.lookup import People
from tacet.directory.shown import MAX_KNOWN, Shown
from tacet.records.people import MAX_ID, Person, State
from tacet.store.base import Store
from tacet.store.opening import MEMORY, open_store

ACTIVE = [Person(n, f"a{n}", "A") for n in (1, 3, MAX_ID)]
SUSPENDED = Person(2, "s", "S", State.SUSPENDED)
DEACTIVATED = Person(4, "d", "D", State.DEACTIVATED)
ALL = [1, 2, 3, 4, 5, MAX_ID]


class Directory:
    """A database with some people, and how many ids it was asked for each time."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store = store
        self.people = People(store.directory, 10)
        self.shown = Shown(store.directory, self.people)
        self.asked: list[int] = []
        ask = store.directory.in_state

        async def noting(state: State, ids: Iterable[int]) -> set[int]:
            wanted = list(ids)
            self.asked.append(len(wanted))
            return await ask(state, wanted)

        monkeypatch.setattr(store.directory, "in_state", noting)


@pytest.fixture
async def directory(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Directory]:
    store = open_store(MEMORY, queue_length=10)
    await store.open()
    await store.directory.put_people([*ACTIVE, SUSPENDED, DEACTIVATED])
    yield Directory(store, monkeypatch)
    await store.close()


@pytest.mark.parametrize(
    ("ids", "expected"),
    [([], []), ([1], [1]), ([2], []), ([MAX_ID, 3, 1], [MAX_ID, 3, 1]), (ALL, [1, 3, MAX_ID]), ([3, 3], [3, 3])],
    ids=["none", "one", "one-who-is-not", "all", "some", "twice"],
)
async def test_whoever_is_shown_is_left_in_order(directory: Directory, ids: list[int], expected: list[int]) -> None:
    for _ in range(2):
        assert list(await directory.shown.of(ids)) == expected


async def test_nobody_is_asked_for_twice(directory: Directory) -> None:
    await directory.shown.of([1, 2])
    await directory.shown.of(ALL)
    await directory.shown.of(ALL)
    assert directory.asked == [2, 4]


async def test_a_change_of_the_directory_is_seen(directory: Directory) -> None:
    assert list(await directory.shown.of([1, 2])) == [1]
    await directory.store.directory.put_people([Person(1, "a1", "A", State.SUSPENDED), Person(2, "s", "S")])
    assert list(await directory.shown.of([1, 2])) == [1]
    directory.people.forget()
    assert list(await directory.shown.of([1, 2])) == [2]


async def test_more_than_can_be_known_are_told_apart_all_the_same(directory: Directory) -> None:
    many = list(range(10, 10 + MAX_KNOWN + 1))
    assert list(await directory.shown.of([1, *many, 3])) == [1, 3]
    assert list(await directory.shown.of([3, 1])) == [3, 1]
