"""The suite itself: every operation has a good request, so what is refused is refused for its garbage."""

from pathlib import Path

import pytest

from tests.faults.described import OPERATIONS, QUIET, Described, name
from tests.faults.world import World, changing, inhabited, unchanging


def test_every_operation_is_found() -> None:
    assert {operation.id for operation in OPERATIONS} >= {"muteUser", "unmuteUser", "getUsersMuting", "getOpenApiSpec"}


@pytest.mark.parametrize("operation", QUIET, ids=name)
async def test_a_good_request_that_should_change_nothing_does_not(world: World, operation: Described) -> None:
    async with world.untouched():
        assert (await world.send(unchanging(operation))).status == 200


@pytest.mark.parametrize("operation", QUIET, ids=name)
async def test_good_values_are_taken(world: World, operation: Described) -> None:
    async with world.untouched():
        for each in operation.in_query:
            assert each.takes(each.good)
            assert (await world.send(unchanging(operation).with_query(each.name, each.good))).status == 200


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.writes], ids=name)
async def test_a_good_request_that_should_write_does_and_is_noticed(tmp_path: Path, operation: Described) -> None:
    async with inhabited(tmp_path / "tacet.db") as own:
        with pytest.raises(AssertionError, match="something was written"):
            async with own.untouched():
                assert (await own.send(changing(operation))).status == operation.success
