"""Garbage in paths and queries."""

from dataclasses import replace

import pytest

from tests.faults.described import CLOSED, OPERATIONS, Described, Parameter, name
from tests.faults.garbage import QUERIES, TARGETS, TEXTS, VERY_LONG
from tests.faults.world import World, changing, encoded, read
from tests.service import Answer

MOST_PARAMETERS = 200
"""Of one query: one more is refused without being read."""

FEW = {key: TEXTS[key] for key in ("nul", "not-utf-8", "astral", "19-digits", "comma")}
"""What grows most when it is answered, for what is sent many times."""

PATHS = {f"{each.id}-{one.name}": (each, one) for each in OPERATIONS for one in each.in_path}
DECLARED = {f"{each.id}-{one.name}": (each, one) for each in OPERATIONS for one in each.in_query}


def path_status(operation: Described, parameter: Parameter, text: str) -> int:
    """What a value in the path is answered with; an empty one, or one with a slash, makes it a path to nowhere."""
    if parameter.takes(text):
        # Whom nobody is can be looked at in vain, and not be written to.
        return 404 if parameter.name == "participant_id" and operation.writes else 200
    return 404 if not text or "/" in text else 400


@pytest.mark.parametrize(("operation", "parameter"), PATHS.values(), ids=PATHS.keys())
async def test_garbage_in_a_path_is_refused(world: World, operation: Described, parameter: Parameter) -> None:
    got: dict[str, int] = {}
    async with world.untouched():
        for key, text in TEXTS.items():
            answer = await world.send(changing(operation).with_path(parameter.name, encoded(text)))
            got[key] = answer.status
    assert got == {key: path_status(operation, parameter, read(text)) for key, text in TEXTS.items()}


@pytest.mark.parametrize(("operation", "parameter"), PATHS.values(), ids=PATHS.keys())
async def test_what_is_no_good_path_at_all_is_refused(world: World, operation: Described, parameter: Parameter) -> None:
    async with world.untouched():
        for key, piece in TARGETS.items():
            answer = await world.send(changing(operation).with_path(parameter.name, piece))
            assert answer.status in {400, 404}, key


@pytest.mark.parametrize(("operation", "parameter"), PATHS.values(), ids=PATHS.keys())
async def test_a_value_of_the_path_given_in_the_query_is_refused(
    world: World, operation: Described, parameter: Parameter
) -> None:
    async with world.untouched():
        for key, text in TEXTS.items():
            answer = await world.send(changing(operation).with_query(parameter.name, encoded(text)))
            assert answer.status == 400, key
        for key, text in FEW.items():
            for count in (2, MOST_PARAMETERS - 5, 5 * MOST_PARAMETERS):
                values = [encoded(text * 2_000)[: VERY_LONG // count]] * count
                answer = await world.send(changing(operation).with_query(parameter.name, *values))
                assert answer.status == 400, (key, count)


@pytest.mark.parametrize(("operation", "parameter"), DECLARED.values(), ids=DECLARED.keys())
async def test_garbage_in_a_query_is_refused(world: World, operation: Described, parameter: Parameter) -> None:
    got: dict[str, int] = {}
    async with world.untouched():
        for key, text in TEXTS.items():
            answer = await world.send(changing(operation).with_query(parameter.name, encoded(text)))
            got[key] = answer.status
    assert got == {key: 200 if parameter.takes(read(text)) else 400 for key, text in TEXTS.items()}


@pytest.mark.parametrize(("operation", "parameter"), DECLARED.values(), ids=DECLARED.keys())
async def test_a_repeated_parameter_is_refused(world: World, operation: Described, parameter: Parameter) -> None:
    async with world.untouched():
        for key, text in TEXTS.items():
            garbage = encoded(text)
            for values in ((parameter.good, garbage), (garbage, parameter.good)):
                answer = await world.send(changing(operation).with_query(parameter.name, *values))
                assert answer.status == 400, key
        for count in (2, MOST_PARAMETERS - 5, 5 * MOST_PARAMETERS):
            answer = await world.send(changing(operation).with_query(parameter.name, *[parameter.good] * count))
            assert answer.status == 400, count


def is_refused(operation: Described, answer: Answer) -> bool:
    """Whether it is, if the operation looks at its query at all."""
    return answer.status == (400 if operation.reads_query else 200)


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_names_that_nobody_knows_are_refused(world: World, operation: Described) -> None:
    async with world.untouched():
        for key, text in TEXTS.items():
            as_value = await world.send(changing(operation).with_query("unknown", encoded(text)))
            assert is_refused(operation, as_value), key
            as_name = await world.send(changing(operation).with_query(encoded(text), "1"))
            assert is_refused(operation, as_name), key
        for key, text in FEW.items():
            values = [encoded(text * 2_000)[: VERY_LONG // MOST_PARAMETERS]] * (MOST_PARAMETERS - 5)
            assert is_refused(operation, await world.send(changing(operation).with_query("unknown", *values))), key


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_what_is_no_good_query_at_all_is_refused(world: World, operation: Described) -> None:
    async with world.untouched():
        for key, query in QUERIES.items():
            answer = await world.send(replace(changing(operation), query=query))
            assert is_refused(operation, answer), key


@pytest.mark.parametrize("operation", CLOSED, ids=name)
async def test_pieces_of_a_query_are_refused(world: World, operation: Described) -> None:
    async with world.untouched():
        for key, piece in TARGETS.items():
            answer = await world.send(changing(operation).with_query("unknown", piece))
            assert answer.status == 400, key
            answer = await world.send(changing(operation).with_query(piece, "1"))
            assert answer.status == 400, key
