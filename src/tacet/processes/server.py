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
from typing import Any, cast

import uvicorn
import uvloop

from tacet import __version__
from tacet.app import Tacet
from tacet.clock import Clock, SystemClock
from tacet.identity.vault import Vault
from tacet.observing.meters import Meters
from tacet.processes.descriptors import clients
from tacet.processes.listening import AddressError, address_error, bound, url
from tacet.processes.observed import Observed, observed
from tacet.processes.stopping import Stopping
from tacet.settings import SERVE, Settings
from tacet.sharing import together
from tacet.store.address import is_postgresql, shown, sqlite_path
from tacet.store.base import Serving, Store
from tacet.store.measured import measure
from tacet.store.opening import MEMORY, open_store
from tacet.wire.health import HEALTH
from tacet.wire.http1 import BoundedProtocol, protocol_class

CONNECTION_CHECK_INTERVAL_S = 1.0
"""How often connections are checked for requests that do not finish arriving."""

GC_THRESHOLD = 50_000
"""Objects between collections: requests leave no cycles behind, and each pause is somebody's latency."""

SWITCH_INTERVAL_S = 0.0005
"""How long the writer may wait for the interpreter after a commit; Python's own 5 ms would be a mute's latency."""

BEAT_INTERVAL_S = 1.0
"""How often one of several processes tells its parent that its loop runs."""

NOTICE_S = 0.1
"""Between the word that no more should be sent here and the end of accepting: whoever looks in that moment learns it,
and nobody else waits for it."""

FLUSH_S = 1.0
"""For writing what is only counted: a database that does not take it by then is not waited for."""

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C, and what service managers send."""

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
    """Serve until told to stop by SIGINT or SIGTERM; return the exit code.

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
        async with _background(tacet.watch()), _background(_beat(place)):
            server = _Server(settings, tacet, stopping, lambda: announce(url(listening)))
            if seen.meters is not None:
                server.observe(seen.meters)
            await server.serve([listening])
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


class _Server(uvicorn.Server):
    """uvicorn, which says when it accepts requests and drops those that do not finish arriving."""

    def __init__(
        self,
        settings: Settings,
        tacet: Tacet,
        stopping: Stopping,
        ready: Callable[[], None],
    ) -> None:
        super().__init__(_configuration(settings, tacet))
        self._settings = settings
        self._tacet = tacet
        self._stopping = stopping
        self._ready = ready
        self._patience = max(1, round(settings.request_timeout_s / CONNECTION_CHECK_INTERVAL_S))
        self._idle_patience = max(1, round(settings.keep_alive_timeout_s / CONNECTION_CHECK_INTERVAL_S))

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Not here: uvicorn's own raises the signal once more at the end, which kills the process before the store is
        closed."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            # Two servers can bind one address before either listens, and uvloop keeps it to itself when that fails.
            for each in sockets or ():
                each.listen(self._settings.backlog)
        except OSError as error:
            raise address_error(self._settings, error) from None
        await super().startup(sockets)
        try:
            self._ready()
        except BaseException:
            # The loop cannot be closed while it still listens.
            await self.shutdown(sockets)
            raise

    def observe(self, meters: Meters) -> None:
        """Have counted how many clients there are, and how many requests run."""
        settings, state, protocol = self._settings, self.server_state, cast("type[BoundedProtocol]", self.config.http)
        meters.watch("connections", lambda: len(state.connections))
        meters.watch("connections_limit", lambda: protocol.max_connections)
        meters.watch("requests_in_flight", lambda: protocol.places.taken)
        meters.watch("requests_limit", lambda: settings.max_requests)

    async def main_loop(self) -> None:
        async with _background(self._sweep()):
            await self._stopping.begun.wait()
        # Whoever asks is told at once not to send more here.
        self._tacet.health.stop()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, let the requests that run be answered, and cut off whoever is left when time is up."""
        await asyncio.sleep(NOTICE_S)
        # The kernel has accepted them for us already, and would reset them.
        waiting = [accepted for each in sockets or () for accepted in _accepted(each, self._settings.backlog)]
        for server in self.servers:
            server.close()
        for each in sockets or ():
            each.close()
        loop = asyncio.get_running_loop()
        for each in waiting:
            # Whoever has left again needs no answer.
            with contextlib.suppress(OSError):
                await loop.connect_accepted_socket(self._protocol, each)
        connections: Any = self.server_state.connections

        def are_gone() -> bool:
            # Each time: one that was accepted last may only now have come.
            for connection in list(connections):
                connection.shutdown()
            return not connections

        if not await self._stopping.requests(are_gone):
            _log.warning("%d connections are cut off", len(connections))
            for connection in list(connections):
                connection.cut_off()

    def _protocol(self) -> asyncio.Protocol:
        made = cast("type[BoundedProtocol]", self.config.http)
        return made(self.config, self.server_state, self.lifespan.state)

    async def _sweep(self) -> None:
        """Close connections whose requests do not arrive, or whose answers are not read: each holds a place."""
        while True:
            await asyncio.sleep(CONNECTION_CHECK_INTERVAL_S)
            for connection in list(self.server_state.connections):
                protocol: Any = connection
                if protocol.is_too_slow(self._patience, self._idle_patience):
                    # Closing would wait until the client has read what there is for it.
                    protocol.transport.abort()


def _configuration(settings: Settings, tacet: Tacet) -> uvicorn.Config:
    max_connections = clients(settings.max_connections, settings.database_connections)
    if max_connections < settings.max_connections:
        _log.warning(
            "only %d of %d connections of clients can be open: raise the limit of open files, or lower max_connections",
            max_connections,
            settings.max_connections,
        )
    return uvicorn.Config(
        tacet.application,
        interface="asgi3",
        http=protocol_class(settings.max_header_bytes, max_connections, settings.max_requests, tacet.busy, HEALTH),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        # Headers of a proxy could otherwise change the scheme that signatures are made over.
        proxy_headers=False,
        backlog=settings.backlog,
    )


@contextlib.asynccontextmanager
async def _background(work: Awaitable[None]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _accepted(listening: socket.socket, at_most: int) -> Iterator[socket.socket]:
    """The connections that wait to be accepted."""
    listening.setblocking(False)
    with contextlib.suppress(OSError):
        for _ in range(at_most):
            accepted, _ = listening.accept()
            accepted.setblocking(False)
            yield accepted


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
            for number, handler in on_signals.items():
                loop.add_signal_handler(number, handler)
                undo.callback(loop.remove_signal_handler, number)
        yield


def _orphaned(stopping: Stopping, life: int) -> None:
    asyncio.get_running_loop().remove_reader(life)
    _log.warning("the parent is gone: stopping")
    stopping.begin()
