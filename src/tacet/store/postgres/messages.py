"""Direct messages in PostgreSQL."""

from collections.abc import Sequence

from tacet.records.messages import Message
from tacet.records.people import Stretch
from tacet.store.messages import MessageStore
from tacet.store.postgres.database import Database
from tacet.store.postgres.dialect import adapt, id_list
from tacet.store.queries.messages import MessageQueries
from tacet.store.rows import message_row

_SQL = MessageQueries(adapt)


class PostgresMessages(MessageStore):
    """Messages of one PostgreSQL database."""

    def __init__(self, database: Database) -> None:
        self._rows = database.rows
        self._write = database.write

    async def add(self, message: Message) -> None:
        await self._write(_SQL.ADD_MESSAGE, message_row(message))

    async def newest_id(self, below: int) -> int:
        [(newest_id,)] = await self._rows(_SQL.NEWEST_MESSAGE_ID, (below,))
        return int(newest_id)

    async def between(self, one_id: int, other_id: int, stretch: Stretch, limit: int) -> list[Message]:
        sql = _SQL.NEWER_BETWEEN if stretch.upwards else _SQL.OLDER_BETWEEN
        pair = (min(one_id, other_id), max(one_id, other_id))
        rows = await self._rows(sql, (*pair, stretch.newer_than, stretch.older_than, limit))
        return [Message(*row) for row in rows]

    async def of_person(self, person_id: int, stretch: Stretch, limit: int) -> list[Message]:
        sql = _SQL.NEWER_OF_PERSON if stretch.upwards else _SQL.OLDER_OF_PERSON
        rows = await self._rows(sql, (person_id, stretch.newer_than, stretch.older_than, limit))
        return [Message(*row) for row in rows]

    async def writers(self, sender_ids: Sequence[int], recipient_id: int) -> set[int]:
        return {id_ for (id_,) in await self._rows(_SQL.WRITERS, (id_list(sender_ids), recipient_id))}
