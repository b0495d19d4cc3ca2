import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tacet.clock import ManualClock
from tacet.identity.oauth1 import Nonces, OAuth1Error, Reason
from tacet.identity.oauth1.nonces import TIMESTAMP_WINDOW_S
from tacet.identity.oauth1.shared_nonces import (
    ANNOUNCE_MS,
    CLOCKS_APART_S,
    EVER_SHARED,
    LIFE_MS,
    STORE_ASKED_MS,
    SharedNonces,
)
from tacet.redis.address import read_address
from tacet.redis.client import Redis
from tacet.store.base import StoreBusy
from tacet.store.nonces import NonceStore
from tests.databases import HOST
from tests.databases import Redis as RedisServer
from tests.faults.cutting import Cable, Network, cable
from tests.redis.scripted import scripted
from tests.redis.waiting import until

NOW_S = 1_795_311_129
PREFIX = "tacet:service"
STORE_ASKED_KEY = f"{PREFIX}:nonces-in-store"


class Remembering(NonceStore):
    """A database that can be away.

    Attributes:
        known: until when, in Unix milliseconds.
        ever_shared: what it remembers of the service.
        announcements: how many there were.
    """

    def __init__(self) -> None:
        self.known: dict[bytes, int] = {}
        self.ever_shared = False
        self.announcements = 0
        self.away = False

    async def remember(self, digest: bytes, expires_at_ms: int) -> bool:
        if self.away:
            raise StoreBusy
        if digest == EVER_SHARED:
            is_new, self.ever_shared = not self.ever_shared, True
            return is_new
        return self.known.setdefault(digest, expires_at_ms) is expires_at_ms

    async def announce(self) -> None:
        if self.away:
            raise StoreBusy
        self.announcements += 1

    async def sweep(self, now_ms: int, limit: int) -> int:
        raise NotImplementedError


class Process:
    """A process that remembers nonces; its clock stands still."""

    def __init__(self, redis: Redis, store: NonceStore, clock: ManualClock) -> None:
        self.redis = redis
        self.clock = clock
        self.nonces = SharedNonces(redis, store, Nonces(), clock, PREFIX)

    async def remember(self, nonce: str, timestamp_s: int | None = None, token: str = "1001-t") -> Reason | None:
        """None where it is new; it is of now where no time is given."""
        now_s = self.clock.now_ms() // 1000
        try:
            await self.nonces.remember("ck", token, nonce, now_s if timestamp_s is None else timestamp_s, now_s)
        except OAuth1Error as error:
            return error.reason
        return None


@asynccontextmanager
async def process(address: str, store: NonceStore, clock: ManualClock | None = None) -> AsyncIterator[Process]:
    redis = Redis(read_address(address), "nothing is shared")
    made = Process(redis, store, clock or ManualClock(NOW_S * 1000))
    redis.follower = made.nonces.follow
    async with redis:
        yield made


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
        (key,) = await one.redis.call("KEYS", f"{PREFIX}:nonce:*")
        left_ms = await one.redis.call("PTTL", key)
        kept_s = offset_s + TIMESTAMP_WINDOW_S + CLOCKS_APART_S
        assert (kept_s - 5) * 1000 < left_ms <= kept_s * 1000

    async def test_what_this_process_has_seen_costs_redis_nothing(self, one: Process, redis: RedisServer) -> None:
        await one.remember("a")
        redis.flush()
        assert await one.remember("a", NOW_S) is Reason.NONCE_REPLAYED
        assert redis.run("DBSIZE") == b":0\r\n"

    async def test_scripts_that_redis_has_forgotten_are_sent_again(self, one: Process, other: Process) -> None:
        await one.remember("a")
        await one.redis.call("SCRIPT", "FLUSH")
        assert await other.remember("a") is Reason.NONCE_REPLAYED


@asynccontextmanager
async def two(server: RedisServer, store: Remembering) -> AsyncIterator[tuple[Process, Process, ManualClock]]:
    """Two processes with one clock."""
    clock = ManualClock(NOW_S * 1000)
    async with process(server.address, store, clock) as one, process(server.address, store, clock) as other:
        yield one, other, clock


async def goes(server: RedisServer, clock: ManualClock, *those: Process) -> None:
    """Kill it, and let everybody notice, and a second pass."""
    server.kill()
    await until(lambda: not any(each.redis.present for each in those))
    for each in those:
        await each.nonces.follow()
    clock.advance(1_000)


async def comes_back(server: RedisServer, *those: Process) -> None:
    server.start()
    await until(lambda: all(each.redis.present for each in those))


