"""More than a server can do: what it takes is answered in time, the rest is told to come back, and nothing is lost."""

import asyncio
import contextlib
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest

from tests.crash.connections import Answer, Connection, connected, request
from tests.crash.processes import SOURCES, TARGETS, Server, serving

ME = request("GET", "/2/users/me", 1)
READY = request("GET", "/_health/ready", 1)
PAGE = request("GET", "/2/users/1/muting?max_results=1000", 1)

PROMPT_S = 5.0
"""How long somebody may wait who is refused: a moment, on a machine that may be busy with other tests."""

PATIENCE_S = 30
"""For what does happen, however busy the machine is."""

Timed = tuple[float, Answer]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tacet.db"


def is_refusal(answer: Answer) -> bool:
    """Whether it is what X says of too much load, with a time to wait."""
    said = {"title": "Service Unavailable", "detail": "Service Unavailable", "type": "about:blank", "status": 503}
    return answer.status == 503 and answer.json == said and int(answer.headers["retry-after"]) > 0


def split(answers: Sequence[Answer]) -> tuple[int, int]:
    """How many are good, and how many refusals; there is nothing else."""
    good = sum(answer.status == 200 for answer in answers)
    assert good + sum(map(is_refusal, answers)) == len(answers), Counter(answer.status for answer in answers)
    return good, len(answers) - good


async def timed(connection: Connection, raw: bytes) -> Timed:
    started = time.monotonic()
    answer = await connection.ask(raw)
    return time.monotonic() - started, answer


@asynccontextmanager
async def many(port: int, count: int) -> AsyncIterator[list[Connection]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(connected(port)) for _ in range(count)]


def mutes(count: int) -> list[bytes]:
    """Requests for as many mutes, no two alike."""
    pairs = [(source_id, target_id) for target_id in TARGETS for source_id in SOURCES][:count]
    assert len(pairs) == count
    return [
        request("POST", f"/2/users/{source_id}/muting", source_id, b'{"target_user_id":"%d"}' % target_id)
        for source_id, target_id in pairs
    ]


async def all_muted(port: int) -> int:
    """How many mutes there are in the end."""
    async with connected(port) as connection:
        pages = [
            await connection.get(source_id, f"/2/users/{source_id}/muting?max_results=1000") for source_id in SOURCES
        ]
    return sum(page.json["meta"]["result_count"] for page in pages)


