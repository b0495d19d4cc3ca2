import asyncio
import base64
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tacet.app import Tacet
from tacet.clock import ManualClock
from tacet.identity.vault import Vault
from tacet.ids import SeededRandomness
from tacet.limits.defaults import DEFAULT_LIMITS
from tacet.limits.failures import Failures
from tacet.limits.windows import InProcessWindows
from tacet.news import Nobody
from tacet.sharing import NOT_SHARED, Link, Shared, SharingError, alone, together
from tacet.store.base import Part, Store
from tacet.store.opening import MEMORY, open_store
from tests.cast import ALICE, APP_ID, CONSUMER_SECRET, NOW_MS, bearer, move_in
from tests.databases import Redis as RedisServer
from tests.redis.scripted import obliging, scripted
from tests.redis.waiting import until
from tests.service import SECRET_KEY, Service, settings

NOW_S = NOW_MS // 1000
LIMIT = DEFAULT_LIMITS["getUsersMe"]
ME = "/2/users/me"


class Process(Service):
    """One of several services over one store; none looks into the database by itself."""

    def __init__(self, tacet: Tacet, store: Store, vault: Vault, clock: ManualClock, shared: Shared) -> None:
        super().__init__(tacet, store, vault, clock)
        self.shared = shared
        self.heard: list[Part] = []
        # Whoever listens first is told first: by the time that it stands here, the service has acted on it.
        shared.news.listen(self.heard.append)

    @property
    def link(self) -> Link:
        assert self.shared.link is not None
        return self.shared.link


@asynccontextmanager
async def processes(redis_address: str, count: int = 2) -> AsyncIterator[list[Process]]:
    """Services with the cast over one store and one Redis."""
    setting = settings(redis=redis_address)
    clock, vault = ManualClock(NOW_MS), Vault(SECRET_KEY, SeededRandomness(7))
    store = open_store(MEMORY, setting.write_queue_length)
    async with AsyncExitStack() as stack:
        await store.open()
        stack.push_async_callback(store.close)
        await move_in(store, vault)
        made = []
        for number in range(count):
            shared = await stack.enter_async_context(together(setting, store, clock))
            tacet = Tacet(setting, store, vault, clock, SeededRandomness(number), shared=shared)
            made.append(Process(tacet, store, vault, clock, shared))
        yield made


async def noticed(*those: Process) -> None:
    """Have everybody notice that Redis is gone, and a second pass, so that what is signed now came later."""
    await until(lambda: not any(each.link.redis.present for each in those))
    for each in those:
        assert (await each.signed("GET", ME)).status == 401
    those[0].clock.advance(1_000)


@asynccontextmanager
async def watching(tacet: Tacet) -> AsyncIterator[None]:
    """What a server does meanwhile; nothing of it goes on afterwards."""
    task = asyncio.ensure_future(tacet.watch())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await tacet.flush()


@pytest.fixture
async def pair(redis_address: str) -> AsyncIterator[list[Process]]:
    async with processes(redis_address) as made:
        yield made


class TestLimits:
    async def test_requests_count_wherever_they_arrive(self, pair: list[Process]) -> None:
        answers = [await pair[number % 2].get(ME) for number in range(LIMIT.count)]
        left = [int(each.headers["x-rate-limit-remaining"]) for each in answers]
        assert left == list(reversed(range(LIMIT.count)))
        assert {each.headers["x-rate-limit-reset"] for each in answers} == {str(NOW_S + LIMIT.window_s)}
        refused = [await each.get(ME) for each in pair]
        assert [(each.status, each.headers["x-rate-limit-remaining"]) for each in refused] == [(429, "0")] * 2

    async def test_all_at_once_are_no_more(self, pair: list[Process]) -> None:
        answers = await asyncio.gather(*[each.get(ME) for each in pair for _ in range(LIMIT.count)])
        assert [each.status for each in answers].count(200) == LIMIT.count

    async def test_while_redis_is_gone_each_request_opens_a_fresh_window_and_that_is_counted_and_told_once(
        self, harmed_redis: RedisServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.WARNING)
        async with processes(harmed_redis.address, 1) as (only,):
            harmed_redis.kill()
            for _ in range(2 * LIMIT.count):
                answer = await only.get(ME)
                assert answer.status == 200
                assert answer.headers["x-rate-limit-remaining"] == str(LIMIT.count - 1)
                assert answer.headers["x-rate-limit-reset"] == str(NOW_S + LIMIT.window_s)
            assert only.link.windows.let_through == 2 * LIMIT.count
            assert not only.link.redis.present
            harmed_redis.start()
            await until(lambda: only.link.redis.present)
            assert [(await only.get(ME)).headers["x-rate-limit-remaining"] for _ in range(2)] == [
                str(LIMIT.count - 1),
                str(LIMIT.count - 2),
            ]
            assert only.link.windows.let_through == 2 * LIMIT.count
        assert len(caplog.messages) == 2

    async def test_switched_off_limits_are_off(self, redis_address: str) -> None:
        unlimited = settings(redis=redis_address, rate_limits=False)
        async with empty() as store, together(unlimited, store, ManualClock(NOW_MS)) as shared:
            assert await shared.windows.spend("getUsersMe", 1) is None


