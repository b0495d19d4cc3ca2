"""Garbage over real connections: requests that break off, and headers that no client library would send."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crash.connections import Answer, Connection, connected, request
from tests.crash.processes import serving, token
from tests.faults.garbage import TEXTS, bodies
from tests.faults.world import rows

SOURCE, TARGET = 1, 1_000
BODY = json.dumps({"target_user_id": str(TARGET)}).encode()
LIST = f"/2/users/{SOURCE}/muting"
MUTE = request("POST", LIST, SOURCE, BODY)
UNMUTE = request("DELETE", f"{LIST}/{TARGET}", SOURCE)
"""Changes nothing: nobody is muted."""

SECRET = "kept-out-of-logs"


@dataclass(frozen=True)
class Place:
    """A running server and its database, in which nobody mutes anybody."""

    port: int
    path: Path

    @asynccontextmanager
    async def untouched(self) -> AsyncIterator[None]:
        """Nothing is written meanwhile, and the server is well afterwards."""
        before = rows(self.path)
        yield
        async with connected(self.port) as connection:
            assert (await connection.get(SOURCE, "/2/users/me")).status == 200
            page = (await connection.get(SOURCE, LIST)).json
        assert page == {"meta": {"result_count": 0}}
        assert rows(self.path) == before


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    path = tmp_path_factory.mktemp("faults") / "tacet.db"
    with serving(path) as server:
        yield Place(server.port, path)


def with_header(raw: bytes, name: bytes, value: bytes) -> bytes:
    """The request with another value of a header that it has, or with one more."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    kept = [line for line in lines if not line.lower().startswith(name + b":")]
    return b"\r\n".join([*kept, name + b": " + value, b"", body])


async def answers(port: int, raw: bytes) -> list[Answer]:
    """The answer to a request, and whatever else comes before the connection is closed.

    Raises:
        TimeoutError: there is none, and the server waits for more.
    """
    async with connected(port) as connection:
        connection.writer.write(raw)
        got = [await connection.answer()]
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            connection.writer.write_eof()
            while True:
                got.append(await connection.answer())
        return got


def judge(got: list[Answer]) -> None:
    for answer in got:
        assert answer.status < 500
        assert "x-injected" not in answer.headers
        if answer.headers["content-type"] == "text/html; charset=utf-8":
            # Some garbage is a way to write "/", which is a page and not to be deleted.
            assert answer.status == 405
            continue
        assert "json" in answer.headers["content-type"]
        assert answer.json is not None


async def stop_sending(connection: Connection) -> None:
    connection.writer.write_eof()
    await connection.octets_until_closed()


async def hang_up(connection: Connection) -> None:
    connection.writer.close()
    await connection.writer.wait_closed()


async def reset(connection: Connection) -> None:
    # Without lingering, closing is a reset, and what the server has not read yet is lost.
    linger = struct.pack("ii", 1, 0)
    connection.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.writer.transport.abort()


CHUNKED = with_header(MUTE.removesuffix(BODY), b"transfer-encoding", b"chunked").replace(
    b"content-length: %d\r\n" % len(BODY), b""
)
IN_CHUNKS = CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (BODY[:7], BODY[7:])) + b"0\r\n\r\n"
LEAVING = {"stops-sending": stop_sending, "hangs-up": hang_up, "resets": reset}


def test_the_requests_that_break_off_would_be_good(tmp_path: Path) -> None:
    with serving(tmp_path / "tacet.db") as server:
        for raw in (MUTE, IN_CHUNKS):
            [answer] = asyncio.run(answers(server.port, raw))
            assert (answer.status, answer.json) == (200, {"data": {"muting": True}})
        assert asyncio.run(answers(server.port, UNMUTE))[0].json == {"data": {"muting": False}}


@pytest.mark.parametrize("leave", LEAVING.values(), ids=LEAVING.keys())
@pytest.mark.parametrize("raw", [MUTE, IN_CHUNKS], ids=["with-a-length", "in-chunks"])
async def test_a_mute_that_breaks_off_anywhere_mutes_nobody(
    place: Place, raw: bytes, leave: Callable[[Connection], Awaitable[None]]
) -> None:
    async with place.untouched():
        for at in range(len(raw)):
            async with connected(place.port) as connection:
                connection.writer.write(raw[:at])
                await leave(connection)


