"""Database files and other processes that use them."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tacet.store.opening import open_store
from tacet.store.sqlite.store import SqliteStore
from tests.store.building import QUEUE_LENGTH

HOLD_A_WRITE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
connection.execute("DELETE FROM relation")
print("ready", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""
"""A program in the middle of a write, until it is told to go on."""

SERVE = """
import asyncio, sys
from tacet.store.opening import open_store

async def main():
    store = open_store(sys.argv[1], 10)
    await store.open()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await store.close()

asyncio.run(main())
"""
"""A program that has a database open as a server, until it is told to go on."""


@asynccontextmanager
async def opened(path: Path, server: bool = True, queue_length: int = QUEUE_LENGTH) -> AsyncIterator[SqliteStore]:
    """A store on a file."""
    store = open_store(f"sqlite:///{path}", queue_length, server)
    assert isinstance(store, SqliteStore)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def running(program: str, argument: str | Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process, once it has said that it is ready."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(argument), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        process.stdin.close()
        await process.wait()


def go_on(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.write(b"\n")