@asynccontextmanager
async def empty() -> AsyncIterator[Store]:
    """An open store that nobody asks anything."""
    store = open_store(MEMORY, 1)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def basic(secret: str = CONSUMER_SECRET) -> dict[str, str]:
    """An App's own credentials."""
    text = base64.b64encode(f"consumer-{APP_ID}:{secret}".encode()).decode()
    return {"authorization": f"Basic {text}", "content-type": "application/x-www-form-urlencoded"}


class TestRevoking:
    async def works(self, process: Process, token: str) -> bool:
        return (await process.get(f"/2/users/{ALICE.id}", token)).status == 200

    async def test_a_bearer_that_is_invalidated_at_one_stops_at_the_other_at_once(self, pair: list[Process]) -> None:
        here, there = pair
        await here.store.credentials.put_token(bearer("other", ALICE.id))
        form = urlencode({"grant_type": "client_credentials"}).encode()
        made = await here.call("POST", "/oauth2/token", token=None, headers=basic(), body=form)
        text = made.json["access_token"]
        assert await self.works(here, text)
        assert await self.works(there, text)
        ending = urlencode({"access_token": text}).encode()
        ended = await here.call("POST", "/oauth2/invalidate_token", token=None, headers=basic(), body=ending)
        assert ended.status == 200
        assert not await self.works(here, text)
        await until(lambda: there.heard == [Part.CREDENTIALS])
        assert not await self.works(there, text)

    async def test_an_oauth1_token_too(self, pair: list[Process]) -> None:
        here, there = pair
        assert (await there.signed("GET", ME)).status == 200
        ended = await here.signed("POST", "/1.1/oauth/invalidate_token.json")
        assert ended.status == 200
        await until(lambda: there.heard == [Part.CREDENTIALS])
        assert (await there.signed("GET", ME)).status == 401

    async def test_people_are_forgotten_when_somebody_else_changed_them(self, pair: list[Process]) -> None:
        here, there = pair
        assert await self.works(there, "alice")
        for part in (Part.POSTS, Part.CREDENTIALS, Part.DIRECTORY):
            await here.shared.news.tell(part)
        await until(lambda: len(there.heard) == 3)
        assert (here.tacet.people.generation, there.tacet.people.generation) == (0, 1)
        assert here.heard == []

    async def test_while_redis_is_gone_a_look_into_the_database_finds_out(self, harmed_redis: RedisServer) -> None:
        async with processes(harmed_redis.address) as (here, there):
            assert (await there.signed("GET", ME)).status == 200
            harmed_redis.kill()
            await noticed(here, there)
            assert (await here.signed("POST", "/1.1/oauth/invalidate_token.json")).status == 200
            await asyncio.sleep(0.05)
            assert (await there.signed("GET", ME)).status == 200
            async with watching(there.tacet):
                await asyncio.sleep(0.05)
            assert (await there.signed("GET", ME)).status == 401


