"""The API's own document: that it describes what is served, no more and no less."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tacet import __version__
from tacet.wire.parameters import FIELD_LISTS
from tacet.wire.vocabulary import POST, TWEET
from tests.service import Service
from tests.wire.calls import BY_ID, OPERATIONS, SELECTING, USER_ONLY, WRITES, Operation, name

Document = dict[str, Any]


@pytest.fixture
async def document(service: Service) -> Document:
    answer = await service.get("/2/openapi.json", None)
    found: Document = answer.json
    return found


def described(document: Document, operation: Operation) -> Document:
    """What the document says of an operation."""
    [found] = [
        each
        for methods in document["paths"].values()
        for each in methods.values()
        if each["operationId"] == operation.id
    ]
    return dict(found)


def resolved(document: Document, value: Document) -> Document:
    """`value`, or what it refers to."""
    if "$ref" not in value:
        return value
    found: Any = document
    for step in value["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return resolved(document, found)


def parameters(document: Document, operation: Operation) -> dict[str, Document]:
    listed = [resolved(document, each) for each in described(document, operation)["parameters"]]
    return {each["name"]: each for each in listed}


async def test_the_document_is_for_everybody_and_is_json(service: Service) -> None:
    for token in (None, "unknown", "alice", "alice-standalone"):
        answer = await service.get("/2/openapi.json", token)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json; charset=utf-8")
        assert answer.headers["content-disposition"] == "attachment; filename=json.json"
        assert "x-rate-limit-limit" not in answer.headers


async def test_the_document_is_the_same_every_time(service: Service) -> None:
    answers = [(await service.get("/2/openapi.json")).body for _ in range(3)]
    assert len(set(answers)) == 1


async def test_it_says_what_it_is(document: Document) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["version"] == __version__


async def test_exactly_what_is_served_is_described(document: Document) -> None:
    ids = [each["operationId"] for methods in document["paths"].values() for each in methods.values()]
    assert sorted(ids) == sorted([*(operation.id for operation in OPERATIONS), "getOpenApiSpec"])
    for operation in OPERATIONS:
        path = operation.target.partition("?")[0]
        [methods] = [
            methods
            for template, methods in document["paths"].items()
            if re.fullmatch(re.sub(r"\{\w+\}", "(?!me$|by$)[^/]+", template), path)
        ]
        assert methods[operation.method.lower()]["operationId"] == operation.id


async def test_every_reference_leads_somewhere(document: Document) -> None:
    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                assert resolved(document, value)
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(document)


async def test_every_schema_is_one(document: Document) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


async def test_every_schema_is_used(document: Document) -> None:
    used = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert used == document["components"]["schemas"].keys()


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_security_is_what_is_asked_for(document: Document, operation: Operation) -> None:
    security = described(document, operation)["security"]
    expected: list[Document] = [{"OAuth2UserToken": sorted(operation.scopes)}, {"UserToken": []}]
    if operation.app_only:
        expected.append({"BearerToken": []})
    assert security == expected
    known = document["components"]["securitySchemes"]["OAuth2UserToken"]["flows"]["authorizationCode"]["scopes"]
    assert set(operation.scopes) <= known.keys()


@pytest.mark.parametrize("operation", SELECTING, ids=name)
async def test_every_accepted_field_is_listed(document: Document, operation: Operation) -> None:
    listed = parameters(document, operation)
    for each, accepted in FIELD_LISTS[operation.selects].items():
        schema = listed[each]["schema"]
        assert tuple(schema["items"]["enum"]) == accepted
        assert (schema["minItems"], listed[each]["explode"], listed[each]["style"]) == (1, False, "form")


async def test_bounds_and_patterns_are_listed(document: Document) -> None:
    listed = ("getUsersMuting", "getUsersByIds", "getUsersByUsernames")
    mutes, ids, names = (parameters(document, BY_ID[each]) for each in listed)
    assert mutes["max_results"]["schema"] == {
        "type": "integer",
        "format": "int32",
        "minimum": 1,
        "maximum": 1000,
        "default": 100,
    }
    assert mutes["pagination_token"]["schema"] == {"type": "string", "pattern": "^[0-9]{1,19}$"}
    assert mutes["id"]["schema"] == {"type": "string", "pattern": "^[0-9]{1,19}$"}
    assert (ids["ids"]["required"], ids["ids"]["schema"]["maxItems"]) == (True, 100)
    assert ids["ids"]["schema"]["items"] == {"type": "string", "pattern": "^[0-9]{1,19}$"}
    assert names["usernames"]["schema"]["items"]["pattern"] == "^[A-Za-z0-9_]{1,15}$"


async def test_the_body_of_a_mute_is_described(document: Document) -> None:
    body = described(document, WRITES[0])["requestBody"]
    assert body["required"] is True
    assert body["content"]["application/json"]["schema"] == {
        "type": "object",
        "properties": {"target_user_id": {"type": "string", "pattern": "^[0-9]{1,19}$"}},
        "required": ["target_user_id"],
        "additionalProperties": False,
    }
    assert "requestBody" not in described(document, WRITES[1])


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_every_status_is_described(document: Document, operation: Operation) -> None:
    in_path = [each for each in parameters(document, operation).values() if each["in"] == "path"]
    expected = {operation.status, 400, 401, 403, 429, 431, 503}
    expected |= ({404} if in_path else set()) | ({413} if operation.body else set())
    assert list(described(document, operation)["responses"]) == [str(status) for status in sorted(expected)]


LIMITS = {"x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"}


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_limits_are_described_where_they_are_told(document: Document, operation: Operation) -> None:
    responses = described(document, operation)["responses"]
    for status in (str(operation.status), "403", "429"):
        assert responses[status]["headers"].keys() >= LIMITS
    assert not responses["401"]["headers"].keys() & LIMITS


def conforms(document: Document, operation: Operation, answer: Any) -> None:
    """Whether an answer is what the document says of its status."""
    response = described(document, operation)["responses"][str(answer.status)]
    media_type = answer.headers["content-type"].partition(";")[0]
    schema = {**response["content"][media_type]["schema"], "components": document["components"]}
    Draft202012Validator(schema).validate(answer.json)
    for header, each in response["headers"].items():
        written = resolved(document, each)
        value: Any = answer.headers.get(header)
        if value is None:
            assert not written.get("required"), f"{header} is missing"
        else:
            typed = int(value) if written["schema"]["type"] == "integer" else value
            Draft202012Validator(written["schema"]).validate(typed)


CALLERS = ["alice", "unknown", "alice-standalone", "app-only", "alice-without-tweet.read", None]


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_answers_to_every_kind_of_caller_are_as_described(
    service: Service, document: Document, operation: Operation, caller: str | None
) -> None:
    conforms(document, operation, await operation(service, caller))


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_a_spent_window_is_as_described(service: Service, document: Document, operation: Operation) -> None:
    for _ in range(operation.limit):
        await operation(service)
    conforms(document, operation, await operation(service))


@pytest.mark.parametrize("operation", WRITES, ids=name)
async def test_an_app_that_may_only_read_is_as_described(
    service: Service, document: Document, operation: Operation
) -> None:
    answer = await service.signed(operation.method, operation.target, 2002, operation.body)
    assert answer.status == 403
    conforms(document, operation, answer)


async def test_what_a_mute_can_fail_with_is_as_described(service: Service, document: Document) -> None:
    mute = WRITES[0]
    for target in ("1001", "1004", "999999", "", "x" * 70_000):
        answer = await service.post_json(mute.target, {"target_user_id": target})
        assert answer.status in {400, 403, 404, 413}
        conforms(document, mute, answer)


EXPANDED = {
    ("users", "tweet"): "pinned_tweet_id,most_recent_tweet_id,affiliation.user_id",
    ("users", "post"): "pinned_post_id,most_recent_post_id,affiliation",
    ("posts", "tweet"): ",".join(TWEET.post_expansions),
    ("posts", "post"): ",".join(POST.post_expansions),
}


@pytest.mark.parametrize("operation", SELECTING, ids=name)
@pytest.mark.parametrize("noun", ["tweet", "post"])
async def test_every_field_and_error_of_a_200_is_as_described(
    service: Service, document: Document, operation: Operation, noun: str
) -> None:
    for muted in (1006, 1008, 1009, 1010):
        await service.post_json(OPERATIONS[0].target, {"target_user_id": str(muted)})
    everybody = {
        "getUsersByIds": "/2/users?ids=1001,1002,1003,1004,1005,1006,1008,1009,1010,7",
        "getUsersByUsernames": "/2/users/by?usernames=alice,full,shy,forgetful,fan,gone,left,nobody",
        "getUsersById": "/2/users/1006",
        "getUsersByUsername": "/2/users/by/username/shy",
        "getPostsByIds": "/2/tweets?ids=5001,5002,5003,5004,7",
    }
    target = everybody.get(operation.id, operation.target)
    accepted = FIELD_LISTS[operation.selects]
    lists = {each: ",".join(accepted[each]) for each in ("user.fields", f"{noun}.fields")}
    query = "&".join(f"{each}={values}" for each, values in lists.items())
    query = f"{query}&expansions={EXPANDED[operation.selects, noun]}"
    answer = await service.get(f"{target}{'&' if '?' in target else '?'}{query}", "alice-with-email")
    assert answer.status == 200
    conforms(document, operation, answer)


def test_only_people_mute() -> None:
    assert {operation.id for operation in USER_ONLY} >= {"getUsersMuting", "muteUser", "unmuteUser", "getUsersMe"}
