"""Every answer, judged by both of X's OpenAPI documents, each in its own vocabulary."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tacet.wire.vocabulary import POST
from tests.cast import (
    ALICE,
    BOB,
    DEACTIVATED,
    FAN,
    FORGETFUL,
    FULL,
    ORGANISATION,
    PEOPLE,
    PROTECTED,
    SUSPENDED,
    UNKNOWN_ID,
)
from tests.contract.documents import DESCRIBED, Document
from tests.service import Answer, Service
from tests.wire.calls import BY_ID, OPERATIONS, USER_ONLY, WRITES, Operation, name

JUDGED = [operation for operation in OPERATIONS if operation.id in DESCRIBED]
SHOWING_USERS = [operation for operation in JUDGED if operation.selects == "users"]
SHOWING = [operation for operation in JUDGED if operation.selects]

EVERYBODY = {
    "getUsersMuting": "/2/users/1001/muting",
    "getUsersFollowing": "/2/users/1001/following",
    "getUsersFollowers": "/2/users/1001/followers",
    "getUsersBlocking": f"/2/users/{BOB.id}/blocking",
    "getUsersMe": "/2/users/me",
    "getUsersById": f"/2/users/{FULL.id}",
    "getUsersByIds": f"/2/users?ids={','.join(str(person.id) for person in PEOPLE)},{UNKNOWN_ID}",
    "getUsersByUsername": f"/2/users/by/username/{FULL.username}",
    "getUsersByUsernames": f"/2/users/by?usernames={','.join(person.username for person in PEOPLE)},nobody",
}
"""Queries that show everybody there is to show."""

MUTED = [FULL, FAN, FORGETFUL, PROTECTED, ORGANISATION]
SELECTORS = ("user.fields", "tweet.fields", "post.fields", "expansions")


@pytest.fixture
async def world(unlimited: Service) -> Service:
    actions = unlimited.tacet.actions
    for person in MUTED:
        await unlimited.mute(ALICE, person.id)
        await actions.follows.follow(ALICE.id, person.id)
        await actions.follows.follow(person.id, ALICE.id)
        await actions.blocks.block(BOB.id, person.id)
    return unlimited


def selectors(document: Document, operation_id: str) -> dict[str, list[str]]:
    """What can be asked for, by parameter."""
    parameters = document.parameters(operation_id)
    return {each: parameters[each]["schema"]["items"]["enum"] for each in SELECTORS if each in parameters}


async def ask(service: Service, operation: Operation, query: str, token: str = "alice-with-email") -> Answer:
    target = EVERYBODY.get(operation.id, operation.target)
    # Whoever blocks somebody does not see what they posted, so that it is Bob who does.
    token = BOB.username if operation.id == "getUsersBlocking" else token
    return await service.get(f"{target}{'&' if '?' in target else '?'}{query}", token)


def everything(document: Document, operation_id: str) -> str:
    return "&".join(f"{each}={','.join(values)}" for each, values in selectors(document, operation_id).items())


@pytest.mark.parametrize("operation", JUDGED, ids=name)
async def test_the_plain_answer_is_the_documents(world: Service, document: Document, operation: Operation) -> None:
    # Posts are answered in the older words unless a request has a newer one.
    newer = operation.selects == "posts" and document.kind.vocabulary is POST
    answer = await (ask(world, operation, "post.fields=id") if newer else operation(world))
    assert answer.status == 200
    assert document.complaints(operation.id, answer.json) == []


@pytest.mark.parametrize("operation", SHOWING, ids=name)
async def test_everything_at_once_is_the_documents(world: Service, document: Document, operation: Operation) -> None:
    answer = await ask(world, operation, everything(document, operation.id))
    assert answer.status == 200
    assert document.complaints(operation.id, answer.json) == []


@pytest.mark.parametrize("operation", SHOWING_USERS, ids=name)
async def test_each_choice_alone_is_the_documents(world: Service, document: Document, operation: Operation) -> None:
    listed = selectors(document, operation.id)
    assert set(listed) == {"user.fields", document.kind.vocabulary.fields_parameter, "expansions"}
    for parameter, values in listed.items():
        for value in values:
            # A field of posts shows nothing unless a post is expanded.
            expanded = f"expansions=pinned_{document.kind.vocabulary.noun}_id&"
            query = f"{'' if parameter == 'expansions' else expanded}{parameter}={value}"
            answer = await ask(world, operation, query)
            assert answer.status == 200, answer.body
            assert document.complaints(operation.id, answer.json) == [], query


@pytest.mark.parametrize("operation", [each for each in SHOWING_USERS if each.id != "getUsersMe"], ids=name)
async def test_every_field_with_a_value_is_there_under_its_name(
    world: Service, document: Document, operation: Operation
) -> None:
    answer = await ask(world, operation, everything(document, operation.id))
    data = answer.json["data"]
    [full] = [user for user in (data if isinstance(data, list) else [data]) if user["id"] == str(FULL.id)]
    fields = set(selectors(document, operation.id)["user.fields"]) - {"confirmed_email"}
    expanded = {"affiliation", *(f"{which}_{document.kind.vocabulary.noun}_id" for which in ("pinned", "most_recent"))}
    assert full.keys() == fields | expanded


POST_FIELDS = {
    "tweet": "id text author_id conversation_id created_at display_text_range edit_controls edit_history_tweet_ids "
    "entities in_reply_to_user_id lang possibly_sensitive public_metrics referenced_tweets reply_settings source "
    "withheld",
    "post": "id text conversation_id created_at display_text_range edit_controls entities lang possibly_sensitive "
    "public_metrics reply_settings source withheld",
}
PRIVATE = {"non_public_metrics", "organic_metrics"}


async def test_every_field_of_a_post_with_a_value_is_there_under_its_name(world: Service, document: Document) -> None:
    noun = document.kind.vocabulary.noun
    query = everything(document, "getUsersById")
    for token, private in (("alice", set()), (FULL.username, PRIVATE)):
        answer = await ask(world, BY_ID["getUsersById"], query, token)
        [pinned] = [post for post in answer.json["includes"][f"{noun}s"] if post["id"] == "5001"]
        assert pinned.keys() == {*POST_FIELDS[noun].split(), *private}
        assert document.complaints("getUsersById", answer.json) == []


def test_what_is_served_and_described_is_judged(document: Document) -> None:
    assert {operation.id for operation in OPERATIONS} & document.operations.keys() == {each.id for each in JUDGED}


def renamed(value: Any) -> Iterator[Any]:
    """Copies of an answer in each of which one member has another name."""
    if isinstance(value, dict):
        for member in value:
            yield {(f"{each}_" if each == member else each): inner for each, inner in value.items()}
            for changed in renamed(value[member]):
                yield {**value, member: changed}
    elif isinstance(value, list):
        for at, item in enumerate(value):
            for changed in renamed(item):
                yield [*value[:at], changed, *value[at + 1 :]]


def test_a_member_that_is_renamed_is_noticed(document: Document) -> None:
    noun = document.kind.vocabulary.noun
    good: dict[str, Any] = {
        "data": [
            {
                "id": "1",
                "name": "A",
                "username": "a",
                "entities": {"url": {"urls": [{"start": 0, "end": 1, "url": "https://a.example"}]}},
                "withheld": {"country_codes": ["DE"], "scope": "user"},
                f"pinned_{noun}_id": "2",
            }
        ],
        "includes": {f"{noun}s": [{"id": "2", "text": "b", "edit_controls": {"edits_remaining": 1}}]},
        "errors": [
            {
                "title": "Not Found Error",
                "detail": "gone",
                "type": "https://api.x.com/2/problems/resource-not-found",
                "resource_type": noun,
                "resource_id": "1",
                "parameter": "id",
                "value": "1",
            }
        ],
        "meta": {"result_count": 1, "next_token": "1"},
    }
    good["includes"][f"{noun}s"][0]["edit_controls"] |= {
        "is_edit_eligible": True,
        "editable_until": "2022-04-26T20:06:40.000Z",
    }
    assert document.complaints("getUsersMuting", good) == []
    changed = list(renamed(good))
    assert len(changed) == 33
    assert [each for each in changed if not document.complaints("getUsersMuting", each)] == []


def test_what_is_listed_as_beyond_a_document_is_beyond_it(document: Document) -> None:
    for path, members in document.kind.beyond.items():
        assert not document.members(path) & set(members)


REQUIRED = [("data", 0, "public_metrics", "followers_count"), ("errors", 0, "title"), ("errors", 0, "resource_type")]


@pytest.mark.parametrize("path", REQUIRED, ids=lambda path: ".".join(str(step) for step in path))
async def test_a_required_member_that_is_dropped_is_noticed(
    world: Service, document: Document, path: tuple[Any, ...]
) -> None:
    answer = await world.get(f"/2/users?ids={FULL.id},{UNKNOWN_ID}&user.fields=public_metrics")
    dropped = copy.deepcopy(answer.json)
    assert document.complaints("getUsersByIds", dropped) == []
    *steps, last = path
    inner = dropped
    for step in steps:
        inner = inner[step]
    del inner[last]
    assert document.complaints("getUsersByIds", dropped)


@pytest.mark.parametrize("operation", JUDGED, ids=name)
async def test_the_parameters_are_the_documents(document: Document, operation: Operation, own: dict[str, Any]) -> None:
    listed = {each["name"] for each in own[operation.id]["parameters"] if "name" in each}
    references = [each["$ref"].rpartition("/")[2] for each in own[operation.id]["parameters"] if "$ref" in each]
    # Expansions of users and of posts are two components.
    listed |= {"expansions" if each.endswith(".expansions") else each for each in references}
    assert document.parameters(operation.id).keys() <= listed


@pytest.fixture
async def own(unlimited: Service) -> dict[str, Any]:
    """The operations of our own document, by id."""
    answer = await unlimited.get("/2/openapi.json")
    paths = answer.json["paths"].values()
    return {each["operationId"]: each for methods in paths for each in methods.values()}


@pytest.mark.parametrize("operation", JUDGED, ids=name)
async def test_the_paths_scopes_and_ways_in_are_the_documents(
    document: Document, operation: Operation, own: dict[str, Any]
) -> None:
    theirs = {
        way: sorted(scopes) for each in document.operations[operation.id]["security"] for way, scopes in each.items()
    }
    ours = {way: sorted(scopes) for each in own[operation.id]["security"] for way, scopes in each.items()}
    assert ours == theirs


async def test_pages_have_the_documents_bounds(world: Service, document: Document) -> None:
    schema = document.parameters("getUsersMuting")["max_results"]["schema"]
    low, high = schema["minimum"], schema["maximum"]
    statuses = [(await world.page(ALICE, f"max_results={n}")).status for n in (low - 1, low, high, high + 1)]
    assert statuses == [400, 200, 200, 400]
    crowd = await world.crowd(schema["default"] + 1)
    for person in crowd:
        await world.mute(ALICE, person.id)
    assert len((await world.page(ALICE)).ids) == schema["default"]


PAGED = [operation for operation in SHOWING_USERS if operation.limit == 15]
"""Lists of people: X lets each be read fifteen times."""


@pytest.mark.parametrize("operation", PAGED, ids=name)
async def test_tokens_of_every_list_fit_the_document(world: Service, document: Document, operation: Operation) -> None:
    schema = document.parameters(operation.id)["pagination_token"]["schema"]
    meta = (await ask(world, operation, "max_results=2")).json["meta"]
    second = await ask(world, operation, f"max_results=2&pagination_token={meta['next_token']}")
    assert document.complaints(operation.id, second.json) == []
    for token in (meta["next_token"], second.json["meta"]["previous_token"]):
        assert schema.get("minLength", 0) <= len(token) <= schema.get("maxLength", 10**6)


async def test_page_tokens_fit_the_document(world: Service, document: Document) -> None:
    schema = document.parameters("getUsersMuting")["pagination_token"]["schema"]
    first = await world.page(ALICE, "max_results=2")
    follow = first.json["meta"]["next_token"]
    second = await world.page(ALICE, f"max_results=2&pagination_token={follow}")
    for token in (follow, second.json["meta"]["next_token"], second.json["meta"]["previous_token"]):
        assert schema.get("minLength", 0) <= len(token) <= schema.get("maxLength", 10**6)
    assert document.complaints("getUsersMuting", second.json) == []


LISTS = {"getUsersByIds": ("ids", "7"), "getUsersByUsernames": ("usernames", "nobody")}


@pytest.mark.parametrize(("operation_id", "parameter"), LISTS.items(), ids=LISTS.keys())
async def test_lists_have_the_documents_bounds(
    unlimited: Service, document: Document, operation_id: str, parameter: tuple[str, str]
) -> None:
    each, value = parameter
    schema = document.parameters(operation_id)[each]["schema"]
    path = EVERYBODY[operation_id].partition("?")[0]
    sizes = [schema["minItems"], schema["maxItems"], schema["maxItems"] + 1]
    statuses = [(await unlimited.get(f"{path}?{each}={','.join([value] * size)}")).status for size in sizes]
    assert statuses == [200, 200, 400]
    assert (await unlimited.get(f"{path}?{each}=")).status == 400


async def test_the_body_of_a_mute_is_the_documents(unlimited: Service, document: Document) -> None:
    content = document.operations["muteUser"]["requestBody"]["content"]
    assert list(content) == ["application/json"]
    schema = document.raw["components"]["schemas"]["MuteUserRequest"]
    assert schema["required"] == ["target_user_id"]
    answer = await unlimited.post_json("/2/users/1001/muting", {"target_user_id": str(FULL.id)})
    assert document.complaints("muteUser", answer.json) == []


async def judged(document: Document, answer: Answer, status: int) -> None:
    """Whether an error is a problem of the document's, if it knows the type."""
    assert answer.status == status
    assert answer.headers["content-type"].partition(";")[0] in {"application/json", "application/problem+json"}
    if answer.json["type"] in document.kind.problem_types:
        assert document.problem_complaints(answer.json) == []


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_errors_of_every_route_are_problems(service: Service, document: Document, operation: Operation) -> None:
    join = "&" if "?" in operation.target else "?"
    bad = await service.call(operation.method, f"{operation.target}{join}x=1", headers=operation.headers)
    await judged(document, bad, 400)
    await judged(document, await operation(service, None), 401)
    await judged(document, await operation(service, "alice-without-tweet.read"), 403)
    await judged(document, await operation(service, "alice-standalone"), 403)
    if operation in USER_ONLY:
        await judged(document, await operation(service, "app-only"), 403)
    if operation in WRITES or operation.id.startswith("getDirectMessages"):
        await judged(document, await service.signed(operation.method, operation.target, 2002, operation.body), 403)
    for _ in range(operation.limit):
        await operation(service)
    await judged(document, await operation(service), 429)


async def test_refused_mutes_are_problems(service: Service, document: Document) -> None:
    for target, status in ((ALICE.id, 400), (UNKNOWN_ID, 404), (SUSPENDED.id, 403), (DEACTIVATED.id, 403)):
        await judged(document, await service.mute(ALICE, target), status)
    await judged(document, await service.post_json("/2/users/1001/muting", {}), 400)


def test_every_type_of_problem_that_is_known_is_judged(document: Document) -> None:
    for type_ in document.kind.problem_types:
        assert document.problem_complaints({"type": type_, "surprise": 1})
