"""Direct messages in PostgreSQL."""

from collections.abc import Sequence

from tacet.records.messages import Message
from tacet.records.people import Stretch
from tacet.store.messages import MessageStore
from tacet.store.postgres.database import Database
from tacet.store.postgres.dialect import adapt, id_list
from tacet.store.queries import messages as queries
from tacet.store.rows import message_row

_ADD_MESSAGE = adapt(queries.ADD_MESSAGE)
_NEWEST_MESSAGE_ID = adapt(queries.NEWEST_MESSAGE_ID)
_OLDER_BETWEEN = adapt(queries.OLDER_BETWEEN)
_NEWER_BETWEEN = adapt(queries.NEWER_BETWEEN)
_OLDER_OF_PERSON = adapt(queries.OLDER_OF_PERSON)
_NEWER_OF_PERSON = adapt(queries.NEWER_OF_PERSON)
_WRITERS = adapt(queries.WRITERS)


class PostgresMessages(MessageStore):
    """Messages of one PostgreSQL database."""

    def __init__(self, database: Database) -> None:
        self._rows = database.rows
        self._write = database.write

    async def add(self, message: Message) -> None:
        await self._write(_ADD_MESSAGE, message_row(message))

    async def newest_id(self, below: int) -> int:
        [(newest_id,)] = await self._rows(_NEWEST_MESSAGE_ID, (below,))
        return int(newest_id)

    async def between(self, one_id: int, other_id: int, stretch: Stretch, limit: int) -> list[Message]:
        sql = _NEWER_BETWEEN if stretch.upwards else _OLDER_BETWEEN
        pair = (min(one_id, other_id), max(one_id, other_id))
        rows = await self._rows(sql, (*pair, stretch.newer_than, stretch.older_than, limit))
        return [Message(*row) for row in rows]

    async def of_person(self, person_id: int, stretch: Stretch, limit: int) -> list[Message]:
        sql = _NEWER_OF_PERSON if stretch.upwards else _OLDER_OF_PERSON
        rows = await self._rows(sql, (person_id, stretch.newer_than, stretch.older_than, limit))
        return [Message(*row) for row in rows]

    async def writers(self, sender_ids: Sequence[int], recipient_id: int) -> set[int]:
        return {id_ for (id_,) in await self._rows(_WRITERS, (id_list(sender_ids), recipient_id))}
