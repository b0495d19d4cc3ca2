import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tacet.clock import ManualClock
from tacet.limits.failures import FAILURES, Failures, Kind

NOW_MS = 1_651_929_656_789
ADDRESS, OTHER_ADDRESS = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_MS)


@pytest.fixture
def failures(clock: ManualClock) -> Failures:
    return Failures(clock)


async def times(count: int, attempt: Callable[[int], Awaitable[bool]]) -> list[bool]:
    return [await attempt(number) for number in range(count)]


async def fail(failures: Failures, count: int, *who: str) -> None:
    for _ in range(count):
        await failures.note(Kind.TOKEN, *who)


class TestTokens:
    async def test_a_hundred_failures_are_let_through_and_then_one_has_to_wait(
        self, failures: Failures, clock: ManualClock
    ) -> None:
        await fail(failures, 99, ADDRESS, "client")
        assert await failures.allowed(Kind.TOKEN, ADDRESS, "client")
        await fail(failures, 1, ADDRESS, "client")
        assert not await failures.allowed(Kind.TOKEN, ADDRESS, "client")
        clock.advance(899_999)
        assert not await failures.allowed(Kind.TOKEN, ADDRESS, "client")
        clock.advance(1)
        assert await failures.allowed(Kind.TOKEN, ADDRESS, "client")

    async def test_asking_counts_nothing(self, failures: Failures) -> None:
        assert await times(1_000, lambda _: failures.allowed(Kind.TOKEN, ADDRESS, "client")) == [True] * 1_000

    @pytest.mark.parametrize(
        "who",
        [
            pytest.param((OTHER_ADDRESS, "client"), id="another-address"),
            pytest.param((ADDRESS, "other"), id="another-client"),
            pytest.param((f"{ADDRESS}client", ""), id="the-same-letters-cut-elsewhere"),
            pytest.param((ADDRESS, "client", ""), id="one-text-more"),
            pytest.param(("client", ADDRESS), id="in-another-order"),
        ],
    )
    async def test_others_need_not_wait(self, failures: Failures, who: tuple[str, ...]) -> None:
        await fail(failures, 100, ADDRESS, "client")
        assert await failures.allowed(Kind.TOKEN, *who)

    async def test_texts_that_are_no_unicode_are_texts_too(self, failures: Failures) -> None:
        await fail(failures, 100, ADDRESS, "\ud800")
        assert not await failures.allowed(Kind.TOKEN, ADDRESS, "\ud800")

    async def test_a_clock_that_is_set_back_locks_nobody_out(self, failures: Failures, clock: ManualClock) -> None:
        await fail(failures, 100, ADDRESS, "client")
        clock.advance(-7_200_000)
        assert await failures.allowed(Kind.TOKEN, ADDRESS, "client")


class TestSignIns:
    async def test_ten_of_a_person_at_an_address_may_fail(self, failures: Failures, clock: ManualClock) -> None:
        assert await times(11, lambda _: failures.begin_sign_in(ADDRESS, "alice")) == [True] * 10 + [False]
        clock.advance(900_000)
        assert await failures.begin_sign_in(ADDRESS, "alice")

    async def test_they_count_before_anybody_knows_whether_they_fail(self, failures: Failures) -> None:
        begun = await asyncio.gather(*[failures.begin_sign_in(ADDRESS, "alice") for _ in range(1_000)])
        assert sum(begun) == FAILURES[Kind.SIGN_IN].count

    async def test_those_that_succeed_do_not_count(self, failures: Failures) -> None:
        for _ in range(500):
            assert await failures.begin_sign_in(ADDRESS, "alice")
            await failures.signed_in(ADDRESS, "alice")
        assert await times(11, lambda _: failures.begin_sign_in(ADDRESS, "alice")) == [True] * 10 + [False]

    async def test_a_hundred_from_an_address_may_fail_whoever_is_tried(self, failures: Failures) -> None:
        begun = await times(101, lambda number: failures.begin_sign_in(ADDRESS, f"person{number}"))
        assert begun == [True] * 100 + [False]
        assert await failures.begin_sign_in(OTHER_ADDRESS, "person100")

    async def test_a_hundred_an_hour_of_a_person_may_fail_wherever_from(
        self, failures: Failures, clock: ManualClock
    ) -> None:
        begun = await times(101, lambda number: failures.begin_sign_in(f"192.0.2.{number}", "alice"))
        assert begun == [True] * 100 + [False]
        assert await failures.begin_sign_in("192.0.2.100", "bob")
        clock.advance(3_599_999)
        assert not await failures.begin_sign_in("192.0.2.100", "alice")
        clock.advance(1)
        assert await failures.begin_sign_in("192.0.2.100", "alice")

    async def test_another_case_is_the_same_person(self, failures: Failures) -> None:
        names = ["alice", "Alice", "ALICE", "aLiCe"]
        begun = await times(11, lambda number: failures.begin_sign_in(ADDRESS, names[number % 4]))
        assert begun == [True] * 10 + [False]

    async def test_one_that_is_not_let_through_costs_the_address_and_the_person_nothing(
        self, failures: Failures
    ) -> None:
        await times(200, lambda _: failures.begin_sign_in(ADDRESS, "alice"))
        begun = await times(91, lambda number: failures.begin_sign_in(ADDRESS, f"person{number}"))
        assert begun == [True] * 90 + [False]
        begun = await times(91, lambda number: failures.begin_sign_in(f"198.51.100.{number}", "alice"))
        assert begun == [True] * 90 + [False]

    async def test_taking_back_what_was_never_counted_gives_nobody_more(self, failures: Failures) -> None:
        for _ in range(5):
            await failures.signed_in(ADDRESS, "alice")
        assert await times(11, lambda _: failures.begin_sign_in(ADDRESS, "alice")) == [True] * 10 + [False]


