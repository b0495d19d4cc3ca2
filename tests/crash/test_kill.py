"""`kill -9` of a server in the middle of everything."""

import asyncio
import contextlib
import random
import sqlite3
from pathlib import Path

from tests.crash.ledger import Ledger, load
from tests.crash.processes import serving

KILLS = 20


def test_after_every_kill_all_that_was_acknowledged_is_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "tacet.db"
    ledger = Ledger()
    chance = random.Random(7)
    for number in range(KILLS):
        before = ledger.acknowledged
        with serving(path) as server:
            asyncio.run(ledger.verify(server.port))
            asyncio.run(load(server.port, ledger, number, server.kill, after_s=chance.uniform(0.05, 0.4)))
            assert server.wait() == -9
        assert ledger.acknowledged > before
    with serving(path) as server:
        asyncio.run(ledger.verify(server.port))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
