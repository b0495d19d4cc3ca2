import pytest

from tests.pages.browsing import Browser
from tests.pages.portal.desk import Desk
from tests.service import Service


@pytest.fixture
async def desk(sandbox: Service, alice: Browser) -> Desk:
    """Alice, who signed up as a developer."""
    made = Desk(sandbox, alice)
    await made.sign_up()
    return made


@pytest.fixture
async def other(sandbox: Service, bob: Browser) -> Desk:
    """Bob, who signed up as well."""
    made = Desk(sandbox, bob)
    await made.sign_up()
    return made
