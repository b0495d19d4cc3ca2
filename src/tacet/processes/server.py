"""Running the service: opens the store, listens, says when it is ready, ends in order."""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import uvicorn
import uvloop

from tacet import __version__
from tacet.app import Tacet
from tacet.clock import Clock, SystemClock
from tacet.identity.vault import Vault
from tacet.observing.meters import Meters
from tacet.observing.running import Observed, observed
from tacet.observing.timing import measure
from tacet.processes.listening import AddressError, address_error, bound, url
from tacet.processes.stopping import Stopping
from tacet.settings import Settings
from tacet.sharing import together
from tacet.store.base import Store
from tacet.store.opening import open_store
from tacet.wire.http1 import BoundedProtocol, protocol_class

CONNECTION_CHECK_INTERVAL_S = 1.0
"""How often connections are checked for requests that do not finish arriving."""

GC_THRESHOLD = 50_000
"""Objects between collections: requests leave no cycles behind, and each pause is somebody's latency."""

SWITCH_INTERVAL_S = 0.0005
"""How long the writer may wait for the interpreter after a commit; Python's own 5 ms would be a mute's latency."""

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
    """

    number: int
    listening: socket.socket
    life: int


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
        VaultError: the secret key is unusable, or another than the one that the database was made with.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    return uvloop.run(_serve(settings, announce, prepare, residents, place))


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
        )
        await store.open()
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
        async with _background(tacet.watch()):
            server = _Server(settings, tacet, stopping, lambda: announce(url(listening)))
            if seen.meters is not None:
                server.observe(seen.meters)
            await server.serve([listening])
        await stopping.attempt(tacet.flush(), "writing the usage of Apps", FLUSH_S)
    return 0


@contextlib.asynccontextmanager
async def _observed(settings: Settings, clock: Clock, place: Place | None) -> AsyncIterator[Observed]:
    async with contextlib.AsyncExitStack() as open_:
        try:
            seen = await open_.enter_async_context(observed(settings, clock, place.number if place else 0))
        except OSError as error:
            message = f"cannot answer Prometheus on {settings.metrics}: {error.strerror}; give another --metrics"
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
        self._sweeps = 0
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
        meters.watch("connections_limit", lambda: settings.max_connections)
        meters.watch("requests_in_flight", lambda: len(protocol.running))
        meters.watch("requests_limit", lambda: settings.max_requests)

    async def main_loop(self) -> None:
        async with _background(self._sweep()):
            await self._stopping.begun.wait()
        # Whoever asks is told at once not to send more here.
        self._tacet.health.stop()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, let the requests that run be answered, and cut off whoever is left when time is up."""
        for server in self.servers:
            server.close()
        for each in sockets or ():
            each.close()
        connections: Any = self.server_state.connections
        for connection in list(connections):
            connection.shutdown()
        if not await self._stopping.requests(lambda: not connections):
            _log.warning("%d requests are cut off", len(connections))
            for connection in list(connections):
                connection.cut_off()

    async def _sweep(self) -> None:
        """Close connections whose requests do not arrive, or whose answers are not read: each holds a place."""
        while True:
            await asyncio.sleep(CONNECTION_CHECK_INTERVAL_S)
            self._sweeps += 1
            for connection in list(self.server_state.connections):
                protocol: Any = connection
                if protocol.is_too_slow(self._patience, self._idle_patience):
                    # Closing would wait until the client has read what there is for it.
                    protocol.transport.abort()


def _configuration(settings: Settings, tacet: Tacet) -> uvicorn.Config:
    return uvicorn.Config(
        tacet.application,
        interface="asgi3",
        http=protocol_class(settings.max_header_bytes, settings.max_connections, settings.max_requests, tacet.busy),
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
