"""A PostgreSQL database as one end of a copy."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from tacet.store.address import shown
from tacet.store.base import Part, Serving, StoreError, StoreLocked
from tacet.store.copying import Key, Mark, Row, Side, Table, old_schema
from tacet.store.postgres.connections import Connection, connect
from tacet.store.postgres.dialect import DRIVERS, Held, translated
from tacet.store.postgres.migrating import COLUMNS, CONNECT_TIMEOUT_S, TABLES, migrate, pending
from tacet.store.postgres.serving import TAKE
from tacet.store.queries import copying as queries
from tacet.store.queries import upkeep

_TAKE_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('tacet copying', 0))"
"""Held by the session, so it goes with whoever is killed."""

HOLD_S = 10
"""How long it may take until nobody writes to the source: longer than any statement of a server."""

STRETCH_S = 60.0
"""How long a stretch may take, which is a fraction of a second's work, before the network is taken for cut."""

_HOLD = f"BEGIN; SET LOCAL lock_timeout = '{HOLD_S}s'; LOCK TABLE {', '.join(queries.KEYS)} IN SHARE MODE"

_WANTED = """
SELECT 1 FROM pg_locks
WHERE NOT granted AND mode = 'RowExclusiveLock' AND relation = ANY (
    SELECT CAST(to_regclass(quote_ident(name)) AS OID) FROM unnest(CAST($1 AS TEXT[])) AS given (name))
"""


class PostgresSide(Side):
    """One database, through one session.

    Args:
        address: of the database, checked.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self.name = shown(address)
        self._open: Connection | None = None

    async def open_source(self) -> None:
        self._open = await connect(self._address, None, CONNECT_TIMEOUT_S)
        if due := await pending(self._address):
            raise old_schema(self.name, len(due))
        if await self._is_unfinished():
            raise StoreError(f"{self.name} is itself an unfinished copy: finish that one first")

    async def open_destination(self) -> None:
        self._open = await connect(self._address, None, CONNECT_TIMEOUT_S)
        ((is_ours,),) = await self._rows(_TAKE_LOCK)
        if not is_ours:
            raise StoreLocked(f"another copy into {self.name} is under way: wait for its end")
        due = await pending(self._address)
        if due and await self._rows(TABLES):
            raise old_schema(self.name, len(due))
        if due:
            await migrate(self._address)
        # Until `close`, so that no server starts in between either.
        ((is_free,),) = await self._rows(TAKE[Serving.ALONE])
        if not is_free:
            raise StoreLocked(f"a server serves {self.name}, into which is copied: stop it, or give another database")

    async def close(self) -> None:
        if self._open is not None:
            await self._open.close(CONNECT_TIMEOUT_S)
            self._open = None

    async def columns(self, name: str) -> set[str]:
        return {column for (column,) in await self._rows(COLUMNS, name)}

    async def filled(self) -> list[str]:
        return [name for name in queries.KEYS if await self._rows(queries.is_filled(name))]

    async def count(self, name: str) -> int:
        # To count all rows, walking the table is what costs least.
        await self._execute("SET enable_seqscan = on")
        ((count,),) = await self._rows(queries.count(name))
        await self._execute("SET enable_seqscan = off")
        return int(count)

    async def read(self, table: Table, after: Key | None, limit: int) -> Sequence[Row]:
        sql = queries.read(table.name, table.columns, first=after is None)
        with _translated():
            async with asyncio.timeout(STRETCH_S):
                return [tuple(row) for row in await self._connection.fetch(sql, (limit, *(after or ())))]

    async def marks(self) -> tuple[str, dict[str, Mark]] | None:
        if not await self._is_unfinished():
            return None
        rows = {name: rest for name, *rest in await self._rows(queries.MARKS)}
        source = rows.pop("")[-1]
        return source, {name: Mark.unpacked(*rest) for name, rest in rows.items()}

    async def begin(self, source: str) -> None:
        async with self._transaction():
            await self._execute(queries.CREATE_MARKS)
            await self._rows(queries.PUT_MARK, "", 0, "", source)

    async def write(self, table: Table, rows: Sequence[Row], mark: Mark) -> None:
        _check_storable(table, rows)
        with _translated():
            async with asyncio.timeout(STRETCH_S), self._transaction():
                await self._connection.copy(table.name, table.columns, rows)
                await self._rows(queries.PUT_MARK, table.name, *mark.packed())

    async def hold(self) -> None:
        try:
            await self._execute(_HOLD)
        except Held:
            raise StoreError(f"{self.name} is being written to: stop its servers, then run this again") from None

    async def wanted(self) -> bool:
        return bool(await self._rows(_WANTED, [*queries.KEYS]))

    async def revisions(self) -> Mapping[str, int]:
        return dict(await self._rows(upkeep.REVISIONS))

    async def finish(self, revisions: Mapping[str, int]) -> None:
        # A page is read from an index alone only where a vacuum has been, and plans need to know what is there.
        await self._execute(f"VACUUM (ANALYZE) {', '.join(queries.KEYS)}")
        async with self._transaction():
            for part in Part:
                await self._rows(queries.RAISE_REVISION, part, revisions.get(part, 0) + 1)
            await self._execute(queries.DROP_MARKS)

    @property
    def _connection(self) -> Connection:
        if self._open is None:
            raise StoreError(f"{self.name} is not open")
        return self._open

    async def _is_unfinished(self) -> bool:
        return any(name == queries.UNFINISHED for (name,) in await self._rows(TABLES))

    async def _rows(self, sql: str, *parameters: Any) -> list[Any]:
        with _translated():
            return await self._connection.fetch(sql, parameters)

    async def _execute(self, sql: str) -> None:
        with _translated():
            await self._connection.execute(sql)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[None]:
        """What ends it early leaves nothing: then nobody goes on with this session."""
        await self._execute("BEGIN")
        yield
        await self._execute("COMMIT")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DRIVERS as error:
        raise translated(error) from None


def _check_storable(table: Table, rows: Sequence[Row]) -> None:
    """Let rows pass that PostgreSQL can hold.

    Raises:
        StoreError: a text has a NUL in it; the message names the row, and nothing of the text.
    """
    for row in rows:
        for value in row:
            if isinstance(value, str) and "\0" in value:
                key = ", ".join(part.hex()[:8] if isinstance(part, bytes) else str(part) for part in table.key_of(row))
                raise StoreError(
                    f"the table {table.name} has a text with a NUL (U+0000) in it, which PostgreSQL cannot hold, in "
                    f"the row {key}: change that text, then go on"
                )