class TestReplays:
    async def send(self, process: Process, nonce: str) -> int:
        headers = process.signature("GET", ME, nonce=nonce)
        return (await process.call("GET", ME, token=None, headers=headers)).status

    async def test_a_signed_request_is_good_at_one_process(self, pair: list[Process]) -> None:
        here, there = pair
        assert [await self.send(each, "once") for each in (here, there, here)] == [200, 401, 401]
        assert await self.send(there, "another") == 200

    async def test_also_while_redis_is_gone_and_when_it_is_back(self, harmed_redis: RedisServer) -> None:
        async with processes(harmed_redis.address) as (here, there):
            assert await self.send(here, "before") == 200
            before = here.signature("GET", ME, nonce="before")
            harmed_redis.kill()
            await noticed(here, there)
            assert (await there.call("GET", ME, token=None, headers=before)).status == 401
            assert [await self.send(each, "gone") for each in (here, there)] == [200, 401]
            assert await self.send(here, "while gone") == 200
            harmed_redis.start()
            await until(lambda: here.link.redis.present and there.link.redis.present)
            assert await self.send(there, "while gone") == 401
            assert [await self.send(each, "back") for each in (there, here)] == [200, 401]

    async def test_a_process_learns_from_the_database_that_another_one_lost_redis(
        self, harmed_redis: RedisServer
    ) -> None:
        async with processes(harmed_redis.address) as (here, there):
            headers = here.signature("GET", ME, nonce="cut off")
            await here.store.nonces.announce()
            async with watching(there.tacet):
                await asyncio.sleep(0.1)
            assert (await there.call("GET", ME, token=None, headers=headers)).status == 200
            held = await here.store.nonces.sweep(NOW_MS + 10**9, 10)
            assert held == 1

    async def test_what_the_database_remembers_is_tidied_away(self, harmed_redis: RedisServer) -> None:
        async with processes(harmed_redis.address, 1) as (only,):
            harmed_redis.kill()
            await noticed(only)
            assert await self.send(only, "gone") == 200
            only.clock.advance(700_000)
            async with watching(only.tacet):
                await asyncio.sleep(0.1)
            assert await only.store.nonces.sweep(NOW_MS + 10**9, 10) == 0


class TestGuesses:
    async def test_sign_ins_that_fail_count_wherever_they_are_tried(self, pair: list[Process]) -> None:
        failures = [Failures(each.clock, together=each.shared.failures) for each in pair]
        begun = [await failures[number % 2].begin_sign_in("192.0.2.1", "alice") for number in range(12)]
        assert begun == [True] * 10 + [False] * 2

    async def test_while_redis_is_gone_nobody_gets_more_tries_at_a_process(self, harmed_redis: RedisServer) -> None:
        async with processes(harmed_redis.address, 1) as (only,):
            failures = Failures(only.clock, together=only.shared.failures)
            before = [await failures.begin_sign_in("192.0.2.1", "alice") for _ in range(6)]
            harmed_redis.kill()
            after = [await failures.begin_sign_in("192.0.2.1", "alice") for _ in range(6)]
            harmed_redis.start()
            await until(lambda: only.link.redis.present)
            again = await failures.begin_sign_in("192.0.2.1", "alice")
        assert [*before, *after, again] == [True] * 10 + [False] * 3


RIGHTS = (
    "~tacet:* resetchannels &tacet:* +@connection +info +set +setrange +hmget +hget +hset +hincrby +pexpire +del"
    " +exists +evalsha +eval +publish +subscribe"
)
"""All that a user of Redis needs."""


def test_the_documentation_names_these_rights() -> None:
    page = Path(__file__).resolve().parent.parent / "docs" / "operations.md"
    assert f"`{RIGHTS}`" in " ".join(page.read_text(encoding="utf-8").split())


