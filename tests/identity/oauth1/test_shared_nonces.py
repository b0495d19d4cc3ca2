import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tacet.identity.oauth1 import Nonces, OAuth1Error, Reason
from tacet.identity.oauth1.nonces import TIMESTAMP_WINDOW_S
from tacet.identity.oauth1.shared_nonces import CLOCKS_APART_S, STORE_ASKED_MS, SharedNonces
from tacet.redis.address import read_address
from tacet.redis.client import Redis
from tacet.store.base import StoreBusy
from tacet.store.nonces import NonceStore
from tests.databases import Redis as RedisServer
from tests.redis.waiting import until

NOW_S = 1_795_311_129


class Remembering(NonceStore):
    """A database that can be away.

    Attributes:
        known: until when, in Unix milliseconds.
    """

    def __init__(self) -> None:
        self.known: dict[bytes, int] = {}
        self.away = False

    async def remember(self, digest: bytes, expires_at_ms: int) -> bool:
        if self.away:
            raise StoreBusy
        return self.known.setdefault(digest, expires_at_ms) is expires_at_ms

    async def sweep(self, now_ms: int, limit: int) -> int:
        raise NotImplementedError


class Process:
    """A process that remembers nonces."""

    def __init__(self, redis: Redis, store: NonceStore) -> None:
        self.redis = redis
        self._nonces = SharedNonces(redis, store, Nonces())

    async def remember(
        self, nonce: str, timestamp_s: int = NOW_S, now_s: int = NOW_S, token: str = "1001-t"
    ) -> Reason | None:
        try:
            await self._nonces.remember("ck", token, nonce, timestamp_s, now_s)
        except OAuth1Error as error:
            return error.reason
        return None


@asynccontextmanager
async def process(address: str, store: NonceStore) -> AsyncIterator[Process]:
    async with Redis(read_address(address), "nothing is shared") as redis:
        yield Process(redis, store)


@pytest.fixture
def store() -> Remembering:
    return Remembering()


@pytest.fixture
async def one(redis_address: str, store: Remembering) -> AsyncIterator[Process]:
    async with process(redis_address, store) as made:
        yield made


@pytest.fixture
async def other(redis_address: str, store: Remembering) -> AsyncIterator[Process]:
    async with process(redis_address, store) as made:
        yield made


class TestWithRedis:
    async def test_a_nonce_is_good_once_wherever_it_arrives(self, one: Process, other: Process) -> None:
        assert await one.remember("a") is None
        assert await other.remember("a") is Reason.NONCE_REPLAYED
        assert await one.remember("a") is Reason.NONCE_REPLAYED
        assert await other.remember("b") is None

    async def test_of_many_at_once_one_is_the_first(self, one: Process, other: Process) -> None:
        outcomes = await asyncio.gather(*[each.remember("a") for each in (one, other) for _ in range(50)])
        assert outcomes.count(None) == 1
        assert outcomes.count(Reason.NONCE_REPLAYED) == 99

    async def test_it_counts_for_one_token_and_second(self, one: Process, other: Process) -> None:
        assert await one.remember("a") is None
        assert await other.remember("a", token="1002-t") is None
        assert await other.remember("a", timestamp_s=NOW_S + 1) is None

    async def test_the_database_is_not_asked(self, one: Process, store: Remembering) -> None:
        store.away = True
        assert await one.remember("a") is None
        assert store.known == {}

    @pytest.mark.parametrize("offset_s", [-TIMESTAMP_WINDOW_S, 0, TIMESTAMP_WINDOW_S])
    async def test_redis_keeps_it_as_long_as_its_timestamp_is_good_and_clocks_may_differ(
        self, one: Process, offset_s: int
    ) -> None:
        await one.remember("a", NOW_S + offset_s)
        (key,) = await one.redis.call("KEYS", "*")
        left_ms = await one.redis.call("PTTL", key)
        kept_s = offset_s + TIMESTAMP_WINDOW_S + CLOCKS_APART_S
        assert (kept_s - 5) * 1000 < left_ms <= kept_s * 1000

    async def test_what_this_process_has_seen_costs_redis_nothing(self, one: Process, redis: RedisServer) -> None:
        await one.remember("a")
        redis.flush()
        assert await one.remember("a") is Reason.NONCE_REPLAYED
        assert redis.run("DBSIZE") == b":0\r\n"

    async def test_scripts_that_redis_has_forgotten_are_sent_again(self, one: Process, other: Process) -> None:
        await one.remember("a")
        await one.redis.call("SCRIPT", "FLUSH")
        assert await other.remember("a") is Reason.NONCE_REPLAYED


