"""Garbage in bodies."""

import json
from dataclasses import replace

import pytest

from tacet.directory.texts import cleaned
from tacet.wire.v2.messages import MAX_TEXT_CHARACTERS
from tests.cast import BOB
from tests.faults.described import WITH_BODY, WITHOUT_BODY, Described, name
from tests.faults.garbage import TEXTS, bodies
from tests.faults.world import AIMS, World, changing, read, unchanging

LIMIT_BYTES = 65_536

IDS = [operation for operation in WITH_BODY if AIMS[operation.id].name != "text"]
"""Those whose body names somebody, or a post."""


def refused_bodies(operation: Described) -> dict[str, bytes]:
    aim = AIMS[operation.id]
    return bodies(aim.name, aim.changing)


@pytest.mark.parametrize("operation", WITH_BODY, ids=name)
async def test_bodies_that_are_not_what_is_asked_for_are_refused(world: World, operation: Described) -> None:
    async with world.untouched():
        for key, body in refused_bodies(operation).items():
            answer = await world.send(replace(changing(operation), body=body))
            assert answer.status == (413 if len(body) > LIMIT_BYTES else 400), key


@pytest.mark.parametrize("operation", IDS, ids=name)
async def test_garbage_as_an_id_in_a_body_is_refused(world: World, operation: Described) -> None:
    member = AIMS[operation.id].name
    async with world.untouched():
        for key, text in TEXTS.items():
            value = read(text)
            answer = await world.send(replace(changing(operation), body=json.dumps({member: value}).encode()))
            is_id = value.isascii() and value.isdigit() and len(value) <= 19
            assert answer.status == (404 if is_id else 400), key


@pytest.mark.parametrize("operation", WITH_BODY, ids=name)
async def test_garbage_instead_of_a_member_of_a_body_is_refused(world: World, operation: Described) -> None:
    async with world.untouched():
        for key, text in TEXTS.items():
            raw = b'{"%b":%b}' % (AIMS[operation.id].name.encode(), text)
            assert (await world.send(replace(changing(operation), body=raw))).status == 400, key


MESSAGE = next(operation for operation in WITH_BODY if operation.id == "createDirectMessagesByParticipantId")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
async def test_garbage_is_a_text_like_any_other(world: World, text: bytes) -> None:
    value = read(text)
    answer = await world.send(replace(changing(MESSAGE), body=json.dumps({"text": value}).encode()))
    kept = cleaned(value)
    assert answer.status == (201 if kept and len(value) <= MAX_TEXT_CHARACTERS else 400)
    if answer.status == 201:
        newest = await world.service.get("/2/dm_events?max_results=1")
        assert newest.json["data"][0]["text"] == kept


@pytest.mark.parametrize("operation", WITH_BODY, ids=name)
async def test_garbage_as_the_name_of_a_member_is_refused(world: World, operation: Described) -> None:
    good = changing(operation).body
    async with world.untouched():
        for key, text in TEXTS.items():
            more = json.dumps(read(text)).encode()
            answer = await world.send(replace(changing(operation), body=good[:-1] + b"," + more + b":1}"))
            assert answer.status == 400, key


@pytest.mark.parametrize("operation", WITHOUT_BODY, ids=name)
async def test_where_no_body_is_asked_for_garbage_is_ignored(world: World, operation: Described) -> None:
    async with world.untouched():
        for key, body in bodies("target_user_id", str(BOB.id)).items():
            answer = await world.send(replace(unchanging(operation), body=body))
            assert answer.status == 200, key


@pytest.mark.parametrize("operation", WITH_BODY, ids=name)
async def test_signed_forms_of_garbage_are_refused(world: World, operation: Described) -> None:
    signature = world.service.signature("POST", changing(operation).target)["authorization"]
    request = changing(operation).with_header("authorization", signature)
    request = request.with_header("content-type", "application/x-www-form-urlencoded")
    async with world.untouched():
        for key, body in {**refused_bodies(operation), **TEXTS}.items():
            answer = await world.send(replace(request, body=body))
            assert answer.status == (413 if len(body) > LIMIT_BYTES else 401 if body else 400), key
