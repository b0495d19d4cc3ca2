"""Who is lent a session, who waits for one, and what happens where there are none."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from tacet.observing.logs import REQUEST_ID
from tacet.store.base import StoreAway, StoreBusy, StoreClosed, StoreError
from tacet.store.postgres import pool as pools
from tacet.store.postgres import reaching
from tacet.store.postgres.pool import Pool
from tacet.store.postgres.session import Connection

PATIENCE_S = 20.0
"""Of whoever waits for a session: more than anything takes here, however busy the machine is."""

FOR_EVER_S = 3_600.0

SOON_S = 0.1
"""How long nothing may happen before it counts as nothing."""


class Raw:
    """A session without a server."""

    def __init__(self) -> None:
        self.ended = False
        self.pid = 0
        self.asked: list[Any] = []
        self._calls: list[Callable[[Any], None]] = []

    def is_closed(self) -> bool:
        return self.ended

    def get_server_pid(self) -> int:
        return self.pid

    async def prepare(self, _sql: str, **_: Any) -> "Raw":
        return self

    async def fetch(self, *parameters: Any, **_: Any) -> list[Any]:
        self.asked += parameters
        return []

    def is_in_transaction(self) -> bool:
        return False

    def add_termination_listener(self, call: Callable[[Any], None]) -> None:
        self._calls.append(call)

    def terminate(self) -> None:
        if not self.ended:
            self.ended = True
            for call in self._calls:
                asyncio.get_running_loop().call_soon(call, self)

    async def close(self, **_: Any) -> None:
        self.terminate()


class Server:
    """Makes sessions as long as it is there."""

    def __init__(self) -> None:
        self.sessions: list[Raw] = []
        self.attempts = 0
        self.refusal: StoreError | None = None
        self.delays_s: list[float] = []
        self.cut: asyncio.Event | None = None
        self.called_off = 0

    async def connect(self) -> Connection:
        self.attempts += 1
        delay_s = self.delays_s.pop(0) if self.delays_s else 0
        refusal, cut = self.refusal, self.cut
        if self.called_off:
            self.called_off -= 1
            raise asyncio.CancelledError
        if cut is not None:
            # What is sent into a network that is cut is lost, and fails some time after that is whole again.
            await cut.wait()
            raise StoreAway("the database does not answer")
        await asyncio.sleep(delay_s)
        if refusal is not None:
            raise refusal
        self.sessions.append(Raw())
        self.sessions[-1].pid = self.attempts
        return Connection(self.sessions[-1], PATIENCE_S)

    def crash(self) -> None:
        self.refusal = StoreAway("gone")
        for session in self.sessions:
            session.terminate()

    @property
    def told_to_end(self) -> list[Any]:
        """Which sessions it was told to end, each time."""
        return [pids for session in self.sessions for pids in session.asked]

    @property
    def working(self) -> int:
        return sum(not session.ended for session in self.sessions)


@pytest.fixture
def server() -> Server:
    return Server()


def pool_of(server: Server, size: int = 2, max_waiting: int = 10, patience_s: float = PATIENCE_S) -> Pool:
    return Pool(server.connect, size, max_waiting, patience_s)


async def soon(condition: Callable[[], bool]) -> None:
    for _ in range(30_000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never happened")


class TestLending:
    async def test_sessions_are_made_when_they_are_needed_and_no_more_than_may_be(self, server: Server) -> None:
        pool = pool_of(server)
        first = await pool.take()
        assert (pool.open, pool.used) == (1, 1)
        second = await pool.take()
        third = asyncio.create_task(pool.take())
        await asyncio.sleep(SOON_S)
        assert (pool.open, pool.waiting, third.done()) == (2, 1, False)
        pool.give(second)
        assert await third is second
        pool.give(first)
        assert server.attempts == 2

    async def test_the_one_used_last_is_lent_first(self, server: Server) -> None:
        pool = pool_of(server)
        one, other = await pool.take(), await pool.take()
        pool.give(one)
        pool.give(other)
        assert await pool.take() is other

    async def test_whoever_asks_first_is_lent_first(self, server: Server) -> None:
        pool = pool_of(server, size=1)
        session = await pool.take()
        served: list[int] = []

        async def ask(number: int) -> None:
            taken = await pool.take()
            served.append(number)
            pool.give(taken)

        asking = [asyncio.create_task(ask(number)) for number in range(5)]
        await soon(lambda: pool.waiting == 5)
        pool.give(session)
        await asyncio.gather(*asking)
        assert served == [0, 1, 2, 3, 4]

    async def test_too_many_that_wait_are_refused_at_once(self, server: Server) -> None:
        pool = pool_of(server, size=1, max_waiting=1)
        session = await pool.take()
        waiting = asyncio.create_task(pool.take())
        await soon(lambda: pool.waiting == 1)
        with pytest.raises(StoreBusy, match="too many"):
            await pool.take()
        pool.give(session)
        assert await waiting is session

    async def test_who_waits_for_too_long_is_refused(self, server: Server) -> None:
        pool = pool_of(server, size=1, patience_s=SOON_S)
        session = await pool.take()
        with pytest.raises(StoreBusy, match="too long"):
            await pool.take()
        assert pool.waiting == 0
        pool.give(session)
        assert await pool.take() is session

    async def test_who_is_called_off_while_waiting_is_in_nobodys_way(self, server: Server) -> None:
        pool = pool_of(server, size=1)
        session = await pool.take()
        waiting = asyncio.create_task(pool.take())
        await soon(lambda: pool.waiting == 1)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert pool.waiting == 0
        pool.give(session)
        assert await pool.take() is session

    async def test_who_is_called_off_just_when_lent_one_gives_it_back(self, server: Server) -> None:
        pool = pool_of(server, size=1)
        session = await pool.take()
        waiting = asyncio.create_task(pool.take())
        await soon(lambda: pool.waiting == 1)
        pool.give(session)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        assert pool.used == 0
        assert await pool.take() is session


class TestLoss:
    async def test_a_lost_session_is_not_lent(self, server: Server) -> None:
        pool = pool_of(server)
        lost = await pool.take()
        pool.give(lost)
        server.sessions[0].ended = True  # and the news of it is still under way
        assert await pool.take() is not lost

    async def test_a_lost_session_that_is_given_back_is_replaced(self, server: Server) -> None:
        pool = pool_of(server, size=1)
        lost = await pool.take()
        waiting = asyncio.create_task(pool.take())
        await soon(lambda: pool.waiting == 1)
        server.sessions[0].terminate()
        pool.give(lost)
        assert await waiting is not lost
        assert pool.open == 1

    async def test_a_dropped_session_is_ended_and_replaced_for_who_waits(self, server: Server) -> None:
        pool = pool_of(server, size=1)
        bad = await pool.take()
        waiting = asyncio.create_task(pool.take())
        await soon(lambda: pool.waiting == 1)
        pool.drop(bad)
        assert await waiting is not bad
        assert server.sessions[0].ended

    async def test_a_new_session_is_made_before_somebody_asks(self, server: Server) -> None:
        pool = pool_of(server)
        pool.give(await pool.take())
        server.sessions[0].terminate()
        await soon(lambda: pool.open == 1 and server.attempts == 2)

    async def test_what_ended_while_it_was_used_is_told_of_but_not_each_time(
        self, server: Server, caplog: pytest.LogCaptureFixture
    ) -> None:
        pool = pool_of(server)
        for number in range(1_000):
            pool.tell_of_ended(f"Failure{number}")
        assert caplog.messages[0] == "a session with the database was ended while it worked: Failure0"
        assert len(caplog.messages) < 500
        await pool.close()

    async def test_what_ends_while_the_database_is_known_to_be_away_is_not_told_of(
        self, server: Server, caplog: pytest.LogCaptureFixture
    ) -> None:
        pool = pool_of(server)
        server.refusal = StoreAway("gone")
        with pytest.raises(StoreAway):
            await pool.take()
        pool.tell_of_ended("Failure")
        assert caplog.messages == ["the database is away: gone"]
        await pool.close()

    async def test_where_one_is_refused_the_others_go_on_and_it_is_not_tried_at_once_again(
        self, server: Server
    ) -> None:
        pool = pool_of(server)
        session = await pool.take()
        server.refusal = StoreBusy("no more")
        waiting = [asyncio.create_task(pool.take()) for _ in range(3)]
        await soon(lambda: server.attempts == 2)
        await asyncio.sleep(SOON_S)
        assert not pool.away
        pool.give(session)
        for each in waiting:
            assert await each is session
            pool.give(session)
        assert server.attempts == 2


class TestAway:
    @pytest.fixture(autouse=True)
    def impatient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reaching, "RETRY_S", 0.02)
        monkeypatch.setattr(reaching, "HUNG_S", 0.06)

    async def test_everybody_is_told_at_once_and_nobody_tries_beside_the_one_that_does(self, server: Server) -> None:
        pool = pool_of(server, size=1)
        session = await pool.take()
        waiting = [asyncio.create_task(pool.take()) for _ in range(5)]
        await soon(lambda: pool.waiting == 5)
        server.crash()
        pool.drop(session)
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(answer) for answer in answers] == [StoreAway] * 5
        before = server.attempts
        for _ in range(100):
            with pytest.raises(StoreAway, match="gone"):
                await pool.take()
        assert server.attempts == before
        await pool.close()

    async def test_that_it_is_away_and_back_is_logged_under_no_request(
        self, server: Server, caplog: pytest.LogCaptureFixture
    ) -> None:
        seen: list[bytes] = []

        def note(_record: logging.LogRecord) -> bool:
            seen.append(REQUEST_ID.get())
            return True

        caplog.handler.addFilter(note)
        pool = pool_of(server)
        token = REQUEST_ID.set(b"00000000000000ff")
        try:
            server.refusal = StoreAway("gone")
            with pytest.raises(StoreAway):
                await pool.take()
        finally:
            REQUEST_ID.reset(token)
        server.refusal = None
        await soon(lambda: not pool.away)
        assert [record.getMessage()[:24] for record in caplog.records] == [
            "the database is away: go",
            "the database is back aft",
        ]
        assert seen == [b"", b""]
        await pool.close()

    async def test_it_is_back_when_it_can_be_reached(self, server: Server) -> None:
        pool = pool_of(server)
        pool.give(await pool.take())
        server.crash()
        await soon(lambda: bool(pool.away))
        server.refusal = None
        await soon(lambda: not pool.away)
        pool.give(await pool.take())
        assert server.working == pool.open == 1

    async def test_sessions_that_nobody_uses_are_ended_when_one_does_not_answer(self, server: Server) -> None:
        pool = pool_of(server, size=3)
        taken = [await pool.take() for _ in range(3)]
        pool.give(taken[0])
        pool.give(taken[1])
        server.refusal = StoreAway("gone")
        pool.suspect("silent")
        await soon(lambda: bool(pool.away))
        assert [session.ended for session in server.sessions] == [True, True, False]
        with pytest.raises(StoreAway, match="silent"):
            await pool.take()
        server.refusal = None
        await soon(lambda: not pool.away)
        pool.give(taken[2])
        await pool.close()

    async def test_one_that_does_not_answer_is_no_proof_while_a_new_one_does(self, server: Server) -> None:
        pool = pool_of(server)
        pool.give(await pool.take())
        pool.suspect("silent")
        await soon(lambda: server.attempts == 2 and server.sessions[1].ended)
        assert not pool.away
        assert not server.sessions[0].ended

    async def test_what_is_lent_when_the_server_changes_does_not_come_back(self, server: Server) -> None:
        pool = pool_of(server, size=2)
        lent, idle = await pool.take(), await pool.take()
        pool.give(idle)
        pool.renew()
        pool.give(lent)
        assert [session.ended for session in server.sessions[:2]] == [True, True]
        pool.give(new := await pool.take())
        assert await pool.take() is new

    async def test_an_attempt_that_hangs_does_not_keep_others_from_succeeding(self, server: Server) -> None:
        pool = pool_of(server)
        pool.give(await pool.take())
        server.crash()
        server.delays_s = [0, 60, 60]
        await soon(lambda: bool(pool.away))
        server.refusal = None
        await soon(lambda: not pool.away)
        assert server.working == 1
        await pool.close()

    async def test_an_attempt_that_comes_too_late_leaves_no_session_behind(self, server: Server) -> None:
        pool = pool_of(server)
        pool.give(await pool.take())
        server.crash()
        server.delays_s = [0, 0.12]
        await soon(lambda: bool(pool.away))
        server.refusal = None
        await soon(lambda: not pool.away)
        await asyncio.sleep(2 * SOON_S)
        assert server.working == pool.open == 1

    async def test_an_attempt_that_is_called_off_by_what_it_waits_for_is_not_the_last(self, server: Server) -> None:
        pool = pool_of(server)
        pool.give(await pool.take())
        server.crash()
        await soon(lambda: bool(pool.away))
        server.refusal, server.called_off = None, 2
        await soon(lambda: not pool.away)
        pool.give(await pool.take())
        assert server.called_off == 0

    async def test_a_look_that_began_before_the_network_was_back_does_not_take_it_away_again(
        self, server: Server, caplog: pytest.LogCaptureFixture
    ) -> None:
        pool = pool_of(server)
        pool.give(await pool.take())
        failing = server.cut = asyncio.Event()
        pool.suspect("silent")
        await soon(lambda: server.attempts == 2)
        server.cut = None
        server.crash()
        await soon(lambda: bool(pool.away))
        server.refusal = None
        await soon(lambda: not pool.away)
        failing.set()
        await soon(lambda: not pool._looking)
        assert not pool.away
        pool.give(await pool.take())
        assert [record.getMessage()[:20] for record in caplog.records] == [
            "the database is away",
            "the database is back",
        ]
        await pool.close()

    async def test_what_is_suspected_during_such_a_look_is_looked_at_anew(
        self, server: Server, caplog: pytest.LogCaptureFixture
    ) -> None:
        pool = pool_of(server)
        session = await pool.take()
        failing = server.cut = asyncio.Event()
        pool.suspect("silent")
        await soon(lambda: server.attempts == 2)
        server.cut = None
        other = await pool.take()
        pool.suspect("silent, from before")
        failing.set()
        await soon(lambda: server.attempts == 4 and not pool._looking)
        assert (pool.away, caplog.messages) == ("", [])
        server.refusal = StoreAway("gone")
        pool.suspect("silent now")
        await soon(lambda: pool.away == "silent now")
        for each in (session, other):
            pool.give(each)
        await pool.close()

    async def test_nothing_is_looked_at_while_it_is_known_to_be_away(self, server: Server) -> None:
        pool = pool_of(server)
        pool.give(await pool.take())
        server.crash()
        await soon(lambda: bool(pool.away))
        pool.suspect("silent")
        assert not pool._looking
        server.refusal = None
        await soon(lambda: not pool.away)
        await pool.close()

    @pytest.mark.parametrize("when", ["before", "after"])
    async def test_sessions_of_the_server_before_are_not_ended_on_the_one_that_took_over(
        self, server: Server, when: str
    ) -> None:
        pool = pool_of(server, size=3)
        old = await pool.take()
        server.refusal = StoreAway("gone")
        if when == "before":
            # The look cannot begin before this task waits for something.
            pool.forsake(old)
        pool.renew()
        server.refusal = None
        if when == "after":
            pool.forsake(old)
        await soon(lambda: not pool._looking)
        assert [*filter(None, server.told_to_end)] == []
        await pool.close()

    async def test_a_session_that_may_still_be_at_work_is_ended_on_the_server(self, server: Server) -> None:
        pool = pool_of(server)
        session = await pool.take()
        pool.forsake(session)
        await soon(lambda: not pool._looking)
        assert server.told_to_end == [[1]]
        await pool.close()

    async def test_it_can_be_closed_while_it_is_away(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        pool = pool_of(server)
        pool.give(await pool.take())
        server.crash()
        await soon(lambda: bool(pool.away))
        monkeypatch.setattr(pools, "CLOSE_S", FOR_EVER_S)
        async with asyncio.timeout(PATIENCE_S):
            await pool.close()


class TestClosing:
    @pytest.fixture(autouse=True)
    def patient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pools, "CLOSE_S", FOR_EVER_S)

    async def test_it_waits_for_those_that_use_or_were_promised_a_session(self, server: Server) -> None:
        pool = pool_of(server, size=1)
        session = await pool.take()
        promised = asyncio.create_task(pool.take())
        await soon(lambda: pool.waiting == 1)
        closing = asyncio.create_task(pool.close())
        await asyncio.sleep(SOON_S)
        assert not closing.done()
        with pytest.raises(StoreClosed):
            await pool.take()
        pool.give(session)
        pool.give(await promised)
        await closing
        assert server.working == 0

    async def test_it_does_not_wait_for_ever(
        self, server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(pools, "CLOSE_S", SOON_S)
        pool = pool_of(server)
        await pool.take()
        async with asyncio.timeout(PATIENCE_S):
            await pool.close()
        assert server.working == 0
        assert caplog.messages == ["the database's sessions are closed while 1 of them work"]

    async def test_it_waits_for_nobody_who_was_called_off(self, server: Server) -> None:
        server.delays_s = [FOR_EVER_S]
        pool = pool_of(server)
        waiting = asyncio.create_task(pool.take())
        await soon(lambda: pool.waiting == 1)
        closing = asyncio.create_task(pool.close())
        await asyncio.sleep(0)
        waiting.cancel()
        async with asyncio.timeout(PATIENCE_S):
            await closing

    async def test_it_waits_for_nobody_who_has_waited_for_too_long(self, server: Server) -> None:
        server.delays_s = [FOR_EVER_S]
        pool = pool_of(server, patience_s=SOON_S)
        waiting = asyncio.create_task(pool.take())
        await soon(lambda: pool.waiting == 1)
        async with asyncio.timeout(PATIENCE_S):
            await pool.close()
        with pytest.raises(StoreBusy):
            await waiting

    async def test_twice_is_no_error(self, server: Server) -> None:
        pool = pool_of(server)
        await pool.close()
        await pool.close()
        with pytest.raises(StoreClosed):
            await pool.take()
