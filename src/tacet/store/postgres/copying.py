"""A PostgreSQL database as one end of a copy."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from tacet.store.address import shown
from tacet.store.base import Part, Serving, StoreError, StoreLocked
from tacet.store.postgres.connections import connect
from tacet.store.postgres.dialect import DRIVERS, Held, translated
from tacet.store.postgres.migrating import COLUMNS, CONNECT_TIMEOUT_S, TABLES, migrate, missing
from tacet.store.postgres.serving import TAKE, TAKE_COPYING
from tacet.store.postgres.session import Connection
from tacet.store.queries import copying as queries
from tacet.store.queries import upkeep
from tacet.store.sides import Key, Mark, Row, Side, Table, old_schema

PATIENCE_S = 5.0
"""How long it may take until whoever had the database has gone: the server looks every 2 s whether a process that was
killed is still there."""

RETRY_S = 0.25
"""Between attempts."""

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
        await self._have_alone(
            f"a server serves {self.name}: stop it, for the copy would lack what is written meanwhile"
        )
        due = await missing(self._address)
        if await self._is_unfinished():
            raise StoreError(f"{self.name} is itself an unfinished copy: finish that one first")
        if due:
            raise old_schema(self.name, len(due))

    async def open_destination(self) -> None:
        await self._have_alone(f"a server serves {self.name}: stop it, or give another database")
        due = await missing(self._address)
        if due and await self._rows(TABLES):
            raise old_schema(self.name, len(due), await self._is_unfinished())
        if due:
            await migrate(self._address)

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

    async def disturbed(self) -> str:
        return "a server waits to write" if await self._rows(_WANTED, [*queries.KEYS]) else ""

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

    async def _have_alone(self, served: str) -> None:
        """Until `close`, so that no server starts in between either.

        Args:
            served: what to say where a server has it.

        Raises:
            StoreLocked: a server serves it, or another copy is under way.
        """
        self._open = await connect(self._address, None, CONNECT_TIMEOUT_S)
        await self._execute("SET idle_session_timeout = 0")
        await self._take(
            TAKE_COPYING,
            f"another copy from or into {self.name} is under way: wait for its end, or give two different databases",
        )
        await self._take(TAKE[Serving.ALONE], served)

    async def _take(self, lock: str, conflict: str) -> None:
        loop = asyncio.get_running_loop()
        until_s = loop.time() + PATIENCE_S
        # Where there is no schema, so that nothing can be locked, whatever comes next says so.
        while (await self._rows(lock))[0][0] is False:
            if loop.time() >= until_s:
                raise StoreLocked(conflict)
            await asyncio.sleep(RETRY_S)

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
