"""Garbage where credentials belong: all of it is a 401, and none of it is in the log."""

import logging
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.faults.described import CLOSED, OPERATIONS, QUIET, Described, name
from tests.faults.garbage import TEXTS, VERY_LONG
from tests.faults.world import Request, World, changing, encoded, unchanging

CLOSED_AND_QUIET = [operation for operation in CLOSED if operation in QUIET]

SECRET = "kept-out-of-logs"
"""Stands in every token that is garbage, so that it can be looked for."""

ALMOST = {
    "no-break-space-after": "alice\xa0",
    "no-break-space-before": "\xa0alice",
    "next-line-after": "alice\x85",
    "file-separator-after": "alice\x1c",
    "line-break-after": "alice\r\n",
    "nul-after": "alice\x00",
    "comma-after": "alice,",
    "twice": "alice alice",
    "quoted": '"alice"',
    "encoded": "alic%65",
    "name-and-value": "token=alice",
}
"""Bearers that are not quite `alice`."""

SPACES = " " * 8_000
HEADERS = {
    "nothing": "",
    "scheme-alone": "Bearer",
    "no-scheme": "alice",
    "tab": "Bearer\talice",
    "other-scheme": "Basic YWxpY2U6YWxpY2U=",
    "two-schemes": "Basic Bearer alice",
    "long-scheme": "B" * VERY_LONG,
    "oauth1-alone": "OAuth",
    "oauth1-space": "OAuth ",
    "oauth1-commas": "OAuth " + "," * 8_000,
    "oauth1-open-quote": 'OAuth oauth_nonce="',
    "oauth1-backslashes": 'OAuth oauth_nonce="' + "\\a" * 4_000,
    "oauth1-quotes": "OAuth a=" + '"' * 8_000,
    "oauth1-spaces-then-a-quote": f'OAuth a={SPACES}"',
    "oauth1-spaces-then-a-word": f"OAuth a={SPACES}b c",
    "oauth1-spaces-then-equals": f"OAuth a{SPACES}= =",
    "oauth1-commas-and-spaces": f"OAuth a=b,{SPACES}c",
    "oauth1-many": "OAuth " + ",".join(["a=b"] * 2_000),
    "oauth1-many-quoted": "OAuth " + ",".join(['a=""'] * 1_500),
    "oauth1-no-equals": "OAuth " + "a " * 4_000,
    "oauth1-equals": "OAuth " + "=" * 8_000,
    "oauth1-broken-escapes": 'OAuth oauth_nonce="%zz%4"',
}


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The log with everything in it."""
    with caplog.at_level(logging.DEBUG):
        yield caplog


async def refused(world: World, request: Request, key: object) -> None:
    answer = await world.send(request)
    assert (answer.status, list(answer.json)) == (401, ["title", "type", "status", "detail"]), key
    assert "x-rate-limit-limit" not in answer.headers


@pytest.mark.parametrize("operation", CLOSED, ids=name)
async def test_garbage_instead_of_a_bearer_is_refused(
    world: World, log: pytest.LogCaptureFixture, operation: Described
) -> None:
    request = changing(operation)
    async with world.untouched():
        for key, text in TEXTS.items():
            await refused(world, request.with_header("authorization", b"Bearer " + text), key)
            await refused(world, request.with_header("authorization", b"Bearer " + SECRET.encode() + text), key)
            await refused(world, request.with_header("authorization", text + b" alice"), key)
            await refused(world, request.with_header("authorization", text), key)
    assert SECRET not in log.text


@pytest.mark.parametrize("almost", ALMOST.values(), ids=ALMOST.keys())
async def test_a_bearer_that_is_almost_good_is_refused(world: World, almost: str) -> None:
    async with world.untouched():
        for operation in CLOSED:
            await refused(world, changing(operation).with_header("authorization", f"Bearer {almost}"), operation.id)


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
async def test_a_header_that_is_no_good_is_refused_quickly(world: World, header: str) -> None:
    async with world.untouched():
        for operation in CLOSED:
            await refused(world, changing(operation).with_header("authorization", header), operation.id)


def signed(world: World, request: Request) -> tuple[Request, dict[str, str]]:
    """The request with a signature instead of the bearer, and the fields of that, encoded."""
    signature = world.service.signature(request.operation.method, request.target)
    header = signature["authorization"]
    return request.with_header("authorization", header), dict(re.findall(r'(oauth_\w+)="([^"]*)"', header))


def header_of(fields: dict[str, str]) -> str:
    return "OAuth " + ", ".join(f'{field}="{value}"' for field, value in fields.items())


@pytest.mark.parametrize("operation", CLOSED, ids=name)
async def test_garbage_in_any_field_of_a_signature_is_refused(
    world: World, log: pytest.LogCaptureFixture, operation: Described
) -> None:
    request, fields = signed(world, changing(operation))
    assert len(fields) == 7
    async with world.untouched():
        for field in fields:
            for key, text in TEXTS.items():
                for value in (encoded(text), encoded(SECRET.encode() + text), text.decode("latin-1")):
                    header = header_of({**fields, field: value})
                    await refused(world, request.with_header("authorization", header), (field, key))
            without = {name: value for name, value in fields.items() if name != field}
            await refused(world, request.with_header("authorization", header_of(without)), field)
    assert SECRET not in log.text


@pytest.mark.parametrize("operation", CLOSED_AND_QUIET, ids=name)
async def test_a_signature_still_works_after_garbage_that_used_its_nonce(world: World, operation: Described) -> None:
    request, fields = signed(world, unchanging(operation))
    for field in fields.keys() - {"oauth_nonce"}:
        await refused(world, request.with_header("authorization", header_of({**fields, field: "x"})), field)
    assert (await world.send(request)).status == 200
    await refused(world, request, "again")


@pytest.mark.parametrize("operation", CLOSED, ids=name)
async def test_a_signature_in_the_query_with_garbage_is_refused(world: World, operation: Described) -> None:
    request, fields = signed(world, changing(operation))
    request = request.without_header("authorization")
    async with world.untouched():
        for field in fields:
            for key, text in TEXTS.items():
                given = "&".join(f"{name}={value}" for name, value in {**fields, field: encoded(text)}.items())
                query = f"{request.query}&{given}" if request.query else given
                await refused(world, replace(request, query=query), (field, key))


@pytest.mark.parametrize("operation", CLOSED_AND_QUIET, ids=name)
async def test_garbage_as_the_host_of_a_signed_request_changes_nothing(world: World, operation: Described) -> None:
    async with world.untouched():
        for key, text in TEXTS.items():
            request, _ = signed(world, unchanging(operation))
            answer = await world.send(request.with_header("host", text))
            # Clients sign over X's own host, whichever one they reach.
            assert answer.status == (200 if text.isascii() and len(text) < 256 else 401), key


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.is_public], ids=name)
async def test_where_nobody_is_asked_who_they_are_garbage_is_ignored(world: World, operation: Described) -> None:
    async with world.untouched():
        for text in TEXTS.values():
            answer = await world.send(unchanging(operation).with_header("authorization", b"Bearer " + text))
            assert answer.status == 200


def test_the_secret_would_be_seen_in_the_log(log: pytest.LogCaptureFixture) -> None:
    logging.getLogger("tacet.wire").debug("Bearer %s", SECRET)
    assert SECRET in log.text
