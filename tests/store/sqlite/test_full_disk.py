"""A disk without room: what was acknowledged stays, the rest is refused, and all is well once there is room."""

import asyncio
import contextlib
import resource
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tacet.records.relations import Kind
from tacet.store.base import StoreError
from tacet.store.sqlite.store import SqliteStore
from tests.store.building import NOW, SOURCE, listed, mute
from tests.store.sqlite.files import opened


async def fill(store: SqliteStore, first: int) -> set[int]:
    """Add in batches until every write of one fails; return what was acknowledged."""
    acknowledged: set[int] = set()
    for start in range(first, first + 50_000, 50):
        ids = range(start, start + 50)
        writes = (store.relations.add(mute(id_, 2 * id_), NOW) for id_ in ids)
        answers = await asyncio.gather(*writes, return_exceptions=True)
        acknowledged |= {id_ for id_, answer in zip(ids, answers, strict=True) if answer is True}
        if all(isinstance(answer, StoreError) for answer in answers):
            return acknowledged
    raise AssertionError("the disk never was full")


async def stored(store: SqliteStore) -> set[int]:
    return {target_id for target_id, _ in await listed(store)}


async def test_a_database_that_cannot_grow_refuses_writes_until_it_can(
    path: Path, connections: list[sqlite3.Connection]
) -> None:
    async with opened(path) as store:
        writing = connections[0]
        [(pages,)] = writing.execute("PRAGMA page_count").fetchall()
        writing.execute(f"PRAGMA max_page_count = {pages + 10}")
        acknowledged = await fill(store, first=1)
        with pytest.raises(StoreError, match="disk is full"):
            await store.relations.add_many([mute(id_, 2 * id_) for id_ in range(90_000, 99_000)])
        assert acknowledged
        assert await stored(store) == acknowledged
        assert await store.relations.remove(Kind.MUTE, SOURCE, min(acknowledged), NOW)
        writing.execute("PRAGMA max_page_count = 1000000")
        assert await store.relations.add(mute(60_000, 120_000), NOW)
        expected = acknowledged - {min(acknowledged)} | {60_000}
    async with opened(path) as store:
        assert await stored(store) == expected


@contextlib.contextmanager
def files_no_longer_than(size: int) -> Iterator[None]:
    """What a full disk is to a commit: the log cannot be appended to."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_log_that_cannot_grow_refuses_commits_until_it_can(path: Path) -> None:
    async with opened(path) as store:
        with files_no_longer_than(300_000):
            acknowledged = await fill(store, first=1)
            assert acknowledged
            assert await stored(store) == acknowledged
        assert await store.relations.add(mute(60_000, 120_000), NOW)
    async with opened(path) as store:
        assert await stored(store) == acknowledged | {60_000}
