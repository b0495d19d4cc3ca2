"""Alice, Bob and Carol, who know nothing of each other yet."""

import pytest

from tests.cast import ALICE, BOB, CAROL
from tests.meaning.api import Someone
from tests.service import Service


@pytest.fixture
def alice(unlimited: Service) -> Someone:
    return Someone(unlimited, ALICE)


@pytest.fixture
def bob(unlimited: Service) -> Someone:
    return Someone(unlimited, BOB)


@pytest.fixture
def carol(unlimited: Service) -> Someone:
    return Someone(unlimited, CAROL)
