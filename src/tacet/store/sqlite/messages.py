"""Direct messages in SQLite."""

from collections.abc import Sequence
from typing import Any

from tacet.records.messages import Message
from tacet.records.people import Stretch
from tacet.store.messages import MessageStore
from tacet.store.queries.messages import MessageQueries
from tacet.store.rows import message_row
from tacet.store.sqlite.dialect import adapt, id_list
from tacet.store.sqlite.reader import Reader
from tacet.store.sqlite.writer import GroupWriter

_SQL = MessageQueries(adapt)


class SqliteMessages(MessageStore):
    """Messages of one SQLite database; see `SqliteRelations` for the arguments."""

    def __init__(self, reader: Reader, writer: GroupWriter) -> None:
        self._rows = reader.rows
        self._writer = writer

    async def add(self, message: Message) -> None:
        row = message_row(message)
        await self._writer.submit(lambda connection: connection.execute(_SQL.ADD_MESSAGE, row).rowcount)

    async def newest_id(self, below: int) -> int:
        [(newest_id,)] = self._rows(_SQL.NEWEST_MESSAGE_ID, (below,))
        return int(newest_id)

    async def between(self, one_id: int, other_id: int, stretch: Stretch, limit: int) -> list[Message]:
        sql = _SQL.NEWER_BETWEEN if stretch.upwards else _SQL.OLDER_BETWEEN
        pair = (min(one_id, other_id), max(one_id, other_id))
        return _messages(self._rows(sql, (*pair, stretch.newer_than, stretch.older_than, limit)))

    async def of_person(self, person_id: int, stretch: Stretch, limit: int) -> list[Message]:
        sql = _SQL.NEWER_OF_PERSON if stretch.upwards else _SQL.OLDER_OF_PERSON
        return _messages(self._rows(sql, (person_id, stretch.newer_than, stretch.older_than, limit)))

    async def writers(self, sender_ids: Sequence[int], recipient_id: int) -> set[int]:
        return {id_ for (id_,) in self._rows(_SQL.WRITERS, (id_list(sender_ids), recipient_id))}


def _messages(rows: list[Any]) -> list[Message]:
    return [Message(*row) for row in rows]
