"""Whom a sandbox offers to be."""

from collections.abc import Sequence

from tacet.directory.lookup import People, is_shown
from tacet.records.people import Person

RESIDENTS = 10
"""As many as have keys that are written down: a list that is read at a glance."""

_LOOKED_AT = 3 * RESIDENTS
"""People among whom that many active ones are looked for, where nobody said who they are."""


class Residents:
    """The people of a sandbox who are offered by name.

    Args:
        ids: theirs, in order; empty for those with the lowest ids.
    """

    def __init__(self, people: People, ids: Sequence[int] = ()) -> None:
        self._people = people
        self._ids = tuple(ids)

    async def all(self) -> list[Person]:
        """Those of them who are active, at most `RESIDENTS`."""
        if self._ids:
            found = await self._people.by_ids(self._ids)
            people = [found[id_] for id_ in self._ids if id_ in found]
        else:
            people = await self._people.first(_LOOKED_AT)
        return [person for person in people if is_shown(person)][:RESIDENTS]
