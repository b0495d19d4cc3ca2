import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tacet.identity.signin.sessions import SESSION_TEXT_LENGTH
from tacet.observing.lately import LATELY_S
from tacet.pages.responses import Security
from tacet.store.base import Conflict, StoreAway, StoreBusy, StoreClosed, StoreError
from tacet.wire.health import PATIENCE_S, STOPPING, Health
from tests.cast import ALICE, BOB, NOW_MS
from tests.service import HOST, Answer, Service, exchange

SINCE = "since 2026-"


class Database:
    """A database that answers as it is told to."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.seconds = 0.0
        self.asked = 0

    async def check(self) -> None:
        self.asked += 1
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error


@pytest.fixture
def database(service: Service, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The service's, as its health sees it."""
    fake = Database()
    monkeypatch.setattr(service.store, "check", fake.check)
    return fake


async def ready(service: Service) -> Answer:
    service.clock.advance(1_000)
    return await service.get("/_health/ready", token=None)


class TestLive:
    async def test_a_process_that_answers_lives_whatever_else_is_wrong(
        self, service: Service, database: Database
    ) -> None:
        database.error = StoreAway("gone")
        service.tacet.health.stop()
        answer = await service.get("/_health/live", token=None)
        assert (answer.status, answer.json) == (200, {"status": "alive"})
        assert database.asked == 0


class TestReady:
    async def test_a_process_with_everything_it_needs_is_ready(self, service: Service) -> None:
        answer = await ready(service)
        assert (answer.status, answer.json) == (200, {"status": "ready"})

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            pytest.param(
                StoreAway("no server of the database's address can be written"),
                "the database is away: no server of the database's address can be written",
                id="away",
            ),
            pytest.param(
                StoreError("a table is missing: run `tacet database migrate`"),
                "a table is missing: run `tacet database migrate`",
                id="schema",
            ),
            pytest.param(
                ZeroDivisionError("10.0.0.7"), "the database cannot be asked; the log says why", id="whatever"
            ),
        ],
    )
    async def test_a_database_that_fails_makes_it_unready_in_words(
        self, service: Service, database: Database, error: Exception, said: str
    ) -> None:
        database.error = error
        answer = await ready(service)
        assert answer.status == 503
        assert answer.json["status"] == "unready"
        [problem] = answer.json["problems"]
        assert problem.startswith(f"{said}, since 2")
        assert b"10.0.0.7" not in answer.body
        assert int(answer.headers["retry-after"]) > 0

    async def test_it_is_told_since_when_and_ready_again_once_the_database_is_back(
        self, service: Service, database: Database
    ) -> None:
        database.error = StoreAway("gone")
        first, second = await ready(service), await ready(service)
        assert first.json == second.json
        assert first.json["problems"][0].endswith("Z")
        database.error = None
        assert (await ready(service)).status == 200
        database.error = StoreAway("gone")
        assert (await ready(service)).json != first.json

    async def test_what_the_watch_notices_counts_as_the_beginning(self, service: Service, database: Database) -> None:
        service.clock.set(1_600_000_000_000)
        service.tacet.health.database_failed(StoreAway("gone"))
        service.clock.set(NOW_MS)
        database.error = StoreAway("gone")
        assert (await ready(service)).json["problems"] == ["the database is away: gone, since 2020-09-13T12:26:40Z"]

    async def test_one_with_too_much_to_do_is_ready_and_says_so(self, service: Service, database: Database) -> None:
        database.error = StoreBusy("too many wait")
        first = await ready(service)
        assert (first.status, first.json["status"]) == (200, "degraded")
        [problem] = first.json["problems"]
        assert problem.startswith("the database has more to do than it can: too many wait, since 2")
        service.clock.advance(60_000)
        assert (await ready(service)).json == first.json
        database.error = None
        assert (await ready(service)).json == {"status": "ready"}

    async def test_load_tells_nothing_new_of_a_database_that_is_in_worse_trouble(
        self, service: Service, database: Database
    ) -> None:
        database.error = StoreAway("gone")
        first = await ready(service)
        service.clock.advance(60_000)
        database.error = StoreBusy("too many wait")
        second = await ready(service)
        assert (second.status, second.json) == (503, first.json)

    async def test_a_busy_database_that_goes_away_makes_it_unready(self, service: Service, database: Database) -> None:
        database.error = StoreBusy("too many wait")
        assert (await ready(service)).status == 200
        database.error = StoreAway("gone")
        answer = await ready(service)
        assert answer.status == 503
        assert answer.json["problems"][0].startswith("the database is away: gone, since ")

    async def test_a_database_that_hangs_is_waited_for_a_second(self, service: Service, database: Database) -> None:
        database.seconds = 60
        async with asyncio.timeout(PATIENCE_S + 2):
            answer = await ready(service)
        assert answer.json["problems"][0].startswith("the database does not answer within 1 s, since ")

    async def test_however_many_ask_the_database_is_asked_once(self, service: Service, database: Database) -> None:
        database.seconds = 0.01
        await asyncio.gather(*(service.get("/_health/ready", token=None) for _ in range(50)))
        await service.get("/_health/ready", token=None)
        assert database.asked == 1
        await ready(service)
        assert database.asked == 2

    async def test_whoever_goes_away_takes_nobodys_answer_along(self, service: Service, database: Database) -> None:
        database.seconds = 0.05
        leaving = asyncio.ensure_future(service.get("/_health/ready", token=None))
        staying = asyncio.ensure_future(service.get("/_health/ready", token=None))
        await asyncio.sleep(0.01)
        leaving.cancel()
        assert (await staying).status == 200
        assert database.asked == 1

    async def test_one_that_shuts_down_says_so(self, service: Service) -> None:
        service.tacet.health.stop()
        answer = await ready(service)
        assert (answer.status, answer.json) == (503, {"status": "unready", "problems": [STOPPING]})

    async def test_what_it_can_do_without_leaves_it_ready(self, service: Service, database: Database) -> None:
        lacking: list[str] = []
        health = Health(service.store, service.clock, lambda: lacking)
        assert (await health.finding()) == (200, {"status": "ready"})
        lacking.append("Redis is away")
        assert (await health.finding()) == (200, {"status": "degraded", "problems": ["Redis is away"]})
        database.error = StoreAway("gone")
        service.clock.advance(1_000)
        status, said = await health.finding()
        assert (status, len(_texts(said))) == (503, 2)


