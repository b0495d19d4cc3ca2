"""What every operation does in the same way: who may call it, what it costs, how much it reads."""

import json
import logging

import pytest

from tacet.limits.rates import RateLimit
from tacet.records.accounts import Usage
from tacet.store.base import StoreAway, StoreBusy, StoreError
from tests.cast import ALICE, APP_ID, BOB, CAROL, NOW_MS, READ_ONLY_APP_ID, SCOPES, STANDALONE_APP_ID, bearer
from tests.service import JSON, Service, in_memory
from tests.wire.calls import APP_ONLY, BY_ID, LIST, OPERATIONS, Operation, name

LIMIT_BYTES = 65_536


def padded(size: int) -> bytes:
    """A good body of `size` bytes."""
    return json.dumps({"target_user_id": str(BOB.id)}).encode().ljust(size)


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_each_route_and_method_has_a_window_of_its_own(service: Service, operation: Operation) -> None:
    statuses = [(await operation(service)).status for _ in range(operation.limit)]
    assert (statuses[0], 429 in statuses) == (operation.status, False)
    assert (await operation(service)).status == 429
    others = [(other, await other(service)) for other in OPERATIONS if other is not operation]
    assert [other.id for other, answer in others if answer.status != other.status] == []


async def test_the_window_is_the_persons_in_whichever_app(service: Service) -> None:
    for _ in range(15):
        await service.get(LIST)
    assert (await service.get(LIST, "alice-elsewhere")).status == 429
    assert (await service.signed("GET", LIST)).status == 429
    assert (await service.page(CAROL)).status == 200


@pytest.mark.parametrize("operation", APP_ONLY, ids=name)
async def test_an_apps_own_window_is_separate_from_everybodys(service: Service, operation: Operation) -> None:
    for _ in range(operation.limit):
        await operation(service, "app-only")
    assert (await operation(service, "app-only")).status == 429
    assert (await operation(service, "alice")).status == 200


async def test_a_window_opens_again_nine_hundred_seconds_after_its_first_request(service: Service) -> None:
    for _ in range(15):
        await service.get(LIST)
        service.clock.advance(10_000)
    assert (await service.get(LIST)).status == 429
    service.clock.advance(900_000 - 150_000)
    answer = await service.get(LIST)
    assert (answer.status, answer.headers["x-rate-limit-remaining"]) == (200, "14")
    assert answer.headers["x-rate-limit-reset"] == "1651931456"


async def test_what_fails_authentication_costs_nothing(service: Service) -> None:
    for token in (None, "unknown", "alice-expired", "alice-revoked", "app-only"):
        await service.get(LIST, token)
    assert (await service.get(LIST)).headers["x-rate-limit-remaining"] == "14"


async def test_400_and_403_are_counted(service: Service) -> None:
    await service.get(f"{LIST}?max_results=0")
    await service.get(LIST, "alice-without-mute.read")
    await service.get(LIST, "alice-standalone")
    assert (await service.get(LIST)).headers["x-rate-limit-remaining"] == "11"


async def test_what_is_past_the_limit_changes_nothing(service: Service) -> None:
    for _ in range(50):
        await service.mute(ALICE, BOB.id)
    assert (await service.mute(ALICE, CAROL.id)).status == 429
    assert (await service.page(ALICE)).ids == [str(BOB.id)]


async def test_limits_are_settings() -> None:
    async with in_memory(limits={"getUsersMuting": RateLimit(2, 60)}) as service:
        statuses = [(await service.get(LIST)).status for _ in range(3)]
        assert statuses == [200, 200, 429]
        assert (await service.get("/2/users/me")).headers.keys().isdisjoint({"x-rate-limit-limit"})
        service.clock.advance(60_000)
        assert (await service.get(LIST)).status == 200


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_the_listed_scopes_are_enough_and_each_is_needed(service: Service, operation: Operation) -> None:
    refused = {scope for scope in SCOPES.split() if (await operation(service, f"alice-without-{scope}")).status == 403}
    assert refused == set(operation.scopes)


@pytest.mark.parametrize("operation", APP_ONLY, ids=name)
async def test_look_ups_are_for_apps_too(service: Service, operation: Operation) -> None:
    assert (await operation(service, "app-only")).json == (await operation(service, "alice")).json