@asynccontextmanager
async def one_cut_off(server: RedisServer, store: Remembering) -> AsyncIterator[tuple[Process, Process, Cable]]:
    """As `two`; only the first has lost Redis, a second ago, and does not get it back before its cable works again."""
    clock = ManualClock(NOW_S * 1000)
    async with (
        cable(server.port) as only_way,
        process(f"redis://{HOST}:{only_way.port}", store, clock) as one,
        process(server.address, store, clock) as other,
    ):
        assert await one.remember("before") is None
        only_way.turn(Network.RESETS)
        await until(lambda: not one.redis.present)
        await one.nonces.follow()
        clock.advance(1_000)
        yield one, other, only_way


class TestWithoutRedis:
    async def test_the_database_tells_what_was_seen_elsewhere(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with two(harmed_redis, store) as (one, other, clock):
            await goes(harmed_redis, clock, one, other)
            assert await one.remember("a") is None
            assert await other.remember("a") is Reason.NONCE_REPLAYED
            assert await one.remember("a") is Reason.NONCE_REPLAYED
            assert list(store.known.values()) == [(NOW_S + 1 + TIMESTAMP_WINDOW_S + CLOCKS_APART_S) * 1000]

    async def test_what_this_process_saw_before_is_not_forgotten(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with two(harmed_redis, store) as (one, _, clock):
            await one.remember("a")
            await goes(harmed_redis, clock, one)
            assert await one.remember("a", NOW_S) is Reason.NONCE_REPLAYED

    async def test_what_may_have_been_seen_elsewhere_before_is_refused_by_its_time(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with two(harmed_redis, store) as (one, other, clock):
            assert await one.remember("a") is None
            await goes(harmed_redis, clock, one, other)
            assert await other.remember("a", NOW_S) is Reason.TIMESTAMP_OUT_OF_BOUNDS
            assert await other.remember("b") is None

    async def test_where_the_database_is_away_too_nothing_is_let_in(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with process(harmed_redis.address, store) as one:
            harmed_redis.kill()
            store.away = True
            with pytest.raises(StoreBusy):
                await one.remember("a")

    async def test_what_was_not_let_in_because_the_database_was_away_may_come_again(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with two(harmed_redis, store) as (one, other, clock):
            await goes(harmed_redis, clock, one, other)
            store.away = True
            with pytest.raises(StoreBusy):
                await one.remember("a")
            clock.advance(ANNOUNCE_MS)
            with pytest.raises(StoreBusy):
                await one.remember("b")
            store.away = False
            for nonce in ("a", "b"):
                assert await one.remember(nonce) is None
                assert await one.remember(nonce) is Reason.NONCE_REPLAYED
                assert await other.remember(nonce) is Reason.NONCE_REPLAYED

    async def test_of_many_at_once_none_is_let_in_by_a_database_that_fails_and_then_one(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with two(harmed_redis, store) as (one, other, clock):
            await goes(harmed_redis, clock, one, other)
            store.away = True
            both = [each for each in (one, other) for _ in range(20)]
            outcomes = await asyncio.gather(*[each.remember("a") for each in both], return_exceptions=True)
            assert None not in outcomes
            store.away = False
            outcomes = await asyncio.gather(*[each.remember("a") for each in both], return_exceptions=True)
            assert outcomes.count(None) == 1
            assert outcomes.count(Reason.NONCE_REPLAYED) == len(both) - 1

    async def test_one_that_hangs_is_one_that_is_gone(self, harmed_redis: RedisServer, store: Remembering) -> None:
        async with two(harmed_redis, store) as (one, other, clock):
            harmed_redis.pause()
            try:
                await until(lambda: not (one.redis.present or other.redis.present))
                await one.nonces.follow()
                await other.nonces.follow()
                clock.advance(1_000)
                assert await one.remember("a") is None
                assert await other.remember("a") is Reason.NONCE_REPLAYED
            finally:
                harmed_redis.resume()

    async def test_one_that_comes_and_goes_refuses_nothing_more(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with two(harmed_redis, store) as (one, other, clock):
            await goes(harmed_redis, clock, one, other)
            for _ in range(3):
                assert await one.remember("a") is None
                await comes_back(harmed_redis, one, other)
                assert await other.remember("a") is Reason.NONCE_REPLAYED
                assert await other.remember("b") is None
                await goes(harmed_redis, clock, one, other)
                assert await one.remember("b", clock.now_ms() // 1000 - 1) is Reason.NONCE_REPLAYED

    async def test_it_is_announced_at_once_and_then_now_and_then(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with two(harmed_redis, store) as (one, _, clock):
            await goes(harmed_redis, clock, one)
            announced = store.announcements
            assert announced > 0
            for number in range(10):
                await one.remember(str(number))
            assert store.announcements == announced
            clock.advance(ANNOUNCE_MS)
            await one.remember("a")
            assert store.announcements > announced


class TestOneProcessAlone:
    async def test_the_others_know_as_soon_as_they_have_looked_at_the_database(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with one_cut_off(harmed_redis, store) as (one, other, _):
            assert await one.remember("a") is None
            assert store.announcements == 1
            other.nonces.ask_store()
            assert await other.remember("a") is Reason.NONCE_REPLAYED
            assert await other.remember("b") is None
            assert await one.remember("b") is Reason.NONCE_REPLAYED
            assert not one.redis.present

    async def test_and_as_soon_as_it_has_redis_back_though_it_is_asked_nothing(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with one_cut_off(harmed_redis, store) as (one, other, only_way):
            assert await one.remember("a") is None
            only_way.turn(Network.WORKS)
            await until(lambda: one.redis.present)
            # Its own look, which comes with that, may be under way.
            await one.nonces.follow()
            assert await other.remember("a") is Reason.NONCE_REPLAYED

    async def test_whoever_has_redis_refuses_nothing_for_that(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with one_cut_off(harmed_redis, store) as (one, other, only_way):
            assert await other.remember("a", NOW_S) is None
            only_way.turn(Network.WORKS)
            await until(lambda: one.redis.present)
            assert await other.remember("b", NOW_S) is None
            assert await one.remember("b", NOW_S) is Reason.NONCE_REPLAYED
            assert await one.remember("c", NOW_S) is None


class TestWhenRedisIsBack:
    async def test_what_the_database_was_told_meanwhile_is_asked_for(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with two(harmed_redis, store) as (one, other, clock):
            await goes(harmed_redis, clock, one, other)
            assert await one.remember("a") is None
            await comes_back(harmed_redis, one, other)
            assert await other.remember("a") is Reason.NONCE_REPLAYED
            assert await other.remember("b") is None
            assert await one.remember("b") is Reason.NONCE_REPLAYED

    async def test_a_process_that_noticed_nothing_is_told_to_ask(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with two(harmed_redis, store) as (one, other, clock):
            await goes(harmed_redis, clock, one, other)
            assert await one.remember("a") is None
            await comes_back(harmed_redis, one, other)
            await one.nonces.follow()
            async with process(harmed_redis.address, store, clock) as later:
                assert later.redis.absences == 0
                assert await later.remember("a") is Reason.NONCE_REPLAYED

    async def test_what_redis_knows_is_not_good_again_because_the_database_does_not_know_it(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with two(harmed_redis, store) as (one, other, _):
            await other.remember("a")
            await one.redis.call("SET", STORE_ASKED_KEY, "1")
            assert await one.remember("a") is Reason.NONCE_REPLAYED

    async def test_what_was_not_let_in_because_the_database_failed_may_come_again_anywhere(
        self, one: Process, other: Process, store: Remembering
    ) -> None:
        one.nonces.ask_store()
        other.nonces.ask_store()
        assert await one.remember("first") is None
        store.away = True
        with pytest.raises(StoreBusy):
            await one.remember("a")
        store.away = False
        assert await other.remember("a") is None
        assert await one.remember("a") is Reason.NONCE_REPLAYED

    async def test_what_was_let_in_elsewhere_is_not_forgotten_because_the_database_fails(
        self, one: Process, other: Process, store: Remembering
    ) -> None:
        assert await other.remember("a") is None
        one.nonces.ask_store()
        store.away = True
        with pytest.raises(StoreBusy):
            await one.remember("a")
        store.away = False
        assert await other.remember("a") is Reason.NONCE_REPLAYED
        assert await one.remember("a") is Reason.NONCE_REPLAYED

    async def test_it_is_asked_as_long_as_anything_lives_that_it_was_told_and_no_longer(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with two(harmed_redis, store) as (one, other, clock):
            await goes(harmed_redis, clock, one, other)
            await one.remember("a")
            await comes_back(harmed_redis, one, other)
            await one.remember("b")
            longest_ms = (2 * TIMESTAMP_WINDOW_S + CLOCKS_APART_S) * 1000
            left_ms = await one.redis.call("PTTL", STORE_ASKED_KEY)
            assert longest_ms == LIFE_MS
            assert longest_ms + ANNOUNCE_MS == STORE_ASKED_MS
            assert STORE_ASKED_MS - 6_000 < left_ms <= STORE_ASKED_MS
            await one.remember("c")
            assert len(store.known) == 3
            clock.advance(STORE_ASKED_MS)
            await one.redis.call("DEL", STORE_ASKED_KEY)
            await one.remember("d")
            assert len(store.known) == 3

    async def test_it_is_asked_as_well_by_one_that_started_while_redis_was_away(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        harmed_redis.kill()
        async with process(harmed_redis.address, store) as one:
            await comes_back(harmed_redis, one)
            one.clock.advance(1_000)
            assert await one.remember("a") is None
            assert len(store.known) == 1


class TestWhenRedisHasForgotten:
    async def test_the_first_requests_of_a_service_are_let_in(self, one: Process, other: Process) -> None:
        assert await one.remember("a", NOW_S - TIMESTAMP_WINDOW_S) is None
        assert await other.remember("b") is None

    async def test_after_a_restart_what_came_before_is_refused_and_what_comes_later_is_not(
        self, harmed_redis: RedisServer, store: Remembering
    ) -> None:
        async with two(harmed_redis, store) as (one, other, clock):
            assert await one.remember("a") is None
            await goes(harmed_redis, clock, one, other)
            clock.advance(9_000)
            await comes_back(harmed_redis, one, other)
            assert await other.remember("a", NOW_S) is Reason.TIMESTAMP_OUT_OF_BOUNDS
            # Signed while it was away: the database knows what came since.
            assert await other.remember("b", NOW_S + 1) is None
            assert await one.remember("b", NOW_S + 1) is Reason.NONCE_REPLAYED

    async def test_after_it_was_flushed(self, one: Process, other: Process, redis: RedisServer) -> None:
        assert await one.remember("a") is None
        redis.flush()
        for each in (one, other):
            each.clock.advance(1_000)
        # The first one finds out, and that is the moment which counts.
        assert await one.remember("b") is Reason.TIMESTAMP_OUT_OF_BOUNDS
        assert await other.remember("a", NOW_S) is Reason.TIMESTAMP_OUT_OF_BOUNDS
        for each in (one, other):
            each.clock.advance(1_000)
        assert await one.remember("c") is None
        assert await other.remember("c") is Reason.NONCE_REPLAYED

    async def test_after_it_came_back_with_an_older_state(
        self, redis_address: str, store: Remembering, redis: RedisServer
    ) -> None:
        async with process(redis_address, store) as one:
            assert await one.remember("a") is None
            # As a restart from a snapshot, or a replica that takes over, leaves it.
            (nonce,) = await one.redis.call("KEYS", f"{PREFIX}:nonce:*")
            await one.redis.call("DEL", nonce)
        redis.run(f"HSET {PREFIX}:nonces-since server of-another-run")
        async with process(redis_address, store) as later:
            assert await later.remember("a", NOW_S) is Reason.TIMESTAMP_OUT_OF_BOUNDS
            later.clock.advance(1_000)
            assert await later.remember("b") is None

    async def test_a_process_that_starts_anew_refuses_nothing_where_redis_has_gone_on(
        self, one: Process, redis_address: str, store: Remembering
    ) -> None:
        assert await one.remember("a") is None
        async with process(redis_address, store) as later:
            assert await later.remember("a") is Reason.NONCE_REPLAYED
            assert await later.remember("b") is None

    async def test_a_loss_noted_by_a_clock_that_was_wrong_refuses_nobody(
        self, one: Process, redis: RedisServer
    ) -> None:
        redis.run(f"HSET {PREFIX}:nonces-since since {NOW_S + 7_200}")
        assert await one.remember("a") is None

    async def test_where_the_database_cannot_tell_whether_it_was_the_first_use_nothing_is_let_in(
        self, redis_address: str, store: Remembering
    ) -> None:
        store.away = True
        async with process(redis_address, store) as one:
            with pytest.raises(StoreBusy):
                await one.remember("a")
            store.away = False
            assert await one.remember("b") is None


@pytest.mark.parametrize("reply", [b"+OK\r\n", b":1\r\n", b"$-1\r\n", b"*2\r\n$1\r\na\r\n:1\r\n", b"*0\r\n"])
async def test_where_replies_are_none_the_database_remembers(store: Remembering, reply: bytes) -> None:
    async with scripted() as server, process(server.address, store) as one:
        server.answer = lambda _words: reply
        later_s = NOW_S + 1
        assert await one.remember("a", later_s) is None
        assert await one.remember("a", later_s) is Reason.NONCE_REPLAYED