@contextmanager
def nobody_can_write(path: Path) -> Iterator[None]:
    """As while another program holds the file."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def until_done(futures: Sequence["asyncio.Future[Answer]"], count: int) -> None:
    """Wait until so many of them are done, or more."""
    until = time.monotonic() + PATIENCE_S
    while sum(each.done() for each in futures) < count:
        assert time.monotonic() < until, "they are not answered"
        await asyncio.sleep(0.01)


async def idle(server: Server) -> None:
    """Wait until a server has nothing to do any more."""
    process, until = psutil.Process(server.process.pid), time.monotonic() + PATIENCE_S
    before = None
    while (now := process.cpu_times()) != before:
        assert time.monotonic() < until, "it does not come to rest"
        before = now
        await asyncio.sleep(0.1)


class TestRequests:
    def test_past_the_limit_they_are_refused_at_once_and_can_come_again(self, path: Path) -> None:
        async def ask_too_much(server: Server) -> None:
            async with many(server.port, 20) as connections:
                with nobody_can_write(path):
                    waiting = [
                        asyncio.ensure_future(connection.ask(raw))
                        for connection, raw in zip(connections[:5], mutes(5), strict=True)
                    ]
                    await asyncio.sleep(0.5)
                    for connection in connections[5:]:
                        took_s, answer = await timed(connection, ME)
                        assert is_refusal(answer)
                        assert took_s < PROMPT_S
                    assert not any(future.done() for future in waiting)
                assert split(await asyncio.gather(*waiting)) == (5, 0)
                # Refused on these connections, and welcome on them again.
                again = [await connection.ask(ME) for connection in connections[5:]]
                assert split(again) == (15, 0)

        with serving(path, max_requests=5) as server:
            asyncio.run(ask_too_much(server))

    def test_whoever_sends_slowly_takes_nobodys_place(self, path: Path) -> None:
        async def send_slowly(server: Server) -> None:
            async with many(server.port, 20) as connections, connected(server.port) as quick:
                for connection, raw in zip(connections, mutes(20), strict=True):
                    connection.writer.write(raw[:-5])
                await asyncio.sleep(0.5)
                assert (await quick.ask(ME)).status == 200
                for connection, raw in zip(connections, mutes(20), strict=True):
                    connection.writer.write(raw[-5:])
                    assert (await connection.answer()).status == 200

        with serving(path, max_requests=5) as server:
            asyncio.run(send_slowly(server))

    def test_bodies_that_come_after_their_heads_get_no_more_places(self, path: Path) -> None:
        async def send_in_two_parts(server: Server) -> None:
            async with many(server.port, 20) as connections:
                for connection, raw in zip(connections, mutes(20), strict=True):
                    connection.writer.write(raw[:-5])
                await asyncio.sleep(0.5)
                with nobody_can_write(path):
                    for connection, raw in zip(connections, mutes(20), strict=True):
                        connection.writer.write(raw[-5:])
                    answering = [asyncio.ensure_future(connection.answer()) for connection in connections]
                    await until_done(answering, 15)
                assert split(await asyncio.gather(*answering)) == (5, 15)

        with serving(path, max_requests=5) as server:
            asyncio.run(send_in_two_parts(server))

    def test_requests_of_one_connection_need_one_place(self, path: Path) -> None:
        async def pipeline(server: Server) -> None:
            async with connected(server.port) as connection:
                connection.writer.write(ME * 10)
                assert split([await connection.answer() for _ in range(10)]) == (10, 0)

        with serving(path, max_requests=1) as server:
            asyncio.run(pipeline(server))

    def test_whoever_does_not_read_takes_nobodys_place(self, path: Path) -> None:
        async def read_nothing(server: Server) -> None:
            with contextlib.ExitStack() as opened:
                for _ in range(10):
                    deaf = opened.enter_context(socket.socket())
                    # Before connecting, so that little fits in between.
                    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
                    deaf.connect(("127.0.0.1", server.port))
                    deaf.setblocking(False)
                    deaf.send(ME * 20_000)
                    # One after another, so that each gets as far as waiting for its reader.
                    await idle(server)
                async with connected(server.port) as connection:
                    assert split([await connection.ask(ME) for _ in range(20)]) == (20, 0)

        with serving(path, max_requests=5) as server:
            asyncio.run(read_nothing(server))

    def test_a_server_that_refuses_everything_is_found_alive(self, path: Path) -> None:
        async def look(server: Server) -> None:
            async with many(server.port, 30) as connections:
                with nobody_can_write(path):
                    waiting = [
                        asyncio.ensure_future(connection.ask(raw))
                        for connection, raw in zip(connections[:2], mutes(2), strict=True)
                    ]
                    await asyncio.sleep(0.5)
                    # One with a place on a connection, and one whose connection itself is too much.
                    for connection in (connections[5], connections[29]):
                        took_s, answer = await timed(connection, request("GET", "/_health/live", 1))
                        assert (answer.status, answer.json) == (200, {"status": "alive"})
                        assert took_s < PROMPT_S
                await asyncio.gather(*waiting)

        with serving(path, max_requests=2, max_connections=20) as server:
            asyncio.run(look(server))


def test_past_its_queue_writes_are_refused_and_the_others_are_kept(path: Path) -> None:
    async def mute_too_much(server: Server) -> None:
        async with many(server.port, 200) as connections:
            with nobody_can_write(path):
                asking = [
                    asyncio.ensure_future(connection.ask(raw))
                    for connection, raw in zip(connections, mutes(200), strict=True)
                ]
                await until_done(asking, 1)
            good, refused = split(await asyncio.gather(*asking))
        assert refused > 0
        assert await all_muted(server.port) == good > 0

    with serving(path, write_queue_length=20) as server:
        asyncio.run(mute_too_much(server))


async def ask_without_pause(connection: Connection, raw: bytes, until: float) -> list[Timed]:
    answers = []
    while time.monotonic() < until:
        answers.append(await timed(connection, raw))
    return answers


def test_twice_as_many_as_there_are_places_leave_answers_quick(path: Path) -> None:
    """Every place is taken all the time, and everybody who is refused comes back at once."""

    async def flood(server: Server) -> None:
        async with many(server.port, 200) as connections:
            until = time.monotonic() + 3
            asked = await asyncio.gather(*(ask_without_pause(each, PAGE, until) for each in connections))
        answers = [answer for each in asked for answer in each]
        good, _ = split([answer for _, answer in answers])
        assert good > 100
        assert max(took_s for took_s, _ in answers) < PROMPT_S
        async with connected(server.port) as connection:
            assert (await timed(connection, ME))[0] < PROMPT_S

    with serving(path, max_requests=100) as server:
        asyncio.run(flood(server))


LIMIT_S = 1
"""Of a statement in the tests below."""

GIVEN_UP_S = 3 * LIMIT_S + PROMPT_S
"""A second for a session, one for the statement, one for its answer to arrive; and what a busy machine takes."""


class TestPostgres:
    @asynccontextmanager
    async def _everything_locked(self, address: str) -> AsyncIterator[None]:
        """As while somebody changes the schema."""
        other = await asyncpg.connect(address)
        try:
            async with other.transaction():
                await other.execute("LOCK TABLE relation IN ACCESS EXCLUSIVE MODE")
                yield
        finally:
            await other.close()

    def test_a_database_that_hangs_is_given_up_in_time_and_found_again(self, path: Path, migrated_address: str) -> None:
        async def ask_in_vain(server: Server) -> None:
            raws = [PAGE] * 50 + mutes(50)
            async with many(server.port, len(raws)) as connections:
                async with self._everything_locked(migrated_address):
                    answers = await asyncio.gather(*map(timed, connections, raws))
                    assert split([answer for _, answer in answers]) == (0, len(raws))
                    assert max(took_s for took_s, _ in answers) < GIVEN_UP_S
                until = time.monotonic() + PATIENCE_S
                while (await connections[0].ask(PAGE)).status != 200:
                    assert time.monotonic() < until
                    await asyncio.sleep(0.05)

        with serving(path, database=migrated_address, database_timeout_s=LIMIT_S, database_connections=4) as server:
            asyncio.run(ask_in_vain(server))

    def test_a_database_that_is_only_busy_leaves_the_server_ready(self, path: Path, migrated_address: str) -> None:
        async def look(server: Server) -> None:
            async with many(server.port, 20) as connections, connected(server.port) as other:
                async with self._everything_locked(migrated_address):
                    asking = [asyncio.ensure_future(each.ask(PAGE)) for each in connections]
                    await asyncio.sleep(0.5)
                    took_s, answer = await timed(other, READY)
                    assert (answer.status, answer.json["status"]) == (200, "degraded")
                    [problem] = answer.json["problems"]
                    assert problem.startswith("the database has more to do than it can: requests wait for a session")
                    assert took_s < PROMPT_S
                await asyncio.gather(*asking)
                until = time.monotonic() + PATIENCE_S
                while (found := (await other.ask(READY)).json) != {"status": "ready"}:
                    assert time.monotonic() < until, found
                    await asyncio.sleep(0.05)

        with serving(path, database=migrated_address, database_timeout_s=5, database_connections=2) as server:
            asyncio.run(look(server))

    def test_too_few_sessions_for_all_who_ask_leave_answers_quick(self, path: Path, migrated_address: str) -> None:
        async def flood(server: Server) -> None:
            raws = mutes(200)
            async with many(server.port, len(raws)) as connections:
                until = time.monotonic() + 3
                asked = await asyncio.gather(
                    *(ask_without_pause(*pair, until) for pair in zip(connections, raws, strict=True))
                )
            answers = [answer for each in asked for answer in each]
            good, _ = split([answer for _, answer in answers])
            assert good > 100
            assert max(took_s for took_s, _ in answers) < GIVEN_UP_S
            assert await all_muted(server.port) == len(
                {raw for raw, each in zip(raws, asked, strict=True) if any(answer.status == 200 for _, answer in each)}
            )

        with serving(path, database=migrated_address, database_timeout_s=LIMIT_S, database_connections=2) as server:
            asyncio.run(flood(server))
