from collections.abc import AsyncIterator

import pytest

from tests.identity.developers.workshop import Workshop, opened


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    """The actions of developers, and two who signed up."""
    async with opened() as made:
        yield made
