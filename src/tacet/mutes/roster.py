"""A list of mutes as its owner reads it: who it is, and since when."""

from dataclasses import dataclass

from tacet.clock import Clock
from tacet.mutes.actions import Mutes
from tacet.mutes.positions import Cursor, moment_ms
from tacet.records.people import Name
from tacet.records.relations import Kind
from tacet.store.base import DirectoryStore, RelationStore


@dataclass(frozen=True, slots=True)
class Entry:
    """A mute.

    Attributes:
        name: whom; None where the directory no longer knows them.
        since_ms: Unix milliseconds; None where it just ended.
    """

    target_id: int
    name: Name | None
    since_ms: int | None


@dataclass(frozen=True, slots=True)
class EntryPage:
    """One page, newest first, suspended accounts among them; `older_than` and `newer_than` are those of `Page`."""

    entries: list[Entry]
    older_than: int | None
    newer_than: int | None


class Roster:
    """Reads lists of mutes for their owners, in as many queries for the last page as for the first."""

    def __init__(self, mutes: Mutes, relations: RelationStore, directory: DirectoryStore, clock: Clock) -> None:
        self._mutes = mutes
        self._relations = relations
        self._directory = directory
        self._clock = clock

    async def page(self, source_id: int, cursor: Cursor, limit: int) -> EntryPage:
        """At most `limit` mutes from the cursor on, newest first."""
        page = await self._mutes.page(source_id, cursor, limit)
        walk = self._relations.newer if cursor.newer else self._relations.older
        since = dict(await walk(Kind.MUTE, source_id, cursor.position, limit, self._clock.now_ms()))
        for id_ in page.target_ids:
            # The list may have grown between the two readings, and then its end is in the first one alone.
            if id_ not in since and (position := await self._mutes.position(source_id, id_)) is not None:
                since[id_] = position
        names = {each.id: each for each in await self._directory.names(page.target_ids)}
        entries = [entry(id_, names.get(id_), since.get(id_)) for id_ in page.target_ids]
        return EntryPage(entries, page.older_than, page.newer_than)


def entry(target_id: int, name: Name | None, position: int | None) -> Entry:
    """The entry of a mute at a position."""
    return Entry(target_id, name, moment_ms(position) if position is not None else None)