FULL = StoreError("the disk of the database is full: free some space; nothing was written")
FULL_TOLD = f"requests fail: {FULL}, since "
HELD = StoreBusy("somebody else holds the same rows for too long; nothing was written")
HELD_TOLD = f"the database has more to do than it can: {HELD}, since "
LATELY_MS = int(LATELY_S * 1000)


async def _problems(service: Service) -> list[str]:
    """What is told by a process that is ready all the same; nothing of one with everything it needs."""
    answer = await ready(service)
    assert answer.status == 200
    assert answer.json["status"] == ("degraded" if "problems" in answer.json else "ready")
    return list(answer.json.get("problems", []))


class TestRequestsThatFailThoughTheDatabaseAnswers:
    @pytest.fixture
    def failing(self, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        async def fail(*_: object) -> None:
            raise FULL

        monkeypatch.setattr(service.store.relations, "add", fail)
        monkeypatch.setattr(service.store.accounts, "session", fail)

    async def test_one_of_version_2_is_told_until_some_time_after_the_last(
        self, service: Service, failing: None
    ) -> None:
        assert await _problems(service) == []
        assert (await service.mute(ALICE, BOB.id)).status == 503
        [first] = await _problems(service)
        assert first.startswith(FULL_TOLD)
        service.clock.advance(LATELY_MS - 2_000)
        assert (await service.mute(ALICE, BOB.id)).status == 503
        service.clock.advance(LATELY_MS - 2_000)
        assert await _problems(service) == [first]
        service.clock.advance(2_000)
        assert await _problems(service) == []

    async def test_looks_that_succeed_do_not_wipe_it(self, service: Service, database: Database, failing: None) -> None:
        await service.mute(ALICE, BOB.id)
        for _ in range(3):
            service.tacet.health.database_answered()
            assert len(await _problems(service)) == 1
        assert database.asked == 3

    async def test_one_of_version_1_is_told(self, service: Service, failing: None) -> None:
        path = f"/1.1/mutes/users/create.json?user_id={BOB.id}"
        assert (await service.signed("POST", path)).status == 503
        assert len(await _problems(service)) == 1

    async def test_one_of_a_page_is_told(self, service: Service, failing: None) -> None:
        cookie = {"cookie": f"{Security(secure=False).at(HOST).session_cookie}={'a' * SESSION_TEXT_LENGTH}"}
        assert (await service.call("GET", "/account", token=None, headers=cookie)).status == 503
        assert len(await _problems(service)) == 1

    async def test_what_the_look_finds_is_told_once(self, service: Service, database: Database) -> None:
        service.tacet.health.request_failed(FULL)
        database.error = FULL
        answer = await ready(service)
        assert answer.status == 503
        [problem] = answer.json["problems"]
        assert problem.startswith(str(FULL))

    async def test_a_database_that_is_away_as_well_makes_it_unready(self, service: Service, database: Database) -> None:
        service.tacet.health.request_failed(FULL)
        database.error = StoreAway("gone")
        answer = await ready(service)
        assert answer.status == 503
        assert [problem.partition(":")[0] for problem in answer.json["problems"]] == [
            "the database is away",
            "requests fail",
        ]

    async def test_locks_are_told_as_load_and_nothing_new_of_worse_trouble(self, service: Service) -> None:
        health = service.tacet.health
        health.request_failed(HELD)
        [problem] = await _problems(service)
        assert problem.startswith(HELD_TOLD)
        health.request_failed(FULL)
        health.request_failed(HELD)
        [problem] = await _problems(service)
        assert problem.startswith(FULL_TOLD)
        service.clock.advance(LATELY_MS)
        assert await _problems(service) == []
        health.request_failed(HELD)
        [problem] = await _problems(service)
        assert problem.startswith(HELD_TOLD)

    async def test_a_load_that_the_look_finds_too_is_told_once(self, service: Service, database: Database) -> None:
        service.tacet.health.request_failed(HELD)
        database.error = StoreBusy("requests wait for a session")
        [problem] = await _problems(service)
        assert "requests wait for a session" in problem

    @pytest.mark.parametrize("kind", [Conflict, StoreAway, StoreClosed])
    async def test_what_no_look_would_miss_or_is_the_requests_own_doing_is_not_told(
        self, service: Service, kind: type[StoreError]
    ) -> None:
        service.tacet.health.request_failed(kind("the username of person 7 belongs to somebody else"))
        assert await _problems(service) == []


def _texts(said: dict[str, Any]) -> Sequence[str]:
    problems: Sequence[str] = said["problems"]
    return problems


PATHS = ["/_health/live", "/_health/ready"]


@pytest.mark.parametrize("path", PATHS)
class TestBoth:
    async def test_nothing_keeps_a_copy(self, service: Service, path: str) -> None:
        headers = (await service.get(path, token=None)).headers
        assert "no-store" in headers["cache-control"]
        assert headers["content-type"].startswith("application/json")

    async def test_head_is_answered_without_a_body(self, service: Service, path: str) -> None:
        answer = await service.call("HEAD", path, token=None)
        assert (answer.status, answer.body) == (200, b"")
        assert int(answer.headers["content-length"]) > 0

    async def test_nothing_can_be_sent_there(self, service: Service, path: str) -> None:
        answer = await service.call("POST", path, token=None)
        assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")

    async def test_neither_rate_limits_nor_credentials_matter(self, service: Service, path: str) -> None:
        for _ in range(1_000):
            assert (await service.get(path, token="no-such-token")).status == 200

    async def test_a_server_that_is_too_busy_for_anything_else_answers(self, service: Service, path: str) -> None:
        class Busy:
            application = service.tacet.busy

        async def ask(target: str) -> Answer:
            busy: Any = Busy
            return await exchange(busy, "GET", target, {}, [b""])

        assert (await ask(path)).status == 200
        assert (await ask("/2/users/me")).status == 503


@pytest.mark.parametrize("path", ["/_health", "/_health/", "/_health/other", "/_health/live/", "/_health//live"])
async def test_there_is_nothing_else(service: Service, path: str) -> None:
    assert (await service.get(path, token=None)).status == 404
