"""Accepting connections while there are files, and none while there are not."""

import asyncio
import contextlib
import errno
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import pytest

from tacet.processes import accepting as module
from tacet.processes.accepting import PAUSE_S, PROCESS, REMEDIES, SYSTEM, Accepting

PATIENCE_S = 30
"""More than anything here takes, however busy the machine is."""


class Clients:
    """Those that were accepted, and how to become one."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.accepting = Accepting(self.listening, 10, self._accept)
        self.accepted = 0
        self._sockets: list[socket.socket] = []

    def _accept(self) -> asyncio.Protocol:
        self.accepted += 1
        return asyncio.Protocol()

    def come(self) -> None:
        self._sockets.append(socket.create_connection(self.listening.getsockname(), PATIENCE_S))

    def have_been(self, count: int) -> bool:
        return self.accepted == count

    def close(self) -> None:
        for each in self._sockets:
            each.close()


class Files:
    """The files that this process may open, as far as what accepts knows."""

    def __init__(self) -> None:
        self.error: int | None = None
        self.free = 3
        self.asked = 0

    def highest_free(self, _count: int) -> int:
        self.asked += 1
        if self.error is not None:
            raise OSError(self.error, os.strerror(self.error))
        return self.free


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Files:
    found = Files()
    monkeypatch.setattr(module, "highest_free", found.highest_free)
    monkeypatch.setattr(module, "most_with_clients", lambda: 100)
    return found


@pytest.fixture
async def clients(files: Files) -> AsyncIterator[Clients]:
    found = Clients()
    found.accepting.listen()
    await found.accepting.begin()
    yield found
    for each in found.accepting.end():
        each.close()
    found.close()


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(PATIENCE_S * 100):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never was")


async def test_whoever_comes_is_accepted(clients: Clients) -> None:
    clients.come()
    clients.come()
    await until(lambda: clients.accepted == 2)
    clients.accepting.look()
    assert clients.accepting.shortages == 0


@pytest.mark.parametrize(
    ("error", "remedy"),
    [(errno.EMFILE, REMEDIES[PROCESS]), (errno.ENFILE, REMEDIES[SYSTEM])],
    ids=["process", "system"],
)
async def test_without_files_whoever_comes_waits_and_the_log_says_what_helps(
    clients: Clients, files: Files, caplog: pytest.LogCaptureFixture, error: int, remedy: str
) -> None:
    files.error = error
    clients.accepting.look()
    clients.come()
    asked = files.asked
    await until(lambda: files.asked > asked + 2)
    assert clients.accepted == 0
    assert clients.accepting.shortages > 1
    files.error = None
    await until(lambda: clients.accepted == 1)
    assert [(each.levelno, remedy in each.getMessage()) for each in caplog.records] == [(logging.ERROR, True)]


async def test_a_system_without_what_is_looked_with_has_files_all_the_same(clients: Clients, files: Files) -> None:
    files.error = errno.ENOENT
    clients.accepting.look()
    assert clients.accepting.shortages == 0
    clients.accepting.pause()
    clients.come()
    await until(lambda: clients.accepted == 1)


async def test_it_is_not_begun_again_before_enough_are_free(clients: Clients, files: Files) -> None:
    files.free = 100
    clients.accepting.pause()
    clients.come()
    asked = files.asked
    await until(lambda: files.asked > asked + 2)
    assert clients.accepted == 0
    files.free = 99
    await until(lambda: clients.accepted == 1)


async def test_running_out_again_and_again_is_counted_and_told_once(
    clients: Clients, caplog: pytest.LogCaptureFixture
) -> None:
    for count in range(1, 4):
        clients.accepting.pause()
        clients.accepting.pause()
        clients.come()
        await until(partial(clients.have_been, count))
        assert clients.accepting.shortages >= count
    assert len(caplog.records) == 1


async def test_a_file_that_somebody_else_takes_is_waited_for(
    clients: Clients, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    real, refused = loop.create_server, 0

    async def refuse_twice(*given: Any, **more: Any) -> Any:
        nonlocal refused
        if refused < 2:
            refused += 1
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return await real(*given, **more)

    monkeypatch.setattr(loop, "create_server", refuse_twice)
    clients.accepting.pause()
    clients.come()
    await until(lambda: clients.accepted == 1)
    assert refused == 2


async def test_an_end_while_it_pauses_is_one(files: Files) -> None:
    clients = Clients()
    clients.accepting.listen()
    await clients.accepting.begin()
    files.error = errno.EMFILE
    clients.accepting.pause()
    clients.come()
    (waiting,) = clients.accepting.end()
    files.error = None
    await asyncio.sleep(3 * PAUSE_S)
    assert clients.accepted == 0
    assert clients.listening.fileno() == -1
    with contextlib.closing(waiting):
        clients.close()
