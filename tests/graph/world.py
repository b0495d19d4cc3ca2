"""People who follow and block each other, over a store in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tacet.clock import ManualClock
from tacet.directory.lookup import People
from tacet.graph.blocks import Blocks
from tacet.graph.follows import Follows
from tacet.graph.social import SocialGraph
from tacet.ids import SeededRandomness
from tacet.mutes.actions import Mutes
from tacet.mutes.paging import Lists
from tacet.mutes.positions import FIRST_PAGE, Positions
from tacet.records.people import MAX_ID, Person, Profile, State
from tacet.records.relations import Kind
from tacet.store.base import Store
from tests import worlds

NOW = 1_795_311_129_000

ANN, BEA, CEM, SHY, SUSPENDED, DEACTIVATED = 1, 2, 3, 4, 5, 6
NOBODY = 99
BEYOND = 9_999_999_999_999_999_999
EVERYBODY = (ANN, BEA, CEM, SHY, SUSPENDED, DEACTIVATED, MAX_ID)

Edges = set[tuple[Kind, int, int]]


class World:
    """The actions, and whatever holds between anybody.

    Attributes:
        changed: whom the actions told of, in order.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = ManualClock(NOW)
        self.changed: list[int] = []
        self.people = People(store.directory, max_cached=100)
        positions = Positions(self.clock, SeededRandomness(7))
        lists = Lists(store.relations, self.clock)
        graph = SocialGraph(store.relations, self.people, self.clock, positions, lists, self.changed.append)
        self.follows = Follows(graph)
        self.blocks = Blocks(graph)
        self.mutes = Mutes(store.relations, self.people, self.clock, positions)

    async def put(self, *people: Person) -> None:
        await self.store.directory.put_people(people)
        self.people.forget()

    async def edges(self) -> Edges:
        """Every relation that holds."""
        return {
            (kind, source_id, target_id)
            for kind in Kind
            for source_id in EVERYBODY
            for target_id in await self.store.relations.which(kind, source_id, EVERYBODY, self.clock.now_ms())
        }

    async def following(self, person_id: int) -> list[int]:
        return (await self.follows.following(person_id, FIRST_PAGE, 100)).target_ids

    async def followers(self, person_id: int) -> list[int]:
        return (await self.follows.followers(person_id, FIRST_PAGE, 100)).target_ids

    async def blocked(self, person_id: int) -> list[int]:
        return (await self.blocks.page(person_id, FIRST_PAGE, 100)).target_ids


@asynccontextmanager
async def inhabited() -> AsyncIterator[World]:
    async with worlds.empty_store() as store:
        world = World(store)
        await world.put(
            *(Person(id_, f"user_{id_}", "Someone") for id_ in (ANN, BEA, CEM)),
            Person(MAX_ID, "largest", "Someone"),
            Person(SHY, "shy", "Shy", profile=Profile(protected=True)),
            Person(SUSPENDED, "suspended", "Gone", State.SUSPENDED),
            Person(DEACTIVATED, "deactivated", "Left", State.DEACTIVATED),
        )
        yield world


def follow(source_id: int, target_id: int) -> Edges:
    """Both sides of a follow."""
    return {(Kind.FOLLOW, source_id, target_id), (Kind.FOLLOWED_BY, target_id, source_id)}
