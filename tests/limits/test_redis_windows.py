import pytest

from tacet.clock import ManualClock
from tacet.limits.rates import RateLimit
from tacet.limits.redis_windows import RedisWindows
from tacet.limits.windows import CLOCKS_APART_MS, Spent
from tacet.redis.client import Redis
from tacet.redis.connection import RedisAway
from tests.databases import Redis as RedisServer
from tests.limits.conftest import NOW_MS

NOW_S = NOW_MS // 1000
LIMITS = {"read": RateLimit(3, 900)}


@pytest.fixture
def windows(connected: Redis, clock: ManualClock) -> RedisWindows:
    return RedisWindows(connected, "limits", LIMITS, clock)


async def test_processes_count_in_one_window(windows: RedisWindows, connected: Redis) -> None:
    behind = RedisWindows(connected, "limits", LIMITS, ManualClock(NOW_MS - 2_000))
    ahead = RedisWindows(connected, "limits", LIMITS, ManualClock(NOW_MS + 2_000))
    assert await windows.spend("read", 1) == Spent(True, 3, 2, NOW_S + 900)
    assert await behind.spend("read", 1) == Spent(True, 3, 1, NOW_S + 900)
    assert await ahead.spend("read", 1) == Spent(True, 3, 0, NOW_S + 900)
    assert [await each.spend("read", 1) for each in (windows, behind, ahead)] == [Spent(False, 3, 0, NOW_S + 900)] * 3


async def test_of_two_clocks_at_the_end_of_a_window_the_first_opens_the_next_for_both(
    connected: Redis, clock: ManualClock
) -> None:
    behind, ahead = ManualClock(NOW_MS - 2_000), ManualClock(NOW_MS)
    late, early = (RedisWindows(connected, "limits", LIMITS, each) for each in (behind, ahead))
    for _ in range(3):
        await early.spend("read", 1)
    for each in (behind, ahead):
        each.advance(900_000)
    assert not (await late.spend("read", 1) or Spent(True, 0, 0, 0)).allowed
    opened = await early.spend("read", 1)
    assert opened == Spent(True, 3, 2, NOW_S + 1800)
    assert await late.spend("read", 1) == Spent(True, 3, 1, NOW_S + 1800)


async def test_a_window_leaves_redis_by_itself_and_is_not_prolonged(windows: RedisWindows, connected: Redis) -> None:
    for _ in range(4):
        await windows.spend("read", 7)
    await windows.give_back("read", 7)
    (key,) = await connected.call("KEYS", "*")
    assert key == b"tacet:limits:read:7"
    assert 890_000 < await connected.call("PTTL", key) <= 900_000 + CLOCKS_APART_MS


async def test_looking_and_giving_back_leave_nothing(windows: RedisWindows, connected: Redis) -> None:
    await windows.peek("read", 7)
    await windows.give_back("read", 7)
    await windows.give_back("free", 7)
    await windows.forget_before("read", 7, NOW_MS)
    assert await connected.call("KEYS", "*") == []


async def test_with_a_secret_keys_do_not_say_of_whom_they_are(connected: Redis, clock: ManualClock) -> None:
    names = set()
    for secret in (b"one", b"another"):
        await RedisWindows(connected, "failures", LIMITS, clock, secret).spend("read", 1_234_567)
        names = set(await connected.call("KEYS", "*"))
    assert len(names) == 2
    assert not any(b"1234567" in name for name in names)


async def test_windows_of_another_name_are_others(connected: Redis, clock: ManualClock, windows: RedisWindows) -> None:
    await windows.spend("read", 1)
    other = RedisWindows(connected, "failures", LIMITS, clock)
    assert await other.spend("read", 1) == Spent(True, 3, 2, NOW_S + 900)


async def test_a_limit_that_was_lowered_meanwhile_leaves_nothing_and_never_less(
    windows: RedisWindows, connected: Redis, clock: ManualClock
) -> None:
    for _ in range(3):
        await windows.spend("read", 1)
    lower = RedisWindows(connected, "limits", {"read": RateLimit(1, 900)}, clock)
    assert await lower.spend("read", 1) == Spent(False, 1, 0, NOW_S + 900)
    assert await lower.peek("read", 1) == Spent(False, 1, 0, NOW_S + 900)


async def test_each_request_is_one_call(windows: RedisWindows, connected: Redis, redis: RedisServer) -> None:
    await windows.spend("read", 1)
    before = calls(redis)
    for _ in range(10):
        await windows.spend("read", 1)
    made = {name: count - before.get(name, 0) for name, count in calls(redis).items()}
    assert made["evalsha"] == 10
    assert made.get("eval", 0) == 0


def calls(redis: RedisServer) -> dict[str, int]:
    """How often each command was called by clients or scripts so far."""
    lines = redis.run("INFO commandstats").decode().splitlines()
    stats = [line.removeprefix("cmdstat_").split(":calls=") for line in lines if line.startswith("cmdstat_")]
    return {name: int(rest.split(",")[0]) for name, rest in stats}


async def test_scripts_that_redis_has_forgotten_are_sent_again(windows: RedisWindows, connected: Redis) -> None:
    await windows.spend("read", 1)
    await connected.call("SCRIPT", "FLUSH")
    assert await windows.spend("read", 1) == Spent(True, 3, 1, NOW_S + 900)
    await connected.call("SCRIPT", "FLUSH")
    await windows.give_back("read", 1)
    await connected.call("SCRIPT", "FLUSH")
    assert await windows.forget_before("read", 1, NOW_MS + 1)


async def test_without_redis_it_is_an_error_for_others_to_decide_about(windows: RedisWindows, connected: Redis) -> None:
    await connected.__aexit__()
    with pytest.raises(RedisAway):
        await windows.spend("read", 1)
    with pytest.raises(RedisAway):
        await windows.peek("read", 1)
    with pytest.raises(RedisAway):
        await windows.give_back("read", 1)
    with pytest.raises(RedisAway):
        await windows.forget_before("read", 1, NOW_MS)
    assert await windows.spend("free", 1) is None
