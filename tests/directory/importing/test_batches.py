import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import pytest

from tacet.directory.importing import Import, Record, Rejected, SourceError, Tally
from tacet.directory.importing.batches import BATCH_BYTES, BATCH_ROWS
from tacet.records.people import Name, Person, PostHead, State, Stretch
from tacet.store.base import Conflict, DirectoryStore, Store, StoreError
from tacet.store.opening import MEMORY, open_store
from tacet.store.posts import PostStore

T = TypeVar("T")


def within(work: Callable[[Store], Awaitable[T]]) -> T:
    """Do something with an empty database."""

    async def session() -> T:
        store = open_store(MEMORY, queue_length=100)
        await store.open()
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(session())


class Run:
    """One import, and what became of it."""

    def __init__(self, directory: DirectoryStore, posts: PostStore) -> None:
        self.rejected: list[Rejected] = []
        self.tally = Tally()
        self.batches = 0
        self._import = Import(directory, posts, self.tally, self.rejected.append, self._progress)

    def _progress(self) -> None:
        self.batches += 1

    async def over(self, found: Iterable[Record]) -> "Run":
        await self._import.run(found)
        return self

    @property
    def reasons(self) -> list[tuple[int, str]]:
        return [(each.line, each.reason) for each in self.rejected]


def person(line: int, id_: int, username: str, **more: Any) -> Record:
    return Record(line, b"-", {"id": id_, "username": username, "name": username.title(), **more})


def post(line: int, id_: int, author_id: int, text: str = "hi", **more: Any) -> Record:
    values = {"type": "post", "id": id_, "author_id": author_id, "text": text, "created_at_ms": 1, **more}
    return Record(line, b"-", values)


def crowd(count: int) -> Iterator[Record]:
    return (person(number, number, f"user_{number}") for number in range(1, count + 1))


def test_people_and_posts_are_imported_and_counted() -> None:
    async def work(store: Store) -> None:
        run = await Run(store.directory, store.posts).over([person(1, 1, "alice"), post(2, 9, 1), person(3, 2, "bob")])
        assert run.tally == Tally(people=2, posts=1, changed=3, rejected=0)
        assert {each.id for each in await store.directory.people([1, 2])} == {1, 2}
        assert await store.posts.latest([1]) == {1: 9}

    within(work)


def test_ten_thousand_rows_are_imported_and_a_rerun_changes_nothing() -> None:
    async def work(store: Store) -> None:
        first = await Run(store.directory, store.posts).over(crowd(10_000))
        again = await Run(store.directory, store.posts).over(crowd(10_000))
        assert first.tally == Tally(people=10_000, changed=10_000)
        assert again.tally == Tally(people=10_000, changed=0)

    within(work)


def test_a_changed_row_replaces_what_was_there() -> None:
    async def work(store: Store) -> None:
        await Run(store.directory, store.posts).over([person(1, 1, "alice"), person(2, 2, "bob")])
        run = await Run(store.directory, store.posts).over(
            [person(1, 1, "alice"), person(2, 2, "bob", description="new")]
        )
        assert run.tally == Tally(people=2, changed=1)

    within(work)


def test_rows_are_written_in_batches() -> None:
    async def work(store: Store) -> None:
        run = await Run(store.directory, store.posts).over(crowd(BATCH_ROWS * 2 + 1))
        assert run.batches == 3

    within(work)


