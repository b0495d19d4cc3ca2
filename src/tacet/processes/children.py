"""One of several processes: how it is made, what it tells its parent, how it notices that the parent is gone."""

import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from tacet.identity.vault import VaultError
from tacet.processes.listening import AddressError, another
from tacet.processes.server import Announce, Place
from tacet.store.base import StoreError

SAID: Sequence[type[Exception]] = (AddressError, StoreError, VaultError)
"""What keeps a process from serving, with a message for whoever runs it; everything else is a bug, and logged."""

BUG = 70
"""The exit code of a process that ends as none should."""

MAX_WORDS_BYTES = 2_048
"""Of a message from a child: with the rest it has to fit into what a pipe takes at once, 4,096 bytes at least."""

Work = Callable[[Place, Announce], int]
"""What a child does; calls `Announce` once it accepts requests."""

_log = logging.getLogger(__name__)


class Report(msgspec.Struct, frozen=True):
    """What a child tells.

    Attributes:
        kind: which of `SAID` keeps it from serving; None where it is ready.
    """

    pid: int
    kind: int | None = None
    words: str = ""

    def error(self) -> Exception | None:
        """What was raised in the child."""
        return None if self.kind is None else SAID[self.kind](self.words)


@dataclass(frozen=True, slots=True)
class Pipes:
    """Between a parent and all its children.

    Attributes:
        life: nothing is ever written to it. Only the parent holds its writing end, so it ends when that is gone.
        reports: lines, each written at once.
    """

    life: tuple[int, int]
    reports: tuple[int, int]

    @classmethod
    def opened(cls) -> "Pipes":
        """New ones; `close` them."""
        made = cls(os.pipe(), os.pipe())
        os.set_blocking(made.reports[0], False)
        return made

    def close(self) -> None:
        """Close the parent's ends; children learn that it is gone."""
        for end in (*self.life, *self.reports):
            os.close(end)

    def read(self) -> Iterator[Report]:
        """What children have told since the last time."""
        try:
            told = os.read(self.reports[0], 1 << 20)
        except BlockingIOError:
            return
        for line in told.splitlines():
            yield msgspec.json.decode(line, type=Report)

    def tell(self, report: Report) -> None:
        """Tell the parent; nobody listens any more where it is gone."""
        try:
            os.write(self.reports[1], msgspec.json.encode(report) + b"\n")
        except OSError:
            _log.debug("the parent is gone")


def begin(number: int, held: socket.socket, pipes: Pipes, work: Work, handled: Sequence[int]) -> int:
    """Start a child; return its process id.

    Args:
        number: which one it is, from 0.
        held: the parent's socket.
        handled: signals that the parent has handlers for.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # A signal that comes before the child has handlers of its own would run the parent's, and be lost.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, handled)
    pid = os.fork()
    if not pid:
        _live(number, held, pipes, work, handled, before)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return pid


def _live(
    number: int, held: socket.socket, pipes: Pipes, work: Work, handled: Sequence[int], mask: Iterable[int]
) -> None:
    code = BUG
    try:
        signal.set_wakeup_fd(-1)
        for each in handled:
            signal.signal(each, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(pipes.life[1])
        code = _serve(number, held, pipes, work)
    except Exception:  # noqa: BLE001 - whatever went wrong, it is the parent that goes on
        _log.exception("process %d failed", number)
    finally:
        # Not by way of the parent's own clean-up, which would run a second time here.
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def _serve(number: int, held: socket.socket, pipes: Pipes, work: Work) -> int:
    pid = os.getpid()
    try:
        listening = another(held)
        held.close()
        return work(Place(number, listening, pipes.life[0]), lambda _: pipes.tell(Report(pid)))
    except OSError as error:
        pipes.tell(_report(pid, AddressError(f"cannot listen beside the other processes: {error.strerror}")))
    except tuple(SAID) as error:
        pipes.tell(_report(pid, error))
    return 1


def _report(pid: int, error: Exception) -> Report:
    kind = next(at for at, known in enumerate(SAID) if isinstance(error, known))
    return Report(pid, kind, str(error).encode()[:MAX_WORDS_BYTES].decode(errors="ignore"))
