"""Clients that take more than their share: slow ones, and too many."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest

from tests.crash.connections import Answer, Connection, Gone, connected, request
from tests.crash.processes import Server, serving

ME = request("GET", "/2/users/me", 1)
ASKED = 5_000
"""Pages of some 10 KB: more than the buffers between a server and a client hold."""

PATIENCE_S = 60
"""For what does happen, however busy the machine is."""

POST = request("POST", "/2/users/1/muting", 1, b'{"target_user_id":"1000"}')

Slowly = Callable[[], AsyncIterator[bytes]]


async def nothing() -> AsyncIterator[bytes]:
    return
    yield


async def half_a_request_line() -> AsyncIterator[bytes]:
    yield ME[:10]


async def headers_that_never_end() -> AsyncIterator[bytes]:
    yield ME[:-2]
    for number in range(1_000):
        yield b"x-%d: y\r\n" % number


async def a_header_one_letter_at_a_time() -> AsyncIterator[bytes]:
    yield ME[:-2] + b"x-slow: "
    for _ in range(1_000):
        yield b"z"


async def a_body_one_octet_at_a_time() -> AsyncIterator[bytes]:
    head, _, body = POST.partition(b"\r\n\r\n")
    yield head.replace(b"content-length: 25", b"content-length: 1000") + b"\r\n\r\n" + body
    for _ in range(900):
        yield b" "


async def a_second_request_that_never_ends() -> AsyncIterator[bytes]:
    yield ME
    yield ME[:-5]


SLOW = [
    nothing,
    half_a_request_line,
    headers_that_never_end,
    a_header_one_letter_at_a_time,
    a_body_one_octet_at_a_time,
    a_second_request_that_never_ends,
]


async def send_slowly(connection: Connection, octets: AsyncIterator[bytes]) -> None:
    try:
        async for some in octets:
            connection.writer.write(some)
            await connection.writer.drain()
            await asyncio.sleep(0.05)
    except ConnectionError:
        return


async def cut_off_within(port: int, slowly: Slowly, seconds: float) -> bool:
    async with connected(port) as connection:
        sending = asyncio.create_task(send_slowly(connection, slowly()))
        closed = await connection.is_closed_within(seconds)
        sending.cancel()
        return closed


def test_clients_whose_requests_never_finish_are_cut_off_while_others_are_served(tmp_path: Path) -> None:
    async def be_slow(port: int) -> None:
        cutting = asyncio.gather(*(cut_off_within(port, slowly, PATIENCE_S) for slowly in SLOW))
        async with connected(port) as connection:
            while not cutting.done():
                assert (await connection.get(1, "/2/users/me")).status == 200
                await asyncio.sleep(0.01)
        assert dict(zip(SLOW, await cutting, strict=True)) == dict.fromkeys(SLOW, True)

    with serving(tmp_path / "tacet.db", request_timeout_s=1, keep_alive_timeout_s=60) as server:
        asyncio.run(be_slow(server.port))


def test_a_client_that_reads_no_answers_is_cut_off_while_others_are_served(tmp_path: Path) -> None:
    async def read_nothing(server: Server) -> None:
        port = server.port
        async with connected(port) as deaf, connected(port) as other:
            deaf.writer.transport.pause_reading()  # type: ignore[attr-defined] # the transport of a socket can
            for target_id in range(1_000, 1_060):
                assert (await other.mute(1, target_id)).status == 200
            page = "/2/users/1/muting?max_results=1000&user.fields=public_metrics"
            size = len((await other.get(1, page)).body)
            deaf.writer.write(request("GET", page, 1) * ASKED)
            until = time.monotonic() + PATIENCE_S
            while server.connections > 1:
                assert time.monotonic() < until, "it is not cut off"
                assert (await other.get(1, "/2/users/me")).status == 200
                await asyncio.sleep(0.01)
            deaf.writer.transport.resume_reading()  # type: ignore[attr-defined] # as above
            assert await deaf.octets_until_closed() < ASKED * size

    with serving(tmp_path / "tacet.db", request_timeout_s=1, keep_alive_timeout_s=1) as server:
        asyncio.run(read_nothing(server))


async def everybody_asks(connections: list[Connection]) -> list[Answer]:
    return await asyncio.gather(*(connection.ask(ME) for connection in connections))


def test_connections_past_the_limit_are_told_to_come_back_and_can(tmp_path: Path) -> None:
    async def flood(server: Server) -> None:
        for _ in range(2):
            async with AsyncExitStack() as stack:
                connections = [await stack.enter_async_context(connected(server.port)) for _ in range(60)]
                answers = await everybody_asks(connections)
            assert [answer.status for answer in answers].count(200) == 20
            refused = [answer for answer in answers if answer.status != 200]
            assert {answer.status for answer in refused} == {503}
            assert all(answer.json["status"] == 503 for answer in refused)
            assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
            until = time.monotonic() + PATIENCE_S
            while server.connections:
                assert time.monotonic() < until, "it does not notice who has gone"
                await asyncio.sleep(0.01)

    with serving(tmp_path / "tacet.db", max_connections=20) as server:
        asyncio.run(flood(server))


async def served_again(port: int, raw: bytes) -> Answer:
    """The answer to a request that is made again for as long as there are too many connections."""
    for _ in range(3_000):
        with suppress(Gone, ConnectionError):
            async with connected(port) as connection:
                answer = await connection.ask(raw)
                if answer.status != 503:
                    return answer
        await asyncio.sleep(0.01)
    raise AssertionError("there are always too many")


def test_more_connections_than_the_system_allows_do_no_lasting_harm(tmp_path: Path) -> None:
    async def flood(port: int) -> None:
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(connected(port))
            for _ in range(300):
                try:
                    connection = await stack.enter_async_context(connected(port))
                    connection.writer.write(ME)
                except (Gone, ConnectionError):
                    continue
                # Whoever was there before goes on as ever.
                assert (await first.get(1, "/2/users/me")).status == 200
        assert (await served_again(port, POST)).status == 200
        page = await served_again(port, request("GET", "/2/users/1/muting", 1))
        assert [user["id"] for user in page.json["data"]] == ["1000"]

    with serving(tmp_path / "tacet.db", max_files=64) as server:
        asyncio.run(flood(server.port))
        assert server.process.poll() is None


def test_silent_connections_past_the_files_there_are_cost_nothing_and_are_told_of_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async def flood(port: int) -> None:
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(connected(port))
            for _ in range(300):
                await stack.enter_async_context(connected(port))
            began_s, used_s = time.monotonic(), cpu_s(server.process.pid)
            for _ in range(20):
                assert (await first.get(1, "/2/users/me")).status == 200
                await asyncio.sleep(0.1)
            # A server that turns in circles uses all of a processor.
            assert cpu_s(server.process.pid) - used_s < (time.monotonic() - began_s) / 2
        assert (await served_again(port, ME)).status == 200

    with serving(tmp_path / "tacet.db", max_files=64) as server:
        asyncio.run(flood(server.port))
    assert capfd.readouterr().err.count("too few open files are left") == 1


def cpu_s(pid: int) -> float:
    """Seconds of a processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