class SetAt:
    """When alice's password was set, and who was asked about."""

    def __init__(self) -> None:
        self.moment_ms: int | None = None
        self.asked: list[str] = []

    async def __call__(self, username: str) -> int | None:
        self.asked.append(username)
        return self.moment_ms if username == "alice" else None


class TestNewPasswords:
    @pytest.fixture
    def set_at(self) -> SetAt:
        return SetAt()

    @pytest.fixture
    def failures(self, clock: ManualClock, set_at: SetAt) -> Failures:
        return Failures(clock, set_at)

    async def test_failures_before_it_do_not_hold_against_it(
        self, failures: Failures, clock: ManualClock, set_at: SetAt
    ) -> None:
        await times(11, lambda _: failures.begin_sign_in(ADDRESS, "alice"))
        clock.advance(1)
        set_at.moment_ms = clock.now_ms()
        clock.advance(1)
        assert await times(11, lambda _: failures.begin_sign_in(ADDRESS, "alice")) == [True] * 10 + [False]

    async def test_nor_do_those_that_came_from_everywhere(
        self, failures: Failures, clock: ManualClock, set_at: SetAt
    ) -> None:
        assert all(await times(100, lambda number: failures.begin_sign_in(f"192.0.2.{number}", "alice")))
        assert not await failures.begin_sign_in(OTHER_ADDRESS, "alice")
        clock.advance(1)
        set_at.moment_ms = clock.now_ms()
        assert await failures.begin_sign_in(OTHER_ADDRESS, "alice")

    async def test_it_helps_once(self, failures: Failures, clock: ManualClock, set_at: SetAt) -> None:
        await times(10, lambda _: failures.begin_sign_in(ADDRESS, "alice"))
        clock.advance(1)
        set_at.moment_ms = clock.now_ms()
        begun = await times(1_000, lambda _: failures.begin_sign_in(ADDRESS, "alice"))
        assert sum(begun) == FAILURES[Kind.SIGN_IN].count

    @pytest.mark.parametrize(
        "since_ms",
        [pytest.param(-1, id="before"), pytest.param(0, id="with-the-first"), pytest.param(60_000, id="future")],
    )
    async def test_one_that_is_older_or_of_the_future_changes_nothing(
        self, failures: Failures, clock: ManualClock, set_at: SetAt, since_ms: int
    ) -> None:
        set_at.moment_ms = clock.now_ms() + since_ms
        await failures.begin_sign_in(ADDRESS, "alice")
        clock.advance(1)
        assert await times(10, lambda _: failures.begin_sign_in(ADDRESS, "alice")) == [True] * 9 + [False]

    async def test_nobody_else_is_let_through_and_the_address_still_has_to_wait(
        self, failures: Failures, clock: ManualClock, set_at: SetAt
    ) -> None:
        await times(11, lambda _: failures.begin_sign_in(ADDRESS, "bob"))
        await times(90, lambda number: failures.begin_sign_in(ADDRESS, f"person{number}"))
        clock.advance(1)
        set_at.moment_ms = clock.now_ms()
        assert not await failures.begin_sign_in(ADDRESS, "bob")
        assert not await failures.begin_sign_in(ADDRESS, "alice")
        assert await failures.begin_sign_in(OTHER_ADDRESS, "alice")

    async def test_it_is_asked_for_only_when_somebody_would_be_refused(self, failures: Failures, set_at: SetAt) -> None:
        await times(10, lambda _: failures.begin_sign_in(ADDRESS, "alice"))
        assert set_at.asked == []
        await failures.begin_sign_in(ADDRESS, "alice")
        assert set_at.asked == ["alice"]


