"""What a connection makes of replies that are late, or none."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tacet.redis.connection import GRACE_S, REDIS_PATIENCE_S, Connection, RedisAway


class HandLoop:
    """A loop whose time passes by hand."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._now_s = 0.0
        self._due: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self._now_s

    def create_future(self) -> asyncio.Future[Any]:
        return self._loop.create_future()

    def call_soon(self, call: Callable[[], None], **_: Any) -> None:
        self.call_later(0, call)

    def call_later(self, delay_s: float, call: Callable[[], None], **_: Any) -> asyncio.Handle:
        self._due.append((self._now_s + delay_s, call))
        # Never run, and so never to be called off.
        return asyncio.Handle(call, (), self._loop)

    def stand_still(self, seconds: float) -> None:
        """Let time pass in which nothing happens; then what is due, once."""
        self._now_s += seconds
        due = [call for at_s, call in self._due if at_s <= self._now_s]
        self._due = [(at_s, call) for at_s, call in self._due if at_s > self._now_s]
        for call in due:
            call()


class Wire(asyncio.Transport):
    """Takes what is sent."""

    def write(self, data: Any) -> None:
        """Somebody else answers."""

    def abort(self) -> None:
        """There is nobody to be told."""


@dataclass(frozen=True)
class Made:
    """A connection, its time, and how it was lost."""

    connection: Connection
    loop: HandLoop
    losses: list[RedisAway] = field(default_factory=list)

    def send(self) -> asyncio.Future[Any]:
        """A command that has left."""
        future = self.connection.send(b"PING")
        self.loop.stand_still(0)
        return future

    def answer(self, octets: bytes = b"+PONG\r\n") -> None:
        self.connection.data_received(octets)


@pytest.fixture
async def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    losses: list[RedisAway] = []
    loop = HandLoop()
    with monkeypatch.context() as patched:
        patched.setattr("tacet.redis.connection.asyncio.get_running_loop", lambda: loop)
        connection = Connection(losses.append)
    connection.connection_made(Wire())
    return Made(connection, loop, losses)


async def test_a_reply_that_is_there_when_a_process_goes_on_is_read(made: Made) -> None:
    future = made.send()
    made.loop.stand_still(10 * REDIS_PATIENCE_S)
    made.answer()
    assert await future == b"PONG"
    assert made.losses == []


async def test_a_late_reply_says_nothing_of_commands_long_after_it(made: Made) -> None:
    first = made.send()
    made.loop.stand_still(REDIS_PATIENCE_S)
    made.answer()
    made.loop.stand_still(GRACE_S)
    assert await first == b"PONG"
    second = made.send()
    made.loop.stand_still(10 * REDIS_PATIENCE_S)
    made.answer()
    assert await second == b"PONG"
    assert made.losses == []


async def test_one_that_does_not_answer_is_lost(made: Made) -> None:
    future = made.send()
    made.loop.stand_still(REDIS_PATIENCE_S)
    made.loop.stand_still(GRACE_S)
    with pytest.raises(RedisAway, match="does not answer"):
        await future
    assert [away.lasting for away in made.losses] == [False]


async def test_what_speaks_something_else_is_no_redis_and_stays_so(made: Made) -> None:
    future = made.send()
    made.answer(b"HTTP/1.1 400 Bad Request\r\n")
    with pytest.raises(RedisAway, match="no Redis"):
        await future
    assert [away.lasting for away in made.losses] == [True]


class Full:
    """A reader that finds no memory for what it reads."""

    def feed(self, _data: bytes) -> None:
        """All there is."""

    def gets(self) -> object:
        raise MemoryError


async def test_memory_that_there_is_not_may_be_there_later(monkeypatch: pytest.MonkeyPatch, made: Made) -> None:
    monkeypatch.setattr(made.connection, "_reader", Full())
    future = made.send()
    made.answer()
    with pytest.raises(RedisAway, match="memory"):
        await future
    assert [away.lasting for away in made.losses] == [False]
