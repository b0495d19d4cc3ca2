"""The tables of docs/migrating.md are those of the code, and its errors are asked for; its programs run beside this."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import pytest
from oauthlib.oauth1 import Client

from tacet.identity.caller import Caller, Method
from tacet.ids import SeededRandomness
from tacet.limits.defaults import DEFAULT_LIMITS
from tacet.limits.windows import InProcessWindows
from tacet.observing.complaints import Complaints
from tacet.observing.requests import Requests
from tacet.records.credentials import Access
from tacet.wire.endpoint import Services
from tacet.wire.headers import HeaderWriter
from tacet.wire.operations import Operation
from tacet.wire.problems import Refusal
from tacet.wire.v1.calls import V1Call, V1Operation
from tacet.wire.v1.nowhere import FAMILIES, guessed
from tacet.wire.v1.routes import operations as older_operations
from tacet.wire.v2.families import operations as newer_operations
from tacet.wire.vocabulary import ACCEPTED_EXPANSIONS, ACCEPTED_POST_FIELDS, ACCEPTED_USER_FIELDS
from tests.cast import (
    ALICE,
    APP_ID,
    BOB,
    CONSUMER_SECRET,
    DEACTIVATED,
    FULL,
    READ_ONLY_APP_ID,
    STANDALONE_APP_ID,
    SUSPENDED,
    TOKEN_SECRET,
    UNKNOWN_ID,
)
from tests.documents import ROOT, section
from tests.identity.oauth1.signing import FORM_TYPE
from tests.service import Answer, Service, settings
from tests.test_readme import rows, slug
from tests.wire.v1.asking import CREATE, DESTROY, IDS, ask, code, get, post

TEXT = (ROOT / "docs" / "migrating.md").read_text(encoding="utf-8")

NONE = "none"
"""Stands in the v2 column where there is nothing."""

DAY_S = 86_400


def words(cell: str) -> list[str]:
    """What stands in a cell as code."""
    return re.findall(r"`([^`]+)`", cell)


@pytest.fixture
def older(service: Service) -> list[V1Operation]:
    """Everything that v1.1 serves."""
    tacet = service.tacet
    headers = HeaderWriter(service.clock, SeededRandomness(1))
    windows = InProcessWindows(DEFAULT_LIMITS, service.clock)
    requests, complaints = Requests(service.clock), Complaints(lambda: 0.0)
    services = Services(
        tacet.authenticator, windows, headers, service.clock, tacet.usage, requests, complaints, max_body_bytes=1
    )
    return older_operations(services, tacet.actions)


@pytest.fixture
def newer(service: Service) -> list[Operation]:
    """Everything that v2 serves."""
    return newer_operations(service.tacet.actions, settings())


OPERATIONS = rows(section(TEXT, "Operations"))


class TestOperations:
    async def test_have_everything_that_v1_serves(self, older: list[V1Operation]) -> None:
        told = [words(row[0])[0] for row in OPERATIONS]
        assert set(told) == {f"{operation.method} {operation.id}" for operation in older}

    async def test_lead_to_what_v2_serves(self, newer: list[Operation]) -> None:
        served = {(f"{operation.method} {operation.path}", operation.id) for operation in newer}
        told = {(words(row[2])[0], words(row[3])[0]) for row in OPERATIONS if row[2] != NONE}
        assert told <= served
        assert all(row[3:5] == ["", ""] for row in OPERATIONS if row[2] == NONE)

    def test_have_the_limits_of_both(self) -> None:
        for older_route, older_limit, _, newer_id, newer_limit, _ in OPERATIONS:
            assert DEFAULT_LIMITS[words(older_route)[0].partition(" ")[2]].count == int(older_limit)
            if newer_limit:
                assert DEFAULT_LIMITS[words(newer_id)[0]].count == int(newer_limit)


ELSEWHERE = rows(section(TEXT, "Not of v1.1"))


class TestNotOfV1:
    @pytest.mark.parametrize("family", [family for row in ELSEWHERE for family in words(row[0])])
    async def test_are_answered_as_what_is_nowhere_and_the_log_knows_them(self, family: str, service: Service) -> None:
        target = f"/1.1/{family}{'anything' if family.endswith('/') else ''}.json"
        assert code(await service.get(target)) == (404, 34)
        assert family in FAMILIES
        assert guessed(target, ())[1].endswith("see docs/migrating.md")

    async def test_lead_to_what_v2_serves(self, newer: list[Operation]) -> None:
        served = {f"{operation.method} {operation.path}" for operation in newer}
        assert {name for row in ELSEWHERE for name in words(row[1])} <= served
        assert all(words(row[1]) or row[1] == NONE for row in ELSEWHERE)


class Given(dict[str, str]):
    """Parameters that remember which of them were asked for."""

    def __init__(self, **given: str) -> None:
        super().__init__(given)
        self.read: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)


async def read_by(operation: V1Operation) -> set[str]:
    """Names of the parameters that an operation looks at."""
    given = Given(user_id=str(BOB.id), source_id=str(ALICE.id), target_id=str(BOB.id))
    caller = Caller(Method.OAUTH1_USER, APP_ID, ALICE.id, frozenset(), Access.READ_WRITE, in_project=True)
    try:
        await operation.handle(V1Call(caller, ALICE.id, given))
    except Refusal:
        assert operation.writes, "somebody who is not muted cannot be unmuted; nothing else here is refused"
    return given.read


PARAMETERS = rows(section(TEXT, "Parameters"))


class TestParameters:
    async def test_are_those_that_v1_reads(self, older: list[V1Operation]) -> None:
        told = {(name, id_) for row in PARAMETERS for name in words(row[0]) for id_ in words(row[1])}
        read = {(name, operation.id) for operation in older for name in await read_by(operation)}
        assert told == read

    async def test_have_names_that_v2_knows(self, newer: list[Operation]) -> None:
        known = {name for operation in newer for name in (*operation.parameters.path, *operation.parameters.query)}
        known |= {name for operation in newer for name in (operation.body or {}).get("properties", ())}
        known |= {"source_user_id", "target_user_id", "text", "users.email"}
        known |= {f"user.fields={name}" for name in ACCEPTED_USER_FIELDS}
        known |= {f"tweet.fields={name}" for name in ACCEPTED_POST_FIELDS}
        known |= {f"expansions={name}" for name in ACCEPTED_EXPANSIONS}
        assert {word for row in PARAMETERS for word in words(row[2])} <= known


USER = rows(section(TEXT, "The user object"))


class TestUserObject:
    async def test_has_every_key_that_v1_writes(self, service: Service) -> None:
        full = await get(service, "users/show", user_id=str(FULL.id))
        own = await get(service, "account/verify_credentials", include_email="true")
        assert {name for row in USER for name in words(row[0])} == {*full.json, *own.json}

    def test_has_fields_that_v2_knows(self) -> None:
        fields = [name.partition(".")[0] for row in USER for name in words(row[1])]
        assert set(fields) <= set(ACCEPTED_USER_FIELDS)
        assert all(words(row[1]) or row[1] == NONE for row in USER)

    async def test_says_where_the_value_is_another(self, service: Service) -> None:
        full = (await get(service, "users/show", user_id=str(FULL.id))).json
        fields = ",".join({name.partition(".")[0] for row in USER for name in words(row[1])})
        newer = (await service.get(f"/2/users/{FULL.id}?user.fields={fields}")).json["data"]
        same = {words(row[0])[0]: words(row[1])[0] for row in USER if row[1] != NONE and not row[2]}
        assert {name: full[name] for name in same} == {name: at(newer, path) for name, path in same.items()}
        assert len(same) > 10


def at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value[name]
    return value


LIST = f"/2/users/{ALICE.id}/muting"

Asking = Callable[[Service], Awaitable[Answer]]


def v1(id_: str, **query: str) -> Asking:
    return lambda service: get(service, id_, **query)


def v1_write(id_: str, **query: str) -> Asking:
    return lambda service: post(service, id_, **query)


def v2(target: str, token: str | None = "alice") -> Asking:
    return lambda service: service.get(target, token)


def v2_mute(target_id: int) -> Asking:
    return lambda service: service.mute(ALICE, target_id)


def signed(**changed: Any) -> Asking:
    """The list of v2, with some of the keys that sign it changed."""

    def asking(service: Service) -> Awaitable[Answer]:
        keys = {
            "client_key": f"consumer-{APP_ID}",
            "client_secret": CONSUMER_SECRET,
            "resource_owner_key": f"{ALICE.id}-{APP_ID}",
            "resource_owner_secret": TOKEN_SECRET,
            "timestamp": str(service.clock.now_ms() // 1000),
        }
        _, headers, _ = Client(**(keys | changed)).sign(f"https://api.x.com{LIST}")
        return service.call("GET", LIST, token=None, headers=headers)

    return asking


def v1_signed(**changed: Any) -> Asking:
    return lambda service: ask(service, "GET", IDS, **changed)


def sixteen_times(asking: Asking) -> Asking:
    async def often(service: Service) -> Answer:
        for _ in range(15):
            assert (await asking(service)).status == 200
        return await asking(service)

    return often


def yesterday(asking: Callable[..., Asking]) -> Asking:
    return lambda service: asking(timestamp=str(service.clock.now_ms() // 1000 - DAY_S))(service)


SOMEBODY, NOBODY, AWAY, GONE = str(BOB.id), str(UNKNOWN_ID), str(SUSPENDED.id), str(DEACTIVATED.id)
MANY = ",".join(str(id_) for id_ in range(1, 102))

ASKED: Mapping[str, tuple[Asking, Asking]] = {
    "muting oneself": (v1_write(CREATE, user_id=str(ALICE.id)), v2_mute(ALICE.id)),
    "unmuting whom one does not mute": (
        v1_write(DESTROY, user_id=SOMEBODY),
        lambda service: service.unmute(ALICE, BOB.id),
    ),
    "muting an id that nobody has": (v1_write(CREATE, user_id=NOBODY), v2_mute(UNKNOWN_ID)),
    "muting somebody who is suspended": (v1_write(CREATE, user_id=AWAY), v2_mute(SUSPENDED.id)),
    "muting somebody who has left": (v1_write(CREATE, user_id=GONE), v2_mute(DEACTIVATED.id)),
    "unmuting somebody who is suspended": (
        v1_write(DESTROY, user_id=AWAY),
        lambda service: service.unmute(ALICE, SUSPENDED.id),
    ),
    "unmuting somebody who has left": (
        v1_write(DESTROY, user_id=GONE),
        lambda service: service.unmute(ALICE, DEACTIVATED.id),
    ),
    "naming nobody to mute": (v1_write(CREATE), lambda service: service.post_json(LIST, {})),
    "a mute whose body is of the other API": (
        lambda service: service.signed("POST", f"/1.1/{CREATE}.json", body=b'{"user_id":"1002"}'),
        lambda service: service.call("POST", LIST, headers={"content-type": FORM_TYPE}, body=b"target_user_id=1002"),
    ),
    "showing an id that nobody has": (v1("users/show", user_id=NOBODY), v2(f"/2/users/{NOBODY}")),
    "showing somebody who is suspended": (v1("users/show", user_id=AWAY), v2(f"/2/users/{AWAY}")),
    "looking up only ids that nobody has": (v1("users/lookup", user_id=NOBODY), v2(f"/2/users?ids={NOBODY}")),
    "looking nobody up": (v1("users/lookup"), v2("/2/users")),
    "looking up more than 100": (v1("users/lookup", user_id=MANY), v2(f"/2/users?ids={MANY}")),
    "a cursor that is none": (v1(IDS, cursor="first"), v2(f"{LIST}?pagination_token=first")),
    "a path that is not there": (v1("mutes/users/nothing"), v2("/2/nothing")),
    "no keys at all": (v2(f"/1.1/{IDS}.json", None), v2(LIST, None)),
    "a wrong signature": (v1_signed(client_secret="wrong"), signed(client_secret="wrong")),
    "a token that nobody gave out": (v1_signed(resource_owner_key="1-no"), signed(resource_owner_key="1-no")),
    "a timestamp of yesterday": (yesterday(v1_signed), yesterday(signed)),
    "an App on its own": (v2(f"/1.1/{IDS}.json", "app-only"), v2(LIST, "app-only")),
    "an App that may only read": (
        lambda service: ask(service, "POST", CREATE, {"user_id": SOMEBODY}, app_id=READ_ONLY_APP_ID),
        lambda service: service.signed("POST", LIST, READ_ONLY_APP_ID, b'{"target_user_id":"1002"}'),
    ),
    "an App outside every Project": (
        lambda service: ask(service, "GET", IDS, app_id=STANDALONE_APP_ID),
        lambda service: service.signed("GET", LIST, STANDALONE_APP_ID),
    ),
    "too many requests": (sixteen_times(v1(IDS)), sixteen_times(v2(LIST))),
}


ERRORS = {row[0]: row for row in rows(section(TEXT, "Errors"))}


class TestErrors:
    def test_are_all_asked_for(self) -> None:
        assert list(ERRORS) == list(ASKED)

    @pytest.mark.parametrize("what", ASKED)
    async def test_are_what_both_answer(self, what: str, service: Service) -> None:
        older, newer = [await asking(service) for asking in ASKED[what]]
        codes = [str(error["code"]) for error in older.json.get("errors", ())]
        told = [str(older.status), *(codes or [""]), str(newer.status), title(newer.json)]
        assert told == ERRORS[what][1:]


def title(body: Any) -> str:
    """Of a problem, or of what is missing in an answer that is none; empty where nothing is."""
    entries = [body] if "title" in body else body.get("errors", [])
    return "".join({entry["title"] for entry in entries})


class TestCursors:
    async def test_are_the_positions_of_tokens(self, service: Service) -> None:
        for person in await service.crowd(45):
            await service.mute(ALICE, person.id)
        cursor, token, seen = "-1", "", 0
        while cursor != "0":
            older = (await get(service, "mutes/users/list", cursor=cursor)).json
            newer = (await service.page(ALICE, f"max_results=20{token and '&pagination_token='}{token}")).json
            assert [user["id_str"] for user in older["users"]] == [user["id"] for user in newer["data"]]
            assert older["next_cursor"] == int(newer["meta"].get("next_token", 0))
            assert older["previous_cursor"] == -max(0, int(newer["meta"].get("previous_token", 1)) - 1)
            cursor = token = older["next_cursor_str"]
            seen += len(older["users"])
        assert seen == 45


def links(text: str) -> Iterator[tuple[str, str]]:
    yield from re.findall(r"\]\(([^)#\s]*)(?:#([\w-]+))?\)", text)


@pytest.mark.parametrize(
    ("name", "target"), [("README.md", "docs/migrating.md"), ("docs/quickstart.md", "migrating.md")]
)
def test_is_found_from(name: str, target: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    titles = {slug(title) for title in re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)}
    found = [anchor for linked, anchor in links(text) if linked == target]
    assert found
    assert set(found) <= {"", *titles}
