import asyncio

import pytest

from tacet.redis.address import read_address
from tacet.redis.client import Redis
from tacet.redis.connection import MAX_REPLY_BYTES, RedisAway
from tests.redis.scripted import OK, obliging, scripted


@pytest.mark.parametrize("head", [b"$500000000\r\n", b"+"], ids=["bulk", "line"])
async def test_a_reply_without_an_end_is_not_read_to_it(head: bytes) -> None:
    async with scripted() as server, Redis(read_address(server.address), "nothing", patience_s=10) as client:
        server.answer = lambda words: (
            obliging(words) if words != [b"GET", b"much"] else head + b"x" * 2 * MAX_REPLY_BYTES
        )
        with pytest.raises(RedisAway, match="larger"):
            await client.call("GET", "much")
        assert not client.present


async def test_many_replies_at_once_may_be_larger_together() -> None:
    async with scripted() as server, Redis(read_address(server.address), "nothing", patience_s=10) as client:
        text = b"x" * (MAX_REPLY_BYTES // 4)
        server.answer = lambda _words: b"$%d\r\n%b\r\n" % (len(text), text)
        assert await asyncio.gather(*[client.call("GET", "some") for _ in range(8)]) == [text] * 8
        server.answer = lambda _words: OK
