import pytest

from tacet.ids import SeededRandomness
from tacet.limits.defaults import DEFAULT_LIMITS
from tacet.limits.windows import InProcessWindows
from tacet.observing.complaints import Complaints
from tacet.observing.requests import Requests
from tacet.wire.endpoint import Services
from tacet.wire.headers import HeaderWriter
from tacet.wire.v1.calls import V1Operation
from tacet.wire.v1.routes import operations
from tests.service import Service
from tests.wire.v1.asking import code

NOWHERE = [
    "/1.1/",
    "/1.1/nowhere.json",
    "/1.1/mutes/users/ids",
    "/1.1/mutes/users/ids.json/",
    "/1.1/mutes/users/ids.xml",
    "/1.1//mutes/users/ids.json",
    "/1.1/MUTES/users/ids.json",
    "/1.1/mutes/users/ids.json%0A",
    "/1.1/statuses/home_timeline.json",
    "/1.1/oauth/nowhere.json",
    "/1.1/oauth/invalidate_token",
]


@pytest.mark.parametrize("target", NOWHERE)
@pytest.mark.parametrize("token", ["alice", None], ids=["bearer", "nobody"])
async def test_a_path_that_is_none_is_answered_as_recorded(service: Service, target: str, token: str | None) -> None:
    for method in ("GET", "POST"):
        answer = await service.call(method, target, token=token, headers={"accept": "text/html"})
        assert answer.body == b'{"errors":[{"message":"Sorry, that page does not exist","code":34}]}'
        assert (answer.status, answer.headers["content-type"]) == (404, "application/json;charset=utf-8")


@pytest.mark.parametrize("target", ["/1.1", "/1.1x", "/2/nowhere", "/1.0/mutes/users/ids.json"])
async def test_what_lies_elsewhere_is_none_of_v1(service: Service, target: str) -> None:
    answer = await service.get(target)
    assert (answer.status, answer.json["title"]) == (404, "Not Found")


async def test_giving_back_a_token_still_belongs_to_logins(service: Service) -> None:
    answer = await service.call("POST", "/1.1/oauth/invalidate_token.json", token=None)
    assert code(answer) == (400, 215)
    assert "x-transaction-id" in answer.headers


def every(service: Service) -> list[V1Operation]:
    """All operations, as the service has them."""
    tacet, clock = service.tacet, service.clock
    headers, windows = HeaderWriter(clock, SeededRandomness(1)), InProcessWindows({}, clock)
    complaints = Complaints(lambda: 0.0)
    services = Services(
        tacet.authenticator, windows, headers, clock, tacet.usage, Requests(clock), complaints, max_body_bytes=1_024
    )
    return operations(services, tacet.actions)


async def test_every_operation_has_a_limit_and_every_limit_an_operation(service: Service) -> None:
    listed = every(service)
    assert len({operation.id for operation in listed}) == len(listed)
    limits = {id_ for id_ in DEFAULT_LIMITS if "/" in id_ and not id_.startswith("pages/")}
    assert {operation.id for operation in listed} == limits


async def test_operations_that_write_are_those_by_post(service: Service) -> None:
    listed = every(service)
    assert all(operation.writes == (operation.method == "POST") for operation in listed)
    assert not any(operation.writes and operation.app_only for operation in listed)
