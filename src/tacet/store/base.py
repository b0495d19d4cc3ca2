"""The abstract store: what every database must do. The conformance suite in `tests/store` is its specification."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from enum import StrEnum

import msgspec

from tacet.observing.meters import Meters
from tacet.records.people import Name, Person, State
from tacet.records.relations import Change, Edge, Kind, Relation
from tacet.store.accounts import AccountStore
from tacet.store.consents import ConsentStore
from tacet.store.credentials import CredentialStore
from tacet.store.messages import MessageStore
from tacet.store.nonces import NonceStore
from tacet.store.posts import PostStore

Row = tuple[int, int]
"""(target_id, position): one entry of a list."""


class Packed(msgspec.Struct, frozen=True):
    """A stretch of a list, newest first, for the page that everybody reads.

    One row with all ids costs a database half of what a row for each does.

    Attributes:
        target_ids: in order.
        older_than: the position of the last one, where the list goes on after it; None where it ends.
    """

    target_ids: list[int]
    older_than: int | None


class StoreError(Exception):
    """The database could not do it; the message says why and what to do, without any stored data."""


class StoreBusy(StoreError):
    """More writes wait than the queue holds; nothing was written, trying again later may work."""


class StoreAway(StoreError):
    """The database cannot be reached. A write that was under way may or may not have been made.

    The message holds nothing of its address: whoever asks for a server's health reads it.
    """


class StoreLocked(StoreError):
    """Another server already has this database open."""


class Prevented(Exception):
    """A relation holds that a change was not to be made beside; nothing was written.

    Attributes:
        edge: the relation.
    """

    def __init__(self, edge: Edge) -> None:
        super().__init__(edge)
        self.edge = edge


class StoreClosed(StoreError):
    """The store was closed before this could be written."""


class NoFreePosition(StoreError):
    """So many positions in a row are taken that another place has to be found; nothing was written."""


class Conflict(StoreError):
    """A unique value (an id, a username, a consumer key) is already taken by another row."""


class Part(StrEnum):
    """What can change behind a running server's back; each has a revision number (see `Store.revisions`)."""

    DIRECTORY = "directory"
    POSTS = "posts"
    CREDENTIALS = "credentials"
    NONCES = "nonces"


class Serving(StrEnum):
    """Whether a server agrees with others on what the database does not hold."""

    ALONE = "alone"
    """It does not: a shared database must have no other."""
    TOGETHER = "together"


class RelationStore(ABC):
    """The graph. Every question names one source."""

    @abstractmethod
    async def add(self, relation: Relation, now_ms: int) -> bool:
        """Record a relation durably; return True if it did not hold before.

        One that already holds keeps its position, and its end unless `relation.end_at_ms` gives another. One whose end
        has passed counts as gone: it gets the new position. If the position is taken within the source, the next free
        even one above it is used. Callers never give one target the same position twice.

        Raises:
            StoreBusy: the write queue is full.
            NoFreePosition: so many positions in a row are taken that the clock must be wrong.
        """

    @abstractmethod
    async def add_many(self, relations: Sequence[Relation]) -> int:
        """Record relations that need no answer each (imports, seeding), in one transaction; return how many are new.

        What is recorded already stays as it is, even when it has ended.

        Raises:
            Conflict: a position is taken within its source; nothing of this call is written.
        """

    @abstractmethod
    async def remove(self, kind: Kind, source_id: int, target_id: int, now_ms: int) -> bool:
        """Remove a relation durably; return True if it held until now.

        Raises:
            StoreBusy: the write queue is full.
        """

    @abstractmethod
    async def change(self, changes: Sequence[Change], now_ms: int, unless: Sequence[Edge] = ()) -> list[bool]:
        """Record and remove relations durably, all or none; return for each whether it changed what held.

        Each is recorded as `add` does, or removed as `remove` does, in order.

        Args:
            unless: relations none of which may hold.

        Raises:
            Prevented: one of `unless` holds, the first of them that does; nothing was written.
            StoreBusy: the write queue is full.
            StoreError: as `add`.
        """

    @abstractmethod
    async def position(self, kind: Kind, source_id: int, target_id: int, now_ms: int) -> int | None:
        """Where in the source's list the target stands; None where the relation does not hold."""

    @abstractmethod
    async def older(self, kind: Kind, source_id: int, position: int, limit: int, now_ms: int) -> list[Row]:
        """At most `limit` rows with positions below `position`, newest first. Ended ones are not there."""

    @abstractmethod
    async def packed(self, kind: Kind, source_id: int, position: int, limit: int, now_ms: int) -> Packed:
        """The same stretch as `older`, packed."""

    @abstractmethod
    async def newer(self, kind: Kind, source_id: int, position: int, limit: int, now_ms: int) -> list[Row]:
        """At most `limit` rows with positions above `position`, oldest first. Ended ones are not there."""

    @abstractmethod
    async def which(self, kind: Kind, source_id: int, target_ids: Sequence[int], now_ms: int) -> set[int]:
        """Those of `target_ids` that the source has the relation to."""

    @abstractmethod
    async def who(self, kind: Kind, source_ids: Sequence[int], target_id: int, now_ms: int) -> set[int]:
        """Those of `source_ids` that have the relation to the target.

        Raises:
            ValueError: `kind` is a mute: who mutes somebody is nobody's business, and never asked.
        """

    @abstractmethod
    async def sweep(self, now_ms: int, limit: int) -> int:
        """Delete at most `limit` ended relations; return how many. Only tidies: reads never show ended ones."""


