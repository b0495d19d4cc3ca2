"""Clients that take more than their share: slow ones, and too many."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from tests.crash.connections import Answer, Connection, Gone, connected, request
from tests.crash.processes import serving

ME = request("GET", "/2/users/me", 1)
ASKED = 5_000
"""Pages of some 10 KB: more than the buffers between a server and a client hold."""

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
        cutting = asyncio.gather(*(cut_off_within(port, slowly, 6) for slowly in SLOW))
        async with connected(port) as connection:
            while not cutting.done():
                assert (await connection.get(1, "/2/users/me")).status == 200
                await asyncio.sleep(0.01)
        assert dict(zip(SLOW, await cutting, strict=True)) == dict.fromkeys(SLOW, True)

    with serving(tmp_path / "tacet.db", request_timeout_s=1, keep_alive_timeout_s=60) as server:
        asyncio.run(be_slow(server.port))


def test_a_client_that_reads_no_answers_is_cut_off_while_others_are_served(tmp_path: Path) -> None:
    async def read_nothing(port: int) -> None:
        async with connected(port) as deaf, connected(port) as other:
            deaf.writer.transport.pause_reading()  # type: ignore[attr-defined] # the transport of a socket can
            for target_id in range(1_000, 1_060):
                assert (await other.mute(1, target_id)).status == 200
            page = "/2/users/1/muting?max_results=1000&user.fields=public_metrics"
            size = len((await other.get(1, page)).body)
            deaf.writer.write(request("GET", page, 1) * ASKED)
            started = time.monotonic()
            while time.monotonic() - started < 5:
                assert (await other.get(1, "/2/users/me")).status == 200
                await asyncio.sleep(0.01)
            deaf.writer.transport.resume_reading()  # type: ignore[attr-defined] # as above
            assert await deaf.octets_until_closed() < ASKED * size

    with serving(tmp_path / "tacet.db", request_timeout_s=1, keep_alive_timeout_s=1) as server:
        asyncio.run(read_nothing(server.port))


async def everybody_asks(connections: list[Connection]) -> list[Answer]:
    return await asyncio.gather(*(connection.ask(ME) for connection in connections))


def test_connections_past_the_limit_are_told_to_come_back_and_can(tmp_path: Path) -> None:
    async def flood(port: int) -> None:
        for _ in range(2):
            async with AsyncExitStack() as stack:
                connections = [await stack.enter_async_context(connected(port)) for _ in range(60)]
                answers = await everybody_asks(connections)
            assert [answer.status for answer in answers].count(200) == 20
            refused = [answer for answer in answers if answer.status != 200]
            assert {answer.status for answer in refused} == {503}
            assert all(answer.json["status"] == 503 for answer in refused)
            assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
            await asyncio.sleep(0.2)

    with serving(tmp_path / "tacet.db", max_connections=20) as server:
        asyncio.run(flood(server.port))


def test_more_connections_than_the_system_allows_do_no_lasting_harm(tmp_path: Path) -> None:
    async def flood(port: int) -> None:
        async with AsyncExitStack() as stack:
            for _ in range(300):
                try:
                    connection = await stack.enter_async_context(connected(port))
                    connection.writer.write(ME)
                except (Gone, ConnectionError):
                    continue
            await asyncio.sleep(0.3)
        await asyncio.sleep(0.3)
        async with connected(port) as connection:
            assert (await connection.mute(1, 1000)).status == 200
            assert [user["id"] for user in (await connection.get(1, "/2/users/1/muting")).json["data"]] == ["1000"]

    with serving(tmp_path / "tacet.db", max_files=64) as server:
        asyncio.run(flood(server.port))
        assert server.process.poll() is None
