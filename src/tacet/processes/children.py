"""One of several processes: how it is made, what it tells its parent, how it notices that the parent is gone."""

import contextlib
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
from tacet.processes.server import HANGUP_SIGNAL, Announce, Place
from tacet.sharing import SharingError
from tacet.store.base import StoreError

SAID: Sequence[type[Exception]] = (AddressError, StoreError, VaultError, SharingError)
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
        beat: only that it goes on.
    """

    pid: int
    kind: int | None = None
    words: str = ""
    beat: bool = False

    def error(self) -> Exception | None:
        """What was raised in the child."""
        return None if self.kind is None else SAID[self.kind](self.words)


@dataclass(frozen=True, slots=True)
class Pipes:
    """Between a parent and all its children.

    Attributes:
        life: nothing is ever written to it. Only the parent keeps its writing end, so it ends when that is gone.
        reports: lines, each written at once. Only the parent keeps its reading end.
    """

    life: tuple[int, int]
    reports: tuple[int, int]

    @classmethod
    def opened(cls) -> "Pipes":
        """New ones; `close` them."""
        made = cls(os.pipe(), os.pipe())
        # Neither end: a parent that is stopped for long reads nothing, and its children have to go on.
        for end in made.reports:
            os.set_blocking(end, False)
        return made

    def close(self) -> None:
        """Close the parent's ends; children learn that it is gone."""
        for end in (*self.life, *self.reports):
            os.close(end)

    def leave_to_parent(self) -> None:
        """In a child: close the ends that only the parent may hold."""
        for end in (self.life[1], self.reports[0]):
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
        """Tell the parent; lost where it is gone, or has read nothing for so long that the pipe is full."""
        with contextlib.suppress(OSError):
            os.write(self.reports[1], msgspec.json.encode(report) + b"\n")


def begin(number: int, held: socket.socket, pipes: Pipes, work: Work, handled: Sequence[int]) -> int:
    """Start a child; return its process id.

    Args:
        number: which one it is, from 0.
        held: the parent's socket.
        handled: signals that the parent has handlers for.

    Raises:
        OSError: the system has no process, or no memory, for one more.
    """
    _flush()
    # A signal that comes before the child has handlers of its own would run the parent's, and be lost.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, handled)
    pid = -1
    try:
        pid = os.fork()
    finally:
        if pid:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if not pid:
        _live(number, held, pipes, work, handled, before)
    return pid


def _live(
    number: int, held: socket.socket, pipes: Pipes, work: Work, handled: Sequence[int], mask: Iterable[int]
) -> None:
    code = BUG
    try:
        signal.set_wakeup_fd(-1)
        for each in handled:
            signal.signal(each, signal.SIG_DFL)
        # A terminal that is closed tells all of them, also one that is not ready: the parent ends them in order.
        signal.signal(HANGUP_SIGNAL, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        pipes.leave_to_parent()
        code = _serve(number, held, pipes, work)
    except Exception:  # noqa: BLE001 - whatever went wrong, it is the parent that goes on
        _log.exception("process %d failed", number)
    finally:
        try:
            _flush()
        finally:
            # Not by way of the parent's own clean-up, which would run a second time here.
            os._exit(code)


def _flush() -> None:
    """Write what was said, where that can be done: a log on a full disk ends no process."""
    for stream in (sys.stdout, sys.stderr):
        # None is what was closed before the start.
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):
                stream.flush()


def _serve(number: int, held: socket.socket, pipes: Pipes, work: Work) -> int:
    pid = os.getpid()
    try:
        place = Place(number, _listening(held), pipes.life[0], lambda: pipes.tell(Report(pid, beat=True)))
        return work(place, lambda _: pipes.tell(Report(pid)))
    except tuple(SAID) as error:
        pipes.tell(_report(pid, error))
    return 1


def _listening(held: socket.socket) -> socket.socket:
    try:
        listening = another(held)
    except OSError as error:
        raise AddressError(f"cannot listen beside the other processes: {error.strerror}") from None
    held.close()
    return listening


def _report(pid: int, error: Exception) -> Report:
    kind = next(at for at, known in enumerate(SAID) if isinstance(error, known))
    return Report(pid, kind, str(error).encode()[:MAX_WORDS_BYTES].decode(errors="ignore"))
