"""Finding muted accounts by name. It reads the list in bites, so that nobody else waits for a long one."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import normalize

from tacet.clock import Clock
from tacet.mutes.positions import NEWEST
from tacet.mutes.roster import Entry, entry
from tacet.records.people import Name
from tacet.records.relations import Kind
from tacet.store.base import DirectoryStore, RelationStore

BITE = 1_000
"""Mutes looked through at once, in about two milliseconds: other requests are answered between two bites."""

MAX_LOOKED_THROUGH = 20_000
"""Mutes looked through for one request, in about 50 milliseconds: nearly every list is shorter."""

_ACCENTS = frozenset(map(chr, range(0x300, 0x370)))
"""Unicode's combining diacritical marks: what letters of Latin, Greek and Cyrillic carry once they are taken apart."""

_STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"})
"""Letters that Unicode does not take apart, and that people without them on their keyboards write like this."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one request found.

    Attributes:
        entries: newest mute first; before them an account whose username is exactly what was asked for.
        further: the position to search on from; None where the list ended.
    """

    entries: list[Entry]
    further: int | None


class MuteSearch:
    """Searches the mutes of one account at a time, for their owner only."""

    def __init__(self, relations: RelationStore, directory: DirectoryStore, clock: Clock) -> None:
        self._relations = relations
        self._directory = directory
        self._clock = clock

    async def find(self, source_id: int, text: str, limit: int, position: int = NEWEST) -> Found:
        """At most `limit` muted accounts with all words of `text` in their name or username, as parts of it.

        Case, accents and the order of the words do not matter. After an "@" only usernames count, and the account with
        exactly this username, if it is muted, is all there is: it is found without reading the list.

        Args:
            text: what to look for, not empty.
            position: only mutes older than this, as `Found.further` of an earlier search said.
        """
        handle = text.startswith("@")
        words = _folded(text.removeprefix("@")).split()
        if not words:
            return Found([], None)
        named = await self._named(source_id, words[0]) if len(words) == 1 else None
        if named is not None and handle:
            return Found([named], None)
        first = [named] if named is not None and position == NEWEST else []
        found = await self._walk(source_id, _Wanted(words, handle, named), limit - len(first), position)
        return Found([*first, *found.entries], found.further)

    async def _named(self, source_id: int, username: str) -> Entry | None:
        """The account with exactly this username, if it is muted."""
        target_id = (await self._directory.ids_of([username])).get(username)
        if target_id is None:
            return None
        position = await self._relations.position(Kind.MUTE, source_id, target_id, self._clock.now_ms())
        if position is None:
            return None
        names = await self._directory.names([target_id])
        return entry(target_id, names[0] if names else None, position)

    async def _walk(self, source_id: int, wanted: "_Wanted", limit: int, position: int) -> Found:
        entries: list[Entry] = []
        for _ in range(MAX_LOOKED_THROUGH // BITE):
            rows = await self._relations.older(Kind.MUTE, source_id, position, BITE, self._clock.now_ms())
            names = {each.id: each for each in await self._directory.names([id_ for id_, _ in rows])}
            for target_id, position in rows:
                if wanted.fits(names.get(target_id)):
                    entries.append(entry(target_id, names[target_id], position))
                if len(entries) == limit:
                    return Found(entries, position)
            if len(rows) < BITE:
                return Found(entries, None)
            await asyncio.sleep(0)
        return Found(entries, position)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is looked for, once what has been found already is left aside."""

    words: Sequence[str]
    handle: bool
    already: Entry | None

    def fits(self, name: Name | None) -> bool:
        if name is None or (self.already is not None and name.id == self.already.target_id):
            return False
        text = name.username.lower()
        if not self.handle:
            # A word has no blank in it, so it cannot lie across the two.
            text = f"{text} {_folded(name.name)}"
        return all(map(text.__contains__, self.words))


def _folded(text: str) -> str:
    """The same text for everybody who means the same letters, with accents or without."""
    if text.isascii():
        return text.lower()
    letters = normalize("NFKD", text).casefold()
    # Asking first is quicker than building a text again that has neither.
    if not _ACCENTS.isdisjoint(letters):
        letters = "".join([letter for letter in letters if letter not in _ACCENTS])
    return letters if letters.isascii() else letters.translate(_STROKES)
