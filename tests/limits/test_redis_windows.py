import pytest

from tacet.clock import ManualClock
from tacet.limits.rates import RateLimit
from tacet.limits.redis_windows import RedisWindows
from tacet.limits.windows import Spent
from tacet.redis.address import read_address
from tacet.redis.client import Redis
from tacet.redis.connection import RedisAway
from tests.databases import Redis as RedisServer
from tests.limits.conftest import NOW_MS
from tests.redis.scripted import scripted

NOW_S = NOW_MS // 1000
LIMITS = {"read": RateLimit(3, 900)}


@pytest.fixture
def windows(connected: Redis, clock: ManualClock) -> RedisWindows:
    return RedisWindows(connected, "tacet:limits", LIMITS, clock)


async def test_processes_count_in_one_window(windows: RedisWindows, connected: Redis) -> None:
    behind = RedisWindows(connected, "tacet:limits", LIMITS, ManualClock(NOW_MS - 2_000))
    ahead = RedisWindows(connected, "tacet:limits", LIMITS, ManualClock(NOW_MS + 2_000))
    assert await windows.spend("read", 1) == Spent(True, 3, 2, NOW_S + 900)
    assert await behind.spend("read", 1) == Spent(True, 3, 1, NOW_S + 900)
    assert await ahead.spend("read", 1) == Spent(True, 3, 0, NOW_S + 900)
    assert [await each.spend("read", 1) for each in (windows, behind, ahead)] == [Spent(False, 3, 0, NOW_S + 900)] * 3


@pytest.mark.parametrize("apart_ms", [6_000, 7_200_000], ids=["seconds", "hours"])
async def test_however_far_clocks_are_apart_a_window_is_opened_once(connected: Redis, apart_ms: int) -> None:
    behind, ahead = (
        RedisWindows(connected, "tacet:limits", LIMITS, ManualClock(NOW_MS + offset_ms)) for offset_ms in (0, apart_ms)
    )
    for one, other in ((behind, ahead), (ahead, behind)):
        opened = await one.spend("read", 1)
        assert opened is not None
        for left, each in ((1, other), (0, one)):
            assert await each.spend("read", 1) == Spent(True, 3, left, opened.resets_at_s)
        for each in (behind, ahead):
            assert await each.spend("read", 1) == await each.peek("read", 1) == Spent(False, 3, 0, opened.resets_at_s)
        await connected.call("DEL", "tacet:limits:read:900:1")


async def test_processes_with_windows_of_other_lengths_count_for_themselves(
    windows: RedisWindows, connected: Redis, clock: ManualClock
) -> None:
    shorter = RedisWindows(connected, "tacet:limits", {"read": RateLimit(3, 60)}, clock)
    for left in (2, 1):
        assert await windows.spend("read", 1) == Spent(True, 3, left, NOW_S + 900)
        assert await shorter.spend("read", 1) == Spent(True, 3, left, NOW_S + 60)


async def test_a_window_leaves_redis_by_itself_and_is_not_prolonged(windows: RedisWindows, connected: Redis) -> None:
    for _ in range(4):
        await windows.spend("read", 7)
    await windows.give_back("read", 7)
    (key,) = await connected.call("KEYS", "*")
    assert key == b"tacet:limits:read:900:7"
    assert 890_000 < await connected.call("PTTL", key) <= 900_000


async def test_looking_and_giving_back_leave_nothing(windows: RedisWindows, connected: Redis) -> None:
    await windows.peek("read", 7)
    await windows.give_back("read", 7)
    await windows.give_back("free", 7)
    await windows.forget_before("read", 7, NOW_MS)
    assert await connected.call("KEYS", "*") == []


async def test_with_a_secret_keys_do_not_say_of_whom_they_are(connected: Redis, clock: ManualClock) -> None:
    names = set()
    for secret in (b"one", b"another"):
        await RedisWindows(connected, "tacet:failures", LIMITS, clock, secret).spend("read", 1_234_567)
        names = set(await connected.call("KEYS", "*"))
    assert len(names) == 2
    assert not any(b"1234567" in name for name in names)


async def test_windows_of_another_name_are_others(connected: Redis, clock: ManualClock, windows: RedisWindows) -> None:
    await windows.spend("read", 1)
    other = RedisWindows(connected, "tacet:failures", LIMITS, clock)
    assert await other.spend("read", 1) == Spent(True, 3, 2, NOW_S + 900)


async def test_a_limit_that_was_lowered_meanwhile_leaves_nothing_and_never_less(
    windows: RedisWindows, connected: Redis, clock: ManualClock
) -> None:
    for _ in range(3):
        await windows.spend("read", 1)
    lower = RedisWindows(connected, "tacet:limits", {"read": RateLimit(1, 900)}, clock)
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


ODD = {
    "ok": b"+OK\r\n",
    "a-number": b":1\r\n",
    "nil": b"$-1\r\n",
    "texts": b"*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n",
    "nils": b"*3\r\n$-1\r\n$-1\r\n$-1\r\n",
    "two-texts": b"*2\r\n$1\r\na\r\n$1\r\nb\r\n",
    "end-in-eternity": b"*3\r\n:1\r\n:1\r\n:9223372036854775807\r\n",
    "end-long-ago": b"*3\r\n:1\r\n:1\r\n:-99999999999999\r\n",
    "less-than-nothing-used": b"*3\r\n:1\r\n:-5\r\n:%d\r\n" % NOW_MS,
}


@pytest.mark.parametrize("reply", ODD.values(), ids=ODD.keys())
async def test_a_reply_that_is_none_is_as_good_as_no_redis_and_told_once(
    reply: bytes, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with scripted() as server, Redis(read_address(server.address), "nothing is shared") as client:
        server.answer = lambda _words: reply
        odd = RedisWindows(client, "tacet:limits", LIMITS, clock)
        for ask in (odd.spend, odd.peek):
            with pytest.raises(RedisAway, match="not what"):
                await ask("read", 1)
        assert client.present
        assert client.failures == 2
    assert len(caplog.messages) == 1


@pytest.mark.since_redis("6.2")
async def test_a_user_that_may_not_set_an_end_opens_no_window(harmed_redis: RedisServer, clock: ManualClock) -> None:
    assert harmed_redis.run("ACL SETUSER tacet on >s3cret ~* &* +@all -pexpire") == b"+OK\r\n"
    address = read_address(harmed_redis.address.replace("//", "//tacet:s3cret@"))
    async with Redis(address, "nothing is shared") as client:
        windows = RedisWindows(client, "tacet:limits", LIMITS, clock)
        with pytest.raises(RedisAway):
            await windows.spend("read", 1)
        assert harmed_redis.run("DBSIZE") == b":0\r\n"
        assert harmed_redis.run("ACL SETUSER tacet +pexpire") == b"+OK\r\n"
        assert await windows.spend("read", 1) == Spent(True, 3, 2, NOW_S + 900)
        assert 0 < await client.call("PTTL", "tacet:limits:read:900:1") <= 900_000
