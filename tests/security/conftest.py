"""A service on which the whole tour was made."""

import io
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tacet.app import Tacet
from tacet.clock import ManualClock
from tacet.identity.vault import Vault
from tacet.ids import SeededRandomness
from tacet.store.opening import open_store
from tests.cast import NOW_MS, move_in
from tests.security.tour import Seen, Tour, recording
from tests.service import SECRET_KEY, SEED, Service, settings


@dataclass(frozen=True)
class Toured:
    """A service after the tour.

    Attributes:
        log: everything that was logged meanwhile, at every level.
        path: the database's file.
        content: of it and the files beside it, byte by byte.
    """

    service: Service
    tour: Tour
    seen: Seen
    log: str
    path: Path
    content: bytes


@contextmanager
def logging_into(written: io.StringIO) -> Iterator[None]:
    """Everything that anybody logs, at every level, with tracebacks."""
    root, handler = logging.getLogger(), logging.StreamHandler(written)
    # The tour's own client tells what it signs; what it says is on another machine in life.
    handler.addFilter(lambda record: not record.name.startswith("oauthlib"))
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.setLevel(before)
        root.removeHandler(handler)


@pytest.fixture(scope="package")
async def toured(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Toured]:
    """The tests that take it look only, except for what they undo."""
    folder, written = tmp_path_factory.mktemp("tour"), io.StringIO()
    setting = settings(database=f"sqlite:///{folder / 'tacet.db'}", rate_limits=False)
    store, clock, randomness = open_store(setting.database, 100), ManualClock(NOW_MS), recording()
    vault = Vault(SECRET_KEY, SeededRandomness(SEED))
    await store.open()
    try:
        await move_in(store, vault)
        service = Service(Tacet(setting, store, vault, clock, randomness), store, vault, clock)
        tour = Tour(service)
        tour.seen.recorded = randomness.texts
        with logging_into(written):
            seen = await tour.whole()
        content = b"".join(file.read_bytes() for file in folder.iterdir())
        yield Toured(service, tour, seen, written.getvalue(), folder / "tacet.db", content)
    finally:
        await store.close()
