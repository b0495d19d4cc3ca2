"""Running the service: opens the store, listens, says when it is ready, ends in order."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

from tacet import __version__
from tacet.app import Tacet
from tacet.clock import Clock, SystemClock
from tacet.identity.vault import Vault
from tacet.processes.http import HttpServer, background
from tacet.processes.listening import AddressError, bound, url
from tacet.processes.observed import Observed, observed
from tacet.processes.stopping import Stopping
from tacet.settings import SERVE, Settings
from tacet.sharing import together
from tacet.store.address import is_postgresql, shown, sqlite_path
from tacet.store.base import Serving, Store
from tacet.store.measured import measure
from tacet.store.opening import MEMORY, open_store

GC_THRESHOLD = 50_000
"""Objects between collections: requests leave no cycles behind, and each pause is somebody's latency."""

SWITCH_INTERVAL_S = 0.0005
"""How long the writer may wait for the interpreter after a commit; Python's own 5 ms would be a mute's latency."""

BEAT_INTERVAL_S = 1.0
"""How often one of several processes tells its parent that its loop runs."""

FLUSH_S = 1.0
"""For writing what is only counted: a database that does not take it by then is not waited for."""

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C, and what service managers send."""

HANGUP_SIGNAL = signal.SIGHUP
"""What whoever started it sends, or the kernel, when their terminal is closed: mostly more than once, and also after
another stop signal, so that it never asks for haste."""

HURRY_SIGNAL = signal.SIGUSR1
"""What a parent sends that was asked twice."""

_log = logging.getLogger(__name__)

Announce = Callable[[str], None]
"""Called with the base URL once requests are accepted."""

Prepare = Callable[[Store], Awaitable[None]]
"""Called with the open store before anything listens; fills it, for a sandbox."""


@dataclass(frozen=True, slots=True)
class Place:
    """What one of several processes that serve together is given by their parent.

    Attributes:
        number: which one it is, from 0.
        listening: bound, not listening yet.
        life: a pipe that ends when the parent does.
        beat: tells the parent that this process goes on.
    """

    number: int
    listening: socket.socket
    life: int
    beat: Callable[[], None]


def run(
    settings: Settings,
    announce: Announce,
    prepare: Prepare | None = None,
    residents: Sequence[int] = (),
    place: Place | None = None,
) -> int:
    """Serve until told to stop by SIGINT, SIGTERM or SIGHUP; return the exit code.

    Args:
        residents: ids of the people whom a sandbox offers to be.
        place: of a process that is one of several.

    Raises:
        AddressError: the address cannot be listened on.
        StoreError: the database cannot be used; `StoreLocked` when another server has it.
        SharingError: Redis does not let us in, or is none.
        VaultError: the secret key is unusable, or another than the one that the database was made with.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    code = uvloop.run(_serve(settings, _told(settings, announce, place), prepare, residents, place))
    if settings.mode == SERVE:
        _log.info("stopped: %s", _which(settings, place))
    return code


def _told(settings: Settings, announce: Announce, place: Place | None) -> Announce:
    """Announces, and tells the log of it; a sandbox tells whoever started it at length."""

    def tell(where: str) -> None:
        announce(where)
        if settings.mode == SERVE:
            database, which = shown(settings.database), _which(settings, place)
            _log.info("serves %s on %s, version %s: %s", database, where, __version__, which)

    return tell


def _which(settings: Settings, place: Place | None) -> str:
    counted = f"process {place.number} of {settings.processes}, " if place else ""
    return f"{counted}pid {os.getpid()}"


