"""Where the worlds of tests are kept: in memory, or, with `--world postgresql`, each in a database of its own."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import asyncpg

from tacet.store.base import Store
from tacet.store.opening import MEMORY, open_store
from tests.databases import HOST, SUPERUSER, USER, Postgres

EMPTY = """
DO $$ DECLARE name TEXT; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
END $$
"""


class _Server:
    """A server, and its databases that nobody uses just now: to empty one takes a tenth of the time of making one."""

    def __init__(self, server: Postgres, template: str) -> None:
        self._port = server.port
        self._template = template.rpartition("/")[2]
        self._free: list[str] = []

    async def take(self) -> str:
        """The name of a database with Tacet's tables and nothing in them."""
        return self._free.pop() if self._free else await self.make()

    async def make(self) -> str:
        name = f"world_{secrets.token_hex(6)}"
        await self._run("postgres", f"CREATE DATABASE {name} OWNER {USER} TEMPLATE {self._template}")
        return name

    async def give_back(self, name: str) -> None:
        await self._run(name, EMPTY)
        self._free.append(name)

    async def remove(self, name: str) -> None:
        await self._run("postgres", f"DROP DATABASE {name} WITH (FORCE)")

    def address(self, name: str, user: str = USER) -> str:
        return f"postgresql://{user}@{HOST}:{self._port}/{name}"

    async def _run(self, database: str, statement: str) -> None:
        connection = await asyncpg.connect(self.address(database, SUPERUSER))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


_servers: list[_Server] = []
"""The server of this run; none where worlds are kept in memory."""


@contextlib.contextmanager
def kept_in(server: Postgres, template: str) -> Iterator[None]:
    """From here on, worlds are kept by this server.

    Args:
        template: the address of a database with Tacet's tables and nothing in them.
    """
    _servers.append(_Server(server, template))
    try:
        yield
    finally:
        _servers.clear()


def in_postgresql() -> bool:
    """Whether worlds are kept by a server."""
    return bool(_servers)


@contextlib.asynccontextmanager
async def database() -> AsyncIterator[str]:
    """The address of a database with Tacet's tables and nothing in them, for whoever is done with it at the end."""
    [server] = _servers
    name = await server.take()
    yield server.address(name)
    await server.give_back(name)


@contextlib.asynccontextmanager
async def empty_store(queue_length: int = 1_000) -> AsyncIterator[Store]:
    """An open store with nothing in it, where the run keeps its worlds."""
    async with contextlib.AsyncExitStack() as stack:
        address = await stack.enter_async_context(database()) if in_postgresql() else MEMORY
        store = open_store(address, queue_length)
        await store.open()
        stack.push_async_callback(store.close)
        yield store


@contextlib.contextmanager
def database_for_process() -> Iterator[str]:
    """The address of a new database with Tacet's tables and nothing in them, which is removed at the end."""
    [server] = _servers
    # No loop runs here that could wait, or one that must not stand still.
    with ThreadPoolExecutor(1) as thread:
        name = thread.submit(asyncio.run, server.make()).result()
        try:
            yield server.address(name)
        finally:
            thread.submit(asyncio.run, server.remove(name)).result()
