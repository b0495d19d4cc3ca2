"""What every test can ask for."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.service import Service, in_memory

# The same examples in every run: a failure is somebody's change, never chance. Shared machines are slow at times.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")

# Shells let what they run in the background ignore Ctrl-C, and so would every process that is started here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_wire() -> Path:
    """The folder of recorded facts that stands beside the checkout."""
    folder = REPOSITORY.parent / "shared" / "wire"
    assert folder.is_dir(), f"the recorded facts belong into {folder}"
    return folder


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": True}


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    """A service with its cast, X's limits, and nobody muting anybody."""
    async with in_memory() as running:
        yield running


@pytest.fixture
async def unlimited() -> AsyncIterator[Service]:
    """The same without rate limits, for tests that ask often."""
    async with in_memory(rate_limits=False) as running:
        yield running
