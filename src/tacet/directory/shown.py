"""Which accounts are shown, and nothing else of them: pages of thousands of ids must not read as many profiles."""

from collections.abc import Sequence
from itertools import compress

from tacet.cache import TwoGenerations
from tacet.directory.lookup import People
from tacet.records.people import State
from tacet.store.base import DirectoryStore

MAX_KNOWN = 200_000
"""Accounts whose state is remembered, about 26 MB: forty of the longest pages; the rest cost a query for each page."""


class Shown:
    """Remembers who is shown and who is not, as long as `people` remembers anybody."""

    def __init__(self, directory: DirectoryStore, people: People) -> None:
        self._directory = directory
        self._people = people
        self._generation = people.generation
        self._known: TwoGenerations[int, bool] = TwoGenerations(MAX_KNOWN)

    async def of(self, ids: Sequence[int]) -> Sequence[int]:
        """Those of `ids` that are shown, in order: not who is suspended, deactivated or unknown."""
        if self._generation != self._people.generation:
            self._generation = self._people.generation
            self._known = TwoGenerations(MAX_KNOWN)
        known = self._known
        found: Sequence[bool] = known.get_all(ids) or await self._found(ids, known)
        return ids if all(found) else list(compress(ids, found))

    async def _found(self, ids: Sequence[int], known: TwoGenerations[int, bool]) -> list[bool]:
        found = [known.get(id_) for id_ in ids]
        missing = [id_ for id_, shown in zip(ids, found, strict=True) if shown is None]
        active = await self._directory.in_state(State.ACTIVE, missing) if missing else set()
        for id_ in missing:
            known.put(id_, id_ in active)
        return [id_ in active if shown is None else shown for id_, shown in zip(ids, found, strict=True)]
