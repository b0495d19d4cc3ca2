"""Two servers over one PostgreSQL database, in one process: neither knows what is in the other's memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.cast import ALICE, BOB, CAROL, move_in
from tests.meaning.api import Someone
from tests.service import SEED, Service, opened

OTHER_SEED = SEED + 1


class Servers:
    """Both, and people at either of them.

    Attributes:
        here, there: the two; which is which does not matter.
    """

    def __init__(self, here: Service, there: Service) -> None:
        self.here, self.there = here, there
        self.both = (here, there)
        self.alice, self.bob, self.carol = (Someone(here, person) for person in (ALICE, BOB, CAROL))
        self.alice_there, self.bob_there, self.carol_there = (Someone(there, person) for person in (ALICE, BOB, CAROL))


@asynccontextmanager
async def over(address: str, other_seed: int = OTHER_SEED) -> AsyncIterator[Servers]:
    """Two with one cast."""
    async with opened(database=address, rate_limits=False) as here:
        await move_in(here.store, here.vault)
        async with opened(database=address, rate_limits=False, seed=other_seed) as there:
            yield Servers(here, there)
