from collections.abc import Iterator

import pytest

from bench.cores import Cores
from bench.stage import Stage
from tests.bench.small import PLAN, Heard


@pytest.fixture(scope="session")
def lasting_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One with databases, which take a while to start; loads last a second."""
    with Stage(PLAN, tmp_path_factory.mktemp("stage"), Cores(None, None), Heard()) as made:
        yield made
    assert not made.scratch.exists()
