"""Several processes that serve one port: starts them, starts anew those that die, ends them together.

The parent holds the port and pipes, opens neither the database nor Redis, and runs neither a loop nor threads, so that
it can fork at any time.
"""

import contextlib
import gc
import logging
import os
import selectors
import signal
import socket
from collections.abc import Callable, Iterator
from types import FrameType

from tacet.clock import Clock, SystemClock
from tacet.processes.children import Pipes, Report, Work, begin
from tacet.processes.listening import shared, url
from tacet.processes.server import HANGUP_SIGNAL, HURRY_SIGNAL, STOP_SIGNALS, Announce, Place, hangup_counts, run
from tacet.processes.slots import Slot
from tacet.processes.stopping import CLOSING_S, HURRIED_S, LAST_RESORT_S
from tacet.settings import Settings

START_PATIENCE_S = 60.0
"""A process that is not ready by then never will be: opening a database has limits of its own, which are shorter."""

MARGIN_S = 0.3
"""A child ends itself when it may not take longer; it is killed so much later where it does not."""

HANG_PATIENCE_S = 30.0
"""A process that has not told for so long that it goes on is stuck or stopped: the kernel still gives it its share of
the connections, and nobody there is answered. No statement, collection or commit takes as long."""

TICK_S = 1.0
"""How long the parent sleeps at most while nothing happens."""

_HANDLED = (*STOP_SIGNALS, signal.SIGCHLD)

_log = logging.getLogger(__name__)


class StartError(Exception):
    """A process does not start; the message says which, and how it ended."""


def supervise(settings: Settings, announce: Announce) -> int:
    """Serve with `settings.processes` processes until told to stop by SIGINT, SIGTERM or SIGHUP; return the exit code.

    Args:
        announce: called once all of them accept requests.

    Raises:
        AddressError, StoreError, VaultError, SharingError: as of `tacet.processes.server.run`, when they start for the
            first time.
        StartError: one of them could not be started, ended, or hung, before all were ready.
    """

    def serve(place: Place, ready: Announce) -> int:
        return run(settings, ready, place=place)

    # What all have in common is in memory once, as long as no collection touches it.
    gc.collect()
    gc.freeze()
    return Supervisor(settings, announce, serve).run()


