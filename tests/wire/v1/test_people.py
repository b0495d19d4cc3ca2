from collections.abc import Mapping

import pytest

from tacet.identity.caller import Caller, Method
from tacet.records.credentials import Access
from tacet.records.people import Person
from tacet.wire.problems import Problem, Refusal
from tacet.wire.v1 import problems
from tacet.wire.v1.calls import V1Call
from tacet.wire.v1.people import MAX_LOOKED_UP, PeopleGiven
from tests.cast import ALICE, APP_ID, BOB, CAROL, DEACTIVATED, SUSPENDED, UNKNOWN_ID
from tests.service import Service

CALLER = Caller(Method.OAUTH1_USER, APP_ID, ALICE.id, frozenset(), Access.READ_WRITE, True)


def call(given: Mapping[str, object]) -> V1Call:
    return V1Call(CALLER, ALICE.id, {name: str(value) for name, value in given.items()})


@pytest.fixture
def given(service: Service) -> PeopleGiven:
    return PeopleGiven(service.tacet.people)


ONE = {
    "id": ({"user_id": BOB.id}, BOB),
    "id-with-zeros": ({"user_id": f"000{BOB.id}"}, BOB),
    "username": ({"screen_name": "Bob_B"}, BOB),
    "username-in-another-case": ({"screen_name": "BOB_b"}, BOB),
    "both": ({"user_id": BOB.id, "screen_name": "bob_b"}, BOB),
    "both-and-they-differ": ({"user_id": BOB.id, "screen_name": "carol"}, BOB),
    "an-empty-id": ({"user_id": "", "screen_name": "carol"}, CAROL),
}


@pytest.mark.parametrize(("parameters", "person"), ONE.values(), ids=ONE.keys())
async def test_one_is_named_by_id_or_by_username(
    given: PeopleGiven, parameters: Mapping[str, object], person: Person
) -> None:
    assert await given.one(call(parameters)) == person
    assert await given.target(call(parameters)) == person


NOT_THERE = {
    "unknown-id": ({"user_id": UNKNOWN_ID}, problems.USER_NOT_FOUND),
    "unknown-id-beside-a-username": ({"user_id": UNKNOWN_ID, "screen_name": "carol"}, problems.USER_NOT_FOUND),
    "no-id-at-all": ({"user_id": "bob_b"}, problems.USER_NOT_FOUND),
    "digits-of-another-script": ({"user_id": "１００２"}, problems.USER_NOT_FOUND),
    "a-sign": ({"user_id": "-1002"}, problems.USER_NOT_FOUND),
    "past-every-database": ({"user_id": "9" * 19}, problems.USER_NOT_FOUND),
    "longer-than-any-id": ({"user_id": "9" * 5_000}, problems.USER_NOT_FOUND),
    "unknown-username": ({"screen_name": "nobody"}, problems.USER_NOT_FOUND),
    "with-an-at": ({"screen_name": "@carol"}, problems.USER_NOT_FOUND),
    "half-a-character": ({"screen_name": "\ud800"}, problems.USER_NOT_FOUND),
    "left": ({"user_id": DEACTIVATED.id}, problems.USER_NOT_FOUND),
    "suspended": ({"user_id": SUSPENDED.id}, problems.USER_SUSPENDED),
    "suspended-by-username": ({"screen_name": "GONE"}, problems.USER_SUSPENDED),
}


@pytest.mark.parametrize(("parameters", "problem"), NOT_THERE.values(), ids=NOT_THERE.keys())
async def test_who_is_not_there_is_refused(
    given: PeopleGiven, parameters: Mapping[str, object], problem: Problem
) -> None:
    for read in (given.one, given.target):
        with pytest.raises(Refusal) as refused:
            await read(call(parameters))
        assert refused.value.problem == problem


async def test_who_names_nobody_is_told_so(given: PeopleGiven) -> None:
    with pytest.raises(Refusal) as reading:
        await given.one(call({}))
    assert reading.value.problem.body == b'{"errors":[{"code":38,"message":"user_id parameter is missing."}]}'
    with pytest.raises(Refusal) as writing:
        await given.target(call({"screen_name": ""}))
    assert writing.value.problem == problems.CANNOT_FIND_USER


MANY = {
    "ids": ({"user_id": "1003,1002"}, [CAROL, BOB]),
    "usernames": ({"screen_name": "carol,BOB_B"}, [CAROL, BOB]),
    "ids-before-usernames": ({"screen_name": "alice", "user_id": "1002"}, [BOB, ALICE]),
    "once-each": ({"user_id": "1002,1002,01002", "screen_name": "bob_b,Bob_B"}, [BOB]),
    "blanks-and-empty-entries": ({"user_id": " 1002, 1003 ,,"}, [BOB, CAROL]),
    "without-those-who-are-away": ({"user_id": f"{UNKNOWN_ID},1004,1005,1002,x,{'9' * 19}"}, [BOB]),
    "nobody": ({"screen_name": "nobody,@carol"}, []),
}


@pytest.mark.parametrize(("parameters", "people"), MANY.values(), ids=MANY.keys())
async def test_many_come_in_the_order_given(
    given: PeopleGiven, parameters: Mapping[str, object], people: list[Person]
) -> None:
    assert await given.many(call(parameters)) == people


async def test_ids_and_usernames_together_are_a_hundred_at_most(given: PeopleGiven) -> None:
    ids = ",".join(["1002"] * (MAX_LOOKED_UP - 1))
    assert await given.many(call({"user_id": ids, "screen_name": "carol"})) == [BOB, CAROL]
    with pytest.raises(Refusal) as refused:
        await given.many(call({"user_id": ids, "screen_name": "carol,alice"}))
    assert refused.value.problem == problems.TOO_MANY_TERMS


@pytest.mark.parametrize("parameters", [{}, {"user_id": ""}, {"user_id": " , ", "screen_name": ","}], ids=str)
async def test_a_list_of_nothing_is_refused(given: PeopleGiven, parameters: Mapping[str, object]) -> None:
    with pytest.raises(Refusal) as refused:
        await given.many(call(parameters))
    assert refused.value.problem == problems.parameter_missing("user_id")


async def test_somebody_else_is_meant_where_nobody_is_named(given: PeopleGiven) -> None:
    named = await given.named(call({}), "source_id", "source_screen_name", problems.NO_SOURCE_USER, ALICE.id)
    assert named == ALICE
