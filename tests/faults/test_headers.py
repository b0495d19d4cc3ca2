"""Garbage in all other headers: those that are not read change nothing, those that are get their error."""

import pytest

from tests.faults.described import OPERATIONS, QUIET, WITH_BODY, WITHOUT_BODY, Described, name
from tests.faults.garbage import TEXTS
from tests.faults.world import World, changing, unchanging
from tests.service import Method, exchange

UNREAD = (
    "host",
    "accept",
    "accept-encoding",
    "accept-language",
    "connection",
    "cookie",
    "expect",
    "forwarded",
    "if-match",
    "if-none-match",
    "origin",
    "range",
    "referer",
    "transfer-encoding",
    "user-agent",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-http-method-override",
    "x-original-url",
    "x-whatever",
)
"""Headers that no operation looks at; the server below has taken its own out of them."""

AROUND_JSON = {
    "missing": None,
    "no-break-space": "application/json\xa0",
    "next-line": "\x85application/json",
    "no-separator": "application/json charset=utf-8",
    "comma": "application/json, text/plain",
    "star": "application/*",
    "text": "text/json",
    "suffix": "application/vnd.api+json",
    "line-break": "application/json\r\nX-Injected: yes",
    "nul": "application/json\x00",
    "form": "application/x-www-form-urlencoded",
}


@pytest.mark.parametrize("header", UNREAD)
async def test_garbage_in_a_header_that_is_not_read_changes_nothing(world: World, header: str) -> None:
    async with world.untouched():
        for operation in QUIET:
            for key, text in TEXTS.items():
                answer = await world.send(unchanging(operation).with_header(header, text))
                assert answer.status == 200, (operation.id, key)


@pytest.mark.parametrize("operation", QUIET, ids=name)
async def test_garbage_as_the_length_of_a_body_changes_nothing(world: World, operation: Described) -> None:
    async with world.untouched():
        for key, text in TEXTS.items():
            answer = await world.send(unchanging(operation).with_header("content-length", text))
            is_number = operation.body is not None and text.isdigit()
            is_too_long = is_number and (len(text.lstrip(b"0")) > 18 or int(text) > 65_536)
            assert answer.status == (413 if is_too_long else 200), key


@pytest.mark.parametrize("operation", WITH_BODY, ids=name)
async def test_garbage_as_the_type_of_a_body_is_refused(world: World, operation: Described) -> None:
    async with world.untouched():
        for key, text in TEXTS.items():
            answer = await world.send(changing(operation).with_header("content-type", text))
            assert answer.status == 400, key


@pytest.mark.parametrize("operation", WITH_BODY, ids=name)
@pytest.mark.parametrize("content_type", AROUND_JSON.values(), ids=AROUND_JSON.keys())
async def test_a_type_that_is_almost_json_is_refused(
    world: World, operation: Described, content_type: str | None
) -> None:
    request = changing(operation).without_header("content-type")
    async with world.untouched():
        if content_type is not None:
            request = request.with_header("content-type", content_type)
        assert (await world.send(request)).status == 400


@pytest.mark.parametrize("operation", WITHOUT_BODY, ids=name)
async def test_where_no_body_is_read_its_type_is_not_either(world: World, operation: Described) -> None:
    async with world.untouched():
        for key, text in TEXTS.items():
            answer = await world.send(unchanging(operation).with_header("content-type", text))
            assert answer.status == 200, key


METHODS: list[Method | str] = [
    "get",
    "Post",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "PUT",
    "PATCH",
    "MUTE",
    "",
    "GET\x00",
    "G" * 9_999,
]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method[:7] or "none")
async def test_methods_that_nobody_serves_are_refused(world: World, method: str) -> None:
    async with world.untouched():
        for operation in OPERATIONS:
            request = changing(operation)
            answer = await exchange(world.service.tacet, method, request.target, request.headers, [request.body])
            assert (answer.status, answer.json["title"]) == (405, "Method Not Allowed")
            assert operation.method in answer.headers["allow"].split(", ")
