"""Asking a server to end: it finishes what it has, and loses nothing."""

import asyncio
import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest

from tests.crash.connections import connected, nobody_accepts, request
from tests.crash.ledger import Ledger, load
from tests.crash.processes import STOP_TIMEOUT_S, Server, serving
from tests.service import SECRET_KEY

PROMISED_STOP_S = 10
BODY = json.dumps({"target_user_id": "1000"}).encode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tacet.db"


def stopped_within(server: Server, seconds: float) -> bool:
    """Whether it ends as it should, and in time."""
    started = time.monotonic()
    assert server.wait() == 0
    return time.monotonic() - started < seconds


def test_a_server_under_load_stops_in_time_and_loses_nothing(path: Path) -> None:
    ledger = Ledger()
    for number in range(3):
        with serving(path) as server:
            asyncio.run(ledger.verify(server.port))
            asyncio.run(load(server.port, ledger, number, server.terminate, after_s=0.3))
            assert stopped_within(server, PROMISED_STOP_S)
    with serving(path) as server:
        asyncio.run(ledger.verify(server.port))


def test_a_server_that_has_nothing_to_do_stops_at_once(path: Path) -> None:
    async def stop_beside_an_idle_connection(server: Server) -> None:
        async with connected(server.port) as connection:
            assert (await connection.get(1, "/2/users/me")).status == 200
            server.terminate()
            assert await connection.is_closed_within(PROMISED_STOP_S)

    with serving(path, shutdown_timeout_s=120) as server:
        asyncio.run(stop_beside_an_idle_connection(server))
        assert stopped_within(server, PROMISED_STOP_S)
    # The log was copied back and removed: the file alone is the whole database.
    assert sorted(each.name for each in path.parent.iterdir()) == ["tacet.db", "tacet.db.lock"]


def test_a_request_that_is_arriving_is_still_answered(path: Path) -> None:
    async def stop_in_the_middle_of_a_body(server: Server) -> None:
        async with connected(server.port) as connection:
            raw = request("POST", "/2/users/1/muting", 1, BODY)
            connection.writer.write(raw[:-5])
            await asyncio.sleep(0.3)
            server.terminate()
            await nobody_accepts(server.port)
            connection.writer.write(raw[-5:])
            answer = await connection.answer()
            assert (answer.status, answer.json) == (200, {"data": {"muting": True}})

    with serving(path, shutdown_timeout_s=120) as server:
        asyncio.run(stop_in_the_middle_of_a_body(server))
        assert stopped_within(server, PROMISED_STOP_S)
    ledger = Ledger(muted={(1, 1000): 1})
    with serving(path) as server:
        asyncio.run(ledger.verify(server.port))


def test_a_request_that_never_ends_arriving_does_not_keep_a_server_from_stopping(path: Path) -> None:
    async def stop_beside_half_a_request(server: Server) -> None:
        async with connected(server.port) as connection:
            connection.writer.write(request("POST", "/2/users/1/muting", 1, BODY)[:-5])
            await asyncio.sleep(0.3)
            server.terminate()
            assert await connection.is_closed_within(PROMISED_STOP_S)

    with serving(path, shutdown_timeout_s=1) as server:
        asyncio.run(stop_beside_half_a_request(server))
        assert stopped_within(server, PROMISED_STOP_S)


def test_a_database_that_hangs_does_not_keep_a_server_from_stopping(path: Path, migrated_address: str) -> None:
    async def stop_while_it_hangs(server: Server) -> None:
        other = await asyncpg.connect(migrated_address)
        try:
            async with other.transaction(), connected(server.port) as connection:
                # Usage is written at the end, and a mute is under way.
                assert (await connection.get(1, "/2/users/me")).status == 200
                await other.execute("LOCK TABLE relation, app_usage IN ACCESS EXCLUSIVE MODE")
                connection.writer.write(request("POST", "/2/users/1/muting", 1, BODY))
                await asyncio.sleep(0.3)
                server.terminate()
                assert stopped_within(server, PROMISED_STOP_S)
        finally:
            await other.close()

    with serving(path, database=migrated_address, database_timeout_s=60, shutdown_timeout_s=2) as server:
        asyncio.run(stop_while_it_hangs(server))


def test_a_disk_that_hangs_does_not_keep_a_server_from_stopping(path: Path) -> None:
    async def stop_while_it_hangs(server: Server) -> None:
        async with connected(server.port) as connection:
            assert (await connection.get(1, "/2/users/me")).status == 200
            with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN EXCLUSIVE")
                connection.writer.write(request("POST", "/2/users/1/muting", 1, BODY))
                await asyncio.sleep(0.3)
                server.terminate()
                assert stopped_within(server, PROMISED_STOP_S)

    with serving(path, shutdown_timeout_s=2) as server:
        asyncio.run(stop_while_it_hangs(server))


def test_ctrl_c_is_as_good_as_a_service_manager(path: Path) -> None:
    with serving(path, shutdown_timeout_s=120) as server:
        server.interrupt()
        assert stopped_within(server, PROMISED_STOP_S)


def test_asking_twice_cuts_off_what_is_slow_and_loses_nothing(path: Path) -> None:
    async def stop_twice(server: Server) -> None:
        async with connected(server.port) as connection:
            assert (await connection.mute(1, 1001)).status == 200
            connection.writer.write(request("POST", "/2/users/1/muting", 1, BODY)[:-5])
            await asyncio.sleep(0.3)
            server.terminate()
            assert not await connection.is_closed_within(1)
            server.terminate()
            assert await connection.is_closed_within(PROMISED_STOP_S)

    with serving(path, shutdown_timeout_s=120) as server:
        asyncio.run(stop_twice(server))
        assert stopped_within(server, PROMISED_STOP_S)
    ledger = Ledger(muted={(1, 1001): 1})
    with serving(path) as server:
        asyncio.run(ledger.verify(server.port))


def test_a_second_server_on_one_file_ends_with_a_message_and_leaves_the_first_alone(path: Path) -> None:
    command = [sys.executable, "-m", "tacet.cli", "serve", "--port", "0", "--database", f"sqlite:///{path}"]
    environment = {**os.environ, "TACET_SECRET_KEY": SECRET_KEY}
    ledger = Ledger()
    with serving(path) as server:
        second = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=STOP_TIMEOUT_S)
        assert second.returncode != 0
        assert second.stdout == ""
        [line] = second.stderr.splitlines()
        assert f"process {server.process.pid}" in line
        assert str(path) in line
        asyncio.run(load(server.port, ledger, 0, server.terminate, after_s=0.2))
        assert stopped_within(server, PROMISED_STOP_S)
    assert ledger.acknowledged