async def _serve(
    settings: Settings, announce: Announce, prepare: Prepare | None, residents: Sequence[int], place: Place | None
) -> int:
    stopping = Stopping(settings.shutdown_timeout_s)
    async with contextlib.AsyncExitStack() as open_:
        open_.callback(stopping.over)
        # Until the store is closed: being asked again must not kill the process before.
        signals = open_.enter_context(contextlib.ExitStack())
        listening = open_.enter_context(contextlib.closing(place.listening if place else bound(settings)))
        clock = SystemClock()
        seen = await open_.enter_async_context(_observed(settings, clock, place))
        store = open_store(
            settings.database,
            settings.write_queue_length,
            connections=settings.database_connections,
            timeout_s=settings.database_timeout_s,
            serving=Serving.TOGETHER if settings.redis else Serving.ALONE,
        )
        made = None if place else _missing(settings)
        await store.open()
        if made is not None:
            # A wrong path is noticed here, not by somebody who misses their data.
            _log.info("made a new database %s", made)
        await open_.enter_async_context(stopping.closing(store.close, "the database"))
        if prepare is not None:
            await prepare(store)
        if seen.meters is not None:
            measure(store, seen.meters)
            store.observe(seen.meters)
        vault = Vault(settings.secret_key, old_secret_key=settings.old_secret_key)
        await vault.check_opens(store.credentials)
        shared = None
        if settings.redis:
            shared = await open_.enter_async_context(together(settings, store, clock))
        tacet = Tacet(settings, store, vault, clock, residents=residents, requests=seen.requests, shared=shared)
        if seen.meters is not None:
            tacet.observe(seen.meters)
            seen.meters.watch("build_info", lambda: 1, __version__, "PostgreSQL" if store.shared else "SQLite")
        gc.collect()
        # What was built so far lives as long as the process: no collection need look at it again.
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD)
        signals.enter_context(_told_to_stop(stopping, place))
        async with background(tacet.watch()), background(_beat(place)):
            server = HttpServer(settings, tacet, stopping, listening, lambda: announce(url(listening)))
            if seen.meters is not None:
                server.observe(seen.meters)
            await server.serve()
        await stopping.attempt(tacet.flush(), "writing the usage of Apps", FLUSH_S)
    return 0


def _missing(settings: Settings) -> Path | None:
    """The file of a database that is not there yet; None of any other, and of a sandbox, which is given a folder."""
    if settings.mode != SERVE or settings.database == MEMORY or is_postgresql(settings.database):
        return None
    path = sqlite_path(settings.database)
    return None if path.exists() else path


@contextlib.asynccontextmanager
async def _observed(settings: Settings, clock: Clock, place: Place | None) -> AsyncIterator[Observed]:
    async with contextlib.AsyncExitStack() as open_:
        try:
            seen = await open_.enter_async_context(observed(settings, clock, place.number if place else 0))
        except OSError as error:
            # asyncio tells the address once more before the reason.
            reason = (error.strerror or str(error)).rpartition("): ")[2]
            message = f"cannot answer Prometheus on {settings.metrics}: {reason}; give another --metrics"
            raise AddressError(message) from None
        yield seen


async def _beat(place: Place | None) -> None:
    while place is not None:
        place.beat()
        await asyncio.sleep(BEAT_INTERVAL_S)


@contextlib.contextmanager
def _told_to_stop(stopping: Stopping, place: Place | None) -> Iterator[None]:
    """Notice who wants the end.

    One of several processes is never asked twice by the same signal: a terminal and a service manager send it to all of
    them, and the parent passes it on.
    """
    loop = asyncio.get_running_loop()
    with contextlib.ExitStack() as undo:
        if place is not None:
            # Readable is what has ended: nobody writes to it.
            loop.add_reader(place.life, _orphaned, stopping, place.life)
            undo.callback(loop.remove_reader, place.life)
        if threading.current_thread() is threading.main_thread():
            on_signals = dict.fromkeys(STOP_SIGNALS, stopping.asked)
            if place is not None:
                on_signals = {**dict.fromkeys(STOP_SIGNALS, stopping.begin), HURRY_SIGNAL: stopping.hurry}
            if hangup_counts():
                on_signals[HANGUP_SIGNAL] = stopping.begin
            for number, handler in on_signals.items():
                loop.add_signal_handler(number, handler)
                undo.callback(loop.remove_signal_handler, number)
        yield


def hangup_counts() -> bool:
    """Whether the end of the terminal ends this process: not, where whoever started it has it ignored (`nohup`)."""
    return signal.getsignal(HANGUP_SIGNAL) != signal.SIG_IGN


def _orphaned(stopping: Stopping, life: int) -> None:
    asyncio.get_running_loop().remove_reader(life)
    _log.warning("the parent is gone: stopping")
    stopping.begin()