class TestTheLog:
    async def test_a_limit_that_begins_to_refuse_is_one_warning_with_the_address_and_without_the_client(
        self, failures: Failures, clock: ManualClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        for client in ("typed-by-mistake", "another"):
            await fail(failures, 100, ADDRESS, client)
            assert caplog.messages == []
        for client in ("typed-by-mistake", "another") * 10:
            assert not await failures.allowed(Kind.TOKEN, ADDRESS, client)
        line = "too many failed requests for tokens from 192.0.2.1: a client is refused there for up to 15 minutes"
        assert [(each.levelname, each.getMessage()) for each in caplog.records] == [("WARNING", line)]

    async def test_it_is_told_again_in_another_window_and_of_another_address(
        self, failures: Failures, clock: ManualClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        for address in (ADDRESS, OTHER_ADDRESS, ""):
            await fail(failures, 100, address, "client")
            await failures.allowed(Kind.TOKEN, address, "client")
        assert [("unknown" in message) for message in caplog.messages] == [False, False, True]
        clock.advance(900_000)
        await fail(failures, 100, ADDRESS, "client")
        await failures.allowed(Kind.TOKEN, ADDRESS, "client")
        assert len(caplog.messages) == 4


async def test_kinds_do_not_share_a_window(failures: Failures) -> None:
    await times(10, lambda _: failures.begin_sign_in(ADDRESS, "alice"))
    assert await failures.allowed(Kind.TOKEN, ADDRESS, "alice")


async def test_many_addresses_do_not_grow_the_memory_past_the_bound(clock: ManualClock) -> None:
    failures = Failures(clock, max_windows=10)
    for number in range(1_000):
        await fail(failures, 100, ADDRESS, f"client{number}")
    refused = [number for number in range(1_000) if not await failures.allowed(Kind.TOKEN, ADDRESS, f"client{number}")]
    assert refused == list(range(990, 1_000))


async def test_clients_that_are_made_up_do_not_push_out_what_stops_guessing(clock: ManualClock) -> None:
    failures = Failures(clock, max_windows=20)
    await times(10, lambda _: failures.begin_sign_in(ADDRESS, "alice"))
    for number in range(1_000):
        await fail(failures, 1, ADDRESS, f"client{number}")
    assert not await failures.begin_sign_in(ADDRESS, "alice")


def test_an_account_can_be_tried_a_hundred_times_an_hour_at_most() -> None:
    """OWASP ASVS 4.0.3, 2.2.1."""
    limit = FAILURES[Kind.SIGN_IN_ACCOUNT]
    assert limit.count * 3600 / limit.window_s <= 100


class TestWaiting:
    async def test_it_is_told_when_the_last_window_that_refuses_ends(
        self, failures: Failures, clock: ManualClock
    ) -> None:
        for _ in range(FAILURES[Kind.SIGN_IN].count):
            assert await failures.begin_sign_in(ADDRESS, "alice")
        clock.advance(200_000)
        assert not await failures.begin_sign_in(ADDRESS, "alice")
        assert await failures.sign_in_waits_s(ADDRESS, "ALICE") == 700
        clock.advance(700_000 - 1)
        assert not await failures.begin_sign_in(ADDRESS, "alice")
        assert await failures.sign_in_waits_s(ADDRESS, "alice") == 1

    async def test_it_is_never_less_than_a_second(self, failures: Failures) -> None:
        assert await failures.sign_in_waits_s(ADDRESS, "alice") == 1
