"""Running the service: opens the store, listens, says when it is ready, ends in order."""

import asyncio
import contextlib
import gc
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any

import uvicorn
import uvloop

from tacet.app import Tacet
from tacet.identity.vault import Vault
from tacet.settings import Settings
from tacet.store.base import Store
from tacet.store.opening import open_store
from tacet.wire.http1 import protocol_class

CONNECTION_CHECK_INTERVAL_S = 1.0
"""How often connections are checked for requests that do not finish arriving."""

GC_THRESHOLD = 50_000
"""Objects between collections: requests leave no cycles behind, and each pause is somebody's latency."""

SWITCH_INTERVAL_S = 0.0005
"""How long the writer may wait for the interpreter after a commit; Python's own 5 ms would be a mute's latency."""


STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Ctrl-C, and what service managers send."""


class AddressError(Exception):
    """The address cannot be listened on; the message names cause and remedy."""


Announce = Callable[[str], None]
"""Called with the base URL once requests are accepted."""

Prepare = Callable[[Store], Awaitable[None]]
"""Called with the open store before anything listens; fills it, for a sandbox."""


def run(settings: Settings, announce: Announce, prepare: Prepare | None = None, residents: Sequence[int] = ()) -> int:
    """Serve until told to stop by SIGINT or SIGTERM; return the exit code.

    Args:
        residents: ids of the people whom a sandbox offers to be.

    Raises:
        AddressError: the address cannot be listened on.
        StoreError: the database cannot be used; `StoreLocked` when another server has it.
        VaultError: the secret key is unusable, or another than the one that the database was made with.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    return uvloop.run(_serve(settings, announce, prepare, residents))


async def _serve(settings: Settings, announce: Announce, prepare: Prepare | None, residents: Sequence[int]) -> int:
    listening = _listen(settings)
    with contextlib.closing(listening):
        store = open_store(settings.database, settings.write_queue_length)
        await store.open()
        try:
            if prepare is not None:
                await prepare(store)
            vault = Vault(settings.secret_key, old_secret_key=settings.old_secret_key)
            await vault.check_opens(store.credentials)
            tacet = Tacet(settings, store, vault, residents=residents)
            gc.collect()
            # What was built so far lives as long as the process: no collection need look at it again.
            gc.freeze()
            gc.set_threshold(GC_THRESHOLD)
            async with _background(tacet.watch()):
                await _Server(settings, tacet, lambda: announce(_url(listening))).serve([listening])
            await tacet.flush()
        finally:
            await store.close()
    return 0


class _Server(uvicorn.Server):
    """uvicorn, which says when it accepts requests and drops those that do not finish arriving."""

    def __init__(self, settings: Settings, tacet: Tacet, ready: Callable[[], None]) -> None:
        super().__init__(_configuration(settings, tacet))
        self._settings = settings
        self._ready = ready
        self._sweeps = 0
        self._patience = max(1, round(settings.request_timeout_s / CONNECTION_CHECK_INTERVAL_S))
        self._idle_patience = max(1, round(settings.keep_alive_timeout_s / CONNECTION_CHECK_INTERVAL_S))

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's own raises the signal once more at the end, which kills the process before the store is closed."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in STOP_SIGNALS:
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            # Two servers can bind one address before either listens, and uvloop keeps it to itself when that fails.
            for each in sockets or ():
                each.listen(self._settings.backlog)
        except OSError as error:
            raise _address_error(self._settings, error) from None
        await super().startup(sockets)
        try:
            self._ready()
        except BaseException:
            # The loop cannot be closed while it still listens.
            await self.shutdown(sockets)
            raise

    async def main_loop(self) -> None:
        async with _background(self._sweep()):
            await super().main_loop()

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
        http=protocol_class(settings.max_header_bytes, settings.max_connections, tacet.busy),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        # Headers of a proxy could otherwise change the scheme that signatures are made over.
        proxy_headers=False,
        backlog=settings.backlog,
        timeout_graceful_shutdown=settings.shutdown_timeout_s,
    )


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        with contextlib.ExitStack() as undo:
            listening = undo.enter_context(socket.socket(family))
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((settings.host, settings.port))
            undo.pop_all()
    except OSError as error:
        raise _address_error(settings, error) from None
    return listening


def _address_error(settings: Settings, error: OSError) -> AddressError:
    where = f"{settings.host}:{settings.port}"
    return AddressError(f"cannot listen on {where}: {error.strerror}; give another --host or --port")


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.asynccontextmanager
async def _background(work: Awaitable[None]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
