"""What every store's `DirectoryStore` must do."""

import msgspec
import pytest

from tacet.records.people import Affiliation, Metrics, Name, Person, Profile, State, Withheld
from tacet.store.base import Conflict, Part, Store
from tests.store.building import NOW, UNSTORABLE, person

FULL_PROFILE = Profile(
    created_at_ms=NOW,
    description="A bio with “quotes”, 漢字, 🦊, a NUL-free \\u0041 and\nlines",
    location="Zürich",
    url="https://example.com/?a=b&c=d",
    profile_image_url="https://example.com/i.png",
    profile_banner_url="https://example.com/b.png",
    protected=True,
    verified=True,
    verified_type="blue",
    subscription_type="Premium",
    is_identity_verified=True,
    parody=True,
    pinned_post_id=UNSTORABLE - 1,
    metrics=Metrics(1, 2, 3, 4, 5, 6),
    affiliation=Affiliation("https://example.com/a.png", "Works here", "https://example.com/a", (1, 2)),
    withheld=Withheld(("DE", "FR"), "user"),
    verified_followers_count=9,
    confirmed_email="full@example.com",
    receives_dm_from_anyone=True,
)


def by_id(people: list[Person]) -> dict[int, Person]:
    return {each.id: each for each in people}


class TestPeople:
    @pytest.mark.parametrize(
        "kept",
        [
            pytest.param(person(1, "ann"), id="bare"),
            pytest.param(person(UNSTORABLE - 1, "A_b_9", name="🦊" * 50, profile=FULL_PROFILE), id="full"),
            pytest.param(person(3, "gone", name="", state=State.SUSPENDED), id="suspended"),
            pytest.param(person(0, "left", state=State.DEACTIVATED), id="deactivated"),
        ],
    )
    async def test_a_person_comes_back_as_it_was_put(self, store: Store, kept: Person) -> None:
        assert await store.directory.put_people([kept]) == 1
        assert await store.directory.people([kept.id]) == [kept]

    async def test_every_field_of_the_full_example_differs_from_its_default(self) -> None:
        bare = Profile()
        assert [each for each in bare.__struct_fields__ if getattr(FULL_PROFILE, each) == getattr(bare, each)] == []

    async def test_unknown_ids_are_left_out(self, store: Store) -> None:
        await store.directory.put_people([person(1, "ann"), person(2, "bea")])
        found = by_id(await store.directory.people([2, 3, UNSTORABLE, 10**40, 1]))
        assert found == {1: person(1, "ann"), 2: person(2, "bea")}
        assert await store.directory.people([]) == []

    async def test_a_thousand_are_found_at_once(self, store: Store) -> None:
        crowd = [person(n, f"user_{n}") for n in range(1, 1_501)]
        assert await store.directory.put_people(crowd) == 1_500
        assert by_id(await store.directory.people(range(500, 1_500))) == by_id(crowd[499:1_499])

    @pytest.mark.parametrize("state", State, ids=lambda state: state.name.lower())
    async def test_who_is_in_a_state(self, store: Store, state: State) -> None:
        await store.directory.put_people([person(n, f"user_{n}", state=each) for n, each in enumerate(State)])
        kept = list(State).index(state)
        assert await store.directory.in_state(state, [2, 1, 0, kept, 7, UNSTORABLE, 10**40]) == {kept}
        assert await store.directory.in_state(state, []) == set()

    async def test_the_lowest_ids_come_in_order(self, store: Store) -> None:
        await store.directory.put_people([person(n, f"user_{n}") for n in (30, 10, 20)])
        assert await store.directory.first_person_ids(2) == [10, 20]
        assert await store.directory.first_person_ids(100) == [10, 20, 30]


class TestNamesAndStates:
    async def test_names_are_what_people_are_called_whatever_their_state(self, store: Store) -> None:
        await store.directory.put_people([person(1, "Ann_1"), person(2, "gone", name="", state=State.SUSPENDED)])
        found = await store.directory.names([2, 1, 404, UNSTORABLE])
        assert sorted(found, key=lambda name: name.id) == [
            Name(1, "Ann_1", "Ann_1", State.ACTIVE),
            Name(2, "gone", "", State.SUSPENDED),
        ]
        assert await store.directory.names([]) == []

    @pytest.mark.parametrize(("state", "expected"), [(State.ACTIVE, {1, 4}), (State.SUSPENDED, {2})], ids=str)
    async def test_those_in_a_state_are_told_apart(self, store: Store, state: State, expected: set[int]) -> None:
        states = {1: State.ACTIVE, 2: State.SUSPENDED, 3: State.DEACTIVATED, 4: State.ACTIVE, 5: state}
        await store.directory.put_people([person(id_, f"user_{id_}", state=each) for id_, each in states.items()])
        assert await store.directory.in_state(state, [1, 2, 3, 4, 404, UNSTORABLE, 4]) == expected
        assert await store.directory.in_state(state, []) == set()


