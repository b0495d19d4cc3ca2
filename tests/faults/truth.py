"""What a service says when it is asked in every way, compared with what it said before."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import asyncpg

from tacet.records.relations import MAX_POSITION, Kind
from tacet.store.opening import open_store
from tests.crash.connections import Gone, connected
from tests.crash.ledger import walk
from tests.databases import Redis
from tests.faults.crowd import SOURCES, TARGETS, UNTOUCHED, look_up, muted_in
from tests.faults.history import Edge, History
from tests.faults.hosting import WRITE_QUEUE_LENGTH

RECOVERY_S = 2.0
"""Promised: so long after everything is back, requests are answered as ever."""

MAX_LOOK_UP = 100
"""People whom one request may ask for."""

CONNECTIONS = 8
"""Enough that every process of a service takes some."""

LOOK_INTERVAL_S = 0.02

PATIENCE_S = 30
"""For what does happen, however busy the machine is."""

CHANCES = 3
"""To recover in the promised time: the machine may have had something else to do."""

WORKING = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""


async def verify(port: int, database: str, history: History) -> None:
    """Fail unless a service that nobody else uses shows every acknowledged write and nothing else, however one asks."""
    muted: set[Edge] = set()
    began_ns = time.monotonic_ns()
    async with connected(port) as connection:
        for source_id in SOURCES:
            listed = await walk(connection, source_id)
            everybody = [*TARGETS, *UNTOUCHED]
            looked_up = set()
            for first in range(0, len(everybody), MAX_LOOK_UP):
                answer = await connection.get(source_id, look_up(everybody[first : first + MAX_LOOK_UP]))
                looked_up |= muted_in(answer)
            assert set(listed) == looked_up
            for target_id in (*TARGETS[:5], *UNTOUCHED):
                answer = await connection.get(source_id, f"/2/users/{target_id}?user.fields=connection_status")
                status = answer.json["data"].get("connection_status", ())
                assert ("muting" in status) == (target_id in looked_up)
            await _check_positions(database, source_id, listed)
            muted |= {(source_id, target_id) for target_id in listed}
    history.compare(muted)
    history.note_reads({edge: edge in muted for edge in history.edges}, began_ns, time.monotonic_ns())
    history.judge()


async def _check_positions(database: str, source_id: int, listed: list[int]) -> None:
    """Fail unless the list is in the order of its positions, each of which it has once."""
    store = open_store(database, WRITE_QUEUE_LENGTH, server=False)
    await store.open()
    try:
        now_ms = time.time_ns() // 1_000_000
        rows = await store.relations.older(Kind.MUTE, source_id, MAX_POSITION, len(TARGETS) + 1, now_ms)
    finally:
        await store.close()
    positions = [position for _, position in rows]
    assert positions == sorted(set(positions), reverse=True)
    assert [target_id for target_id, _ in rows] == listed


async def recovered(port: int) -> float:
    """Wait until a service answers everybody as ever; return how long that took.

    Whoever is connected anew may come to any of its processes, so several are.
    """
    began_s = time.monotonic()
    while not await _answers(port):
        assert time.monotonic() < began_s + PATIENCE_S, "it does not recover"
        await asyncio.sleep(LOOK_INTERVAL_S)
    return time.monotonic() - began_s


async def recovers(port: int, harm: Callable[[], Awaitable[None]]) -> None:
    """Harm a service, and fail unless it is as ever in the promised time once that is over."""
    took_s: list[float] = []
    while len(took_s) < CHANCES:
        await harm()
        took_s.append(await recovered(port))
        if took_s[-1] < RECOVERY_S:
            return
    raise AssertionError(f"recovered after {took_s} s")


async def settled(database: str) -> None:
    """Wait until PostgreSQL has ended what it did for processes that are gone: a commit may still have been under way.

    Args:
        database: its address.
    """
    connection = await asyncpg.connect(database)
    try:
        until_s = time.monotonic() + PATIENCE_S
        while working := await connection.fetch(WORKING):
            assert time.monotonic() < until_s, f"{working} go on"
            await asyncio.sleep(LOOK_INTERVAL_S)
    finally:
        await connection.close()


async def _answers(port: int) -> bool:
    async def ask() -> bool:
        try:
            async with connected(port) as connection:
                unmuted = await connection.unmute(SOURCES[0], UNTOUCHED[0])
                found = await connection.get(SOURCES[0], look_up(UNTOUCHED))
                return (unmuted.status, found.status) == (200, 200)
        except (Gone, TimeoutError):
            return False

    return all(await asyncio.gather(*(ask() for _ in range(CONNECTIONS))))


async def counted_again(redis: Redis) -> None:
    """Wait until requests are counted in a Redis that was empty."""
    until_s = time.monotonic() + PATIENCE_S
    while await asyncio.to_thread(redis.run, "KEYS tacet:*:limits:*") == b"*0\r\n":
        assert time.monotonic() < until_s, "nobody counts there"
        await asyncio.sleep(LOOK_INTERVAL_S)


def check_log(log: str, most_lines: int) -> None:
    """Fail if a log has what it may never have, a stack trace or a failure that nobody foresaw, or has a line for every
    request that something was wrong with."""
    for word in ("Traceback", "Task exception", "never retrieved", "Error 500", "Exception ignored"):
        assert word not in log, log[max(0, log.index(word) - 2_000) : log.index(word) + 3_000]
    # That it starts and stops is said once for each time.
    complaints = [line for line in log.splitlines() if " INFO " not in line]
    assert len(complaints) <= most_lines, log[:5_000]
