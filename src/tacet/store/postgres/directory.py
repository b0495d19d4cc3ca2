"""People in PostgreSQL."""

from collections.abc import Iterable, Sequence

import msgspec

from tacet.records.people import Name, Person, Profile, State
from tacet.store.base import Conflict, DirectoryStore, Part
from tacet.store.postgres.database import Database, Transaction
from tacet.store.postgres.dialect import adapt, id_list, text_list
from tacet.store.queries.directory import DirectoryQueries


class _OwnQueries(DirectoryQueries):
    """Where many are put at once, what a write returns tells which of them it was."""

    PUT_PERSON = f"{DirectoryQueries.PUT_PERSON} RETURNING person.id, person.username"


_SQL = _OwnQueries(adapt)

_encode = msgspec.json.Encoder().encode
_decode_profile = msgspec.json.Decoder(Profile).decode


class PostgresDirectory(DirectoryStore):
    """People of one PostgreSQL database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    async def people(self, ids: Iterable[int]) -> list[Person]:
        rows = await self._rows(_SQL.PEOPLE, (id_list(ids),))
        return [
            Person(id_, username, name, State(state), _decode_profile(profile))
            for id_, username, name, state, profile in rows
        ]

    async def names(self, ids: Iterable[int]) -> list[Name]:
        rows = await self._rows(_SQL.NAMES, (id_list(ids),))
        return [Name(id_, username, name, State(state)) for id_, username, name, state in rows]

    async def in_state(self, state: State, ids: Iterable[int]) -> set[int]:
        return {id_ for (id_,) in await self._rows(_SQL.IN_STATE, (state.value, id_list(ids)))}

    async def ids_of(self, usernames: Iterable[str]) -> dict[str, int]:
        keys = text_list({username.lower() for username in usernames})
        return dict(await self._rows(_SQL.IDS_OF, (keys,)))

    async def put_people(self, people: Sequence[Person]) -> int:
        rows = [
            (person.id, person.username, person.name, person.state.value, _encode(person.profile).decode())
            for person in people
        ]
        return await self._database.transaction(lambda transaction: _put(transaction, rows))

    async def first_person_ids(self, limit: int) -> list[int]:
        return [id_ for (id_,) in await self._rows(_SQL.FIRST_PERSON_IDS, (limit,))]


async def _put(transaction: Transaction, rows: Sequence[tuple[int, str, str, int, str]]) -> int:
    # Imports take turns: who has which username must not change between the look and the write.
    await transaction.lock(("people",))
    written = [(id_, username.lower()) for id_, username in await transaction.rows_of_many(_SQL.PUT_PERSON, rows)]
    if not written:
        return 0
    ids, keys = [id_ for id_, _ in written], [key for _, key in written]
    before: dict[str, int] = dict(await transaction.rows(_SQL.HANDLES, (ids,)))
    before |= dict(await transaction.rows(_SQL.IDS_OF, (keys,)))
    after = _handed_out(before, written)
    await transaction.many(_SQL.DROP_HANDLE, [(key,) for key, id_ in before.items() if after.get(key) != id_])
    await transaction.many(_SQL.PUT_HANDLE, [(key, id_) for key, id_ in after.items() if before.get(key) != id_])
    await transaction.rows(_SQL.BUMP, (Part.DIRECTORY.value,))
    return len(written)


def _handed_out(before: dict[str, int], written: Sequence[tuple[int, str]]) -> dict[str, int]:
    """Who has which username after each of `written` has given up its old one and taken its new one, in order.

    Raises:
        Conflict: somebody else has it then.
    """
    owners = dict(before)
    names = {id_: key for key, id_ in before.items()}
    for id_, key in written:
        if (old := names.get(id_)) is not None and old != key:
            del owners[old]
        if owners.setdefault(key, id_) != id_:
            raise Conflict(f"the username of person {id_} belongs to somebody else")
        names[id_] = key
    return owners
