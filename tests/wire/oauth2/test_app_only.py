import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tacet.limits.failures import FAILURES, Kind
from tacet.store.base import StoreBusy
from tests.cast import APP_ID, CONSUMER_SECRET
from tests.service import Answer, Method, Service, in_memory

TOKEN, INVALIDATE = "/oauth2/token", "/oauth2/invalidate_token"
FORM = "application/x-www-form-urlencoded"
KEY = f"consumer-{APP_ID}"
GRANT = {"grant_type": "client_credentials"}
BAD_CREDENTIALS = (
    '{"errors":[{"code":99,"label":"authenticity_token_error","message":"Unable to verify your credentials"}]}'
)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with in_memory(rate_limits=False) as running:
        yield running


def basic(key: str = KEY, secret: str = CONSUMER_SECRET) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()}


async def post(
    service: Service, target: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
) -> Answer:
    sent = basic() if headers is None else headers
    body = urlencode(form or {}).encode()
    return await service.call("POST", target, token=None, headers={"content-type": FORM, **sent}, body=body)


async def issued(service: Service) -> str:
    answer = await post(service, TOKEN, GRANT)
    assert answer.status == 200
    text: str = answer.json["access_token"]
    return text


async def test_an_app_gets_its_bearer(service: Service) -> None:
    answer = await post(service, TOKEN, GRANT)
    assert answer.status == 200
    assert list(answer.json) == ["token_type", "access_token"]
    assert answer.json["token_type"] == "bearer"
    assert answer.headers["content-type"] == "application/json;charset=utf-8"
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-cache, no-store, max-age=0", "no-cache")
    assert (await service.get("/2/users/1002", answer.json["access_token"])).status == 200
    assert await issued(service) == answer.json["access_token"]


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        pytest.param({}, basic(), id="basic"),
        pytest.param({}, {"authorization": basic()["authorization"].rstrip("=")}, id="basic-without-padding"),
        pytest.param({"client_id": KEY, "client_secret": CONSUMER_SECRET}, {}, id="in-the-form"),
    ],
)
async def test_credentials_may_stand_in_either_place(
    service: Service, form: dict[str, str], headers: dict[str, str]
) -> None:
    assert (await post(service, TOKEN, {**GRANT, **form}, headers)).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param(basic(secret="wrong"), id="wrong-secret"),
        pytest.param(basic(key="nobodys"), id="unknown-app"),
        pytest.param({"authorization": "Basic %%%"}, id="broken-basic"),
        pytest.param({"authorization": "Bearer app-only"}, id="bearer"),
    ],
)
async def test_credentials_that_are_no_good_are_answered_as_recorded(
    service: Service, headers: dict[str, str], shared_wire: Path
) -> None:
    assert BAD_CREDENTIALS in (shared_wire / "oauth.md").read_text()
    for answer in (
        await post(service, TOKEN, GRANT, headers),
        await post(service, INVALIDATE, {"access_token": "app-only"}, headers),
    ):
        assert (answer.status, answer.body.decode()) == (403, BAD_CREDENTIALS)
    assert (await service.get("/2/users/1002", "app-only")).status == 200


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({}, id="missing"),
        pytest.param({"grant_type": ""}, id="empty"),
        pytest.param({"grant_type": "password"}, id="another"),
        pytest.param({"grant_type": "authorization_code"}, id="of-the-other-endpoint"),
    ],
)
async def test_any_other_grant_type_is_as_good_as_none(service: Service, form: dict[str, str]) -> None:
    answer = await post(service, TOKEN, form)
    assert answer.status == 403
    assert answer.json == {
        "errors": [
            {
                "code": 170,
                "label": "forbidden_missing_parameter",
                "message": "Missing required parameter: grant_type",
            }
        ]
    }


async def test_a_body_that_cannot_be_read_holds_no_grant_type(service: Service) -> None:
    headers = {**basic(), "content-type": "text/plain"}
    answer = await service.call("POST", TOKEN, token=None, headers=headers, body=b"grant_type=client_credentials")
    assert (answer.status, answer.json["errors"][0]["code"]) == (403, 170)


class TestInvalidating:
    async def test_by_query(self, service: Service) -> None:
        bearer = await issued(service)
        answer = await post(service, f"{INVALIDATE}?access_token={bearer}")
        assert (answer.status, answer.json) == (200, {"access_token": bearer})
        assert (await service.get("/2/users/1002", bearer)).status == 401
        assert await issued(service) != bearer

    async def test_by_form(self, service: Service) -> None:
        bearer = await issued(service)
        assert (await post(service, INVALIDATE, {"access_token": bearer})).json == {"access_token": bearer}

    @pytest.mark.parametrize(
        "text", ["", "nobodys", "alice", "1001-2001", "app-only-standalone", "\x00", "漢"], ids=ascii
    )
    async def test_what_is_not_the_apps_own(self, service: Service, text: str) -> None:
        answer = await post(service, INVALIDATE, {"access_token": text})
        assert (answer.status, answer.body.decode()) == (403, BAD_CREDENTIALS)


async def test_after_too_many_failures_even_the_right_secret_has_to_wait(service: Service) -> None:
    for _ in range(FAILURES[Kind.TOKEN].count):
        await post(service, TOKEN, GRANT, basic(secret="wrong"))
    answer = await post(service, TOKEN, GRANT)
    assert (answer.status, answer.json) == (429, {"errors": [{"message": "Rate limit exceeded", "code": 88}]})
    assert (await post(service, INVALIDATE, {"access_token": "app-only"})).status == 429
    assert (await post(service, TOKEN, GRANT, basic(key="consumer-2002"))).status == 200


async def test_a_full_queue_is_said_in_the_words_of_v1(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_token: object) -> None:
        raise StoreBusy("full")

    monkeypatch.setattr(service.store.credentials, "put_token", fail)
    answer = await post(service, TOKEN, GRANT)
    assert (answer.status, answer.json) == (503, {"errors": [{"message": "Over capacity", "code": 130}]})


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("path", [TOKEN, INVALIDATE])
async def test_only_post_is_answered(service: Service, path: str, method: Method) -> None:
    answer = await service.call(method, path, token=None)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


async def test_json_does_as_well(service: Service) -> None:
    headers = {**basic(), "content-type": "application/json"}
    answer = await service.call("POST", TOKEN, token=None, headers=headers, body=json.dumps(GRANT).encode())
    assert answer.status == 200
