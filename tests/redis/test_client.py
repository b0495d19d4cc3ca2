import asyncio
import logging
import re
import statistics
import time
from pathlib import Path
from typing import Any

import pytest

from tacet.observing.logs import REQUEST_ID
from tacet.redis import client as client_module
from tacet.redis.address import read_address
from tacet.redis.client import RETRY_S, Redis, Script
from tacet.redis.connection import GRACE_S, MAX_WAITING, REDIS_PATIENCE_S, RedisAway
from tests.databases import Redis as RedisServer
from tests.redis.scripted import OK, obliging, scripted
from tests.redis.waiting import until

CONSEQUENCE = "nothing is shared"
WRONG = "(?:WRONGPASS|ERR) to AUTH"
"""Before version 6 a wrong password has no code of its own."""

LOGGER = "tacet.redis.client"

AT_ONCE_S = REDIS_PATIENCE_S / 10
"""More than a call takes that waits for nobody; some of many may take longer, for the machine does other things too."""

SLACK_S = 10.0
"""How much later than promised something may happen on a machine that does other things too."""


def client_of(address: str, patience_s: float = REDIS_PATIENCE_S) -> Redis:
    return Redis(read_address(address), CONSEQUENCE, patience_s=patience_s)


async def refusal(work: Any) -> tuple[str, float]:
    """Why a call fails, and after how many seconds."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    with pytest.raises(RedisAway) as away:
        await work
    return str(away.value), loop.time() - began_s


async def are_refused_at_once(redis: Redis, count: int = 20) -> bool:
    """Whether so many calls fail without waiting for anything."""
    waits = [took_s for _, took_s in [await refusal(redis.call("PING")) for _ in range(count)]]
    return statistics.median(waits) < AT_ONCE_S


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == LOGGER]


def stand_still(seconds: float) -> None:
    """Do nothing, and let nobody else do anything, as a collection of garbage does."""
    time.sleep(seconds)


class TestCalls:
    async def test_each_gets_its_own_reply(self, redis_address: str) -> None:
        async with client_of(redis_address) as redis:
            replies = await asyncio.gather(*[redis.call("ECHO", str(number)) for number in range(1_000)])
            assert replies == [b"%d" % number for number in range(1_000)]

    async def test_words_are_texts_octets_and_numbers(self, redis_address: str) -> None:
        async with client_of(redis_address) as redis:
            assert await redis.call("SET", b"\r\n\0\xff", "é") == b"OK"
            assert await redis.call("GET", b"\r\n\0\xff") == "é".encode()
            assert await redis.call("INCRBY", "number", 2**62) == 2**62
            assert await redis.call("GET", "nothing") is None
            assert await redis.call("MGET", "number", "nothing") == [b"%d" % 2**62, None]

    async def test_commands_of_one_moment_leave_in_one_write(self) -> None:
        async with scripted() as server, client_of(server.address) as redis:
            server.chunks.clear()
            await asyncio.gather(*[redis.call("PING", str(number)) for number in range(50)])
            assert len(server.chunks) == 1

    async def test_one_that_is_given_up_does_not_mix_up_the_others(self, redis_address: str) -> None:
        async with client_of(redis_address) as redis:
            calls = [asyncio.ensure_future(redis.call("ECHO", str(number))) for number in range(9)]
            await asyncio.sleep(0)
            for each in calls[::2]:
                each.cancel()
            replies = await asyncio.gather(*calls, return_exceptions=True)
            assert replies[1::2] == [b"1", b"3", b"5", b"7"]
            assert all(isinstance(each, asyncio.CancelledError) for each in replies[::2])
            assert await redis.call("ECHO", "next") == b"next"

    async def test_a_reply_may_come_in_pieces(self) -> None:
        async with scripted() as server, client_of(server.address) as redis:
            server.answer = lambda _: None
            call = asyncio.ensure_future(redis.call("GET", "a"))
            for octet in b"$5\r\nab\r\nc\r\n":
                server.say(bytes([octet]))
                await asyncio.sleep(0.002)
            assert await call == b"ab\r\nc"

    async def test_a_script_is_sent_once_and_run_by_its_name(self, redis_address: str) -> None:
        script = Script("return {KEYS[1], ARGV[1], tonumber(ARGV[2])}")
        async with client_of(redis_address) as redis:
            assert await redis.run(script, ("key",), "a", 7) == [b"key", b"a", 7]
            assert await redis.call("SCRIPT", "EXISTS", script.sha) == [1]
            assert await redis.run(script, ("key",), "a", 7) == [b"key", b"a", 7]

    async def test_those_that_are_too_many_fail_at_once_and_the_others_do_not(self) -> None:
        # What answers them is on this loop, and takes a while.
        async with scripted() as server, client_of(server.address, patience_s=60) as redis:
            calls = [asyncio.ensure_future(redis.call("PING")) for _ in range(MAX_WAITING + 10)]
            replies = await asyncio.gather(*calls, return_exceptions=True)
            assert replies[:MAX_WAITING] == [b"OK"] * MAX_WAITING
            assert all(isinstance(each, RedisAway) for each in replies[MAX_WAITING:])
            assert redis.present
            # One more where it was looked at just then, which fails too.
            assert redis.failures >= 10


class TestConnecting:
    async def test_database_and_password_are_told_first(self) -> None:
        async with scripted() as server:
            address = server.address.replace("//", "//tacet:p%40ss@") + "/7"
            async with client_of(address):
                assert server.commands[:2] == [[b"AUTH", b"tacet", b"p@ss"], [b"SELECT", b"7"]]

    async def test_a_redis_without_users_is_told_a_password_alone(self) -> None:
        async with scripted() as server, client_of(server.address.replace("//", "//:p%40ss@")):
            assert server.commands[0] == [b"AUTH", b"p@ss"]

    async def test_a_real_redis_keeps_databases_apart(self, redis_address: str) -> None:
        base = redis_address.removesuffix("/0")
        async with client_of(f"{base}/0") as one, client_of(f"{base}/1") as other:
            await one.call("SET", "a", "1")
            assert await other.call("GET", "a") is None

    async def test_a_socket_in_the_file_system(self, tmp_path: Path) -> None:
        async with scripted(path=tmp_path / "redis.sock") as server, client_of(server.address) as redis:
            assert await redis.call("PING") == b"OK"

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            pytest.param("", r"NOAUTH", id="none"),
            pytest.param(":wr0ng@", WRONG, id="wrong"),
            pytest.param("nobody:wr0ng@", WRONG, id="of-nobody"),
        ],
    )
    async def test_a_password_that_is_missing_or_wrong_is_told_without_being_shown(
        self, harmed_redis: RedisServer, given: str, code: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        harmed_redis.run("CONFIG SET requirepass r1ght")
        async with client_of(harmed_redis.address.replace("//", f"//{given}")) as redis:
            assert not redis.present
            reason, _ = await refusal(redis.call("PING"))
        assert re.search(rf"it answers {code} ", reason)
        (line,) = said(caplog)
        assert reason in line
        assert not any(secret in caplog.text for secret in ("wr0ng", "r1ght"))

    async def test_the_right_password_is_let_in(self, harmed_redis: RedisServer) -> None:
        harmed_redis.run("CONFIG SET requirepass r1ght")
        async with client_of(harmed_redis.address.replace("//", "//:r1ght@")) as redis:
            assert await redis.call("PING") == b"PONG"
        async with client_of(harmed_redis.address.replace("//", "//default:r1ght@")) as redis:
            assert await redis.call("PING") == b"PONG"

    @pytest.mark.since_redis("6.2")
    async def test_a_right_to_run_scripts_that_is_missing_is_told_at_once(
        self, harmed_redis: RedisServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert harmed_redis.run("ACL SETUSER tacet on >s3cret ~tacet:* +@all -eval") == b"+OK\r\n"
        async with client_of(harmed_redis.address.replace("//", "//tacet:s3cret@")) as redis:
            assert not redis.present
        assert "NOPERM to EVAL (its user lacks a right" in caplog.text

    @pytest.mark.since_redis("7.0")
    @pytest.mark.parametrize(
        ("rights", "step"),
        [
            pytest.param("~tacet:* +@all -hset", "'HSET', KEYS[1], 's3cret', '1'", id="a-command"),
            pytest.param("~tacet:* +@all", "'GET', 's3cret'", id="a-key"),
            pytest.param("~tacet:* +@all resetchannels", "'PUBLISH', 's3cret', ''", id="a-channel"),
        ],
    )
    async def test_a_right_to_what_a_script_does_that_is_missing_is_told_as_such(
        self, harmed_redis: RedisServer, rights: str, step: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert harmed_redis.run(f"ACL SETUSER tacet on >s3cret {rights}") == b"+OK\r\n"
        async with client_of(harmed_redis.address.replace("//", "//tacet:s3cret@")) as redis:
            reason, _ = await refusal(redis.run(Script(f"return redis.call({step})"), ("tacet:a",)))
            assert redis.present
        assert reason == "it answers NOPERM (its user lacks a right: see docs/operations.md)"
        assert "s3cret" not in caplog.text

    @pytest.mark.since_redis("6.2")
    async def test_without_the_right_to_publish_everything_else_works_and_that_is_told_at_once(
        self, harmed_redis: RedisServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert harmed_redis.run("ACL SETUSER tacet on >s3cret ~tacet:* +@all resetchannels") == b"+OK\r\n"
        async with client_of(harmed_redis.address.replace("//", "//tacet:s3cret@")) as redis:
            assert "NOPERM to PUBLISH (its user lacks a right" in caplog.text
            await refusal(redis.call("PUBLISH", "tacet:news:0", "a"))
            assert await redis.call("SET", "tacet:a", "1") == b"OK"
            assert redis.absences == 0
        assert len(said(caplog)) == 1

    async def test_a_node_of_a_cluster_is_told_of_in_words(self, caplog: pytest.LogCaptureFixture) -> None:
        def node(words: list[bytes]) -> bytes:
            return b"-CROSSSLOT Keys in request don't hash to the same slot\r\n" if words[0] == b"EVAL" else OK

        async with scripted(node) as server, client_of(server.address) as redis:
            assert not redis.present
        assert "a Redis Cluster is not supported" in caplog.text

    async def test_whoever_follows_it_is_called_at_once_and_at_every_look(self, harmed_redis: RedisServer) -> None:
        seen: list[tuple[bool, int]] = []
        redis = client_of(harmed_redis.address)

        async def follow() -> None:
            seen.append((redis.present, redis.arrivals))

        redis.follower = follow
        async with redis:
            assert seen == [(True, 1)]
            harmed_redis.kill()
            await until(lambda: (False, 1) in seen)
            harmed_redis.start()
            await until(lambda: (True, 2) in seen)

    async def test_an_error_that_repeats_what_was_sent_is_not_repeated(self, caplog: pytest.LogCaptureFixture) -> None:
        def renamed(words: list[bytes]) -> bytes:
            return b"-ERR unknown command, with args beginning with: -" + b" -".join(words[1:]) + b"\r\n"

        async with (
            scripted(renamed) as server,
            client_of(server.address.replace("//", "//tacet:s3cret@")) as redis,
        ):
            reason, _ = await refusal(redis.call("PING"))
        assert "s3cret" not in caplog.text + reason
        assert "ERR to AUTH" in reason

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(lambda _: None, id="says-nothing"),
            pytest.param(lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n", id="speaks-http"),
            pytest.param(lambda _: b"\0\1\2\3\r\n", id="speaks-nonsense"),
            pytest.param(lambda _: b"+OK\r\n" * 9, id="says-too-much"),
        ],
    )
    async def test_what_is_no_redis_is_away(self, answer: Any) -> None:
        async with scripted(answer) as server, client_of(server.address) as redis:
            assert not redis.present
            assert redis.absences == 1

    async def test_nobody_there_is_no_error_and_nobody_waits(self, harmed_redis: RedisServer) -> None:
        harmed_redis.kill()
        async with client_of(harmed_redis.address) as redis:
            assert not redis.present
            reason, _ = await refusal(redis.call("PING"))
            assert "ConnectionRefusedError" in reason
            assert await are_refused_at_once(redis)
            harmed_redis.start()
            assert await until(lambda: redis.present) < RETRY_S + SLACK_S
            assert await redis.call("PING") == b"PONG"

    async def test_a_name_that_nobody_has_is_away(self) -> None:
        async with client_of("redis://nobody.invalid") as redis:
            assert not redis.present
        async with client_of(f"redis://{'a' * 64}.example") as redis:
            assert not redis.present


class TestGoingAway:
    async def test_killed_and_started_again_with_nothing_in_it(
        self, harmed_redis: RedisServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        script = Script("return redis.call('INCR', KEYS[1])")
        async with client_of(harmed_redis.address) as redis:
            assert [await redis.run(script, ("a",)) for _ in range(3)] == [1, 2, 3]
            harmed_redis.kill()
            await until(lambda: not redis.present)
            assert await are_refused_at_once(redis, 20)
            assert (redis.absences, redis.failures) == (1, 20)
            harmed_redis.start()
            assert await until(lambda: redis.present) < RETRY_S + SLACK_S
            assert await redis.run(script, ("a",)) == 1
        shown = read_address(harmed_redis.address).shown()
        assert said(caplog) == [
            f"Redis at {shown} is away, so {CONSEQUENCE}: it closed the connection",
            f"Redis at {shown} is back",
        ]

    async def test_calls_on_their_way_when_it_is_killed_fail(self, harmed_redis: RedisServer) -> None:
        async with client_of(harmed_redis.address) as redis:
            calls = [asyncio.ensure_future(redis.call("BLPOP", "nothing", "0")) for _ in range(5)]
            await asyncio.sleep(0.02)
            harmed_redis.kill()
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(each, RedisAway) for each in outcomes)

    async def test_one_that_hangs_costs_the_first_its_patience_and_the_others_nothing(
        self, harmed_redis: RedisServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with client_of(harmed_redis.address) as redis:
            harmed_redis.pause()
            try:
                waits = await asyncio.gather(*[refusal(redis.call("PING")) for _ in range(100)])
                assert max(took_s for _, took_s in waits) < REDIS_PATIENCE_S + GRACE_S + SLACK_S
                for _ in range(10):
                    assert await are_refused_at_once(redis)
                    await asyncio.sleep(RETRY_S / 2)
                assert not redis.present
            finally:
                harmed_redis.resume()
            assert await until(lambda: redis.present) < RETRY_S + REDIS_PATIENCE_S + SLACK_S
            assert await redis.call("PING") == b"PONG"
        assert [("away" in line, "back" in line) for line in said(caplog)] == [(True, False), (False, True)]

    async def test_that_it_hangs_is_logged_under_no_request(self, caplog: pytest.LogCaptureFixture) -> None:
        seen: list[bytes] = []

        def note(_record: logging.LogRecord) -> bool:
            seen.append(REQUEST_ID.get())
            return True

        caplog.handler.addFilter(note)
        async with scripted() as server:
            token = REQUEST_ID.set(b"00000000000000ff")
            try:
                async with client_of(server.address) as redis:
                    server.answer = lambda _: None
                    await refusal(redis.call("PING"))
                    server.answer = obliging
                    await until(lambda: redis.present)
            finally:
                REQUEST_ID.reset(token)
        assert len(said(caplog)) == 2
        assert seen == [b"", b""]

    async def test_one_that_hangs_is_noticed_while_nobody_asks_it_anything(self, harmed_redis: RedisServer) -> None:
        async with client_of(harmed_redis.address) as redis:
            harmed_redis.pause()
            try:
                await until(lambda: not redis.present)
            finally:
                harmed_redis.resume()

    async def test_it_is_not_away_because_this_process_stood_still(self, redis_address: str) -> None:
        async with client_of(redis_address) as redis:
            for turns in range(4):
                call = asyncio.ensure_future(redis.call("PING"))
                for _ in range(turns):
                    await asyncio.sleep(0)
                stand_still(3 * REDIS_PATIENCE_S)
                assert await call == b"PONG"
            assert redis.absences == 0

    async def test_the_time_that_a_command_may_take_begins_when_it_leaves(self) -> None:
        loop = asyncio.get_running_loop()
        async with scripted() as server, client_of(server.address) as redis:

            def slowly(_words: list[bytes]) -> None:
                loop.call_later(REDIS_PATIENCE_S / 2, server.say, OK)

            server.answer = slowly
            call = asyncio.ensure_future(redis.call("PING"))
            await asyncio.sleep(0)
            stand_still(3 * REDIS_PATIENCE_S)
            assert await call == b"OK"

    async def test_one_whose_every_reply_is_late_is_away_though_none_waits_for_long(self) -> None:
        loop = asyncio.get_running_loop()
        async with scripted() as server, client_of(server.address) as redis:

            def late(_words: list[bytes]) -> None:
                loop.call_later(2 * REDIS_PATIENCE_S, server.say, OK)

            server.answer = late
            calls: list[asyncio.Future[Any]] = []
            while redis.present and len(calls) < 500:
                calls.append(asyncio.ensure_future(redis.call("GET", "a")))
                await asyncio.sleep(REDIS_PATIENCE_S / 20)
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert "does not answer" in str(outcomes[-1])
            assert redis.absences == 1

    async def test_one_that_hangs_is_noticed_however_much_it_is_asked(self) -> None:
        async with scripted() as server, client_of(server.address) as redis:
            server.answer = lambda _: None
            loop = asyncio.get_running_loop()
            began_s, calls = loop.time(), [asyncio.ensure_future(redis.call("PING"))]
            while not calls[0].done() and loop.time() < began_s + SLACK_S:
                calls.append(asyncio.ensure_future(redis.call("PING")))
                await asyncio.sleep(REDIS_PATIENCE_S / 100)
            assert calls[0].done()
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert "does not answer" in str(outcomes[0])

    REFUSALS = (
        "LOADING Redis is loading the dataset in memory",
        "OOM command not allowed when used memory > 'maxmemory'.",
        "NOAUTH Authentication required.",
        "READONLY You can't write against a read only replica.",
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
        "MASTERDOWN Link with MASTER is down",
        "BUSY Redis is busy running a script.",
        "NOREPLICAS Not enough good replicas to write.",
    )
    BEFORE_VERSION_7 = "ERR Error running script (call to f_c0ffee): @user_script:1: -OOM command not allowed"

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            *[pytest.param(each, each.partition(" ")[0], id=each.partition(" ")[0]) for each in REFUSALS],
            pytest.param(BEFORE_VERSION_7, "OOM", id="in-a-script-before-version-7"),
        ],
    )
    async def test_one_that_answers_an_error_is_away_until_it_takes_writes_again(
        self, error: str, code: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        def refusing(_words: list[bytes]) -> bytes:
            return f"-{error}\r\n".encode()

        async with scripted() as server, client_of(server.address) as redis:
            assert await redis.run(Script("return 1"), ()) == b"OK"
            server.answer = refusing
            reason, _ = await refusal(redis.run(Script("return 1"), ()))
            assert reason.startswith(f"it answers {code}")
            assert not redis.present
            before = len(server.commands)
            await refusal(redis.run(Script("return 1"), ()))
            assert len(server.commands) == before
            await asyncio.sleep(2 * RETRY_S)
            assert not redis.present
            server.answer = lambda _: OK
            assert await until(lambda: redis.present) < RETRY_S + SLACK_S
        assert len(said(caplog)) == 2

    @pytest.mark.parametrize(
        "error",
        ["NOPERM no permissions", "WRONGTYPE wrong kind of value", "ERR unknown command", "CROSSSLOT other slots"],
        ids=lambda error: error.partition(" ")[0],
    )
    async def test_a_command_that_is_refused_harms_no_other_and_is_told_of_once(
        self, error: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        def refusing(words: list[bytes]) -> bytes:
            return f"-{error}\r\n".encode() if words[0] == b"PUBLISH" else OK

        async with scripted() as server, client_of(server.address) as redis:
            server.answer = refusing
            reason = ""
            for _ in range(3):
                reason, _ = await refusal(redis.call("PUBLISH", "a", "b"))
                assert reason.startswith(f"it answers {error.partition(' ')[0]}")
                assert await redis.call("GET", "a") == b"OK"
            assert (redis.present, redis.absences, redis.failures) == (True, 0, 3)
        (line,) = said(caplog)
        assert "refuses a command" in line
        assert reason in line

    @pytest.mark.parametrize(
        ("harm", "remedy", "code"),
        [
            pytest.param("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", "OOM", id="full"),
            pytest.param("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "READONLY", id="replica"),
        ],
    )
    async def test_a_real_one_that_cannot_be_written_to(
        self, harmed_redis: RedisServer, harm: str, remedy: str, code: str
    ) -> None:
        script = Script("return redis.call('SET', KEYS[1], '1')")
        async with client_of(harmed_redis.address) as redis:
            await redis.run(script, ("a",))
            harmed_redis.run(harm)
            reason, _ = await refusal(redis.run(script, ("a",)))
            assert code in reason
            await asyncio.sleep(2 * RETRY_S)
            assert not redis.present
            harmed_redis.run(remedy)
            await until(lambda: redis.present)
            assert await redis.run(script, ("a",)) == b"OK"

    async def test_an_error_of_a_connection_that_was_replaced_does_not_harm_the_new_one(self) -> None:
        async with scripted() as server, client_of(server.address) as redis:
            server.answer = lambda _: b"-OOM full\r\n"
            calls = [asyncio.ensure_future(redis.call("GET", "a")) for _ in range(20)]
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert all(isinstance(each, RedisAway) for each in outcomes)
            assert (redis.absences, redis.failures) == (1, 20)


class TestTheLog:
    async def test_one_that_comes_and_goes_all_the_time_is_not_told_of_all_the_time(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with scripted() as server, client_of(server.address) as redis:
            for _ in range(3):
                server.hang_up()
                await until(lambda: not redis.present)
                await until(lambda: redis.present)
            assert redis.absences == 3
        assert len(said(caplog)) == 2

    async def test_one_that_stays_away_after_that_is_told_of_all_the_same(
        self, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(client_module, "TELL_AGAIN_S", 3 * RETRY_S)
        async with scripted() as server, client_of(server.address) as redis:
            for _ in range(2):
                server.hang_up()
                await until(lambda: not redis.present)
                await until(lambda: redis.present)
            assert len(said(caplog)) == 2
            server.answer = lambda _: b"-LOADING\r\n"
            server.hang_up()
            await until(lambda: len(said(caplog)) == 3)
            assert "LOADING" in said(caplog)[-1]


class TestTheEnd:
    async def test_nothing_is_left_and_whoever_waits_is_told(self, redis_address: str) -> None:
        before = asyncio.all_tasks()
        async with client_of(redis_address) as redis:
            call = asyncio.ensure_future(redis.call("BLPOP", "nothing", "0"))
            await asyncio.sleep(0)
        assert (await refusal(call))[0] == "closed"
        assert asyncio.all_tasks() == before
        assert not redis.present
        assert redis.absences == 0
        await refusal(redis.call("PING"))

    async def test_it_can_end_while_it_is_away(self, harmed_redis: RedisServer) -> None:
        before = asyncio.all_tasks()
        async with client_of(harmed_redis.address) as redis:
            harmed_redis.kill()
            await until(lambda: not redis.present)
        assert asyncio.all_tasks() == before

    async def test_it_can_end_while_it_connects(self) -> None:
        before = asyncio.all_tasks()
        async with scripted(lambda _: None) as server:
            opening = asyncio.ensure_future(client_of(server.address).__aenter__())
            await asyncio.sleep(0.02)
            opening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await opening
            await asyncio.sleep(0.02)
            assert len(asyncio.all_tasks() - before) <= 1
