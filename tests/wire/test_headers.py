import pytest

from tacet.clock import ManualClock
from tacet.identity.caller import Caller, Method
from tacet.ids import SeededRandomness
from tacet.limits.windows import Spent
from tacet.records.credentials import Access
from tacet.wire.headers import HeaderWriter
from tests.cast import ALICE, READ_ONLY_APP_ID, STANDALONE_APP_ID, bearer
from tests.service import Service
from tests.wire.calls import BY_ID, LIST, OPERATIONS, READS, USER_ONLY, WRITES, Operation, name
from tests.wire.recorded import Recorded

LIMITS = {"x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"}
OURS = {"api-version", "server"}
"""Recorded headers whose value is our own: the document we follow, and the name of the server."""


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_a_200_has_every_recorded_header(service: Service, recorded: Recorded, operation: Operation) -> None:
    answer = await operation(service)
    assert answer.status == operation.status
    headers = recorded.headers()
    assert len(headers) > 12
    assert headers.keys() <= answer.headers.keys()
    valued = {name: value for name, value in headers.items() if value and name not in OURS}
    level = valued.pop("x-access-level")
    assert answer.headers["x-access-level"] == "read-write"
    assert "read-write with OAuth2" in level
    assert {name: answer.headers[name] for name in valued} == valued


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_limits_are_whole_numbers_of_requests_and_unix_seconds(service: Service, operation: Operation) -> None:
    answer = await operation(service)
    assert {name: answer.headers[name] for name in LIMITS} == {
        "x-rate-limit-limit": str(operation.limit),
        "x-rate-limit-remaining": str(operation.limit - 1),
        "x-rate-limit-reset": "1651930556",
    }


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_a_400_tells_of_limits_and_access(service: Service, operation: Operation) -> None:
    target = f"{operation.target}{'&' if '?' in operation.target else '?'}unknown=1"
    answer = await service.call(operation.method, target, headers=operation.headers, body=operation.body)
    assert answer.status == 400
    assert answer.headers["x-rate-limit-remaining"] == str(operation.limit - 1)
    assert answer.headers["x-access-level"] == "read-write"
    assert answer.headers["date"] == "Sat, 07 May 2022 13:20:56 UTC"


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_a_403_for_a_scope_tells_of_limits_but_not_of_access(service: Service, operation: Operation) -> None:
    answer = await operation(service, "alice-without-tweet.read")
    assert answer.status == 403
    assert answer.headers["x-rate-limit-remaining"] == str(operation.limit - 1)
    assert "x-access-level" not in answer.headers


@pytest.mark.parametrize("operation", USER_ONLY, ids=name)
async def test_a_403_for_an_app_on_its_own_has_the_recorded_headers_only(
    service: Service, operation: Operation
) -> None:
    answer = await operation(service, "app-only")
    assert answer.status == 403
    assert not LIMITS & answer.headers.keys()
    assert "x-access-level" not in answer.headers
    edge = {"content-type", "cache-control", "x-response-time", "x-connection-hash", "date", "server"}
    assert edge <= answer.headers.keys()


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_a_429_tells_of_limits(service: Service, operation: Operation) -> None:
    for _ in range(operation.limit):
        await operation(service)
    answer = await operation(service)
    assert answer.status == 429
    assert {name: answer.headers[name] for name in LIMITS} == {
        "x-rate-limit-limit": str(operation.limit),
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": "1651930556",
    }