@pytest.mark.parametrize("operation", APP_ONLY, ids=name)
async def test_look_ups_are_for_apps_in_a_project(service: Service, operation: Operation) -> None:
    answer = await operation(service, "app-only-standalone")
    assert (answer.status, answer.json["reason"]) == (403, "client-not-enrolled")


async def test_a_body_of_the_largest_size_is_read(service: Service) -> None:
    answer = await service.call("POST", LIST, headers={"content-type": JSON}, body=padded(LIMIT_BYTES))
    assert answer.json == {"data": {"muting": True}}


TOO_LARGE = {
    "announced": ({"content-length": str(LIMIT_BYTES + 1)}, [b"{}"]),
    "announced-by-far": ({"content-length": "9" * 5_000}, [b"{}"]),
    "in-one-piece": ({}, [padded(LIMIT_BYTES + 1)]),
    "in-pieces": ({}, [padded(LIMIT_BYTES), b" "]),
    "in-many-pieces": ({}, [b" " * 1_000] * 100),
}


@pytest.mark.parametrize(("headers", "chunks"), TOO_LARGE.values(), ids=TOO_LARGE.keys())
async def test_a_larger_body_is_refused_unread(service: Service, headers: dict[str, str], chunks: list[bytes]) -> None:
    answer = await service.call("POST", LIST, headers={"content-type": JSON, **headers}, body=chunks)
    assert answer.status == 413
    assert answer.headers["connection"] == "close"
    assert "x-rate-limit-limit" not in answer.headers
    assert (await service.page(ALICE)).ids == []


async def test_a_body_in_pieces_is_put_together(service: Service) -> None:
    body = json.dumps({"target_user_id": str(BOB.id)}).encode()
    pieces = [body[at : at + 1] for at in range(len(body))]
    answer = await service.call("POST", LIST, headers={"content-type": JSON}, body=[*pieces, b""])
    assert answer.json == {"data": {"muting": True}}


async def test_the_largest_body_is_a_setting() -> None:
    async with in_memory(max_body_bytes=1_024) as service:
        statuses = [
            (await service.call("POST", LIST, headers={"content-type": JSON}, body=padded(size))).status
            for size in (1_024, 1_025)
        ]
        assert statuses == [200, 413]


@pytest.mark.parametrize("operation", [op for op in OPERATIONS if not op.body], ids=name)
async def test_where_no_body_is_asked_for_none_is_read(service: Service, operation: Operation) -> None:
    answer = await service.call(operation.method, operation.target, headers={"content-type": JSON}, body=b"{" * 100_000)
    assert answer.status == 200


