"""Long lists of mutes, and a count of what reading them asks of the store."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from tacet.clock import ManualClock
from tacet.directory.lookup import People
from tacet.ids import SeededRandomness
from tacet.mutes.actions import Mutes
from tacet.mutes.positions import TIE_BITS, Positions
from tacet.mutes.roster import Entry, Roster
from tacet.mutes.search import MuteSearch
from tacet.records.people import Person
from tacet.records.relations import Kind, Relation
from tacet.store.base import Store
from tests import worlds

NOW = 1_795_311_129_000
OWNER = 1
FIRST_ID = 1_000


class Counted:
    """A part of a store; notes what is asked of it."""

    def __init__(self, part: object, asked: Counter[str]) -> None:
        self._part = part
        self._asked = asked

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        self._asked[name] += 1
        return cast("Callable[..., Awaitable[Any]]", getattr(self._part, name))


class Reading:
    """A store in memory, and what reads lists of mutes in it.

    Attributes:
        asked: how often each method of the store was called by the reader.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = ManualClock(NOW)
        self.asked: Counter[str] = Counter()
        relations: Any = Counted(store.relations, self.asked)
        directory: Any = Counted(store.directory, self.asked)
        people = People(directory, max_cached=1_000)
        self.mutes = Mutes(relations, people, self.clock, Positions(self.clock, SeededRandomness(7)))
        self.roster = Roster(self.mutes, relations, directory, self.clock)
        self.search = MuteSearch(relations, directory, self.clock)

    async def mute(self, people: Sequence[Person], source_id: int = OWNER) -> None:
        """Let somebody mute these, the last one most recently, a second after each other up to now."""
        await self.store.directory.put_people(people)
        first_ms = NOW - 1_000 * len(people)
        await self.store.relations.add_many(
            [
                Relation(Kind.MUTE, source_id, person.id, (first_ms + 1_000 * nth) << TIE_BITS)
                for nth, person in enumerate(people)
            ]
        )


@asynccontextmanager
async def reading() -> AsyncIterator[Reading]:
    async with worlds.empty_store() as store:
        yield Reading(store)


def crowd(count: int, first_id: int = FIRST_ID) -> list[Person]:
    """So many people whose names tell them apart."""
    return [Person(first_id + nth, f"user_{nth}", f"Somebody {nth}") for nth in range(count)]


def usernames(entries: Sequence[Entry]) -> list[str]:
    """Who it is, of those whom the directory knows."""
    return [entry.name.username for entry in entries if entry.name is not None]