class Supervisor:
    """The parent.

    Args:
        work: what each process does.
        start_patience_s: how long one may take to get ready.
        hang_patience_s: how long one that is ready may be silent.
    """

    def __init__(
        self,
        settings: Settings,
        announce: Announce,
        work: Work,
        clock: Clock | None = None,
        start_patience_s: float = START_PATIENCE_S,
        hang_patience_s: float = HANG_PATIENCE_S,
    ) -> None:
        self._settings = settings
        self._announce = announce
        self._work = work
        self._clock = clock or SystemClock()
        self._start_patience_s = start_patience_s
        self._hang_patience_s = hang_patience_s
        self._looked_s = self._now_s()
        self._slots = [Slot(number) for number in range(settings.processes)]
        self._announced = False
        self._handled = [*_HANDLED, HANGUP_SIGNAL] if hangup_counts() else [*_HANDLED]
        self._asked = 0
        self._obeyed = 0
        self._kill_s = float("inf")
        self._failure: Exception | None = None
        self._code = 0

    def run(self) -> int:
        """Serve; see `supervise`."""
        with contextlib.ExitStack() as open_:
            held = open_.enter_context(shared(self._settings))
            pipes = Pipes.opened()
            open_.callback(pipes.close)
            wait = open_.enter_context(self._waking(pipes))
            open_.callback(self._leave_nobody)
            while not self._obeyed or self._living():
                self._start(held, pipes)
                wait(self._sleep_s())
                self._reap(pipes)
                self._look()
                if not self._announced and all(slot.ready for slot in self._slots):
                    self._announced = True
                    self._announce(url(held))
        if self._failure is not None:
            raise self._failure
        return self._code

    def _start(self, held: socket.socket, pipes: Pipes) -> None:
        for slot in self._slots:
            now_s = self._now_s()
            if not self._obeyed and not self._failure and not slot.pid and now_s >= slot.due_s:
                slot.begin(now_s, self._start_patience_s)
                try:
                    slot.pid = begin(slot.number, held, pipes, self._work, self._handled)
                except OSError as error:
                    self._not_started(slot, error.strerror or type(error).__name__)

    def _not_started(self, slot: Slot, why: str) -> None:
        """The system has no process, or no memory, for one more: no reason to end those that serve."""
        why = f"cannot be started: {why}"
        if self._announced:
            self._try_later(slot, why)
        else:
            slot.due_s = self._now_s()
            self._fail(StartError(f"process {slot.number} {why}"))

    def _take(self, report: Report) -> None:
        for slot in self._slots:
            if slot.pid == report.pid:
                slot.silent_s = 0.0
                if not report.beat:
                    slot.told(report.error())

    def _reap(self, pipes: Pipes) -> None:
        waited = [(slot, *os.waitpid(slot.pid, os.WNOHANG)) for slot in self._living()]
        # Whoever has ended has told everything.
        for report in pipes.read():
            self._take(report)
        for slot, pid, status in waited:
            if pid:
                slot.pid = 0
                self._ended(slot, os.waitstatus_to_exitcode(status))

    def _ended(self, slot: Slot, code: int) -> None:
        how = f"was ended by {_name(-code)}" if code < 0 else f"ended with code {code}"
        if self._obeyed:
            # One that was not ready yet has no way of its own to end.
            if slot.ready and code:
                _log.error("process %d %s", slot.number, how)
                self._code = 1
        elif not self._announced:
            self._fail(slot.error or StartError(f"process {slot.number} {how} before it was ready"))
        elif slot.error is not None:
            self._try_later(slot, f"cannot serve: {slot.error}")
        else:
            pause_s = slot.died(self._now_s())
            _log.error("process %d %s; it is started again in %.1f s", slot.number, how, pause_s)
        slot.ready = False

    def _try_later(self, slot: Slot, why: str) -> None:
        if slot.failed(why, self._now_s()):
            _log.error("process %d %s; it is tried again every few seconds", slot.number, why)

    def _fail(self, error: Exception) -> None:
        """A start that does not succeed ends everything: whoever started it learns why."""
        self._failure = self._failure or error
        self._asked = max(self._asked, 1)

    def _look(self) -> None:
        """Do what time, or whoever asked for the end, demands."""
        now_s = self._now_s()
        if self._asked and not self._obeyed:
            self._obeyed = 1
            self._kill_s = now_s + self._settings.shutdown_timeout_s + CLOSING_S + LAST_RESORT_S + MARGIN_S
            self._signal(signal.SIGTERM)
        if self._asked > 1 and self._obeyed == 1:
            self._obeyed = 2
            self._kill_s = min(self._kill_s, now_s + HURRIED_S + LAST_RESORT_S + MARGIN_S)
            self._signal(HURRY_SIGNAL)
        if now_s >= self._kill_s:
            self._kill_s = float("inf")
            self._signal(signal.SIGKILL)
        if not self._obeyed:
            self._look_for_stuck(now_s)

    def _look_for_stuck(self, now_s: float) -> None:
        # Whoever was stopped together with its children has not listened meanwhile.
        listened_s = min(now_s - self._looked_s, 2 * TICK_S)
        self._looked_s = now_s
        for slot in self._living():
            slot.silent_s += listened_s
            if slot.ready and slot.silent_s >= self._hang_patience_s:
                self._end_hung(slot)
            elif not slot.ready and now_s >= slot.due_s:
                self._give_up(slot)

    def _end_hung(self, slot: Slot) -> None:
        _log.error("process %d has not stirred for %.0f s: it is killed", slot.number, slot.silent_s)
        slot.silent_s = 0.0
        os.kill(slot.pid, signal.SIGKILL)

    def _give_up(self, slot: Slot) -> None:
        slot.due_s = float("inf")
        os.kill(slot.pid, signal.SIGKILL)
        message = f"process {slot.number} was not ready within {self._start_patience_s:.0f} s"
        if self._announced:
            _log.error("%s", message)
        else:
            self._fail(StartError(message))

    def _living(self) -> list[Slot]:
        return [slot for slot in self._slots if slot.pid]

    def _signal(self, number: signal.Signals) -> None:
        for slot in self._living():
            os.kill(slot.pid, number)

    def _leave_nobody(self) -> None:
        """However this ends, no child outlives it."""
        self._signal(signal.SIGKILL)
        for slot in self._living():
            os.waitpid(slot.pid, 0)
            slot.pid = 0

    def _sleep_s(self) -> float:
        due_s = [slot.due_s for slot in self._slots if not slot.ready and not self._obeyed]
        return max(0.0, min([*due_s, self._kill_s, self._now_s() + TICK_S]) - self._now_s())

    def _now_s(self) -> float:
        return self._clock.ticks_ns() / 1e9

    @contextlib.contextmanager
    def _waking(self, pipes: Pipes) -> Iterator[Callable[[float], None]]:
        """A way to sleep until something happens: a signal, a child's end, a child's words."""
        reading, writing = socket.socketpair()
        with contextlib.ExitStack() as undo, reading, writing, selectors.DefaultSelector() as selector:
            for each in (reading, writing):
                each.setblocking(False)
            undo.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False))
            for number in self._handled:
                undo.callback(signal.signal, number, signal.signal(number, self._handle))
            selector.register(reading, selectors.EVENT_READ)
            selector.register(pipes.reports[0], selectors.EVENT_READ)

            def wait(seconds: float) -> None:
                for key, _ in selector.select(seconds):
                    if key.fileobj is reading:
                        reading.recv(4_096)

            yield wait

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if number in STOP_SIGNALS:
            self._asked += 1
        elif number == HANGUP_SIGNAL:
            self._asked = max(self._asked, 1)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        # Those between SIGRTMIN and SIGRTMAX have none.
        return f"signal {number}"
