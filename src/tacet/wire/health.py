"""`/_health/live` and `/_health/ready`: whether to restart this process, and whether to send it requests.

For service managers and balancers: without authentication, rate limits or a place among the requests that a server
takes at once, and in words for whoever is called at night. Nothing in them names an address, an account or a secret,
because whoever reaches the API reaches them too.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime

from starlette.types import ASGIApp, Receive, Scope, Send

from tacet.clock import Clock
from tacet.observing.lately import Lately
from tacet.observing.requests import Requests
from tacet.store.base import Conflict, Store, StoreAway, StoreBusy, StoreClosed, StoreError
from tacet.wire.encoding import encode_pretty
from tacet.wire.headers import Header
from tacet.wire.problems import RETRY_AFTER_S

LIVE = "/_health/live"
READY = "/_health/ready"
HEALTH = frozenset((LIVE, READY))

PATIENCE_S = 1.0
"""How long the database may take to answer; balancers give up after some seconds."""

FRESH_NS = 250_000_000
"""An answer of the database holds so long: however many ask, it is asked four times a second."""

METHODS = ("GET", "HEAD")

Finding = tuple[int, dict[str, object]]
"""A status and what is said with it."""

STOPPING = "this process is shutting down"
AWAY = "the database is away: {}"
BUSY = "the database has more to do than it can: {}"
"""Of a process that is ready all the same: were it left out, the others would get its load and go the same way."""

FAILING = "requests fail: {}"
"""Of a database that answers when it is looked at, and refuses what requests ask of it: a table that is locked or
missing, a disk that is full. Other requests may succeed, so the process stays ready."""

SILENT = f"the database does not answer within {PATIENCE_S:.0f} s"
BROKEN = "the database cannot be asked; the log says why"

_HEADERS: tuple[Header, ...] = (
    (b"cache-control", b"no-cache, no-store, max-age=0"),
    (b"content-type", b"application/json; charset=utf-8"),
    (b"server", b"tacet"),
    (b"x-content-type-options", b"nosniff"),
)

_MORE_HEADERS: Mapping[int, tuple[Header, ...]] = {
    405: ((b"allow", ", ".join(METHODS).encode()),),
    503: ((b"retry-after", b"%d" % RETRY_AFTER_S),),
}

WRONG_METHOD: Finding = (405, {"status": "this path is for GET and HEAD"})

_log = logging.getLogger(__name__)


class Health:
    """What is known of this process and of what it depends on.

    Args:
        lacking: what this process goes on without, in words: a Redis that is away.
    """

    def __init__(self, store: Store, clock: Clock, lacking: Callable[[], Sequence[str]] = tuple) -> None:
        self._store = store
        self._clock = clock
        self._lacking = lacking
        self._stopping = False
        self._trouble = ""
        self._is_only_busy = False
        self._since_ms = 0
        self._met = Lately(lambda: clock.ticks_ns() / 1e9)
        self._met_since_ms = 0
        self._met_only_load = False
        self._asked_ns: int | None = None
        self._asking: asyncio.Future[None] | None = None

    def stop(self) -> None:
        """From now on nothing should be sent here any more."""
        self._stopping = True

    def database_answered(self) -> None:
        """The database did what it was asked for."""
        self._trouble = ""

    def database_failed(self, error: StoreError) -> None:
        """It did not. Since when is told from the first time on, until it did again."""
        if isinstance(error, StoreBusy):
            # It says nothing new of a database that is in worse trouble.
            if self._is_only_busy or not self._trouble:
                self._note(BUSY.format(error), is_only_busy=True)
        else:
            self._note(AWAY.format(error) if isinstance(error, StoreAway) else str(error))

    def request_failed(self, error: StoreError) -> None:
        """A request could not be answered because of the database; a look at it may find nothing wrong.

        What is the request's own doing, or is found by a look, is no news: a value that is taken, a database that is
        away, a store that is closed.
        """
        if isinstance(error, Conflict | StoreAway | StoreClosed):
            return
        is_load, known = isinstance(error, StoreBusy), bool(self._met.text)
        # It says nothing new of a database that is in worse trouble.
        if is_load and known and not self._met_only_load:
            return
        if not known:
            self._met_since_ms = self._clock.now_ms()
        self._met_only_load = is_load
        self._met.note((BUSY if is_load else FAILING).format(error))

    async def finding(self) -> Finding:
        """What `/_health/ready` answers. Waits a second at most."""
        if self._asked_ns is None or self._clock.ticks_ns() - self._asked_ns > FRESH_NS:
            if self._asking is None:
                self._asking = asyncio.ensure_future(self._ask())
            # Of those who wait together, one that goes away must not take the answer with it.
            await asyncio.shield(self._asking)
        problems = [*([STOPPING] if self._stopping else []), *self._troubles(), *self._lacking()]
        if self._stopping or (self._trouble and not self._is_only_busy):
            return 503, {"status": "unready", "problems": problems}
        return 200, {"status": "degraded", "problems": problems} if problems else {"status": "ready"}

    def _troubles(self) -> list[str]:
        """What is wrong with the database: as a look at it found, and as requests met it lately."""
        told = [f"{self._trouble}, since {_written(self._since_ms)}"] if self._trouble else []
        met = self._met.text
        if met and not (self._trouble and (self._met_only_load or met == FAILING.format(self._trouble))):
            told.append(f"{met}, since {_written(self._met_since_ms)}")
        return told

    async def _ask(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._store.check()
        except TimeoutError:
            self._note(SILENT)
        except StoreError as error:
            self.database_failed(error)
        except Exception:  # noqa: BLE001 - whatever went wrong, whoever asks must get an answer
            _log.exception("the database cannot be asked")
            self._note(BROKEN)
        else:
            self.database_answered()
        finally:
            self._asked_ns = self._clock.ticks_ns()
            self._asking = None

    def _note(self, trouble: str, is_only_busy: bool = False) -> None:
        if not self._trouble:
            self._since_ms = self._clock.now_ms()
        self._trouble, self._is_only_busy = trouble, is_only_busy


class Endpoint:
    """One of the two paths; other methods than GET and HEAD are 405."""

    def __init__(self, path: str, find: Callable[[], Awaitable[Finding]], clock: Clock, requests: Requests) -> None:
        self._path = path
        self._find = find
        self._clock = clock
        self._requests = requests

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        method, started_ns = scope["method"], self._clock.ticks_ns()
        status, said = await self._find() if method in METHODS else WRONG_METHOD
        self._requests.of(method, self._path, logged=False)(status, (b"", started_ns), 0)
        body = encode_pretty(said) + b"\n"
        headers = [*_HEADERS, (b"content-length", b"%d" % len(body)), *_MORE_HEADERS.get(status, ())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})


def endpoints(health: Health, clock: Clock, requests: Requests) -> Mapping[str, ASGIApp]:
    """What answers each path.

    `/_health/live` is always 200 `{"status": "alive"}`: a process that says so is not to be restarted, whatever else is
    wrong. `/_health/ready` is 200 `{"status": "ready"}`, 200 `{"status": "degraded", "problems": [TEXT]}` for what it
    goes on without, for a database with too much to do and for one that refuses what requests ask, or 503
    `{"status": "unready", "problems": [TEXT]}`.
    """

    async def live() -> Finding:
        return 200, {"status": "alive"}

    return {path: Endpoint(path, find, clock, requests) for path, find in ((LIVE, live), (READY, health.finding))}


def _written(moment_ms: int) -> str:
    return datetime.fromtimestamp(moment_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