class TestPuttingPeople:
    async def test_a_rerun_changes_nothing(self, store: Store) -> None:
        crowd = [person(1, "ann", profile=FULL_PROFILE), person(2, "bea"), person(3, "cem")]
        assert await store.directory.put_people(crowd) == 3
        revisions = await store.revisions()
        assert await store.directory.put_people(crowd) == 0
        assert await store.revisions() == revisions

    @pytest.mark.parametrize(
        "change",
        [
            {"username": "anna"},
            {"username": "ANN"},
            {"name": "Someone"},
            {"state": State.SUSPENDED},
            {"profile": Profile(location="Bern")},
        ],
        ids=["username", "case-of-username", "name", "state", "profile"],
    )
    async def test_only_what_differs_is_changed(self, store: Store, change: dict[str, object]) -> None:
        crowd = [person(1, "ann"), person(2, "bea")]
        await store.directory.put_people(crowd)
        changed = msgspec.structs.replace(crowd[0], **change)
        assert await store.directory.put_people([changed, crowd[1]]) == 1
        assert by_id(await store.directory.people([1, 2])) == {1: changed, 2: crowd[1]}

    async def test_the_last_of_one_id_wins(self, store: Store) -> None:
        await store.directory.put_people([person(1, "ann"), person(1, "bea")])
        assert await store.directory.people([1]) == [person(1, "bea")]
        assert await store.directory.ids_of(["ann", "bea"]) == {"bea": 1}

    async def test_nobody_at_all_is_no_error(self, store: Store) -> None:
        assert await store.directory.put_people([]) == 0


class TestUsernames:
    async def test_they_are_found_whatever_their_case(self, store: Store) -> None:
        await store.directory.put_people([person(1, "AnnA"), person(2, "bea")])
        assert await store.directory.ids_of(["anna", "BEA", "ANNA", "nobody", "", "an'na", "漢字"]) == {
            "anna": 1,
            "bea": 2,
        }
        assert await store.directory.ids_of([]) == {}

    @pytest.mark.parametrize("username", ["ann\0", "ann\0a", "\0", "ann\udcff", "\udcff", '"ann"', "ann%"], ids=ascii)
    async def test_what_nobody_is_called_is_nobody(self, store: Store, username: str) -> None:
        await store.directory.put_people([person(1, "ann")])
        assert await store.directory.ids_of([username]) == {}

    async def test_a_new_username_frees_the_old_one(self, store: Store) -> None:
        await store.directory.put_people([person(1, "ann")])
        await store.directory.put_people([person(1, "anna")])
        assert await store.directory.ids_of(["ann", "anna"]) == {"anna": 1}
        await store.directory.put_people([person(2, "ann")])
        assert await store.directory.ids_of(["ann", "anna"]) == {"ann": 2, "anna": 1}

    async def test_a_username_can_be_handed_on_within_one_call(self, store: Store) -> None:
        await store.directory.put_people([person(1, "ann")])
        assert await store.directory.put_people([person(1, "anna"), person(2, "ann")]) == 2
        assert await store.directory.ids_of(["ann", "anna"]) == {"ann": 2, "anna": 1}

    @pytest.mark.parametrize(
        "people",
        [
            pytest.param([person(3, "cem"), person(4, "Ann")], id="taken-by-somebody-stored"),
            pytest.param([person(3, "cem"), person(4, "CEM")], id="taken-within-the-call"),
            pytest.param([person(1, "bea"), person(2, "ann")], id="swapped"),
        ],
    )
    async def test_a_username_of_somebody_else_is_a_conflict_and_nothing_is_written(
        self, store: Store, people: list[Person]
    ) -> None:
        before = [person(1, "ann"), person(2, "bea")]
        await store.directory.put_people(before)
        revisions = await store.revisions()
        with pytest.raises(Conflict):
            await store.directory.put_people(people)
        assert by_id(await store.directory.people(range(10))) == by_id(before)
        assert await store.directory.ids_of(["ann", "bea", "cem"]) == {"ann": 1, "bea": 2}
        assert await store.revisions() == revisions

    async def test_a_conflict_names_no_stored_data(self, store: Store) -> None:
        await store.directory.put_people([person(1, "ann", name="Secret Name")])
        with pytest.raises(Conflict) as caught:
            await store.directory.put_people([person(2, "ann")])
        assert "Secret" not in str(caught.value)


async def test_every_change_of_people_moves_the_directory_on_and_nothing_else(store: Store) -> None:
    seen = [await store.revisions()]
    for people in ([person(1, "ann")], [person(1, "anna")], [person(2, "bea"), person(3, "cem")]):
        await store.directory.put_people(people)
        seen.append(await store.revisions())
    numbers = [revisions.get(Part.DIRECTORY, 0) for revisions in seen]
    assert numbers == sorted(set(numbers))
    assert {revisions.get(Part.CREDENTIALS) for revisions in seen} == {seen[0].get(Part.CREDENTIALS)}
