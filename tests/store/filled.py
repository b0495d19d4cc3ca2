"""A database with something of everything in it, and what is in a database, row by row."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from tacet.records.accounts import Developer, Password, Project, Session, Usage
from tacet.records.people import Profile
from tacet.records.relations import Kind, Relation
from tacet.store.address import sqlite_path
from tacet.store.base import Store
from tacet.store.opening import open_store
from tacet.store.queries.copying import KEYS
from tests.store.building import (
    NOW,
    QUEUE_LENGTH,
    app,
    code,
    grant,
    mentioning,
    message,
    mute,
    person,
    post,
    refresh_token,
    reply,
    repost,
    request_token,
    token,
)

PEOPLE = 40

BIO = Profile(description="a\nb\t\\.\r\\N", protected=True)
"""Hard to copy as text."""

MUTES_EACH = 30

Rows = dict[str, list[tuple[Any, ...]]]
"""Of every table, sorted; columns in the order of their names."""


async def fill(store: Store) -> None:
    """Write something of everything: every table gets rows, every column that may be empty is so in one of them."""
    await store.directory.put_people(
        [person(n, f"User_{n}", name=f"Ünïcode 🦜 {n}", profile=BIO) for n in range(1, PEOPLE + 1)]
    )
    for source_id in range(1, PEOPLE + 1):
        mutes = [mute(1_000 + n, 2 * n, NOW + n if n % 7 == 0 else None, source_id) for n in range(MUTES_EACH)]
        await store.relations.add_many(mutes)
    others = [Relation(kind, 1, 2, 2 * place) for place, kind in enumerate(Kind)]
    await store.relations.add_many([*others[1:], mute(5, (1 << 63) - 2, source_id=(1 << 63) - 1)])
    await store.posts.put(
        [post(100, 1), repost(101, 2, of=100, of_author=1), reply(102, 3, to=100), mentioning(103, 4, 1, 2)]
    )
    await store.messages.add(message(200, 1, 2))
    await store.credentials.put_app(app(1, consumer_secret_sealed=bytes(range(256)), owner_id=3))
    await store.credentials.put_app(app(2, project_id=None))
    await store.credentials.put_token(token(b"a" * 32, expires_at_ms=NOW + 5))
    await store.consents.add_grant(grant(50), [refresh_token(b"r" * 32), token(b"\x00\xff" * 16)])
    await store.consents.put_code(code())
    await store.consents.put_request_token(request_token())
    await store.accounts.put_password(Password(1, "$argon2id$v=19$...", NOW))
    await store.accounts.put_session(Session(b"s" * 32, 1, NOW, NOW, NOW + 9))
    await store.accounts.put_developer(Developer(3, "use 'case'", NOW))
    await store.accounts.put_project(Project(77, 3, "Project", "", NOW))
    await store.accounts.add_usage([Usage(1, 480_000, 7, 1), Usage(2, 480_001, 3, 0)])
    await store.nonces.remember(b"n" * 32, NOW + 300_000)


async def filled(address: str) -> None:
    """As `fill`, for an address."""
    store = open_store(address, QUEUE_LENGTH)
    await store.open()
    try:
        await fill(store)
    finally:
        await store.close()


async def rows_of(address: str) -> Rows:
    """All that is in a database, without our own code."""
    if urlsplit(address).scheme == "sqlite":
        return _of_sqlite(sqlite_path(address))
    return await _of_postgres(address)


async def revisions_of(address: str) -> dict[str, int]:
    store = open_store(address, QUEUE_LENGTH)
    await store.open()
    try:
        return {str(part): number for part, number in (await store.revisions()).items()}
    finally:
        await store.close()


def _of_sqlite(path: Path) -> Rows:
    with closing(sqlite3.connect(path)) as connection:
        found = {}
        for name in KEYS:
            columns = sorted(column for _, column, *_ in connection.execute(f"PRAGMA table_info({name})"))
            found[name] = sorted(connection.execute(f"SELECT {', '.join(columns)} FROM {name}"), key=repr)
        return found


async def _of_postgres(address: str) -> Rows:
    connection = await asyncpg.connect(address)
    try:
        found = {}
        for name in KEYS:
            columns = [
                row[0]
                for row in await connection.fetch(
                    "SELECT column_name::text FROM information_schema.columns WHERE table_name = $1", name
                )
            ]
            rows = await connection.fetch(f"SELECT {', '.join(sorted(columns))} FROM {name}")
            found[name] = sorted(map(tuple, rows), key=repr)
        return found
    finally:
        await connection.close()
