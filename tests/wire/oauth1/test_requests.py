import logging
from typing import Any

import pytest

from tacet.limits.failures import FAILURES, Kind
from tacet.store.base import StoreBusy, StoreError
from tests.identity.oauth1.logins import Logins
from tests.wire.oauth1.sending import keys_of, send

ALLOWED = FAILURES[Kind.TOKEN].count


async def status(logins: Logins, **change: Any) -> int:
    return (await send(logins.service, logins.asking(**change))).status


class TestFailures:
    async def test_after_too_many_even_the_right_secret_has_to_wait(self, logins: Logins) -> None:
        for _ in range(ALLOWED):
            assert await status(logins, consumer_secret="wrong") == 401
        answer = await send(logins.service, logins.asking())
        assert (answer.status, answer.json) == (429, {"errors": [{"message": "Rate limit exceeded", "code": 88}]})
        logins.clock.advance(FAILURES[Kind.TOKEN].window_s * 1000)
        assert await status(logins) == 200

    async def test_another_app_does_not_wait(self, logins: Logins) -> None:
        for _ in range(ALLOWED):
            await status(logins, consumer_secret="wrong")
        assert await status(logins, app=logins.other) == 200

    async def test_wrong_verifiers_that_strangers_bring_to_an_app_lock_nobody_out(self, logins: Logins) -> None:
        for _ in range(ALLOWED + 1):
            keys = keys_of(await send(logins.service, logins.asking()))
            await logins.agree(keys)
            assert (await send(logins.service, logins.exchanging(keys, "wrong"))).status == 401
        assert await status(logins) == 200

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param({"timestamp_s": 1}, id="a-clock-that-is-wrong"),
            pytest.param({"callback": "https://evil.example"}, id="a-callback-that-is-not-approved"),
            pytest.param({"method": "PLAINTEXT"}, id="a-method-that-is-not-known"),
        ],
    )
    async def test_what_guesses_no_secret_does_not_count(self, logins: Logins, change: dict[str, Any]) -> None:
        for _ in range(ALLOWED + 1):
            await status(logins, **change)
        assert await status(logins) == 200


@pytest.mark.parametrize(
    ("error", "code", "body"),
    [
        pytest.param(StoreBusy("full"), 503, {"message": "Over capacity", "code": 130}, id="busy"),
        pytest.param(StoreError("away"), 503, {"message": "Over capacity", "code": 130}, id="away"),
        pytest.param(RuntimeError("a secret"), 500, {"message": "Internal error", "code": 131}, id="bug"),
    ],
)
async def test_what_is_the_servers_fault_is_said_in_the_words_of_v1(
    logins: Logins,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    code: int,
    body: dict[str, Any],
) -> None:
    async def fail(_token: object) -> None:
        raise error

    monkeypatch.setattr(logins.store.consents, "put_request_token", fail)
    with caplog.at_level(logging.CRITICAL):
        answer = await send(logins.service, logins.asking())
    assert (answer.status, answer.json) == (code, {"errors": [body]})
    assert answer.headers["content-type"] == "application/json;charset=utf-8"
    assert ("retry-after" in answer.headers) == (code == 503)
