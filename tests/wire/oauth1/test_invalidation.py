from pathlib import Path
from typing import Any

import pytest

from tacet.identity.oauth1.logins import NewAccessToken
from tests.identity.oauth1.logins import Keys, Logins
from tests.identity.oauth1.signing import signed
from tests.service import Answer, Method
from tests.wire.oauth1.sending import send

PATH = "/1.1/oauth/invalidate_token.json"


@pytest.fixture
async def made(logins: Logins) -> NewAccessToken:
    return await logins.login()


async def invalidate(logins: Logins, made: NewAccessToken, query: str = "", **more: Any) -> Answer:
    keys = Keys(made.token, made.secret)
    return await send(
        logins.service, signed(f"https://api.x.com{PATH}{query}", logins.signing(keys=keys, **more), method="POST")
    )


async def test_a_token_is_given_back(logins: Logins, made: NewAccessToken) -> None:
    answer = await invalidate(logins, made)
    assert (answer.status, answer.json) == (200, {"access_token": made.token})
    assert "no-store" in answer.headers["cache-control"]
    assert await logins.call(made) == 401


async def test_afterwards_it_is_answered_as_recorded(logins: Logins, made: NewAccessToken, shared_wire: Path) -> None:
    await invalidate(logins, made)
    answer = await invalidate(logins, made)
    assert answer.status == 401
    assert '{"code": 89,"message": "Invalid or expired token."}' in (shared_wire / "oauth.md").read_text()
    assert answer.body == b'{"errors":[{"code":89,"message":"Invalid or expired token."}]}'


async def test_another_one_of_the_same_person_and_app_may_be_named(logins: Logins, made: NewAccessToken) -> None:
    other = await logins.login()
    answer = await invalidate(logins, made, f"?access_token={other.token}&access_token_secret=x")
    assert answer.json == {"access_token": other.token}
    assert [await logins.call(each) for each in (made, other)] == [200, 401]


async def test_somebody_elses_may_not(logins: Logins, made: NewAccessToken) -> None:
    answer = await invalidate(logins, made, "?access_token=1001-2001")
    assert (answer.status, answer.json["errors"][0]["code"]) == (401, 89)


async def test_a_bad_signature(logins: Logins, made: NewAccessToken) -> None:
    answer = await invalidate(logins, made, token_secret="wrong")
    assert (answer.status, answer.json["errors"][0]["code"]) == (401, 32)
    assert await logins.call(made) == 200


@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        pytest.param(None, 400, 215, id="nothing"),
        pytest.param("Basic Y2s6Y3M=", 400, 215, id="basic"),
        pytest.param("Bearer app-only", 403, 220, id="an-app-on-its-own"),
        pytest.param("bearer alice", 403, 220, id="oauth-2"),
        pytest.param("Bearer nobodys", 401, 89, id="unknown-bearer"),
    ],
)
async def test_other_credentials_do_not_do(logins: Logins, authorization: str | None, status: int, code: int) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    answer = await logins.service.call("POST", PATH, token=None, headers=headers)
    assert (answer.status, answer.json["errors"][0]["code"]) == (status, code)


async def test_a_bearer_that_is_no_good_is_answered_as_recorded(logins: Logins, shared_wire: Path) -> None:
    answer = await logins.service.call("POST", PATH, token=None, headers={"authorization": "Bearer nobodys"})
    recorded = '{"errors":[{"message":"Invalid or expired token","code":89}]}'
    assert recorded in (shared_wire / "oauth.md").read_text()
    assert answer.body == recorded.encode()


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_only_post_is_answered(logins: Logins, method: Method) -> None:
    answer = await logins.service.call(method, PATH, token=None)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
