"""What real clients sent to v1.1, sent to a whole service: each request at its own time, with its own signature."""

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tacet.clock import ManualClock
from tacet.identity.vault import Vault
from tacet.records.credentials import Access, App, Token, TokenKind
from tacet.records.people import Person
from tests.service import Answer, Service, exchange, opened

# The made-up keys and people that clients.md, beside the recording, names.
CALLER, NAMED, OTHER = (
    Person(1001, "caller", "Caller"),
    Person(2001, "user0", "User 0"),
    Person(2002, "user1", "User 1"),
)
LIMIT_HEADER = "x-rate-limit-remaining"

Line = Mapping[str, Any]


@pytest.fixture
def lines(shared_wire: Path) -> list[Line]:
    """The requests to v1.1."""
    text = (shared_wire / "client-requests.jsonl").read_text()
    return [line for line in map(json.loads, text.splitlines()) if line["path"].startswith("/1.1/")]


@asynccontextmanager
async def served(clock: ManualClock) -> AsyncIterator[Service]:
    """A service that knows the recording's keys and people. The caller mutes the second of them."""
    async with opened(clock=clock) as service:
        seal, moment_ms = service.vault.seal, clock.now_ms()
        await service.store.directory.put_people([CALLER, NAMED, OTHER])
        app = App(1, "App", None, Access.READ_WRITE, "ck", seal("cs"), "client", moment_ms)
        await service.store.credentials.put_app(app)
        digest = Vault.digest("1001-acctok")
        await service.store.credentials.put_token(
            Token(digest, TokenKind.OAUTH1_USER, 1, CALLER.id, "", seal("acctoksecret"), moment_ms)
        )
        await service.tacet.actions.mutes.mute(CALLER.id, NAMED.id)
        yield service


def moment_ms(line: Line) -> int:
    """When it was signed."""
    places = (line["headers"].get("authorization", ""), line["query"], line["body"])
    [found] = re.findall(r'oauth_timestamp="?(\d+)', " ".join(places))
    return int(found) * 1000


async def send(line: Line, times: int = 1) -> list[Answer]:
    """The answers to a recorded request, sent so often, to a service of its own."""
    async with served(ManualClock(moment_ms(line))) as service:
        target = f"{line['path']}?{line['query']}" if line["query"] else line["path"]
        body = [line["body"].encode()]
        return [await exchange(service.tacet, line["method"], target, line["headers"], body) for _ in range(times)]


def is_first_page(line: Line) -> bool:
    return "cursor=77" not in line["query"] and "cursor=88" not in line["query"]


def check_ids(line: Line, answer: Any) -> None:
    as_text = re.search("stringify_ids=(true|True)", line["query"]) is not None
    muted = ([str(NAMED.id)] if as_text else [NAMED.id]) if is_first_page(line) else []
    assert (answer["ids"], answer["next_cursor"], answer["next_cursor_str"]) == (muted, 0, "0")


def check_list(line: Line, answer: Any) -> None:
    assert [user["id"] for user in answer["users"]] == ([NAMED.id] if is_first_page(line) else [])
    assert answer["next_cursor"] == 0


def check_user(_line: Line, answer: Any) -> None:
    assert (answer["id"], answer["id_str"], answer["muting"]) == (NAMED.id, str(NAMED.id), True)


def check_caller(_line: Line, answer: Any) -> None:
    assert (answer["id"], answer["screen_name"]) == (CALLER.id, CALLER.username)


def check_users(_line: Line, answer: Any) -> None:
    assert [user["screen_name"] for user in answer] == [NAMED.username, OTHER.username]


CHECKS: dict[str, Callable[[Line, Any], None]] = {
    "/1.1/mutes/users/ids.json": check_ids,
    "/1.1/mutes/users/list.json": check_list,
    "/1.1/mutes/users/create.json": check_user,
    "/1.1/mutes/users/destroy.json": check_user,
    "/1.1/account/verify_credentials.json": check_caller,
    "/1.1/users/show.json": check_user,
    "/1.1/users/lookup.json": check_users,
}


async def test_every_recorded_request_is_answered_as_its_client_expects(lines: list[Line]) -> None:
    assert len(lines) > 40
    assert {line["path"] for line in lines} == CHECKS.keys()
    for line in lines:
        [answer] = await send(line)
        assert answer.status == 200, (line["client"], line["path"], answer.body)
        CHECKS[line["path"]](line, answer.json)
        assert (LIMIT_HEADER in answer.headers) == (line["method"] == "GET")


async def test_no_answer_has_a_key_that_a_client_takes_for_an_error(lines: list[Line]) -> None:
    for line in lines:
        [answer] = await send(line)
        if isinstance(answer.json, dict):
            assert not answer.json.keys() & {"error", "errors"}


async def test_each_of_them_is_good_once(lines: list[Line]) -> None:
    for line in lines:
        first, again = await send(line, times=2)
        assert (first.status, again.status) == (200, 401)
        assert again.json["errors"][0]["code"] == 32