@pytest.mark.parametrize("token", [None, "unknown", "alice-expired", "alice-revoked"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_a_401_tells_neither_of_limits_nor_of_access(
    service: Service, operation: Operation, token: str | None
) -> None:
    answer = await operation(service, token)
    assert answer.status == 401
    assert not LIMITS & answer.headers.keys()
    assert "x-access-level" not in answer.headers


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_without_limits_no_answer_tells_of_them(unlimited: Service, operation: Operation) -> None:
    for token in ("alice", "alice-without-tweet.read"):
        assert not LIMITS & (await operation(unlimited, token)).headers.keys()


ACCESS = {
    "read-write-app": (2001, "read-write-directmessages"),
    "read-only-app": (READ_ONLY_APP_ID, "read"),
}


@pytest.mark.parametrize(("app_id", "level"), ACCESS.values(), ids=ACCESS.keys())
@pytest.mark.parametrize("operation", READS, ids=name)
async def test_with_oauth1_the_access_level_is_the_apps(
    service: Service, operation: Operation, app_id: int, level: str
) -> None:
    answer = await service.signed(operation.method, operation.target, app_id)
    status = 403 if level == "read" and "dm.read" in operation.scopes else 200
    assert (answer.status, answer.headers["x-access-level"]) == (status, level)


@pytest.mark.parametrize("operation", WRITES, ids=name)
async def test_an_app_that_may_write_does_so_with_oauth1(service: Service, operation: Operation) -> None:
    answer = await service.signed(operation.method, operation.target, body=operation.body)
    assert (answer.status, answer.headers["x-access-level"]) == (operation.status, "read-write-directmessages")


async def test_a_bearer_that_may_not_write_says_so(service: Service) -> None:
    await service.store.credentials.put_token(bearer("reader", ALICE.id, "mute.read tweet.read users.read"))
    answer = await service.get(LIST, "reader")
    assert (answer.status, answer.headers["x-access-level"]) == (200, "read")


async def test_an_app_on_its_own_may_read(service: Service) -> None:
    answer = await service.get("/2/users/1002", "app-only")
    assert (answer.status, answer.headers["x-access-level"]) == (200, "read")


async def test_an_app_outside_every_project_learns_its_limits(service: Service) -> None:
    answer = await service.signed("GET", LIST, STANDALONE_APP_ID)
    assert (answer.status, answer.headers["x-rate-limit-remaining"]) == (403, "14")


async def test_every_request_has_an_id_of_its_own(unlimited: Service) -> None:
    answers = [await unlimited.page(ALICE) for _ in range(50)]
    answers += [await unlimited.get("/2/nowhere") for _ in range(50)]
    ids = {answer.headers["x-transaction-id"] for answer in answers}
    assert len(ids) == 100
    assert all(len(each) == 16 for each in ids)


async def test_the_date_follows_the_clock(unlimited: Service) -> None:
    assert (await unlimited.page(ALICE)).headers["date"] == "Sat, 07 May 2022 13:20:56 UTC"
    unlimited.clock.advance(999)
    assert (await unlimited.page(ALICE)).headers["date"] == "Sat, 07 May 2022 13:20:56 UTC"
    unlimited.clock.advance(1)
    assert (await unlimited.page(ALICE)).headers["date"] == "Sat, 07 May 2022 13:20:57 UTC"
    unlimited.clock.set(1_709_164_799_999)
    assert (await unlimited.page(ALICE)).headers["date"] == "Wed, 28 Feb 2024 23:59:59 UTC"


@pytest.mark.parametrize("operation", OPERATIONS, ids=name)
async def test_the_length_is_that_of_the_body(service: Service, operation: Operation) -> None:
    for token in ("alice", "app-only", "alice-without-users.read", None):
        answer = await operation(service, token)
        assert answer.headers["content-length"] == str(len(answer.body))


async def test_no_answer_may_be_kept_by_a_cache(service: Service) -> None:
    answers = [await BY_ID["getUsersMuting"](service, token) for token in ("alice", "app-only", None)]
    answers.append(await service.get("/2/nowhere"))
    assert {answer.headers["cache-control"] for answer in answers} == {"no-cache, no-store, max-age=0"}


@pytest.mark.parametrize("spent", [None, Spent(True, 15, 7, 1_651_930_556)], ids=["without-limits", "with-limits"])
def test_a_head_written_at_once_says_what_the_headers_say_one_by_one(spent: Spent | None) -> None:
    writer = HeaderWriter(ManualClock(1_651_929_656_000), SeededRandomness(5))
    caller = Caller(Method.OAUTH2_USER, 1, 2, frozenset(), Access.READ_WRITE, in_project=True)
    asked = (b"{}", caller, spent, (b"0123456789abcdef", 0))
    lines = [b"%b: %b\r\n" % header for header in writer.ok(*asked)]
    assert writer.ok_head(*asked) == b"HTTP/1.1 200 OK\r\n" + b"".join(lines)