@pytest.mark.parametrize("leave", LEAVING.values(), ids=LEAVING.keys())
@pytest.mark.parametrize("missing", [1, 2, 1_000, 60_000])
async def test_a_body_shorter_than_it_says_mutes_nobody(
    place: Place, missing: int, leave: Callable[[Connection], Awaitable[None]]
) -> None:
    async with place.untouched(), connected(place.port) as connection:
        connection.writer.write(with_header(MUTE, b"content-length", b"%d" % (len(BODY) + missing)))
        await leave(connection)


LENGTHS = {
    "empty": b"",
    "word": b"abc",
    "negative": b"-25",
    "plus": b"+25",
    "float": b"25.0",
    "exponent": b"25e0",
    "hexadecimal": b"0x19",
    "underscore": b"2_5",
    "two": b"25, 26",
    "spaces": b"2 5",
    "past-64-bits": b"18446744073709551641",
    "1000-digits": b"9" * 1_000,
    "other-digits": "٢٥".encode(),
    "nul": b"25\x00",
    "shorter": b"%d" % (len(BODY) - 1),
    "nothing": b"0",
}


@pytest.mark.parametrize("length", LENGTHS.values(), ids=LENGTHS.keys())
async def test_a_length_that_is_not_the_bodys_mutes_nobody(place: Place, length: bytes) -> None:
    async with place.untouched():
        got = await answers(place.port, with_header(MUTE, b"content-length", length))
        judge(got)
        assert {answer.status for answer in got} == {400}


HEADERS = (
    b"host",
    b"authorization",
    b"content-type",
    b"content-length",
    b"transfer-encoding",
    b"connection",
    b"expect",
    b"upgrade",
    b"cookie",
    b"x-forwarded-for",
)


@pytest.mark.parametrize("name", HEADERS, ids=lambda name: name.decode())
async def test_garbage_in_a_header_is_answered_and_changes_nothing(place: Place, name: bytes) -> None:
    async with place.untouched():
        for text in TEXTS.values():
            got = await answers(place.port, with_header(UNMUTE, name, text))
            judge(got)


async def test_garbage_as_the_name_of_a_header_is_answered_and_changes_nothing(place: Place) -> None:
    async with place.untouched():
        for text in TEXTS.values():
            got = await answers(place.port, UNMUTE.replace(b"content-type", text[:8_000], 1))
            judge(got)


async def test_garbage_as_the_target_is_answered_and_changes_nothing(place: Place) -> None:
    async with place.untouched():
        for text in TEXTS.values():
            for target in (text, b"/2/users/" + text, LIST.encode() + b"?" + text):
                got = await answers(place.port, UNMUTE.replace(f"{LIST}/{TARGET}".encode(), target, 1))
                judge(got)


async def test_garbage_as_a_body_is_answered_and_changes_nothing(place: Place) -> None:
    async with place.untouched():
        for key, body in bodies("target_user_id", str(TARGET)).items():
            got = await answers(place.port, request("POST", LIST, SOURCE, body))
            judge(got)
            assert [answer.status for answer in got] == [413 if len(body) > 65_536 else 400], key


async def test_garbage_before_a_good_request_mutes_nobody(place: Place) -> None:
    async with place.untouched():
        for text in TEXTS.values():
            if text.strip(b"\r\n"):
                judge(await answers(place.port, text + MUTE))


async def test_garbage_is_not_in_the_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tacet.db"
    with serving(path, log_level="debug") as server:
        for text in TEXTS.values():
            secret = b"Bearer " + SECRET.encode() + text
            judge(await answers(server.port, with_header(MUTE, b"authorization", secret)))
            judge(await answers(server.port, with_header(MUTE, b"authorization", b'OAuth oauth_token="' + secret)))
        server.terminate()
        assert server.wait() == 0
    out, err = capfd.readouterr()
    assert SECRET not in out + err
    assert token(SOURCE) not in out + err
