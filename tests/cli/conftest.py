import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from tacet.cli import main
from tacet.store.base import Store
from tacet.store.opening import open_store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line on standard error."""
        assert self.err.count("\n") == 1, self.err
        assert "Traceback" not in self.err
        return self.err.removesuffix("\n")


Tacet = Callable[..., Ended]


class Stored:
    """The database that commands use when they are told of no other: tacet.db in the current folder."""

    def __init__(self, path: Path) -> None:
        self._address = f"sqlite:///{path}"

    def __call__(self, work: Callable[[Store], Awaitable[T]]) -> T:
        """Do something with it."""

        async def session() -> T:
            store = open_store(self._address, queue_length=100, server=False)
            await store.open()
            try:
                return await work(store)
            finally:
                await store.close()

        return asyncio.run(session())

    def beside_a_server(self, action: Callable[[], T]) -> T:
        """Do something while a server has it."""
        loop = asyncio.new_event_loop()
        store = open_store(self._address, queue_length=100)
        loop.run_until_complete(store.open())
        try:
            return action()
        finally:
            loop.run_until_complete(store.close())
            loop.close()


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    return Stored(tmp_path / "tacet.db")


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In an empty folder, with nothing set, and not under make, whatever runs the tests."""
    for name in [name for name in os.environ if name.startswith("TACET_") or name == "MAKELEVEL"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def tacet(capsys: pytest.CaptureFixture[str]) -> Tacet:
    """Runs a command within this process."""

    def run(*arguments: str) -> Ended:
        capsys.readouterr()
        code = main(_words(arguments))
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run


def _words(arguments: Sequence[str]) -> list[str]:
    """One text is a whole command line."""
    return arguments[0].split() if len(arguments) == 1 else list(arguments)
