import pytest

from tacet.clock import ManualClock
from tacet.limits.failures import FAILURES, Failures, Kind
from tacet.wire.addresses import Addresses
from tacet.wire.attempts import Attempts
from tacet.wire.problems import TOO_MANY_REQUESTS, Refusal

LIMIT = FAILURES[Kind.TOKEN]


async def is_let(attempts: Attempts, client: str = "app", address: str = "192.0.2.7") -> bool:
    """Whether a client may try; if so, its attempt fails."""
    scope = {"type": "http", "client": (address, 1), "headers": []}
    try:
        attempt = await attempts.begin(scope, client, TOO_MANY_REQUESTS)
    except Refusal as refusal:
        return refusal.problem is not TOO_MANY_REQUESTS
    await attempt.failed()
    return True


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_651_929_656_789)


@pytest.fixture
def attempts(clock: ManualClock) -> Attempts:
    return Attempts(Failures(clock), Addresses())


async def test_too_many_failures_of_a_client_at_an_address_end_its_attempts_for_a_while(
    attempts: Attempts, clock: ManualClock
) -> None:
    assert [await is_let(attempts) for _ in range(LIMIT.count + 1)] == [True] * LIMIT.count + [False]
    assert await is_let(attempts, client="another")
    assert await is_let(attempts, address="192.0.2.8")
    clock.advance(LIMIT.window_s * 1000)
    assert await is_let(attempts)


async def test_an_attempt_that_does_not_fail_counts_for_nothing(attempts: Attempts) -> None:
    scope = {"type": "http", "client": ("192.0.2.7", 1), "headers": []}
    for _ in range(LIMIT.count + 1):
        await attempts.begin(scope, "app", TOO_MANY_REQUESTS)
    assert await is_let(attempts)
