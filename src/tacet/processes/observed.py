"""What a server opens to be seen into: its meters with their port, and its log of requests."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from tacet.clock import Clock
from tacet.observing.handler import Unhindered
from tacet.observing.meters import Histogram, Meters
from tacet.observing.request_log import RequestLog
from tacet.observing.requests import Requests
from tacet.settings import Settings

DELAY_INTERVAL_S = 0.25
"""How often it is measured how late the event loop is: four timers a second cost nothing."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What takes note of what a process does.

    Attributes:
        meters: None where nobody measures.
    """

    requests: Requests
    meters: Meters | None


@contextlib.asynccontextmanager
async def observed(settings: Settings, clock: Clock, process: int = 0) -> AsyncIterator[Observed]:
    """Open what the settings ask for; with none of it, requests cost nothing more.

    Args:
        process: counts the processes of one server from 0; each has a port of its own.

    Raises:
        OSError: the address for metrics cannot be listened on.
    """
    meters = Meters(clock) if settings.metrics else None
    async with contextlib.AsyncExitStack() as stack:
        log = stack.enter_context(_logging(settings.log_format))
        if meters is not None:
            meters.watch("request_log_dropped_total", lambda: log.dropped)
            await stack.enter_async_context(_metered(meters, settings.metrics, process))
        yield Observed(Requests(clock, meters, log if settings.log_requests else None), meters)


@contextlib.contextmanager
def _logging(log_format: str) -> Iterator[RequestLog]:
    log = RequestLog(log_format)
    log.start()
    with contextlib.ExitStack() as open_:
        open_.callback(log.close)
        for handler in logging.getLogger().handlers:
            if isinstance(handler, Unhindered):
                open_.enter_context(handler.behind(log))
        yield log


@contextlib.asynccontextmanager
async def _metered(meters: Meters, address: str, process: int) -> AsyncIterator[None]:
    # Some 15 ms of the start, which only those wait for who measure.
    from tacet.observing.exposition import CONTENT_TYPE, Exposition
    from tacet.observing.scraping import scraped, with_offset

    delays = asyncio.ensure_future(_measure_delays(meters, meters.histogram("event_loop_delay_seconds")))
    try:
        async with scraped(*with_offset(address, process), Exposition(meters).text, CONTENT_TYPE):
            yield
    finally:
        delays.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await delays


async def _measure_delays(meters: Meters, delays: Histogram) -> None:
    while True:
        due_ns = meters.clock.ticks_ns() + int(DELAY_INTERVAL_S * 1e9)
        await asyncio.sleep(DELAY_INTERVAL_S)
        delays.note(max(0, meters.clock.ticks_ns() - due_ns))
