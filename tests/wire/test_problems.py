"""Every error body that was recorded, compared byte for byte with what is answered."""

import json
from collections.abc import Awaitable, Callable

import pytest

from tacet.records.people import Person, Profile, State
from tacet.store.base import StoreBusy
from tests.cast import ALICE, BOB, STANDALONE_APP_ID, SUSPENDED, UNKNOWN_ID
from tests.service import JSON, Answer, Service
from tests.wire.calls import BY_ID, LIST, OPERATIONS, USER_ONLY, WRITES, Operation, name
from tests.wire.recorded import Recorded, ours, pretty

INVALID_TYPE = "application/json; charset=utf-8"
PROBLEM_TYPE = "application/problem+json"


async def test_a_number_out_of_range(service: Service, recorded: Recorded) -> None:
    body = ours(recorded.body('{"errors"', "A1 [REC]")).replace("between 5 and 100", "between 1 and 1000")
    answer = await service.page(ALICE, "max_results=0")
    assert (answer.status, answer.body.decode()) == (400, body)
    assert answer.headers["content-type"] == INVALID_TYPE


async def test_an_unknown_query_parameter(service: Service, recorded: Recorded) -> None:
    body = ours(recorded.body('{"errors"', "GET /2/users/:id/bookmarks"))
    body = body.replace("media.fields,poll.fields,place.fields,", "")
    answer = await service.page(ALICE, "next_token=zldjwdz3w6sba13nbs1171oq2s8nk5xdjurwaejrn76")
    assert (answer.status, answer.body.decode()) == (400, body)


async def test_an_unknown_query_parameter_of_a_look_up(service: Service, recorded: Recorded) -> None:
    body = ours(recorded.body('{"errors"', "GET /2/tweets/:id?dummy=value"))
    body = body.replace("media.fields,poll.fields,place.fields,", "")
    answer = await service.get("/2/users/1002?dummy=value")
    assert (answer.status, answer.body.decode()) == (400, body)


async def test_a_path_id_that_is_no_number(service: Service, recorded: Recorded) -> None:
    message = recorded.message(r"The `id` query parameter value \[:id\] is not valid", "A3")
    answer = await service.get("/2/users/:id/muting")
    assert answer.json["errors"] == [{"parameters": {"id": [":id"]}, "message": message}]
    assert list(answer.json["errors"][0]) == ["parameters", "message"]


async def test_an_element_of_a_list_that_is_no_id(service: Service, recorded: Recorded) -> None:
    message = recorded.message(r"The `ids` query parameter value \[foo\] does not match \^\[0-9\]\{1,19\}\$", "A3")
    answer = await service.get("/2/users?ids=47998559,foo")
    assert answer.json["errors"] == [{"parameters": {"ids": ["47998559,foo"]}, "message": message}]


async def test_a_path_parameter_that_the_query_gives_again(service: Service, recorded: Recorded) -> None:
    entries = [recorded.body('{"parameters"', f"errors[{n}]") for n in (0, 1)]
    bad = "expansions=dummy&user.fields=dummy&tweet.fields=dummy"
    answer = await service.get(f"/2/users/1387820661742112771?id=dummy&{bad}")
    assert answer.status == 400
    assert answer.body.decode().startswith('{"errors":[' + ",".join(entries) + ",")
    order = [next(iter(error["parameters"])) for error in answer.json["errors"]]
    assert order == ["id", "id", "tweet.fields", "user.fields", "expansions"]


async def test_a_field_that_does_not_exist(service: Service, recorded: Recorded) -> None:
    message = recorded.message(r'The `user.fields` query parameter value \[followers_count\][^"]*', "A5")
    answer = await service.page(ALICE, "user.fields=followers_count")
    assert answer.messages == [message]


async def test_a_bad_field_among_good_ones_is_named_and_the_whole_value_echoed(service: Service) -> None:
    answer = await service.page(ALICE, "user.fields=id,wrong_field")
    [error] = answer.json["errors"]
    assert error["parameters"] == {"user.fields": ["id,wrong_field"]}
    assert error["message"].startswith("The `user.fields` query parameter value [wrong_field] is not one of [")


@pytest.mark.parametrize("query", ["?ids=", ""], ids=["empty", "missing"])
async def test_a_required_value_that_is_not_there(service: Service, recorded: Recorded, query: str) -> None:
    answer = await service.get(f"/2/users{query}")
    [error] = answer.json["errors"]
    assert error["parameters"] == {"ids": []}
    assert error["message"] == recorded.message("The `ids` query parameter can not be empty", "A6")


OWN = {
    "list": ("GET", "/2/users/25401953/muting", "id"),
    "mute": ("POST", "/2/users/25401953/muting", "id"),
    "unmute": ("DELETE", "/2/users/25401953/muting/1002", "source_user_id"),
}


