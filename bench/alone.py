"""Calls the store, and nothing else: `python -m bench.alone PATH PLAN` prints microseconds a call as JSON.

The plan is one of `bench.plan`, as JSON. Three samples of each, so that one disturbance does not count.
"""

import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec
import uvloop

from bench import world
from bench.building import QUEUE_LENGTH
from bench.plan import CONNECTIONS, Plan
from tacet.clock import SystemClock
from tacet.ids import SystemRandomness
from tacet.mutes.positions import NEWEST, Positions
from tacet.records.relations import Kind, Relation
from tacet.store.base import RelationStore
from tacet.store.opening import open_store

SAMPLES = 3

ASKED = 800
"""Ids of one which-of-these question."""

QUESTIONS = 50
"""Different ones."""

Call = Callable[[], Awaitable[object]]


class Calls:
    """The calls that are timed, each on random people.

    Args:
        relations: of a world of the plan's shape; written to.
    """

    def __init__(self, relations: RelationStore, plan: Plan) -> None:
        self._relations = relations
        self._shape = plan.shape
        self._groups = plan.shape.groups()
        self._dice = random.Random(world.SEED)
        self._clock = SystemClock()
        self._positions = Positions(self._clock, SystemRandomness())
        self._whale = self._groups[f"list-{plan.shape.lengths[-1]}"].first
        # Drawn beforehand: drawing 800 ids takes about as long as looking them up.
        self._questions = [
            [world.person_id(self._dice.randrange(self._shape.people)) for _ in range(ASKED)] for _ in range(QUESTIONS)
        ]

    def all(self) -> Mapping[str, Call]:
        """By what they are."""
        longest = self._shape.lengths[-1]
        return {
            "page of 100": lambda: self._page("crowd", 100),
            "page of 1,000": lambda: self._page("heavy", 1_000),
            f"which of {ASKED}, a list of {self._shape.crowd_mutes}": lambda: self._which(self._someone("crowd")),
            f"which of {ASKED}, a list of {longest:,}": lambda: self._which(self._whale),
            "mute, alone": self._mute,
        }

    async def mutes_together(self) -> None:
        """As many mutes at once as the loads have connections."""
        await asyncio.gather(*(self._mute() for _ in range(CONNECTIONS)))

    async def _page(self, group: str, limit: int) -> object:
        source_id = world.person_id(self._someone(group))
        return await self._relations.packed(Kind.MUTE, source_id, NEWEST, limit, self._clock.now_ms())

    async def _which(self, index: int) -> object:
        asked = self._dice.choice(self._questions)
        return await self._relations.which(Kind.MUTE, world.person_id(index), asked, self._clock.now_ms())

    async def _mute(self) -> object:
        source_id, target_id = (world.person_id(self._someone("crowd")) for _ in range(2))
        relation = Relation(Kind.MUTE, source_id, target_id, self._positions.next_position())
        return await self._relations.add(relation, self._clock.now_ms())

    def _someone(self, group: str) -> int:
        return self._dice.choice(self._groups[group].indexes)


async def main(path: Path, plan: Plan) -> None:
    """Time everything, and print it."""
    store = open_store(f"sqlite:///{path}", QUEUE_LENGTH)
    await store.open()
    try:
        calls = Calls(store.relations, plan)
        taken = {label: await _samples_us(call, plan.calls, 1) for label, call in calls.all().items()}
        together = f"mute, {CONNECTIONS} at once"
        taken[together] = await _samples_us(calls.mutes_together, max(1, plan.calls // CONNECTIONS), CONNECTIONS)
    finally:
        await store.close()
    sys.stdout.write(msgspec.json.encode(taken).decode())


async def _samples_us(call: Call, times: int, a_call: int) -> list[float]:
    """Microseconds for each of the `a_call` things that a call does."""
    samples = []
    for _ in range(SAMPLES):
        started_ns = time.perf_counter_ns()
        for _ in range(times):
            await call()
        samples.append((time.perf_counter_ns() - started_ns) / 1_000 / times / a_call)
    return samples


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=Plan)))
