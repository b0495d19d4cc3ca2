"""People in SQLite."""

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from tacet.records.people import Name, Person, Profile, State
from tacet.store.base import Conflict, DirectoryStore, Part
from tacet.store.queries.directory import DirectoryQueries
from tacet.store.sqlite.dialect import adapt, id_list, text_list
from tacet.store.sqlite.reader import Reader
from tacet.store.sqlite.writer import GroupWriter, Size

_SQL = DirectoryQueries(adapt)

_encode = msgspec.json.Encoder().encode
_decode_profile = msgspec.json.Decoder(Profile).decode


class SqliteDirectory(DirectoryStore):
    """People of one SQLite database; see `SqliteRelations` for the arguments."""

    def __init__(self, reader: Reader, writer: GroupWriter) -> None:
        self._rows = reader.rows
        self._writer = writer

    async def people(self, ids: Iterable[int]) -> list[Person]:
        rows = self._rows(_SQL.PEOPLE, (id_list(ids),))
        return [
            Person(id_, username, name, State(state), _decode_profile(profile))
            for id_, username, name, state, profile in rows
        ]

    async def names(self, ids: Iterable[int]) -> list[Name]:
        rows = self._rows(_SQL.NAMES, (id_list(ids),))
        return [Name(id_, username, name, State(state)) for id_, username, name, state in rows]

    async def in_state(self, state: State, ids: Iterable[int]) -> set[int]:
        return {id_ for (id_,) in self._rows(_SQL.IN_STATE, (state.value, id_list(ids)))}

    async def ids_of(self, usernames: Iterable[str]) -> dict[str, int]:
        return dict(self._rows(_SQL.IDS_OF, (text_list({username.lower() for username in usernames}),)))

    async def put_people(self, people: Sequence[Person]) -> int:
        return await self._writer.submit(lambda connection: _put_people(connection, people), Size.LONG)

    async def first_person_ids(self, limit: int) -> list[int]:
        return [id_ for (id_,) in self._rows(_SQL.FIRST_PERSON_IDS, (limit,))]


def _put_people(connection: sqlite3.Connection, people: Sequence[Person]) -> int:
    changed = 0
    for person in people:
        key = person.username.lower()
        profile = _encode(person.profile).decode()
        row = (person.id, person.username, person.name, person.state.value, profile)
        if connection.execute(_SQL.PUT_PERSON, row).rowcount <= 0:
            continue
        changed += 1
        connection.execute(_SQL.DROP_HANDLES, (person.id, key))
        connection.execute(_SQL.PUT_HANDLE, (key, person.id))
        if connection.execute(_SQL.HANDLE_OWNER, (key,)).fetchall() != [(person.id,)]:
            raise Conflict(f"the username of person {person.id} belongs to somebody else")
    if changed:
        connection.execute(_SQL.BUMP, (Part.DIRECTORY.value,))
    return changed
