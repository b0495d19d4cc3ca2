from collections.abc import AsyncIterator

import pytest

from tests.identity.oauth1.logins import Logins
from tests.service import in_memory


@pytest.fixture
async def logins() -> AsyncIterator[Logins]:
    """Logins of a service with its cast, and two Apps that people may sign in through."""
    async with in_memory(rate_limits=False) as service:
        opened = Logins(service)
        await opened.move_in()
        yield opened
