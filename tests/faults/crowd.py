"""People who mute, unmute and look, all at once, over HTTP, and what they are told."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.crash.connections import Answer, Connection, Gone, connected
from tests.faults.history import History
from tests.faults.linearizability import NEVER, Operation

SOURCES = range(1, 5)
CLIENTS = 12

SHARED_TARGETS = range(1_000, 1_003)
"""Everybody of a source's writes to these."""

OWN_TARGETS = 5
"""More that one client alone writes to: of these it is known best what must be there."""

TARGETS = range(1_000, 1_003 + CLIENTS * OWN_TARGETS)

UNTOUCHED = range(2_000, 2_003)
"""People whom nobody ever mutes."""

RETRY_PAUSE_S = 0.02
"""Before a client connects again."""

MAX_RETRY_AFTER_S = 60
"""Longer than this no client should be sent away."""


@dataclass
class Seen:
    """What clients saw of a service.

    Attributes:
        statuses: of all answers.
        broken: requests that were not answered.
        slowest_s: the longest that an answer took, or the end of a connection.
        refused: somebody was told that it does not work now.
        wrong: answers that nobody may get, whatever is broken.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    broken: int = 0
    slowest_s: float = 0.0
    refused: asyncio.Event = field(default_factory=asyncio.Event)
    wrong: list[str] = field(default_factory=list)

    def note(self, answer: Answer) -> None:
        """Count an answer, and judge one that is no success."""
        self.statuses[answer.status] += 1
        if answer.status == 200:
            return
        self.refused.set()
        reasons = []
        if answer.status != 503:
            reasons.append("neither 200 nor 503")
        if not 0 < int(answer.headers.get("retry-after", "0")) <= MAX_RETRY_AFTER_S:
            reasons.append("no Retry-After")
        if any(word in answer.body for word in (b"Traceback", b"asyncpg", b"sqlite", b"postgres", b"redis")):
            reasons.append("tells of the inside")
        if reasons:
            self.wrong.append(f"{', '.join(reasons)}: {answer.status} {answer.headers} {answer.body[:300]!r}")

    def judge(self, within_s: float) -> None:
        """Fail if anybody got what nobody may get, or waited for longer than `within_s`."""
        assert self.wrong == []
        assert self.slowest_s < within_s


@dataclass(frozen=True)
class Habits:
    """How a crowd spends its time.

    Attributes:
        shared: the part of what it does that is about people whom others of the same source write to as well.
        pause_s: between two requests of a client: the load is to be steady, not the most that the machine can do.
    """

    shared: float = 0.4
    pause_s: float = 0.004


USUAL = Habits()


class Client:
    """One client of one source, who does one thing after the other."""

    def __init__(self, port: int, history: History, seen: Seen, number: int, seed: int, habits: Habits) -> None:
        self._port = port
        self._history = history
        self._seen = seen
        self._habits = habits
        self._chance = random.Random(f"{seed} {number}")
        self._source_id = SOURCES[number % len(SOURCES)]
        first = SHARED_TARGETS.stop + number * OWN_TARGETS
        self._own = range(first, first + OWN_TARGETS)

    async def run(self, over: asyncio.Event) -> None:
        while not over.is_set():
            try:
                async with connected(self._port) as connection:
                    while not over.is_set():
                        await self._act(connection)
                        await asyncio.sleep(self._habits.pause_s)
            except (Gone, TimeoutError):
                await asyncio.sleep(RETRY_PAUSE_S)

    async def _act(self, connection: Connection) -> None:
        target_id = self._chance.choice(SHARED_TARGETS if self._chance.random() < self._habits.shared else self._own)
        act = self._chance.random()
        if act < 0.4:
            await self._write(connection, target_id, muting=True)
        elif act < 0.7:
            await self._write(connection, target_id, muting=False)
        elif act < 0.9:
            await self._look(connection, [target_id, self._chance.choice(UNTOUCHED)])
        else:
            await self._list(connection)

    async def _write(self, connection: Connection, target_id: int, muting: bool) -> None:
        began_ns, ended_ns = time.monotonic_ns(), NEVER
        call = connection.mute if muting else connection.unmute
        try:
            answer = await self._timed(call(self._source_id, target_id), began_ns)
            if answer.status == 200:
                assert answer.json == {"data": {"muting": muting}}
                ended_ns = time.monotonic_ns()
        finally:
            self._history.note((self._source_id, target_id), Operation(True, muting, began_ns, ended_ns))

    async def _look(self, connection: Connection, target_ids: Sequence[int]) -> None:
        began_ns = time.monotonic_ns()
        answer = await self._timed(connection.get(self._source_id, look_up(target_ids)), began_ns)
        if answer.status == 200:
            found = muted_in(answer)
            seen = {(self._source_id, target_id): target_id in found for target_id in target_ids}
            self._history.note_reads(seen, began_ns, time.monotonic_ns())

    async def _list(self, connection: Connection) -> None:
        """A whole list in one page, which says of everybody whether they are muted."""
        began_ns = time.monotonic_ns()
        target = f"/2/users/{self._source_id}/muting?max_results=1000"
        answer = await self._timed(connection.get(self._source_id, target), began_ns)
        if answer.status == 200:
            listed = [int(user["id"]) for user in answer.json.get("data", ())]
            assert len(set(listed)) == len(listed), "somebody is listed twice"
            seen = {(self._source_id, target_id): target_id in listed for target_id in (*SHARED_TARGETS, *self._own)}
            self._history.note_reads(seen, began_ns, time.monotonic_ns())

    async def _timed(self, call: Awaitable[Answer], began_ns: int) -> Answer:
        try:
            answer = await call
        except (Gone, TimeoutError):
            self._seen.broken += 1
            raise
        finally:
            self._seen.slowest_s = max(self._seen.slowest_s, (time.monotonic_ns() - began_ns) / 1e9)
        self._seen.note(answer)
        return answer


@asynccontextmanager
async def crowd(ports: int | Sequence[int], history: History, seed: int, habits: Habits = USUAL) -> AsyncIterator[Seen]:
    """Clients at work until the end of the context, when all of them have had their last answer.

    Args:
        ports: of the service; of several, those of one source use all.
    """
    seen, over = Seen(), asyncio.Event()
    listed = [ports] if isinstance(ports, int) else ports
    clients = [
        Client(listed[number // len(SOURCES) % len(listed)], history, seen, number, seed, habits)
        for number in range(CLIENTS)
    ]
    working = asyncio.gather(*(client.run(over) for client in clients))
    try:
        yield seen
    finally:
        over.set()
        await working


def look_up(target_ids: Sequence[int]) -> str:
    """The target of a request that tells of each whether they are muted."""
    return f"/2/users?ids={','.join(map(str, target_ids))}&user.fields=connection_status"


def muted_in(answer: Answer) -> set[int]:
    """Who is muted, of those looked up."""
    return {int(user["id"]) for user in answer.json["data"] if "muting" in user.get("connection_status", ())}
