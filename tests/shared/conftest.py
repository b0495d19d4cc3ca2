from collections.abc import AsyncIterator

import pytest

from tests.service import SEED
from tests.shared.servers import Servers, over


@pytest.fixture
async def servers(migrated_address: str) -> AsyncIterator[Servers]:
    """Two that draw different random numbers, as real ones do."""
    async with over(migrated_address) as both:
        yield both


@pytest.fixture
async def twins(migrated_address: str) -> AsyncIterator[Servers]:
    """Two that draw the same random numbers in the same moments, so that they make the same ids."""
    async with over(migrated_address, SEED) as both:
        yield both
