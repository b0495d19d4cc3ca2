import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tacet.observing import scraping
from tacet.observing.scraping import MAX_HEAD_BYTES, MAX_SCRAPERS, scraped, with_offset
from tests.documents import free_port

TEXT = b"tacet_up 1\n"

PATIENCE_S = 30
"""For what does happen, however busy the machine is."""


@asynccontextmanager
async def port_of(text: scraping.Text = lambda: TEXT) -> AsyncIterator[int]:
    port = free_port()
    async with scraped("127.0.0.1", port, text, b"text/plain; version=0.0.4"):
        yield port


async def ask(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        return await reader.read()
    except ConnectionResetError:
        # Closed before what was sent had been read.
        return b""
    finally:
        writer.close()


def get(path: str, method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode()


@pytest.mark.parametrize("path", ["/metrics", "/metrics?name[]=tacet_up"])
async def test_the_metrics_are_answered(path: str) -> None:
    async with port_of() as port:
        head, _, body = (await ask(port, get(path))).partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 200 OK",
        b"content-type: text/plain; version=0.0.4",
        b"content-length: 11",
        b"connection: close",
    ]
    assert body == TEXT


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(get("/"), b"404", id="another-path"),
        pytest.param(get("/metrics/"), b"404", id="a-slash-more"),
        pytest.param(get("/metrics", "POST"), b"405", id="another-method"),
        pytest.param(b"\x16\x03\x01\r\n\r\n", b"404", id="no-http"),
    ],
)
async def test_nothing_else_is(request_: bytes, status: bytes) -> None:
    async with port_of() as port:
        assert (await ask(port, request_)).startswith(b"HTTP/1.1 " + status)


async def test_a_head_without_end_is_given_up() -> None:
    async with port_of() as port:
        assert await ask(port, b"x" * (MAX_HEAD_BYTES * 2)) == b""


async def test_whoever_says_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scraping, "SCRAPE_TIMEOUT_S", 0.05)
    async with port_of() as port:
        assert await asyncio.wait_for(ask(port, b"GET /metrics"), PATIENCE_S) == b""


async def test_connections_are_bounded() -> None:
    async with port_of() as port:
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MAX_SCRAPERS)]
        async with asyncio.timeout(PATIENCE_S):
            # Until it is known that all of those came, and that they left.
            while await ask(port, get("/metrics")) != b"":
                pass
            for _, writer in silent:
                writer.close()
            while await ask(port, get("/metrics")) == b"":
                pass


async def test_texts_are_made_one_at_a_time_off_the_loops_thread() -> None:
    making = 0
    most = 0
    threads = set()

    def text() -> bytes:
        nonlocal making, most
        making += 1
        most = max(most, making)
        threads.add(threading.get_ident())
        threading.Event().wait(0.02)
        making -= 1
        return TEXT

    async with port_of(text) as port:
        answers = await asyncio.gather(*(ask(port, get("/metrics")) for _ in range(4)))
    assert all(answer.endswith(TEXT) for answer in answers)
    assert most == 1
    assert threading.get_ident() not in threads


async def test_an_end_does_not_wait_for_scrapers() -> None:
    async with port_of() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.02)
    assert await asyncio.wait_for(reader.read(), PATIENCE_S) == b""
    writer.close()


async def test_an_address_that_is_taken_is_an_error() -> None:
    async with port_of() as port:
        with pytest.raises(OSError, match="address"):
            async with scraped("127.0.0.1", port, lambda: TEXT, b""):
                raise AssertionError("two listen on one port")


@pytest.mark.parametrize(
    ("address", "offset", "expected"),
    [
        pytest.param("127.0.0.1:9464", 0, ("127.0.0.1", 9464), id="the-first-process"),
        pytest.param("127.0.0.1:9464", 3, ("127.0.0.1", 9467), id="the-fourth"),
        pytest.param("[::1]:9464", 1, ("::1", 9465), id="ipv6"),
    ],
)
def test_each_process_has_a_port(address: str, offset: int, expected: tuple[str, int]) -> None:
    assert with_offset(address, offset) == expected
