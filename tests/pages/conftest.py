from collections.abc import AsyncIterator

import pytest

from tacet.identity.signin.passwords import Passwords
from tacet.settings import SANDBOX
from tests.cast import ALICE, BOB, login_app
from tests.pages.browsing import Browser
from tests.service import Service, in_memory

PASSWORD = "walnut ferry hollow nine"


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    """A platform with an App that people may sign in through. Nobody has a password yet."""
    async with in_memory() as made:
        await made.store.credentials.put_app(login_app(made.vault))
        yield made


@pytest.fixture
async def password(service: Service) -> str:
    """Alice's, on the platform."""
    await Passwords(service.store.accounts, service.clock).set(ALICE.id, PASSWORD, username=ALICE.username)
    return PASSWORD


@pytest.fixture
async def sandbox() -> AsyncIterator[Service]:
    """A sandbox with the same people and the same App."""
    async with in_memory(mode=SANDBOX) as made:
        await made.store.credentials.put_app(login_app(made.vault))
        yield made


@pytest.fixture
def browser(service: Service) -> Browser:
    """Nobody is signed in on it."""
    return Browser(service)


@pytest.fixture
async def alice(sandbox: Service) -> Browser:
    """Alice's browser, in the sandbox."""
    return await signed_in(sandbox, ALICE.username)


@pytest.fixture
async def bob(sandbox: Service) -> Browser:
    """Bob's browser, in the same sandbox."""
    return await signed_in(sandbox, BOB.username)


async def signed_in(sandbox: Service, name: str) -> Browser:
    made = Browser(sandbox)
    await made.sign_in(name)
    return made