async def test_a_database_that_fails_is_answered_503_and_logged(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def remove(*_: object) -> bool:
        raise StoreError("the disk is full: free some space; nothing was written")

    monkeypatch.setattr(service.store.relations, "remove", remove)
    with caplog.at_level(logging.ERROR):
        answer = await BY_ID["unmuteUser"](service)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert answer.headers["x-rate-limit-remaining"] == "50"
    assert "the disk is full" in caplog.text
    assert "disk" not in answer.body.decode()


async def test_a_failure_that_repeats_is_logged_at_once_and_then_once_a_second(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def remove(*_: object) -> bool:
        raise StoreError("the disk is full")

    monkeypatch.setattr(service.store.relations, "remove", remove)
    for later_ms in (0, 0, 400, 600, 0):
        service.clock.advance(later_ms)
        assert (await BY_ID["unmuteUser"](service)).status == 503
    line = "unmuteUser failed: the disk is full"
    assert caplog.messages == [line, f"{line} (2 more like it within 1.0 s)"]


async def test_credentials_never_reach_the_log(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def remove(*_: object) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(service.store.relations, "remove", remove)
    await service.store.credentials.put_token(bearer("a-very-secret-bearer", ALICE.id))
    with caplog.at_level(logging.DEBUG):
        answer = await BY_ID["unmuteUser"](service, "a-very-secret-bearer")
    assert answer.status == 500
    assert "unmuteUser failed" in caplog.text
    assert "a-very-secret-bearer" not in caplog.text


HOUR = NOW_MS // 3_600_000


async def used(service: Service, app_id: int) -> list[Usage]:
    return await service.tacet.usage.of(app_id)


class TestUsage:
    """What an App's developer sees of its requests."""

    async def test_requests_and_429s_are_counted_per_app(self, service: Service) -> None:
        for _ in range(18):
            await service.get(LIST)
        await service.get("/2/users/me", "app-only-standalone")
        await service.get("/2/users/1002", "app-only")
        assert await used(service, APP_ID) == [Usage(APP_ID, HOUR, 19, 3)]
        assert await used(service, STANDALONE_APP_ID) == [Usage(STANDALONE_APP_ID, HOUR, 1, 0)]
        assert await used(service, READ_ONLY_APP_ID) == []

    async def test_the_429_of_a_person_is_counted_for_the_app_that_got_it(self, service: Service) -> None:
        for _ in range(15):
            await service.get(LIST)
        assert (await service.get(LIST, "alice-elsewhere")).status == 429
        assert await used(service, APP_ID) == [Usage(APP_ID, HOUR, 15, 0)]
        assert await used(service, READ_ONLY_APP_ID) == [Usage(READ_ONLY_APP_ID, HOUR, 1, 1)]

    @pytest.mark.parametrize(
        ("target", "token", "status"),
        [
            pytest.param(f"{LIST}?max_results=0", "alice", 400, id="a-bad-parameter"),
            pytest.param(LIST, "alice-without-mute.read", 403, id="a-missing-scope"),
            pytest.param(LIST, "app-only", 403, id="not-for-apps"),
        ],
    )
    async def test_what_is_refused_otherwise_is_a_request_and_no_429(
        self, service: Service, target: str, token: str, status: int
    ) -> None:
        assert (await service.get(target, token)).status == status
        assert await used(service, APP_ID) == [Usage(APP_ID, HOUR, 1, 0)]

    async def test_a_signed_request_is_one_too(self, service: Service) -> None:
        assert (await service.signed("GET", LIST)).status == 200
        assert await used(service, APP_ID) == [Usage(APP_ID, HOUR, 1, 0)]

    @pytest.mark.parametrize("error", [StoreError("the disk is full"), ZeroDivisionError()], ids=["503", "500"])
    async def test_so_is_one_that_fails_here(
        self, service: Service, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        async def remove(*_: object) -> bool:
            raise error

        monkeypatch.setattr(service.store.relations, "remove", remove)
        assert (await BY_ID["unmuteUser"](service)).status in {500, 503}
        assert await used(service, APP_ID) == [Usage(APP_ID, HOUR, 1, 0)]

    @pytest.mark.parametrize("token", [None, "unknown", "alice-expired", "alice-revoked"])
    async def test_what_fails_authentication_is_nobodys(self, service: Service, token: str | None) -> None:
        assert (await service.get(LIST, token)).status == 401
        assert await used(service, APP_ID) == []

    async def test_it_is_counted_without_limits_too(self) -> None:
        async with in_memory(rate_limits=False) as service:
            for _ in range(20):
                await service.get(LIST)
            assert await used(service, APP_ID) == [Usage(APP_ID, HOUR, 20, 0)]


async def test_what_the_database_fails_at_costs_nothing_and_opens_no_limit(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await service.get(LIST)).headers["x-rate-limit-remaining"] == "14"
    with monkeypatch.context() as away:
        away.setattr(service.store.relations, "packed", _away)
        away.setattr(service.store.relations, "older", _away)
        answers = [await service.get(LIST) for _ in range(20)]
        assert {answer.status for answer in answers} == {503}
        assert {answer.headers["x-rate-limit-remaining"] for answer in answers} == {"14"}
    assert (await service.get(LIST)).headers["x-rate-limit-remaining"] == "13"


async def test_a_database_that_does_not_keep_up_is_a_line_a_second(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def busy(*_: object) -> None:
        raise StoreBusy("the database took too long")

    monkeypatch.setattr(service.store.relations, "packed", busy)
    monkeypatch.setattr(service.store.relations, "add", busy)
    with caplog.at_level(logging.ERROR):
        for _ in range(5):
            assert (await service.get(LIST)).status == (await service.mute(ALICE, BOB.id)).status == 503
        service.clock.advance(2_000)
        await service.get(LIST)
    assert [record.getMessage() for record in caplog.records] == [
        "too many or too slow: the database took too long",
        "too many or too slow: the database took too long (9 more like it within 2.0 s)",
    ]


async def test_a_request_that_met_a_bug_still_counts(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    async def bug(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(service.store.relations, "packed", bug)
    assert (await service.get(LIST)).headers["x-rate-limit-remaining"] == "14"
    assert (await service.get(LIST)).headers["x-rate-limit-remaining"] == "13"


async def _away(*_: object) -> None:
    raise StoreAway("gone")