class TestWithoutRedis:
    async def test_the_database_tells_what_was_seen_elsewhere(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with process(harmed_redis.address, store) as one, process(harmed_redis.address, store) as other:
            harmed_redis.kill()
            assert await one.remember("a") is None
            assert await other.remember("a") is Reason.NONCE_REPLAYED
            assert await one.remember("a") is Reason.NONCE_REPLAYED
            assert list(store.known.values()) == [(NOW_S + TIMESTAMP_WINDOW_S + CLOCKS_APART_S) * 1000]

    async def test_what_this_process_saw_before_is_not_forgotten(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with process(harmed_redis.address, store) as one:
            await one.remember("a")
            harmed_redis.kill()
            assert await one.remember("a") is Reason.NONCE_REPLAYED

    async def test_where_the_database_is_away_too_nothing_is_let_in(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with process(harmed_redis.address, store) as one:
            harmed_redis.kill()
            store.away = True
            with pytest.raises(StoreBusy):
                await one.remember("a")

    async def test_one_that_hangs_is_one_that_is_gone(self, harmed_redis: RedisServer, store: Remembering) -> None:
        async with process(harmed_redis.address, store) as one, process(harmed_redis.address, store) as other:
            harmed_redis.pause()
            assert await one.remember("a") is None
            assert await other.remember("a") is Reason.NONCE_REPLAYED
            harmed_redis.resume()


class TestWhenRedisIsBack:
    async def test_what_the_database_was_told_meanwhile_is_asked_for(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with process(harmed_redis.address, store) as one, process(harmed_redis.address, store) as other:
            harmed_redis.kill()
            assert await one.remember("a") is None
            harmed_redis.start()
            await until(lambda: one.redis.present and other.redis.present)
            assert await other.remember("a") is Reason.NONCE_REPLAYED
            assert await other.remember("b") is None
            assert await one.remember("b") is Reason.NONCE_REPLAYED

    async def test_a_process_that_noticed_nothing_is_told_to_ask(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with process(harmed_redis.address, store) as one:
            harmed_redis.kill()
            assert await one.remember("a") is None
            harmed_redis.start()
            await until(lambda: one.redis.present)
            await one.remember("b")
            async with process(harmed_redis.address, store) as later:
                assert later.redis.absences == 0
                assert await later.remember("a") is Reason.NONCE_REPLAYED

    async def test_what_redis_knows_is_not_good_again_because_the_database_does_not_know_it(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with process(harmed_redis.address, store) as one, process(harmed_redis.address, store) as other:
            await other.remember("a")
            await one.redis.call("SET", "tacet:nonces-in-store", "1")
            assert await one.remember("a") is Reason.NONCE_REPLAYED

    async def test_it_is_asked_as_long_as_anything_lives_that_it_was_told_and_no_longer(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with process(harmed_redis.address, store) as one:
            harmed_redis.kill()
            await one.remember("a")
            harmed_redis.start()
            await until(lambda: one.redis.present)
            await one.remember("b")
            longest_ms = (2 * TIMESTAMP_WINDOW_S + CLOCKS_APART_S) * 1000
            left_ms = await one.redis.call("PTTL", "tacet:nonces-in-store")
            assert longest_ms == STORE_ASKED_MS
            assert longest_ms - 5_000 < left_ms <= longest_ms
            await one.remember("c")
            assert len(store.known) == 3
            # As if that time had passed.
            await one.redis.call("DEL", "tacet:nonces-in-store")
            await one.remember("d")
            assert len(store.known) == 3

    async def test_it_is_asked_as_well_by_one_that_started_while_redis_was_away(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        harmed_redis.kill()
        async with process(harmed_redis.address, store) as one:
            harmed_redis.start()
            await until(lambda: one.redis.present)
            await one.remember("a")
            assert len(store.known) == 1