@pytest.mark.parametrize(("method", "target", "parameter"), OWN.values(), ids=OWN.keys())
async def test_somebody_elses_id_in_the_path(
    service: Service, recorded: Recorded, method: str, target: str, parameter: str
) -> None:
    message = recorded.message(r"The `id` query parameter value \[25401953\] must be [^\]]*\]", "A7")
    message = message.replace("<yours>", str(ALICE.id)).replace("`id`", f"`{parameter}`")
    operation = next(each for each in USER_ONLY if each.method == method)
    answer = await service.call(operation.method, target, headers=operation.headers, body=operation.body)
    assert answer.status == 400
    assert answer.json["errors"] == [{"parameters": {parameter: ["25401953"]}, "message": message}]


async def test_a_body_of_another_type(service: Service, recorded: Recorded) -> None:
    body = ours(recorded.body('{"errors"', "A8 body not JSON")).replace('"parameters":{},', "")
    answer = await service.call("POST", LIST, headers={"content-type": "text/plain"}, body=b"{}")
    assert (answer.status, answer.body.decode()) == (400, body)
    assert answer.headers["content-type"] == INVALID_TYPE


async def test_a_body_with_a_member_too_many(service: Service, recorded: Recorded) -> None:
    message = recorded.message(r"\$\.Content-Type: is not defined [^\"]*", "A9 body fails")
    answer = await service.post_json(LIST, {"Content-Type": "application/json", "target_user_id": "1002"})
    assert (answer.status, answer.messages) == (400, [message])


async def test_a_rule_that_is_broken_is_named_in_an_invalid_request(service: Service, recorded: Recorded) -> None:
    entry = recorded.body('{"message"', "A10 [REC").replace(
        "You cannot retweet a Tweet that you have already retweeted.", "You cannot mute yourself."
    )
    answer = await service.mute(ALICE, ALICE.id)
    assert answer.status == 400
    assert answer.body.decode().startswith('{"errors":[' + entry + '],"title":"Invalid Request",')


async def test_a_page_token_that_is_none(service: Service, recorded: Recorded) -> None:
    entry = recorded.body('{"parameters"', "A11 [TEST]")
    answer = await service.page(ALICE, "pagination_token=expired-token")
    assert answer.body.decode().startswith('{"errors":[' + entry + "]")


async def test_a_username_that_cannot_be_one(service: Service, recorded: Recorded) -> None:
    message = recorded.message(r"The `username` query parameter value \[x\] does not match \^[^\s]*\$", "A12")
    answer = await service.get("/2/users/by/username/x-y")
    assert answer.json["errors"] == [{"parameters": {"username": ["x-y"]}, "message": message.replace("[x]", "[x-y]")}]


async def test_no_credentials(service: Service, recorded: Recorded) -> None:
    answer = await service.get(LIST, None)
    assert (answer.status, answer.body.decode()) == (401, recorded.body("{\n", "## B. 401"))
    assert answer.headers["content-type"] == PROBLEM_TYPE


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_a_scope_that_is_missing(service: Service, recorded: Recorded, operation: Operation) -> None:
    for scope in operation.scopes:
        answer = await operation(service, f"alice-without-{scope}")
        assert (answer.status, answer.body.decode()) == (403, recorded.body("{\n", "C1 token lacks"))
        assert answer.headers["content-length"] == "93"
        assert answer.headers["content-type"] == PROBLEM_TYPE


@pytest.mark.parametrize("operation", USER_ONLY, ids=name)
async def test_an_app_on_its_own(service: Service, recorded: Recorded, operation: Operation) -> None:
    answer = await operation(service, "app-only")
    assert (answer.status, answer.body.decode()) == (403, recorded.body("{\n", "C2 app-only"))
    assert answer.headers["content-length"] == "316"
    assert answer.headers["content-type"] == PROBLEM_TYPE
    assert answer.headers["date"] == "Sat, 07 May 2022 13:20:56 GMT"


@pytest.mark.parametrize("operation", WRITES, ids=name)
async def test_an_app_that_may_only_read(service: Service, recorded: Recorded, operation: Operation) -> None:
    answer = await service.signed(operation.method, operation.target, 2002, operation.body)
    assert (answer.status, answer.body.decode()) == (403, ours(recorded.body("{", "C3 OAuth 1.0a")))
    assert answer.headers["x-access-level"] == "read"
    assert answer.headers["x-rate-limit-remaining"] == str(operation.limit - 1)


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_an_app_outside_every_project(service: Service, recorded: Recorded, operation: Operation) -> None:
    body = ours(recorded.body('{"client_id', "C4 app not enrolled")).replace("…", str(STANDALONE_APP_ID))
    answer = await operation(service, "alice-standalone")
    assert (answer.status, answer.body.decode()) == (403, body)
    assert answer.headers["content-type"] == PROBLEM_TYPE


