import pytest

from tacet.records.people import Person, State
from tests.cast import ALICE, BOB, CAROL, DEACTIVATED, SUSPENDED, UNKNOWN_ID
from tests.service import Service

BOB_SHOWN = b'{"id":"1002","name":"Bob","username":"Bob_B"}'
CAROL_SHOWN = '{"id":"1003","name":"Carol ☕ \\uD83D\\uDE80/<3","username":"carol"}'.encode()


def missing(parameter: str, value: str) -> dict[str, str]:
    return {
        "value": value,
        "detail": f"Could not find user with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": "user",
        "parameter": parameter,
        "resource_id": value,
        "type": "https://api.x.com/2/problems/resource-not-found",
    }


def suspended(parameter: str, value: str) -> dict[str, str]:
    return {
        "parameter": parameter,
        "resource_id": value,
        "value": value,
        "detail": f"User has been suspended: [{value}].",
        "title": "Forbidden",
        "resource_type": "user",
        "type": "https://api.x.com/2/problems/resource-not-found",
    }


async def test_me_is_whoever_the_token_speaks_for(service: Service) -> None:
    assert (await service.get("/2/users/me", BOB.username)).body == b'{"data":' + BOB_SHOWN + b"}"
    assert (await service.signed("GET", "/2/users/me")).json["data"]["id"] == str(ALICE.id)


async def test_one_user_by_id(service: Service) -> None:
    assert (await service.get("/2/users/1003")).body == b'{"data":' + CAROL_SHOWN + b"}"


@pytest.mark.parametrize("username", ["Bob_B", "bob_b", "BOB_B"])
async def test_one_user_by_username_in_any_case(service: Service, username: str) -> None:
    assert (await service.get(f"/2/users/by/username/{username}")).body == b'{"data":' + BOB_SHOWN + b"}"


async def test_users_by_ids_come_in_the_order_asked(service: Service) -> None:
    answer = await service.get("/2/users?ids=1003,1002")
    assert answer.body == b'{"data":[' + CAROL_SHOWN + b"," + BOB_SHOWN + b"]}"


async def test_users_by_usernames_come_in_the_order_asked(service: Service) -> None:
    answer = await service.get("/2/users/by?usernames=carol,BOB_b")
    assert answer.body == b'{"data":[' + CAROL_SHOWN + b"," + BOB_SHOWN + b"]}"


REPEATED = {
    "ids": "/2/users?ids=1002,1002,0001002",
    "usernames": "/2/users/by?usernames=bob_b,Bob_B,bob_b",
}


@pytest.mark.parametrize("target", REPEATED.values(), ids=REPEATED.keys())
async def test_who_is_asked_for_twice_is_shown_once(service: Service, target: str) -> None:
    assert (await service.get(target)).body == b'{"data":[' + BOB_SHOWN + b"]}"


ONE_MISSING = {
    "unknown-id": ("/2/users/999999", missing("id", "999999")),
    "id-past-every-database": (f"/2/users/{'9' * 19}", missing("id", "9" * 19)),
    "unknown-username": ("/2/users/by/username/nobody", missing("username", "nobody")),
    "suspended-id": ("/2/users/1004", suspended("id", "1004")),
    "suspended-username": ("/2/users/by/username/gone", suspended("username", "gone")),
    "deactivated-id": ("/2/users/1005", missing("id", "1005")),
    "deactivated-username": ("/2/users/by/username/left", missing("username", "left")),
}


@pytest.mark.parametrize(("target", "error"), ONE_MISSING.values(), ids=ONE_MISSING.keys())
async def test_who_is_not_there_is_an_error_in_a_200(service: Service, target: str, error: dict[str, str]) -> None:
    answer = await service.get(target)
    assert (answer.status, answer.json) == (200, {"errors": [error]})
    assert list(answer.json["errors"][0]) == list(error)


async def test_some_there_and_some_not_by_ids(service: Service) -> None:
    answer = await service.get(f"/2/users?ids={UNKNOWN_ID},1003,{SUSPENDED.id},1002,{DEACTIVATED.id}")
    assert list(answer.json) == ["data", "errors"]
    assert answer.ids == ["1003", "1002"]
    assert answer.json["errors"] == [
        missing("ids", str(UNKNOWN_ID)),
        suspended("ids", str(SUSPENDED.id)),
        missing("ids", str(DEACTIVATED.id)),
    ]


async def test_some_there_and_some_not_by_usernames(service: Service) -> None:
    answer = await service.get("/2/users/by?usernames=nobody,carol,gone,left")
    assert answer.ids == [str(CAROL.id)]
    assert answer.json["errors"] == [
        missing("usernames", "nobody"),
        suspended("usernames", "gone"),
        missing("usernames", "left"),
    ]


async def test_none_there_leaves_data_out(service: Service) -> None:
    assert (await service.get("/2/users?ids=1,2")).json.keys() == {"errors"}


async def test_a_hundred_at_once_and_no_more(service: Service) -> None:
    crowd = await service.crowd(101)
    ids = [str(person.id) for person in crowd]
    names = [person.username for person in crowd]
    assert (await service.get(f"/2/users?ids={','.join(ids[:100])}")).ids == ids[:100]
    assert (await service.get(f"/2/users/by?usernames={','.join(names[:100])}")).ids == ids[:100]
    for target, name in (
        (f"/2/users?ids={','.join(ids)}", "ids"),
        (f"/2/users/by?usernames={','.join(names)}", "usernames"),
    ):
        answer = await service.get(target)
        assert answer.messages == [
            f"The number of values in the `{name}` query parameter list [101] is not between 1 and 100"
        ]


BAD_NAMES = {"too-long": "x" * 16, "at": "@bob", "hyphen": "a-b", "space": "a%20b", "emoji": "%F0%9F%9A%80"}


@pytest.mark.parametrize("username", BAD_NAMES.values(), ids=BAD_NAMES.keys())
async def test_what_cannot_be_a_username_is_refused_by_both_look_ups(service: Service, username: str) -> None:
    one = await service.get(f"/2/users/by/username/{username}")
    many = await service.get(f"/2/users/by?usernames=carol,{username}")
    assert (one.status, many.status) == (400, 400)
    assert one.messages[0].endswith("does not match ^[A-Za-z0-9_]{1,15}$")
    assert many.messages[0] == one.messages[0].replace("`username`", "`usernames`")


async def test_a_renamed_user_is_found_by_the_new_name_only(service: Service) -> None:
    assert (await service.get("/2/users/by/username/carol")).json["data"]["id"] == "1003"
    await service.put(Person(CAROL.id, "caroline", "Caroline"))
    assert (await service.get("/2/users/by/username/caroline")).json["data"]["name"] == "Caroline"
    assert (await service.get("/2/users/by/username/carol")).json["errors"] == [missing("username", "carol")]


@pytest.mark.parametrize("state", [State.SUSPENDED, State.DEACTIVATED])
async def test_who_is_suspended_or_has_left_is_not_let_in(service: Service, state: State) -> None:
    assert (await service.get("/2/users/me", BOB.username)).status == 200
    await service.put(Person(BOB.id, BOB.username, BOB.name, state))
    assert (await service.get("/2/users/me", BOB.username)).status == 401
    await service.put(BOB)
    assert (await service.get("/2/users/me", BOB.username)).status == 200