class DirectoryStore(ABC):
    """People, found by id and by username."""

    @abstractmethod
    async def people(self, ids: Iterable[int]) -> list[Person]:
        """The people with these ids, whatever their state, in no order; unknown ids are left out."""

    @abstractmethod
    async def names(self, ids: Iterable[int]) -> list[Name]:
        """Who these people are, without their profiles, in no order; unknown ids are left out."""

    @abstractmethod
    async def in_state(self, state: State, ids: Iterable[int]) -> set[int]:
        """Those of `ids` whose accounts are in this state; unknown ids are in none."""

    @abstractmethod
    async def ids_of(self, usernames: Iterable[str]) -> dict[str, int]:
        """Ids by lower-cased username; unknown ones are left out."""

    @abstractmethod
    async def put_people(self, people: Sequence[Person]) -> int:
        """Insert or replace people in one transaction; return how many rows changed.

        Raises:
            Conflict: a username belongs to another id; nothing of this call is written.
        """

    @abstractmethod
    async def first_person_ids(self, limit: int) -> list[int]:
        """The lowest `limit` ids in order."""


Alone = Callable[[str, int], AbstractAsyncContextManager[None]]
"""As `Store.alone`."""


class Store(ABC):
    """One database: its parts and its life.

    Attributes:
        shared: whether other processes may serve the same database: what one knows of it, another may have changed.
    """

    shared: bool
    relations: RelationStore
    directory: DirectoryStore
    posts: PostStore
    messages: MessageStore
    credentials: CredentialStore
    consents: ConsentStore
    accounts: AccountStore
    nonces: NonceStore

    @abstractmethod
    async def open(self) -> None:
        """Start, with a schema that is up to date: a database of this program's own is brought there, a shared one is
        refused where it is not.

        Raises:
            StoreLocked: another server has the database.
            StoreError: it cannot be opened, is newer than this program, or is no Tacet database.
        """

    @abstractmethod
    async def close(self) -> None:
        """Finish the writes already accepted, then release everything."""

    @abstractmethod
    def observe(self, meters: Meters) -> None:
        """Have counted what is only known inside: writes that wait, batches, sessions. Called once, when it is open."""

    @abstractmethod
    async def check(self) -> None:
        """Ask the database a cheap question, for whoever wants to know whether it answers; the wait is bounded.

        Raises:
            StoreError: it does not.
        """

    @abstractmethod
    def alone(self, what: str, id_: int) -> AbstractAsyncContextManager[None]:
        """Held by one at a time, of all processes that share the database, for work that relies on what it has read.

        Only for what is seldom asked for, and never one within another: a shared database gives up a connection for as
        long as it is held, and one process holds one at a time.

        Args:
            what, id_: name together what nobody else may do meanwhile.

        Raises:
            StoreError: it cannot be had in time.
        """

    @abstractmethod
    async def revisions(self) -> dict[Part, int]:
        """How often each part was changed by anybody: a server that sees a new number drops what it cached."""
