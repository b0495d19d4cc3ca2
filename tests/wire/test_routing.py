import pytest

from tests.service import Method, Service
from tests.wire.calls import LIST

NOWHERE = {
    "another-version": "/1.0/mutes/users/ids.json",
    "version-only": "/2",
    "users-slash": "/2/users/",
    "list-slash": f"{LIST}/",
    "no-id": "/2/users//muting",
    "slash-in-an-id": "/2/users/10%2F01/muting",
    "target-missing": f"{LIST}/1002/",
    "too-deep": f"{LIST}/1002/3",
    "upper-case": "/2/Users/1001/muting",
    "bookmarks": "/2/users/1001/bookmarks",
    "dots": "/2/users/../users/1001/muting",
    "not-ascii": "/2/%C3%A9",
    "not-utf-8": "/2/%FF%FE",
    "line-break": f"{LIST}%0A",
    "long": "/2/" + "a" * 10_000,
}


@pytest.mark.parametrize("token", ["alice", None], ids=["with-a-token", "without"])
@pytest.mark.parametrize("target", NOWHERE.values(), ids=NOWHERE.keys())
async def test_a_path_that_is_nowhere_is_answered_404_in_json(service: Service, target: str, token: str | None) -> None:
    answer = await service.get(target, token)
    assert answer.status == 404
    assert answer.json == {"title": "Not Found", "type": "about:blank", "status": 404, "detail": "Not Found"}
    assert answer.headers["content-type"] == "application/problem+json"


ALLOWED = {
    "/2/users/1001/muting": {"GET", "POST"},
    "/2/users/1001/muting/1002": {"DELETE"},
    "/2/users/me": {"GET"},
    "/2/users": {"GET"},
    "/2/users/1001": {"GET"},
    "/2/users/by": {"GET"},
    "/2/users/by/username/alice": {"GET"},
    "/2/tweets": {"GET", "POST"},
    "/2/tweets/5001": {"GET", "DELETE"},
    "/2/users/1001/retweets": {"POST"},
    "/2/users/1001/retweets/5001": {"DELETE"},
    "/2/openapi.json": {"GET"},
}
METHODS: list[Method] = ["GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("path", "allowed"), ALLOWED.items(), ids=ALLOWED.keys())
async def test_a_method_is_served_or_the_served_ones_are_named(
    service: Service, path: str, allowed: set[str], method: Method
) -> None:
    answer = await service.call(method, path, token=None)
    if method in allowed:
        assert answer.status in {200, 401}
    else:
        assert answer.status == 405
        assert set(answer.headers["allow"].split(", ")) == allowed
        assert answer.json["title"] == "Method Not Allowed"
        assert answer.headers["content-type"] == "application/problem+json"


async def test_fixed_paths_come_before_parameters(service: Service) -> None:
    assert (await service.get("/2/users/me")).json["data"]["id"] == "1001"
    assert (await service.get("/2/users/by")).messages == ["The `usernames` query parameter can not be empty"]


async def test_escapes_in_a_path_are_read(service: Service) -> None:
    assert (await service.get("/2/users/%31001/muting")).status == 200
    assert (await service.get("/2/users/by/username/%61lice")).json["data"]["id"] == "1001"


BAD_IDS = {
    "escaped-letter": ("/2/users/%78/muting", "x"),
    "escaped-emoji": ("/2/users/%F0%9F%9A%80/muting", "🚀"),
    "escaped-line-break": ("/2/users/1001%0A/muting", "1001\n"),
    "escaped-nul": ("/2/users/%00/muting", "\0"),
    "fixed-path-and-line-break": ("/2/users/me%0A", "me\n"),
    "not-utf-8": ("/2/users/%FF/muting", "\ufffd"),
    "plus": ("/2/users/+1001/muting", "+1001"),
    "20-digits": (f"/2/users/{'1' * 20}/muting", "1" * 20),
}


@pytest.mark.parametrize(("target", "value"), BAD_IDS.values(), ids=BAD_IDS.keys())
async def test_garbage_in_a_path_is_a_bad_id(service: Service, target: str, value: str) -> None:
    answer = await service.get(target)
    assert answer.status == 400
    assert answer.messages == [f"The `id` query parameter value [{value}] is not valid"]


async def test_garbage_is_echoed_with_the_recorded_escapes(service: Service) -> None:
    answer = await service.get("/2/users/%F0%9F%9A%80%E2%98%95/muting?x%2Fy=%3Cb%3E")
    assert b'"id":["\\uD83D\\uDE80\xe2\x98\x95"]' in answer.body
    assert b'"x/y":["<b>"]' in answer.body
