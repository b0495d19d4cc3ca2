"""A parent and its processes, real ones: how they begin, live, die and end."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from tacet.processes.listening import AddressError, bound
from tacet.store.postgres.migrating import migrate
from tests.cast import ALICE, BOB
from tests.crash.connections import Connection, connected, nobody_accepts
from tests.databases import Postgres
from tests.faults.crowd import TARGETS
from tests.faults.hosting import hosted, inhabit, refusal
from tests.processes.supervising import AWAY, FULL, TRIED, Supervised, eventually, lives, supervised
from tests.service import settings

PROMISED_STOP_S = 10

PATIENCE_S = 60
"""For what does happen, however busy the machine is."""

TWO = ("--processes", "2", "--redis")

ME = b"GET /2/users/me HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer alice\r\n\r\n"
LIVE = b"GET /_health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
BODY = b'{"target_user_id":"%d"}' % BOB.id
MUTE = (
    b"POST /2/users/%d/muting HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer alice\r\n"
    b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % (ALICE.id, len(BODY))
)


async def who_answers(port: int, connections: int) -> set[str]:
    """What the processes that answer so many connections call themselves."""
    answered = set()
    for _ in range(connections):
        async with connected(port) as connection:
            answer = await connection.ask(ME)
            assert answer.status == 200
            answered.add(answer.headers["x-connection-hash"])
    return answered


def answers(port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        with contextlib.closing(socket.create_connection(("127.0.0.1", port), timeout=1)):
            return True
    except OSError:
        return False


def ended_within(parent: Supervised, seconds: float, code: int = 0) -> bool:
    started = time.monotonic()
    assert parent.wait() == code, parent.said
    return time.monotonic() - started < seconds


def end_and_find_another(parent: Supervised, child: int, how: int) -> int:
    """End one process; return the id of the one that stands in for it."""
    others = {*parent.children()}
    os.kill(child, how)
    assert eventually(lambda: len({*parent.children()} - others) == 1)
    return ({*parent.children()} - others).pop()


@contextlib.contextmanager
def unwritable(how: str) -> Iterator[IO[bytes]]:
    """A log on a full disk, or a pipe that nobody reads any more."""
    if how == "full":
        with Path("/dev/full").open("wb") as full:
            yield full
        return
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        yield pipe


async def make_them_complain(port: int) -> None:
    """Send what is no HTTP to all processes, often enough that each gets some."""
    for _ in range(60):
        async with connected(port) as connection:
            assert (await connection.ask(b"\x00rubbish\r\n\r\n")).status == 400


async def ask_anew_until(ended: asyncio.Event, port: int) -> int:
    """Ask again and again, each time on a new connection; return how often."""
    count = 0
    while not ended.is_set():
        async with connected(port) as connection:
            assert (await connection.ask(LIVE)).status == 200
            count += 1
    return count


class TestServing:
    @pytest.mark.parametrize("own_sockets", [True, False], ids=["a socket each", "one socket"])
    def test_all_processes_answer_on_one_port(self, tmp_path: Path, own_sockets: bool) -> None:
        with supervised(tmp_path, own_sockets=own_sockets) as parent:
            assert len(parent.children()) == 2

            async def hold_many() -> set[str]:
                """One process may be quick enough to take all connections that come one after another."""
                answered = await asyncio.gather(*(who_answers(parent.port, 1) for _ in range(100)))
                return set().union(*answered)

            assert len(asyncio.run(hold_many())) == 2
            parent.signal(signal.SIGTERM)
            assert ended_within(parent, PROMISED_STOP_S)
        assert parent.said == ""

    def test_the_port_is_nobody_elses_meanwhile(self, tmp_path: Path) -> None:
        with supervised(tmp_path) as parent:
            with pytest.raises(AddressError, match="already in use"):
                bound(settings(port=parent.port))
            with supervised(tmp_path, port=parent.port) as other_parent:
                assert other_parent.url == ""
                assert other_parent.wait() == 1
            assert "AddressError: cannot listen" in other_parent.said

    def test_a_process_that_is_killed_is_started_again_while_the_others_answer(self, tmp_path: Path) -> None:
        with supervised(tmp_path) as parent:
            killed, steady = parent.children()
            for _ in range(3):
                killed = end_and_find_another(parent, killed, signal.SIGKILL)
                assert asyncio.run(who_answers(parent.port, 5))
            assert {*parent.children()} == {killed, steady}
            parent.signal(signal.SIGTERM)
            assert ended_within(parent, PROMISED_STOP_S)
        assert parent.said.count("was ended by SIGKILL; it is started again in ") == 3

    def test_one_process_can_be_told_to_end_and_is_started_again(self, tmp_path: Path) -> None:
        with supervised(tmp_path) as parent:
            end_and_find_another(parent, parent.children()[0], signal.SIGTERM)
            assert asyncio.run(who_answers(parent.port, 5))

    def test_a_signal_without_a_name_ends_one_process_only(self, tmp_path: Path) -> None:
        with supervised(tmp_path) as parent:
            ended, steady = parent.children()
            end_and_find_another(parent, ended, signal.SIGRTMIN + 6)
            assert steady in parent.children()
            parent.signal(signal.SIGTERM)
            assert ended_within(parent, PROMISED_STOP_S)
        assert f"was ended by signal {signal.SIGRTMIN + 6}; it is started again in " in parent.said

    def test_a_process_that_is_stuck_is_killed_and_started_again(self, tmp_path: Path) -> None:
        with supervised(tmp_path, hang_patience_s=3) as parent:
            stuck, steady = parent.children()
            end_and_find_another(parent, stuck, signal.SIGSTOP)
            assert not lives(stuck)
            assert steady in parent.children()
            parent.signal(signal.SIGTERM)
            assert ended_within(parent, PROMISED_STOP_S)
        assert re.search(r"process \d has not stirred for \d+ s: it is killed\n", parent.said)
        assert "was ended by SIGKILL; it is started again in 0.1 s" in parent.said

    def test_processes_that_were_stopped_together_with_their_parent_are_left_alone(self, tmp_path: Path) -> None:
        with supervised(tmp_path, hang_patience_s=3) as parent:
            children = parent.children()
            os.killpg(parent.pid, signal.SIGSTOP)
            time.sleep(4)
            parent.signal(signal.SIGCONT)
            time.sleep(0.3)
            os.killpg(parent.pid, signal.SIGCONT)
            time.sleep(1.5)
            assert parent.children() == children
            parent.signal(signal.SIGTERM)
            assert ended_within(parent, PROMISED_STOP_S)
        assert parent.said == ""

    @pytest.mark.parametrize("log", ["full", "without a reader"])
    def test_a_log_that_cannot_be_written_ends_nobody(self, tmp_path: Path, log: str) -> None:
        with unwritable(log) as opened, supervised(tmp_path, processes=3, log=opened) as parent:
            *steady, killed = parent.children()
            # The parent has something to say of it, which it cannot, and goes on.
            end_and_find_another(parent, killed, signal.SIGKILL)
            assert {*steady} <= {*parent.children()}
            asyncio.run(make_them_complain(parent.port))
            ended, still_steady = steady
            end_and_find_another(parent, ended, signal.SIGTERM)
            assert still_steady in parent.children()
            assert len(parent.children()) == 3
            assert asyncio.run(who_answers(parent.port, 5))

    def test_whoever_comes_while_a_process_is_told_to_end_is_answered(self, tmp_path: Path) -> None:
        async def end_two(parent: Supervised) -> int:
            ended = asyncio.Event()
            asking = [asyncio.create_task(ask_anew_until(ended, parent.port)) for _ in range(40)]
            for _ in range(2):
                await asyncio.sleep(0.5)
                await asyncio.to_thread(end_and_find_another, parent, parent.children()[0], signal.SIGTERM)
            ended.set()
            return sum(await asyncio.gather(*asking))

        with supervised(tmp_path) as parent:
            assert asyncio.run(end_two(parent)) > 100

    def test_a_process_that_dies_each_time_is_started_ever_more_seldom(self, tmp_path: Path) -> None:
        log = tmp_path / "log"

        def pauses() -> list[str]:
            return re.findall(r"ended with code 3; .* again in ([0-9.]+) s", log.read_text())

        with log.open("wb") as opened, supervised(tmp_path, "dying", log=opened) as parent:
            assert eventually(lambda: len(pauses()) >= 4)
            parent.signal(signal.SIGTERM)
            parent.wait()
        assert pauses()[:4] == ["0.1", "0.2", "0.4", "0.8"]

    def test_one_that_cannot_serve_later_is_tried_until_it_can_and_that_is_said_once(self, tmp_path: Path) -> None:
        with supervised(tmp_path, "failing later") as parent:
            away, tried = tmp_path / AWAY, tmp_path / TRIED
            assert eventually(lambda: tried.exists() and tried.stat().st_size >= 3)
            away.unlink()
            assert eventually(away.exists)
            parent.signal(signal.SIGTERM)
            parent.wait()
        cannot = "process 1 cannot serve: the database cannot be reached; it is tried again every few seconds"
        # Before it served again, and maybe once more since.
        assert 1 <= parent.said.splitlines().count(cannot) <= 2

    def test_one_that_there_is_no_room_for_is_tried_until_there_is_while_the_others_answer(
        self, tmp_path: Path
    ) -> None:
        full = tmp_path / FULL
        with supervised(tmp_path) as parent:
            killed, steady = parent.children()
            full.touch()
            os.kill(killed, signal.SIGKILL)
            assert eventually(lambda: full.stat().st_size >= 3)
            assert parent.children() == [steady]
            assert asyncio.run(who_answers(parent.port, 5))
            full.unlink()
            assert eventually(lambda: len(parent.children()) == 2)
            assert steady in parent.children()
            parent.signal(signal.SIGTERM)
            assert parent.wait() == 0, parent.said
        assert parent.said.count("cannot be started") == 1
        assert re.search(r"process \d cannot be started: Resource temporarily unavailable; it is tried", parent.said)

    def test_they_can_be_ended_while_there_is_no_room_for_one(self, tmp_path: Path) -> None:
        full = tmp_path / FULL
        with supervised(tmp_path) as parent:
            full.touch()
            os.kill(parent.children()[0], signal.SIGKILL)
            assert eventually(lambda: full.stat().st_size >= 1)
            parent.signal(signal.SIGTERM)
            assert parent.wait() == 0, parent.said


NOT_STARTING = {
    "failing": "StoreError: the database cannot be reached",
    "ending early": "StartError: process 1 ended with code 3 before it was ready",
    "broken": "StartError: process 1 ended with code 70 before it was ready",
    "out of files": "StartError: process 1 ended with code 70 before it was ready",
    "filling up": "StartError: process 1 cannot be started: Resource temporarily unavailable",
    "never ready": "StartError: process 1 was not ready within 3 s",
}


@pytest.mark.parametrize(("manner", "said"), NOT_STARTING.items(), ids=NOT_STARTING)
def test_one_process_that_does_not_start_ends_all_with_the_reason(tmp_path: Path, manner: str, said: str) -> None:
    with supervised(tmp_path, manner, shutdown_timeout_s=0) as parent:
        assert parent.url == ""
        assert parent.wait() == 1
        assert parent.children() == []
    assert said in parent.said.splitlines()


def stop_by_signal(parent: Supervised) -> None:
    parent.signal(signal.SIGTERM)


def stop_as_a_terminal_does(parent: Supervised) -> None:
    os.killpg(parent.pid, signal.SIGINT)


def stop_as_a_service_manager_does(parent: Supervised) -> None:
    os.killpg(parent.pid, signal.SIGTERM)


def stop_as_a_terminal_that_is_closed_does(parent: Supervised) -> None:
    os.killpg(parent.pid, signal.SIGHUP)


def kill_the_parent(parent: Supervised) -> None:
    parent.signal(signal.SIGKILL)


STOPS = [
    stop_by_signal,
    stop_as_a_terminal_does,
    stop_as_a_service_manager_does,
    stop_as_a_terminal_that_is_closed_does,
    kill_the_parent,
]


@pytest.fixture
def hangup() -> Iterator[None]:
    """Whoever started the tests may have it ignored, and so would every process that is started here."""
    before = signal.signal(signal.SIGHUP, lambda *_: None)
    yield
    signal.signal(signal.SIGHUP, before)


async def begin_to_mute(connection: Connection) -> None:
    """Send a request, but for its last octets."""
    connection.writer.write(MUTE + BODY[:-5])
    await asyncio.sleep(0.3)


async def mute_to_the_end(connection: Connection) -> int:
    """Send the rest, and return the status."""
    connection.writer.write(BODY[-5:])
    return (await connection.answer()).status


class TestEnding:
    @pytest.mark.usefixtures("hangup")
    @pytest.mark.parametrize("stop", STOPS)
    def test_what_runs_is_answered_and_nothing_else_accepted(
        self, tmp_path: Path, stop: Callable[[Supervised], None]
    ) -> None:
        async def stop_in_the_middle(parent: Supervised) -> None:
            async with connected(parent.port) as one, connected(parent.port) as other:
                await asyncio.gather(begin_to_mute(one), begin_to_mute(other))
                stop(parent)
                await nobody_accepts(parent.port)
                assert {*await asyncio.gather(mute_to_the_end(one), mute_to_the_end(other))} == {200}

        with supervised(tmp_path) as parent:
            children = parent.children()
            started = time.monotonic()
            asyncio.run(stop_in_the_middle(parent))
            assert parent.wait() == (-signal.SIGKILL if stop is kill_the_parent else 0), parent.said
            assert eventually(lambda: not any(lives(child) for child in children), PROMISED_STOP_S)
            assert time.monotonic() - started < PROMISED_STOP_S
            assert not answers(parent.port)

    @pytest.mark.usefixtures("hangup")
    def test_the_end_of_the_terminal_is_no_haste_however_often_it_is_told(self, tmp_path: Path) -> None:
        async def hang_up_twice(parent: Supervised) -> None:
            async with connected(parent.port) as connection:
                await begin_to_mute(connection)
                stop_as_a_terminal_that_is_closed_does(parent)
                await nobody_accepts(parent.port)
                stop_as_a_terminal_that_is_closed_does(parent)
                assert not await connection.is_closed_within(2)
                assert await mute_to_the_end(connection) == 200

        with supervised(tmp_path, shutdown_timeout_s=120) as parent:
            asyncio.run(hang_up_twice(parent))
            assert parent.wait() == 0, parent.said
        assert parent.said == ""

    @pytest.mark.usefixtures("hangup")
    def test_a_process_that_alone_is_told_so_goes_on(self, tmp_path: Path) -> None:
        with supervised(tmp_path) as parent:
            children = parent.children()
            for child in children:
                os.kill(child, signal.SIGHUP)
            assert asyncio.run(who_answers(parent.port, 5))
            assert parent.children() == children
            parent.signal(signal.SIGTERM)
            assert parent.wait() == 0, parent.said
        assert parent.said == ""

    def test_the_end_of_the_terminal_is_ignored_where_whoever_started_them_wants_that(self, tmp_path: Path) -> None:
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            with supervised(tmp_path) as parent:
                children = parent.children()
                stop_as_a_terminal_that_is_closed_does(parent)
                assert asyncio.run(who_answers(parent.port, 5))
                assert parent.children() == children
                parent.signal(signal.SIGTERM)
                assert parent.wait() == 0, parent.said
        finally:
            signal.signal(signal.SIGHUP, before)

    def test_asking_twice_cuts_off_what_is_slow(self, tmp_path: Path) -> None:
        async def stop_twice(parent: Supervised) -> None:
            async with connected(parent.port) as connection:
                await begin_to_mute(connection)
                parent.signal(signal.SIGTERM)
                assert not await connection.is_closed_within(1)
                parent.signal(signal.SIGTERM)
                assert await connection.is_closed_within(PROMISED_STOP_S)

        with supervised(tmp_path, shutdown_timeout_s=120) as parent:
            asyncio.run(stop_twice(parent))
            assert ended_within(parent, PROMISED_STOP_S)

    def test_a_request_that_never_arrives_does_not_keep_them(self, tmp_path: Path) -> None:
        async def stop_beside_half_a_request(parent: Supervised) -> None:
            async with connected(parent.port) as connection:
                await begin_to_mute(connection)
                parent.signal(signal.SIGTERM)
                assert await connection.is_closed_within(PROMISED_STOP_S)

        with supervised(tmp_path, shutdown_timeout_s=1) as parent:
            asyncio.run(stop_beside_half_a_request(parent))
            assert ended_within(parent, PROMISED_STOP_S)

    def test_a_process_that_does_not_end_is_killed(self, tmp_path: Path) -> None:
        with supervised(tmp_path, "stubborn", shutdown_timeout_s=0) as parent:
            parent.signal(signal.SIGTERM)
            assert ended_within(parent, PROMISED_STOP_S, code=1)
        assert "process 0 was ended by SIGKILL" in parent.said.splitlines()


Ready = tuple[int, str, str]
"""A status, and what `/_health/ready` said: in a word, and in many."""


async def readiness(port: int) -> Ready:
    async with connected(port) as connection:
        answer = await connection.get(1, "/_health/ready")
    return answer.status, answer.json["status"], " ".join(answer.json.get("problems", ()))


async def becomes(port: int, status: int) -> Ready:
    """What is said once it has this status."""
    return await said(port, lambda found: found[0] == status)


async def says(port: int, expected: Ready) -> None:
    """Wait until this is said."""
    await said(port, lambda found: found == expected)


async def said(port: int, is_it: Callable[[Ready], bool]) -> Ready:
    """What is said once it is what is waited for."""
    until = time.monotonic() + PATIENCE_S
    while not is_it(found := await readiness(port)):
        assert time.monotonic() < until, found
        await asyncio.sleep(0.02)
    return found


class TestServe:
    """The command itself, on a real database and a real Redis."""

    async def test_what_one_process_writes_the_other_shows(
        self, tmp_path: Path, migrated_address: str, redis_address: str
    ) -> None:
        await inhabit(migrated_address)
        answered = set()
        async with hosted(tmp_path, migrated_address, *TWO, redis_address) as host:
            for target_id in TARGETS[:30]:
                # Each on a connection of its own, so that both processes get to write and to show.
                async with connected(host.port) as one, connected(host.port) as other:
                    assert (await one.mute(1, target_id)).status == 200
                    shown = await other.get(1, "/2/users/1/muting?max_results=1")
                    assert shown.json["data"][0]["id"] == str(target_id)
                    answered.add(shown.headers["x-connection-hash"])
            assert len(answered) == 2
            assert await asyncio.to_thread(host.stop) == 0
        lines = host.log.splitlines()
        assert len(lines) == 4
        for number in range(2):
            assert [
                line for line in lines if ": serves postgresql://" in line and f": process {number} of 2, pid " in line
            ]
            assert [line for line in lines if f": stopped: process {number} of 2, pid " in line]

    async def test_both_processes_are_ready_and_say_what_they_lack(
        self, tmp_path: Path, migrated_address: str, redis_address: str
    ) -> None:
        for redis, word in ((redis_address, "ready"), ("redis://127.0.0.1:1", "degraded")):
            # Whoever reaches the API reads it, and is not told that guesses are free meanwhile.
            expected = (200, word, "Redis is away" if word == "degraded" else "")
            async with hosted(tmp_path, migrated_address, *TWO, redis) as host:
                for _ in range(20):
                    await says(host.port, expected)

    async def test_a_database_that_is_away_is_told_and_found_again(self, tmp_path: Path, redis_address: str) -> None:
        with Postgres.started(tmp_path) as own:
            address = own.database()
            await migrate(address)
            async with hosted(tmp_path, address, *TWO, redis_address) as host:
                own.kill()
                _, _, said = await becomes(host.port, 503)
                assert said.startswith("the database is away: the ")
                # A process that starts while it is away is told to wait; the others stay.
                host.kill_child()
                assert await asyncio.to_thread(eventually, lambda: "cannot serve: the database cannot" in host.log)
                own.start()
                await becomes(host.port, 200)
                assert await asyncio.to_thread(eventually, lambda: len(host.children) == 2)
                assert await asyncio.to_thread(host.stop) == 0


def test_a_database_that_is_away_at_the_start_ends_it_with_one_line(tmp_path: Path) -> None:
    said = refusal(tmp_path, "postgresql://tacet:hunter2@127.0.0.1:1/tacet")
    assert said.startswith("tacet: postgresql://tacet:***@127.0.0.1:1/tacet: the database cannot be reached")
    assert "hunter2" not in said


def test_a_database_without_tables_ends_it_with_the_remedy(tmp_path: Path, postgres_address: str) -> None:
    assert "`tacet database migrate`" in refusal(tmp_path, postgres_address)
