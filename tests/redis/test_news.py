import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tacet.redis.address import read_address
from tacet.redis.client import RETRY_S, Redis
from tacet.redis.connection import GRACE_S, REDIS_PATIENCE_S
from tacet.redis.news import QUIET_S, RedisNews
from tacet.store.base import Part
from tests.databases import Redis as RedisServer
from tests.redis.scripted import OK, scripted
from tests.redis.test_client import SLACK_S
from tests.redis.waiting import until


@dataclass
class Process:
    """Tells and hears."""

    redis: Redis
    news: RedisNews
    heard: list[Part] = field(default_factory=list)


@asynccontextmanager
async def process(address: str, name: str, prefix: str = "tacet") -> AsyncIterator[Process]:
    where = read_address(address)
    redis = Redis(where, "nothing is shared")
    news = RedisNews(redis, where, prefix, name)
    made = Process(redis, news)
    news.listen(made.heard.append)
    async with redis, news.ear:
        yield made


async def test_everybody_else_hears_what_one_tells(redis_address: str) -> None:
    async with (
        process(redis_address, "a") as one,
        process(redis_address, "b") as two,
        process(redis_address, "c") as three,
    ):
        await one.news.tell(Part.CREDENTIALS)
        await two.news.tell(Part.DIRECTORY)
        await until(lambda: bool(one.heard and two.heard and len(three.heard) == 2))
        assert three.heard == [Part.CREDENTIALS, Part.DIRECTORY]
        assert (one.heard, two.heard) == ([Part.DIRECTORY], [Part.CREDENTIALS])


async def test_services_in_other_databases_of_one_redis_hear_nothing(redis_address: str) -> None:
    base = redis_address.removesuffix("0")
    async with process(f"{base}0", "a") as one, process(f"{base}1", "b") as two, process(f"{base}1", "c") as three:
        await one.news.tell(Part.CREDENTIALS)
        await three.news.tell(Part.POSTS)
        await until(lambda: bool(two.heard))
        assert two.heard == [Part.POSTS]
        assert one.heard == []


async def test_other_services_in_one_database_hear_nothing(redis_address: str) -> None:
    async with process(redis_address, "a") as one, process(redis_address, "b", "other") as two:
        await one.news.tell(Part.CREDENTIALS)
        await two.redis.call("PUBLISH", "other:news:0", "c posts")
        await until(lambda: bool(two.heard))
        assert two.heard == [Part.POSTS]


@pytest.mark.parametrize("text", ["x relations", "x", "", "x \xff", " credentials"])
async def test_what_another_version_tells_does_no_harm(redis_address: str, text: str) -> None:
    async with process(redis_address, "a") as one, process(redis_address, "b") as two:
        await two.redis.call("PUBLISH", "tacet:news:0", text.encode("latin-1"))
        await two.news.tell(Part.POSTS)
        await until(lambda: one.heard[-1:] == [Part.POSTS])
        assert one.news.ear.absences == 0


async def test_many_hear_much_in_order(redis_address: str) -> None:
    async with process(redis_address, "a") as one, process(redis_address, "b") as two:
        told = [Part.POSTS, Part.DIRECTORY, Part.CREDENTIALS]
        for _ in range(5):
            two.heard.clear()
            for part in told:
                await one.news.tell(part)
            await until(lambda: len(two.heard) == len(told))
            assert two.heard == told
            await asyncio.sleep(1.5 * QUIET_S)


async def test_a_flood_is_heard_now_and_then_and_at_its_end(redis_address: str) -> None:
    async with process(redis_address, "a") as one, process(redis_address, "b") as two:
        loop = asyncio.get_running_loop()
        last_heard_s: dict[Part, float] = {}
        two.news.listen(lambda part: last_heard_s.update({part: loop.time()}))
        began_s = last_told_s = loop.time()
        for _ in range(500):
            last_told_s = loop.time()
            await asyncio.gather(one.news.tell(Part.POSTS), one.news.tell(Part.CREDENTIALS))
        await until(lambda: len(last_heard_s) == 2 and min(last_heard_s.values()) >= last_told_s)
        assert len(two.heard) <= 2 * ((loop.time() - began_s) / QUIET_S + 2)


async def test_telling_takes_no_longer_than_any_call_where_redis_hangs_and_no_time_where_it_is_gone(
    harmed_redis: RedisServer,
) -> None:
    loop = asyncio.get_running_loop()
    async with process(harmed_redis.address, "a") as one:
        for harm in (harmed_redis.pause, harmed_redis.kill):
            harm()
            began_s = loop.time()
            await one.news.tell(Part.CREDENTIALS)
            assert loop.time() - began_s < REDIS_PATIENCE_S + GRACE_S + SLACK_S


async def test_after_a_restart_it_hears_again(harmed_redis: RedisServer) -> None:
    async with process(harmed_redis.address, "a") as one, process(harmed_redis.address, "b") as two:
        harmed_redis.kill()
        await until(lambda: not two.news.ear.present)
        await one.news.tell(Part.POSTS)
        harmed_redis.start()
        await until(lambda: one.redis.present and two.news.ear.present)
        await one.news.tell(Part.CREDENTIALS)
        await until(lambda: bool(two.heard))
        assert two.heard == [Part.CREDENTIALS]


async def test_a_connection_that_only_listens_is_noticed_when_it_hangs(harmed_redis: RedisServer) -> None:
    async with process(harmed_redis.address, "a") as one:
        harmed_redis.pause()
        await until(lambda: not one.news.ear.present)
        harmed_redis.resume()
        assert await until(lambda: one.news.ear.present) < RETRY_S + REDIS_PATIENCE_S + SLACK_S


@pytest.mark.since_redis("6.2")
async def test_a_user_who_may_not_listen_is_told_of_and_everything_else_works(
    harmed_redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    assert harmed_redis.run("ACL SETUSER tacet on >s3cret ~tacet:* +@all resetchannels") == b"+OK\r\n"
    async with process(harmed_redis.address.replace("//", "//tacet:s3cret@"), "a") as one:
        await asyncio.sleep(3 * RETRY_S)
        assert one.redis.present
        assert not one.news.ear.present
    telling, listening = caplog.messages
    assert "NOPERM to PUBLISH" in telling
    assert "NOPERM to SUBSCRIBE" in listening
    assert "a second late" in listening


async def test_that_it_is_away_is_one_line_and_not_two(
    harmed_redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with process(harmed_redis.address, "a") as one:
        harmed_redis.kill()
        await until(lambda: not one.redis.present and not one.news.ear.present)
        await asyncio.sleep(2 * RETRY_S)
    assert len(caplog.messages) == 1


async def test_messages_that_are_no_text_do_no_harm() -> None:
    async with scripted() as server, process(server.address, "a") as one:
        odd = b"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n:5\r\n"
        server.answer = lambda words: OK + odd if words == [b"PING"] else OK
        await asyncio.sleep(3 * RETRY_S)
        assert one.news.ear.absences == 0
        assert one.heard == []