async def test_a_window_that_is_spent(service: Service, recorded: Recorded) -> None:
    for _ in range(15):
        assert (await service.page(ALICE)).status == 200
    answer = await service.page(ALICE)
    assert (answer.status, answer.body.decode()) == (429, pretty(recorded.body("{", "## F. 429")))
    assert answer.headers["content-type"] == PROBLEM_TYPE
    assert "retry-after" not in answer.headers


async def test_a_store_that_is_too_busy(service: Service, recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    async def add(*_: object) -> bool:
        raise StoreBusy("too many writes are waiting")

    monkeypatch.setattr(service.store.relations, "add", add)
    answer = await service.mute(ALICE, BOB.id)
    assert (answer.status, answer.body.decode()) == (503, pretty(recorded.body("{", "## G. 503")))
    assert answer.headers["content-type"] == PROBLEM_TYPE
    assert answer.headers["retry-after"] == "1"


async def test_nobody_has_the_username(service: Service, recorded: Recorded) -> None:
    answer = await service.get("/2/users/by/username/adfldfddddd")
    assert (answer.status, answer.body.decode()) == (200, ours(recorded.body('{"errors"', "## H. 200")))


async def test_the_account_is_suspended(service: Service, recorded: Recorded) -> None:
    await service.put(Person(7, "adfldf", "Suspended", State.SUSPENDED))
    answer = await service.get("/2/users/by/username/adfldf")
    assert (answer.status, answer.body.decode()) == (200, ours(recorded.body('{"errors"', "suspended: {")))


async def test_a_pinned_post_that_is_gone(service: Service, recorded: Recorded) -> None:
    await service.put(Person(7, "pinner", "Pinner", profile=Profile(pinned_post_id=1)))
    answer = await service.get("/2/users/7?expansions=pinned_tweet_id")
    assert answer.body.decode().endswith('"errors":[' + recorded.body('{"title"', "pinned tweet gone") + "]}")
    assert "includes" not in answer.json


Act = Callable[[Service], Awaitable[Answer]]

CHOSEN: dict[str, tuple[Act, int, str]] = {
    "mute-of-nobody": (
        lambda service: service.mute(ALICE, UNKNOWN_ID),
        404,
        '{"title":"Not Found Error","detail":"Could not find user with target_user_id: [ID].","type":"https://api.x.com'
        '/2/problems/resource-not-found","resource_type":"user","resource_id":"ID","parameter":"target_user_id",'
        '"value":"ID","status":404}'.replace("ID", str(UNKNOWN_ID)),
    ),
    "mute-of-a-suspended-account": (
        lambda service: service.mute(ALICE, SUSPENDED.id),
        403,
        '{"title":"Forbidden","detail":"User has been suspended: [1004].","type":"https://api.x.com/2/problems/'
        'resource-not-found","resource_type":"user","resource_id":"1004","parameter":"target_user_id","value":"1004",'
        '"status":403}',
    ),
    "unknown-route": (lambda service: service.get("/2/nowhere"), 404, "Not Found"),
    "wrong-method": (lambda service: service.call("PUT", LIST), 405, "Method Not Allowed"),
    "body-too-large": (
        lambda service: service.call("POST", LIST, headers={"content-type": JSON}, body=b" " * 65_537),
        413,
        "Content Too Large",
    ),
}


@pytest.mark.parametrize(("act", "status", "expected"), CHOSEN.values(), ids=CHOSEN.keys())
async def test_what_nobody_recorded_is_answered_as_chosen(
    service: Service, act: Act, status: int, expected: str
) -> None:
    if not expected.startswith("{"):
        body = {"title": expected, "type": "about:blank", "status": status, "detail": expected}
        expected = json.dumps(body, indent=2)
    answer = await act(service)
    assert (answer.status, answer.body.decode()) == (status, expected)
    assert answer.headers["content-type"] == PROBLEM_TYPE
    assert (await service.page(ALICE)).json == {"meta": {"result_count": 0}}


async def test_the_choices_are_those_that_are_written_down(service: Service, recorded_choices: str) -> None:
    missing = await service.mute(ALICE, UNKNOWN_ID)
    assert missing.body.decode().replace(str(UNKNOWN_ID), "ID") in recorded_choices
    nowhere = await service.get("/2/nowhere")
    assert json.dumps(nowhere.json, separators=(",", ":")) in recorded_choices
    oneself = await service.mute(ALICE, ALICE.id)
    assert f"`{oneself.messages[0]}`" in recorded_choices


async def test_a_defect_is_answered_in_json_without_its_cause(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def add(*_: object) -> bool:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(service.store.relations, "add", add)
    answer = await BY_ID["muteUser"](service)
    assert answer.status == 500
    assert answer.json == {
        "title": "Internal Server Error",
        "type": "about:blank",
        "status": 500,
        "detail": "Internal Server Error",
    }
    assert answer.headers["x-transaction-id"] in caplog.text
