from collections.abc import AsyncIterator

import pytest

from tests.graph.world import World, inhabited


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with inhabited() as made:
        yield made