@pytest.mark.since_redis("6.2")
async def test_a_user_of_redis_needs_few_rights(harmed_redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    assert harmed_redis.run(f"ACL SETUSER tacet on >s3cret {RIGHTS}") == b"+OK\r\n"
    async with processes(harmed_redis.address.replace("//", "//tacet:s3cret@")) as (here, there):
        failures = Failures(here.clock, together=here.shared.failures)
        assert await failures.begin_sign_in("192.0.2.1", "alice")
        await failures.signed_in("192.0.2.1", "alice")
        assert await here.shared.windows.peek("getUsersMe", ALICE.id) is not None
        assert await here.shared.windows.forget_before("getUsersMe", ALICE.id, NOW_MS) is False
        assert (await here.signed("GET", ME)).status == 200
        assert (await here.signed("POST", "/1.1/oauth/invalidate_token.json")).status == 200
        await until(lambda: there.heard == [Part.CREDENTIALS])
        assert here.link.redis.absences == 0
    assert caplog.messages == []


async def test_services_with_other_secret_keys_share_nothing_in_one_redis(redis_address: str) -> None:
    clock = ManualClock(NOW_MS)
    async with empty() as store, empty() as another_store, AsyncExitStack() as stack:
        one = await stack.enter_async_context(together(settings(redis=redis_address), store, clock))
        other_settings = settings(redis=redis_address, secret_key=SECRET_KEY[::-1])
        other = await stack.enter_async_context(together(other_settings, another_store, clock))
        for shared in (one, other):
            spent = await shared.windows.spend("getUsersMe", 1)
            assert spent is not None
            assert spent.remaining == LIMIT.count - 1
            await shared.nonces.remember("ck", "t", "n", NOW_S, NOW_S)
        assert one.link is not None
        names = {key.split(b":")[1] for key in await one.link.redis.call("KEYS", "tacet:*:*")}
        assert len(names) == 2
        assert not any(part.encode() in name for name in names for part in (SECRET_KEY, SECRET_KEY[:6]))


async def test_one_process_shares_nothing() -> None:
    shared = alone(settings(), ManualClock(NOW_MS))
    assert isinstance(shared.windows, InProcessWindows)
    assert isinstance(shared.news, Nobody)
    assert shared.link is None
    own = InProcessWindows({}, ManualClock(NOW_MS))
    assert shared.failures(own, {}) is own


async def test_without_an_address_there_is_nothing_to_share_through() -> None:
    async with empty() as store:
        with pytest.raises(ValueError, match="no address of Redis"):
            await together(settings(redis=""), store, ManualClock(NOW_MS)).__aenter__()


async def test_nothing_runs_on_afterwards(redis_address: str) -> None:
    async with empty() as store:
        before = asyncio.all_tasks()
        async with together(settings(redis=redis_address), store, ManualClock(NOW_MS)):
            assert len(asyncio.all_tasks()) == len(before) + 2
        assert asyncio.all_tasks() == before


class TestARedisThatDoesNotLetUsIn:
    @pytest.mark.parametrize(
        ("given", "answer"),
        [
            pytest.param("", "NOAUTH to SETRANGE", id="no-password"),
            # Before version 6 a wrong one has no code of its own.
            pytest.param(":wr0ng@", "(WRONGPASS|ERR) to AUTH", id="a-wrong-one"),
            pytest.param("nobody:wr0ng@", "(WRONGPASS|ERR) to AUTH", id="nobodys"),
        ],
    )
    async def test_keeps_a_server_from_starting(self, harmed_redis: RedisServer, given: str, answer: str) -> None:
        harmed_redis.run("CONFIG SET requirepass r1ght")
        with pytest.raises(SharingError, match=rf"refuses us: it answers {answer} \(give the user") as caught:
            async with processes(harmed_redis.address.replace("//", f"//{given}"), 1):
                pass
        assert "wr0ng" not in str(caught.value)

    async def test_nor_does_one_before_version_6_that_has_no_code_for_it(self) -> None:
        async with scripted(lambda _: b"-ERR invalid password\r\n") as server:
            with pytest.raises(SharingError, match="refuses us: it answers ERR to AUTH"):
                async with processes(server.address.replace("//", "//:wr0ng@"), 1):
                    pass

    async def test_nor_what_is_no_redis(self) -> None:
        async with scripted(lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n") as server:
            with pytest.raises(SharingError, match="refuses us: what answers is no Redis"):
                async with processes(server.address, 1):
                    pass

    async def test_one_that_loads_is_waited_for(self) -> None:
        async with scripted(lambda _: b"-LOADING\r\n") as server, processes(server.address, 1) as (only,):
            assert only.shared.lacking() == (NOT_SHARED,)

    async def test_a_command_that_it_refuses_is_told_by_health_though_it_is_there(self) -> None:
        def refusing(words: list[bytes]) -> bytes:
            return b"-NOPERM no permissions\r\n" if words[0] == b"EVALSHA" else b"+OK\r\n"

        async with scripted(obliging) as server, processes(server.address, 1) as (only,):
            assert only.shared.lacking() == ()
            server.answer = refusing
            assert (await only.get(ME)).status == 200
            assert (only.link.windows.let_through, only.link.redis.present) == (1, True)
            [told] = only.shared.lacking()
            assert told == "Redis refuses a command: it answers NOPERM (its user lacks a right: see docs/operations.md)"
            answer = await only.get("/_health/ready", token=None)
            assert (answer.status, answer.json) == (200, {"status": "degraded", "problems": [told]})

    async def test_is_told_by_health_while_serving(self) -> None:
        async with scripted(obliging) as server, processes(server.address, 1) as (only,):
            assert only.shared.lacking() == ()
            server.answer = lambda _: b"-NOAUTH Authentication required.\r\n"
            await until(lambda: not only.link.redis.present and only.link.redis.refusal != "")
            [told] = only.shared.lacking()
            assert told.startswith("Redis refuses us: it answers NOAUTH")
            problems = (await only.get("/_health/ready", token=None)).json["problems"]
            assert told in problems
