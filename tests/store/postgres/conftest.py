"""What the tests of the PostgreSQL driver share."""

import random
from collections.abc import AsyncIterator

import pytest

from tests.databases import Postgres
from tests.store.building import put_apps
from tests.store.postgres.racing import Race, racing


@pytest.fixture
async def race(postgres: Postgres, migrated_address: str) -> AsyncIterator[Race]:
    """Two servers on one database. Afterwards all that must never be found is looked for, and no two transactions may
    have waited for each other: that would be tried again, and nobody would see it but for the second it takes."""
    said_before = len(postgres.log)
    async with racing(migrated_address) as begun:
        yield begun
        assert await begun.untrue() == []
    assert "deadlock detected" not in postgres.log[said_before:]


@pytest.fixture
async def apps(race: Race) -> None:
    """The Apps of the races of logins."""
    await put_apps(race.next, 1, 2)


@pytest.fixture
def chance() -> random.Random:
    """The same in every run."""
    return random.Random(1)
