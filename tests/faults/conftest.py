from collections.abc import AsyncIterator

import pytest

from tests.faults.world import World, inhabited


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with inhabited(tmp_path_factory.mktemp("faults") / "tacet.db") as made:
        yield made