def test_long_rows_make_smaller_batches() -> None:
    rows = [Record(each.line, b"x" * (BATCH_BYTES // 4), each.values) for each in crowd(12)]

    async def work(store: Store) -> None:
        run = await Run(store.directory, store.posts).over(rows)
        assert run.tally.people == 12
        assert run.batches == 4

    within(work)


def test_bad_rows_are_reported_in_order_and_stop_nothing() -> None:
    rows = [
        person(1, 1, "alice"),
        Record(2, b"{", problem="not JSON"),
        person(3, 0, "nobody"),
        person(4, 4, "ALICE"),
        person(5, 5, "much too long a name"),
        person(6, 6, "bob"),
    ]

    async def work(store: Store) -> None:
        run = await Run(store.directory, store.posts).over(rows)
        assert run.tally == Tally(people=2, posts=0, changed=2, rejected=4)
        assert [line for line, _ in run.reasons] == [2, 3, 4, 5]
        assert run.reasons[0] == (2, "not JSON")
        assert run.reasons[2] == (4, "username ALICE belongs to id 1")
        assert run.rejected[0].raw == b"{"

    within(work)


CONFLICTS: dict[str, tuple[list[Record], list[int], dict[str, int]]] = {
    "taken by somebody before": ([person(1, 9, "alice")], [1], {"alice": 1}),
    "taken in another case": ([person(1, 9, "ALICE")], [1], {"alice": 1}),
    "taken within the file": ([person(1, 8, "dora"), person(2, 9, "Dora")], [2], {"dora": 8}),
    "set free by a row before": ([person(1, 1, "anna"), person(2, 9, "alice")], [], {"anna": 1, "alice": 9}),
    "set free by a row after": ([person(1, 9, "alice"), person(2, 1, "anna")], [1], {"anna": 1}),
    "swapped": ([person(1, 1, "bob"), person(2, 2, "alice")], [1, 2], {"alice": 1, "bob": 2}),
    "passed on": (
        [person(1, 1, "anna"), person(2, 2, "alice"), person(3, 9, "bob")],
        [],
        {"anna": 1, "alice": 2, "bob": 9},
    ),
    "taken back": (
        [person(1, 1, "anna"), person(2, 1, "alice"), person(3, 9, "anna")],
        [],
        {"alice": 1, "anna": 9},
    ),
    "the same person in another case": ([person(1, 1, "Alice")], [], {"alice": 1}),
}


@pytest.mark.parametrize(("rows", "refused", "owners"), CONFLICTS.values(), ids=CONFLICTS)
def test_only_rows_whose_username_is_taken_when_their_turn_comes_are_refused(
    rows: list[Record], refused: list[int], owners: dict[str, int]
) -> None:
    async def work(store: Store) -> None:
        await Run(store.directory, store.posts).over([person(1, 1, "alice"), person(2, 2, "bob"), person(3, 3, "zoe")])
        # The last row conflicts in any case, so that the batch is looked at row by row in all of them.
        run = await Run(store.directory, store.posts).over([*rows, person(99, 99, "zoe")])
        assert [line for line, _ in run.reasons] == [*refused, 99]
        assert await store.directory.ids_of(owners) == owners

    within(work)


def test_a_thousand_taken_usernames_cost_a_handful_of_writes() -> None:
    async def work(store: Store) -> None:
        await Run(store.directory, store.posts).over(crowd(BATCH_ROWS))
        counting = Counting(store.directory)
        rows = [person(each.line, each.values["id"] + 50_000, each.values["username"]) for each in crowd(BATCH_ROWS)]
        run = await Run(counting, store.posts).over(rows)
        assert run.tally.rejected == BATCH_ROWS
        assert counting.writes <= 2

    within(work)


async def mentioned(store: Store, *post_ids: int) -> list[tuple[int, ...]]:
    posts = {each.id: each.details.mentioned_ids for each in await store.posts.by_ids(post_ids)}
    return [posts[post_id] for post_id in post_ids]


class TestMentions:
    def test_a_post_knows_whom_it_mentions(self) -> None:
        async def work(store: Store) -> None:
            await Run(store.directory, store.posts).over([person(1, 1, "Alice"), person(2, 2, "bob")])
            text = "@bob, @ALICE and @bob, but not @nobody or bob"
            await Run(store.directory, store.posts).over([post(1, 9, 1, text), post(2, 10, 2, "alice")])
            assert await mentioned(store, 9, 10) == [(2, 1), ()]
            for person_id in (1, 2):
                assert await store.posts.mentioning(person_id, Stretch(), 10) == [PostHead(9, 1)]

        within(work)

    def test_people_of_the_same_batch_are_known_wherever_they_stand(self) -> None:
        async def work(store: Store) -> None:
            await Run(store.directory, store.posts).over([post(1, 9, 1, "Hi @bob"), person(2, 2, "bob")])
            assert await mentioned(store, 9) == [(2,)]

        within(work)

    def test_names_go_by_what_they_are_after_the_people_of_the_batch(self) -> None:
        async def work(store: Store) -> None:
            await Run(store.directory, store.posts).over([person(1, 1, "alice"), person(2, 2, "bob")])
            rows = [person(1, 1, "anna"), person(2, 2, "alice"), post(3, 9, 1, "@alice @bob @anna")]
            await Run(store.directory, store.posts).over(rows)
            assert await mentioned(store, 9) == [(2, 1)]

        within(work)

    def test_people_who_come_later_are_known_to_a_rerun_which_then_changes_nothing(self) -> None:
        async def work(store: Store) -> None:
            await Run(store.directory, store.posts).over([post(1, 9, 1, "Hi @bob")])
            assert await mentioned(store, 9) == [()]
            rows = [post(1, 9, 1, "Hi @bob"), person(2, 2, "bob")]
            changes = [(await Run(store.directory, store.posts).over(rows)).tally.changed for _ in range(2)]
            assert await mentioned(store, 9) == [(2,)]
            assert changes == [2, 0]

        within(work)

    def test_whoever_is_away_is_mentioned_and_may_return(self) -> None:
        async def work(store: Store) -> None:
            rows = [person(1, 1, "alice", state="suspended"), post(2, 9, 2, "@alice")]
            await Run(store.directory, store.posts).over(rows)
            assert await mentioned(store, 9) == [(1,)]

        within(work)

    def test_a_repost_mentions_nobody(self) -> None:
        async def work(store: Store) -> None:
            reference = [{"type": "retweeted", "id": 9}]
            rows = [person(1, 1, "alice"), post(2, 10, 1, "RT @alice: @alice", referenced_posts=reference)]
            await Run(store.directory, store.posts).over(rows)
            assert await mentioned(store, 10) == [()]

        within(work)

    def test_a_batch_asks_for_names_once_and_for_none_not_at_all(self) -> None:
        async def work(store: Store) -> None:
            counting = Counting(store.directory)
            await Run(counting, store.posts).over([post(n, n, 1) for n in range(1, 100)])
            assert counting.looks == 0
            await Run(counting, store.posts).over([post(n, n, 1, f"@user_{n} @bob") for n in range(1, 100)])
            assert counting.looks == 1

        within(work)


class Passing(DirectoryStore):
    """A directory that hands everything on; tests change a part."""

    def __init__(self, inner: DirectoryStore) -> None:
        self._inner = inner

    async def people(self, ids: Iterable[int]) -> list[Person]:
        return await self._inner.people(ids)

    async def names(self, ids: Iterable[int]) -> list[Name]:
        return await self._inner.names(ids)

    async def in_state(self, state: State, ids: Iterable[int]) -> set[int]:
        return await self._inner.in_state(state, ids)

    async def ids_of(self, usernames: Iterable[str]) -> dict[str, int]:
        return await self._inner.ids_of(usernames)

    async def put_people(self, people: Sequence[Person]) -> int:
        return await self._inner.put_people(people)

    async def first_person_ids(self, limit: int) -> list[int]:
        return await self._inner.first_person_ids(limit)


class Counting(Passing):
    """Counts writes, and questions for names."""

    writes = 0
    looks = 0

    async def ids_of(self, usernames: Iterable[str]) -> dict[str, int]:
        self.looks += 1
        return await super().ids_of(usernames)

    async def put_people(self, people: Sequence[Person]) -> int:
        self.writes += 1
        return await super().put_people(people)


class Racing(Passing):
    """Whoever is called carol is always just being taken by somebody else, unseen by look-ups."""

    async def put_people(self, people: Sequence[Person]) -> int:
        if any(each.username == "carol" for each in people):
            raise Conflict("taken")
        return await super().put_people(people)


def test_a_username_taken_between_look_up_and_write_costs_its_row_only() -> None:
    async def work(store: Store) -> None:
        rows = [person(1, 1, "alice"), person(2, 2, "carol"), person(3, 3, "bob")]
        run = await Run(Racing(store.directory), store.posts).over(rows)
        assert run.tally == Tally(people=2, changed=2, rejected=1)
        assert run.reasons == [(2, "username carol belongs to another id")]

    within(work)


class Failing(Passing):
    """A disk that fills up after one batch."""

    written = False

    async def put_people(self, people: Sequence[Person]) -> int:
        if self.written:
            raise StoreError("the disk is full")
        self.written = True
        return await super().put_people(people)


def test_a_failing_database_ends_the_run_and_what_is_in_stays() -> None:
    async def work(store: Store) -> None:
        run = Run(Failing(store.directory), store.posts)
        with pytest.raises(StoreError, match="the disk is full"):
            await run.over(crowd(BATCH_ROWS * 2))
        assert run.tally == Tally(people=BATCH_ROWS, changed=BATCH_ROWS)
        rerun = await Run(store.directory, store.posts).over(crowd(BATCH_ROWS * 2))
        assert rerun.tally == Tally(people=BATCH_ROWS * 2, changed=BATCH_ROWS)

    within(work)


def test_a_file_that_ends_early_gives_what_could_be_read() -> None:
    def cut_off() -> Iterator[Record]:
        yield from crowd(3)
        raise SourceError("cut off")

    async def work(store: Store) -> None:
        run = Run(store.directory, store.posts)
        with pytest.raises(SourceError, match="cut off"):
            await run.over(cut_off())
        assert run.tally == Tally(people=3, changed=3)

    within(work)


def test_only_bad_rows_are_reported_as_they_come() -> None:
    async def work(store: Store) -> None:
        rows = (Record(number, b"?", problem="bad") for number in range(1, BATCH_ROWS * 2 + 1))
        run = await Run(store.directory, store.posts).over(rows)
        assert run.tally == Tally(rejected=BATCH_ROWS * 2)
        assert run.batches == 3

    within(work)
