from collections.abc import AsyncIterator

import pytest

from tests.identity.oauth2.logins import Logins, logins_in_memory


@pytest.fixture
async def logins() -> AsyncIterator[Logins]:
    """Logins of a service with its cast, and three Apps that people may sign in through."""
    async with logins_in_memory() as opened:
        yield opened
