"""How much PostgreSQL may say at a time."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from tacet.store.base import StoreAway
from tacet.store.postgres import answers
from tacet.store.postgres.answers import Bounded
from tacet.store.postgres.connections import connect
from tacet.store.postgres.database import Database

MOST_BYTES = 1 << 20
FITS = "SELECT repeat('x', 700000)"
TOO_LARGE = "SELECT repeat('x', 1100000)"
MANY_ROWS = "SELECT repeat('x', 1000) FROM generate_series(1, 2000)"

TIMEOUT_S = 30.0
"""For a statement: more than any takes here, however busy the machine is."""


@pytest.fixture(autouse=True)
def _bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MAX_ANSWER_BYTES", MOST_BYTES)


@pytest.fixture
async def database(postgres_address: str) -> AsyncIterator[Database]:
    opened = Database(postgres_address, 2, 100, TIMEOUT_S)
    await opened.open()
    yield opened
    await opened.close()


async def test_each_answer_is_counted_for_itself(database: Database) -> None:
    for _ in range(4):
        ((text,),) = await database.rows(FITS)
        assert len(text) == 700_000


@pytest.mark.parametrize("sql", [TOO_LARGE, MANY_ROWS], ids=["one-row", "rows-without-end"])
async def test_one_that_is_too_large_ends_its_session_and_no_other(
    database: Database, caplog: pytest.LogCaptureFixture, sql: str
) -> None:
    with pytest.raises(StoreAway):
        await database.rows(sql)
    assert {each.getMessage() for each in caplog.records if each.levelno == logging.ERROR} == {
        "a session with the database is ended: its answer is larger than any that is asked for"
    }
    assert len(await database.rows(FITS)) == 1
    assert not database.pool.away


async def test_what_copies_a_database_reads_rows_of_any_size(postgres_address: str) -> None:
    session = await connect(postgres_address, None, TIMEOUT_S)
    assert len(await session.fetch(TOO_LARGE, ())) == 1
    await session.close(TIMEOUT_S)


class Behind(asyncio.Protocol):
    """Takes note of what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def data_received(self, data: bytes) -> None:
        self.told.append(data)

    def eof_received(self) -> bool:
        self.told.append("eof")
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.told.append(exc)

    def pause_writing(self) -> None:
        self.told.append("pause")

    def resume_writing(self) -> None:
        self.told.append("resume")


class Transport(asyncio.Transport):
    aborted = 0

    def is_closing(self) -> bool:
        return self.aborted > 0

    def abort(self) -> None:
        self.aborted += 1


def test_what_nobody_asked_for_is_bounded_as_well() -> None:
    behind, transport = Behind(), Transport()
    bounded = Bounded(behind, transport)
    half = b"x" * (MOST_BYTES // 2)
    for _ in range(4):
        bounded.data_received(half)
    assert behind.told == [half, half]
    assert transport.aborted == 1


def test_everything_else_is_passed_on() -> None:
    behind, error = Behind(), ConnectionResetError()
    bounded = Bounded(behind, Transport())
    bounded.pause_writing()
    bounded.resume_writing()
    assert bounded.eof_received() is True
    bounded.connection_lost(error)
    assert behind.told == ["pause", "resume", "eof", error]
