"""Where the worlds of tests are kept: in memory, or, with `--world postgresql`, each in a database of its own."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager

import asyncpg

from tacet.store.base import Store
from tacet.store.opening import MEMORY, open_store
from tests.databases import HOST, SUPERUSER, USER, Postgres

SERVER = "TACET_TEST_POSTGRES"
"""The variable with the port of the server, where there is one for worlds."""

TEMPLATE = "TACET_TEST_TEMPLATE"
"""The variable with the name of the database that is copied: one with Tacet's tables."""


@contextlib.contextmanager
def kept_in(server: Postgres, template: str) -> Iterator[None]:
    """From here on, worlds are kept by this server.

    Args:
        template: the address of a database with Tacet's tables and nothing in them.
    """
    os.environ[SERVER] = str(server.port)
    os.environ[TEMPLATE] = template.rpartition("/")[2]
    try:
        yield
    finally:
        del os.environ[SERVER], os.environ[TEMPLATE]


def in_postgresql() -> bool:
    """Whether worlds are kept by a server."""
    return SERVER in os.environ


@contextlib.asynccontextmanager
async def database() -> AsyncIterator[str]:
    """The address of a database with Tacet's tables and nothing in them; it is removed at the end."""
    name = f"world_{secrets.token_hex(6)}"
    await _run(f"CREATE DATABASE {name} OWNER {USER} TEMPLATE {os.environ[TEMPLATE]}")
    try:
        yield _address(USER, name)
    finally:
        await _run(f"DROP DATABASE {name} WITH (FORCE)")


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
    """The same where no loop runs that could wait, or another one does."""
    with ThreadPoolExecutor(1) as thread, asyncio.Runner() as runner:
        context = database()
        address = thread.submit(runner.run, _entered(context)).result()
        try:
            yield address
        finally:
            thread.submit(runner.run, _left(context)).result()


async def _entered(context: AbstractAsyncContextManager[str]) -> str:
    return await context.__aenter__()


async def _left(context: AbstractAsyncContextManager[str]) -> None:
    await context.__aexit__(None, None, None)


async def _run(statement: str) -> None:
    connection = await asyncpg.connect(_address(SUPERUSER, "postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _address(user: str, name: str) -> str:
    return f"postgresql://{user}@{HOST}:{os.environ[SERVER]}/{name}"
