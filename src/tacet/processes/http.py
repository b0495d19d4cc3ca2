"""The HTTP server of one process: uvicorn, with another beginning, another end, and an eye on its connections."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, cast

import uvicorn

from tacet.app import Tacet
from tacet.observing.complaints import Complaints
from tacet.observing.meters import Meters
from tacet.processes.accepting import Accepting
from tacet.processes.descriptors import clients, most_with_clients
from tacet.processes.listening import address_error
from tacet.processes.stopping import Stopping
from tacet.settings import Settings
from tacet.wire.crowd import Crowd
from tacet.wire.health import HEALTH
from tacet.wire.http1 import BoundedProtocol, protocol_class

CONNECTION_CHECK_INTERVAL_S = 1.0
"""How often connections are checked for requests that do not finish arriving."""

NOTICE_S = 0.1
"""Between the word that no more should be sent here and the end of accepting: whoever looks in that moment learns it,
and nobody else waits for it."""

_log = logging.getLogger(__name__)


class HttpServer(uvicorn.Server):
    """uvicorn, which says when it accepts requests and drops those that do not finish arriving.

    Args:
        listening: bound.
        ready: called once requests are accepted.
    """

    def __init__(
        self,
        settings: Settings,
        tacet: Tacet,
        stopping: Stopping,
        listening: socket.socket,
        ready: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._tacet = tacet
        self._stopping = stopping
        self._ready = ready
        self._patience = max(1, round(settings.request_timeout_s / CONNECTION_CHECK_INTERVAL_S))
        self._idle_patience = max(1, round(settings.keep_alive_timeout_s / CONNECTION_CHECK_INTERVAL_S))
        self._accepting = Accepting(listening, settings.backlog, self._protocol)
        self._crowd = Crowd(_most_clients(settings), most_with_clients(), self._accepting.pause)
        super().__init__(_configuration(settings, tacet, self._crowd))

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Not here: uvicorn's own raises the signal once more at the end, which kills the process before the store is
        closed."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            # Two servers can bind one address before either listens, and uvloop keeps it to itself when that fails.
            self._accepting.listen()
        except OSError as error:
            raise address_error(self._settings, error) from None
        await super().startup(sockets or [])
        try:
            await self._accepting.begin()
            self._ready()
        except BaseException:
            # The loop cannot be closed while it still listens.
            await self.shutdown(sockets)
            raise

    def observe(self, meters: Meters) -> None:
        """Have counted how many clients there are, and how many requests run."""
        settings, state, protocol = self._settings, self.server_state, cast("type[BoundedProtocol]", self.config.http)
        meters.watch("connections", lambda: len(state.connections))
        meters.watch("connections_limit", lambda: self._crowd.most)
        meters.watch("file_shortages_total", lambda: self._accepting.shortages)
        meters.watch("requests_in_flight", lambda: protocol.places.taken)
        meters.watch("requests_limit", lambda: settings.max_requests)

    async def main_loop(self) -> None:
        async with background(self._sweep()):
            await self._stopping.begun.wait()
        # Whoever asks is told at once not to send more here.
        self._tacet.health.stop()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, let the requests that run be answered, and cut off whoever is left when time is up."""
        await asyncio.sleep(NOTICE_S)
        loop = asyncio.get_running_loop()
        for waiting in self._accepting.end():
            # Whoever has left again needs no answer.
            with contextlib.suppress(OSError):
                await loop.connect_accepted_socket(self._protocol, waiting)
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
            self._accepting.look()
            for connection in list(self.server_state.connections):
                protocol: Any = connection
                if protocol.is_too_slow(self._patience, self._idle_patience):
                    # Closing would wait until the client has read what there is for it.
                    protocol.transport.abort()


def _most_clients(settings: Settings) -> int:
    possible = clients(settings.max_connections, settings.database_connections)
    if possible < settings.max_connections:
        _log.warning(
            "only %d of %d connections of clients can be open: raise the limit of open files, or lower max_connections",
            possible,
            settings.max_connections,
        )
    return possible


def _configuration(settings: Settings, tacet: Tacet, crowd: Crowd) -> uvicorn.Config:
    complaints = Complaints(asyncio.get_running_loop().time)
    return uvicorn.Config(
        tacet.application,
        interface="asgi3",
        http=protocol_class(settings.max_header_bytes, crowd, settings.max_requests, tacet.busy, complaints, HEALTH),
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
async def background(work: Awaitable[None]) -> AsyncIterator[None]:
    """Have something done for as long as this is open."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
