import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacet.clock import ManualClock
from tacet.limits.degrading import OpenWhileAway, OwnBeside
from tacet.limits.failures import FAILURES, Failures, Kind
from tacet.limits.rates import RateLimit
from tacet.limits.redis_windows import RedisWindows
from tacet.limits.windows import InProcessWindows, Spent, Windows
from tacet.redis.client import Redis
from tacet.redis.connection import RedisAway
from tests.limits.conftest import NOW_MS

NOW_S = NOW_MS // 1000
LIMITS = {"read": RateLimit(3, 900), "never": RateLimit(0, 60)}


class Unsteady(Windows):
    """Windows that can be away, and can forget everything."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.away = False
        self.forget()

    def forget(self) -> None:
        self._windows = InProcessWindows(LIMITS, self._clock)

    def _asked(self) -> InProcessWindows:
        if self.away:
            raise RedisAway("on purpose")
        return self._windows

    async def spend(self, route: str, subject: int) -> Spent | None:
        return await self._asked().spend(route, subject)

    async def peek(self, route: str, subject: int) -> Spent | None:
        return await self._asked().peek(route, subject)

    async def give_back(self, route: str, subject: int) -> None:
        await self._asked().give_back(route, subject)

    async def forget_before(self, route: str, subject: int, moment_ms: int) -> bool:
        return await self._asked().forget_before(route, subject, moment_ms)


@pytest.fixture
def shared(clock: ManualClock) -> Unsteady:
    return Unsteady(clock)


class TestRateLimits:
    @pytest.fixture
    def windows(self, shared: Unsteady, clock: ManualClock) -> OpenWhileAway:
        return OpenWhileAway(shared, LIMITS, clock)

    async def test_they_are_the_shared_ones(self, windows: OpenWhileAway) -> None:
        assert [await windows.spend("read", 1) for _ in range(4)] == [
            Spent(True, 3, 2, NOW_S + 900),
            Spent(True, 3, 1, NOW_S + 900),
            Spent(True, 3, 0, NOW_S + 900),
            Spent(False, 3, 0, NOW_S + 900),
        ]
        await windows.give_back("read", 1)
        assert await windows.peek("read", 1) == Spent(True, 3, 1, NOW_S + 900)
        assert await windows.forget_before("read", 1, NOW_MS + 1)
        assert windows.let_through == 0

    async def test_while_redis_is_away_each_request_is_the_first_of_a_fresh_window_and_counted_apart(
        self, windows: OpenWhileAway, shared: Unsteady, clock: ManualClock
    ) -> None:
        shared.away = True
        for past_s in range(100):
            assert await windows.spend("read", 1) == Spent(True, 3, 2, NOW_S + past_s + 900)
            assert await windows.peek("read", 1) == Spent(True, 3, 3, NOW_S + past_s + 900)
            clock.advance(1_000)
        await windows.give_back("read", 1)
        assert not await windows.forget_before("read", 1, NOW_MS)
        assert windows.let_through == 100

    async def test_what_has_no_limit_has_none_and_what_is_limited_to_nothing_stays_closed(
        self, windows: OpenWhileAway, shared: Unsteady
    ) -> None:
        shared.away = True
        assert await windows.spend("free", 1) is None
        assert await windows.peek("free", 1) is None
        assert await windows.spend("never", 1) == Spent(False, 0, 0, NOW_S + 60)
        assert windows.let_through == 0

    async def test_when_redis_is_back_what_it_knows_counts_again(
        self, windows: OpenWhileAway, shared: Unsteady
    ) -> None:
        await windows.spend("read", 1)
        shared.away = True
        await windows.spend("read", 1)
        shared.away = False
        assert await windows.spend("read", 1) == Spent(True, 3, 1, NOW_S + 900)


class TestGuesses:
    @pytest.fixture
    def windows(self, shared: Unsteady, clock: ManualClock) -> OwnBeside:
        return OwnBeside(shared, InProcessWindows(LIMITS, clock))

    async def test_a_redis_that_goes_away_gives_nobody_another_try(self, windows: OwnBeside, shared: Unsteady) -> None:
        for _ in range(3):
            await windows.spend("read", 1)
        shared.away = True
        assert await windows.spend("read", 1) == Spent(False, 3, 0, NOW_S + 900)
        assert await windows.peek("read", 1) == Spent(False, 3, 0, NOW_S + 900)

    async def test_nor_does_one_that_forgets_everything(self, windows: OwnBeside, shared: Unsteady) -> None:
        for _ in range(3):
            await windows.spend("read", 1)
        shared.forget()
        assert await windows.spend("read", 1) == Spent(False, 3, 0, NOW_S + 900)
        assert await windows.peek("read", 1) == Spent(False, 3, 0, NOW_S + 900)
        assert await shared.peek("read", 1) == Spent(True, 3, 3, NOW_S + 900)

    async def test_while_it_is_away_a_process_allows_what_one_process_does(
        self, windows: OwnBeside, shared: Unsteady
    ) -> None:
        shared.away = True
        spent = [await windows.spend("read", 1) for _ in range(4)]
        assert [each.allowed for each in spent if each] == [True, True, True, False]

    async def test_what_others_have_used_up_is_not_counted_here_and_locks_nobody_out_for_longer(
        self, windows: OwnBeside, shared: Unsteady, clock: ManualClock
    ) -> None:
        for _ in range(3):
            await shared.spend("read", 1)
        clock.advance(800_000)
        for _ in range(5):
            assert await windows.spend("read", 1) == Spent(False, 3, 0, NOW_S + 900)
        clock.advance(100_000)
        assert await windows.spend("read", 1) == Spent(True, 3, 2, NOW_S + 1800)

    async def test_what_is_given_back_is_given_back_in_both(self, windows: OwnBeside, shared: Unsteady) -> None:
        for _ in range(3):
            await windows.spend("read", 1)
        await windows.give_back("read", 1)
        assert (await windows.peek("read", 1)) == (await shared.peek("read", 1)) == Spent(True, 3, 1, NOW_S + 900)
        shared.away = True
        await windows.give_back("read", 1)
        assert await windows.peek("read", 1) == Spent(True, 3, 2, NOW_S + 900)

    @pytest.mark.parametrize("away", [False, True], ids=["present", "away"])
    async def test_what_is_forgotten_is_forgotten_in_both(
        self, windows: OwnBeside, shared: Unsteady, away: bool
    ) -> None:
        for _ in range(3):
            await windows.spend("read", 1)
        shared.away = away
        assert await windows.forget_before("read", 1, NOW_MS + 1)
        assert not await windows.forget_before("read", 1, NOW_MS + 1)
        assert (await windows.spend("read", 1)) == Spent(True, 3, 2, NOW_S + 900)

    async def test_of_two_that_refuse_the_one_that_lasts_longer_is_told(
        self, windows: OwnBeside, shared: Unsteady, clock: ManualClock
    ) -> None:
        shared.away = True
        for _ in range(3):
            await windows.spend("read", 1)
        shared.away = False
        clock.advance(100_000)
        for _ in range(3):
            await shared.spend("read", 1)
        assert await windows.peek("read", 1) == Spent(False, 3, 0, NOW_S + 1_000)

    @given(steps=st.lists(st.sampled_from(["here", "there", "away", "back", "forget", "second"]), max_size=60))
    async def test_whatever_redis_does_one_process_never_allows_more_than_one_process_may(
        self, steps: list[str]
    ) -> None:
        clock = ManualClock(NOW_MS)
        shared = Unsteady(clock)
        own = OwnBeside(shared, InProcessWindows(LIMITS, clock))
        allowed: list[int] = []
        for step in steps:
            if step == "here" and (spent := await own.spend("read", 1)) and spent.allowed:
                allowed.append(clock.now_ms())
            elif step == "there" and not shared.away:
                await shared.spend("read", 1)
            elif step == "second":
                clock.advance(100_000)
            elif step == "forget":
                shared.forget()
            shared.away = shared.away if step not in ("away", "back") else step == "away"
        # A window is 900 s; three may fall at the end of one and three at the beginning of the next, and no more.
        for index in range(len(allowed) - 6):
            assert allowed[index + 6] - allowed[index] >= 900_000


class TestSignInsAtSeveralProcesses:
    ADDRESS = "192.0.2.1"

    def process(self, redis: Redis, clock: ManualClock) -> Failures:
        return Failures(
            clock, together=lambda own, limits: OwnBeside(RedisWindows(redis, "failures", limits, clock, b"s"), own)
        )

    async def test_guesses_count_wherever_they_are_made(self, connected: Redis, clock: ManualClock) -> None:
        processes = [self.process(connected, clock) for _ in range(4)]
        begun = [await processes[number % 4].begin_sign_in(self.ADDRESS, "alice") for number in range(20)]
        assert begun == [True] * 10 + [False] * 10
        waits = [await each.sign_in_waits_s(self.ADDRESS, "alice") for each in processes]
        assert waits == [FAILURES[Kind.SIGN_IN].window_s] * 4

    async def test_a_thousand_at_once_are_ten(self, connected: Redis, clock: ManualClock) -> None:
        processes = [self.process(connected, clock) for _ in range(2)]
        tries = [each.begin_sign_in(self.ADDRESS, "alice") for each in processes for _ in range(500)]
        assert sum(await asyncio.gather(*tries)) == 10

    async def test_who_gets_in_at_one_uses_up_nothing_at_another(self, connected: Redis, clock: ManualClock) -> None:
        here, there = (self.process(connected, clock) for _ in range(2))
        for _ in range(30):
            assert await here.begin_sign_in(self.ADDRESS, "alice")
            await here.signed_in(self.ADDRESS, "alice")
            assert await there.begin_sign_in(self.ADDRESS, "alice")
            await there.signed_in(self.ADDRESS, "alice")

    async def test_attempts_at_secrets_that_nobody_guesses_fill_no_shared_memory(
        self, connected: Redis, clock: ManualClock
    ) -> None:
        failures = self.process(connected, clock)
        for number in range(200):
            await failures.note(Kind.TOKEN, self.ADDRESS, f"made-up-{number}")
        assert await connected.call("DBSIZE") == 0
        for _ in range(100):
            await failures.note(Kind.TOKEN, self.ADDRESS, "client")
        assert not await failures.allowed(Kind.TOKEN, self.ADDRESS, "client")

    async def test_redis_learns_no_name_and_no_address(self, connected: Redis, clock: ManualClock) -> None:
        await self.process(connected, clock).begin_sign_in(self.ADDRESS, "alice")
        keys = await connected.call("KEYS", "*")
        assert len(keys) == 3
        assert not any(b"alice" in key or b"192.0.2" in key for key in keys)
