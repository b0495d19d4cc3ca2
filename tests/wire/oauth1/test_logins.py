import json
import re
from dataclasses import replace
from typing import Any

import pytest

from tacet.identity.oauth1 import SignedRequest
from tacet.identity.oauth1.logins import REQUEST_TOKEN_MS
from tests.cast import ALICE, CALLBACK
from tests.identity.oauth1.logins import ASK, EXCHANGE, Logins, signed_by_app_alone
from tests.identity.oauth1.signing import METHODS, Method, Pairs, Signing, signed
from tests.service import Answer
from tests.wire.oauth1.sending import keys_of, members, send
from tests.wire.recorded import Recorded

CALLBACK_REFUSED = "Callback URL not approved for this client application. Approved callback URLs can be adjusted in "


async def ask(logins: Logins, request: SignedRequest | None = None, **headers: str) -> Answer:
    return await send(logins.service, request or logins.asking(), **headers)


async def exchange(logins: Logins, request: SignedRequest) -> Answer:
    return await send(logins.service, request)


class TestAWholeLogin:
    @pytest.mark.parametrize("method", ["POST", "GET"])
    @pytest.mark.parametrize("place", ["AUTH_HEADER", "QUERY"])
    async def test_by_either_method_and_place(self, logins: Logins, method: Method, place: str) -> None:
        def sign(url: str, **more: Any) -> SignedRequest:
            return signed(url, logins.signing(place=place, **more), method=method)

        keys = keys_of(await ask(logins, sign(ASK, callback=CALLBACK)))
        made = members(await exchange(logins, sign(EXCHANGE, keys=keys, verifier=await logins.agree(keys))))
        assert list(made) == ["oauth_token", "oauth_token_secret", "user_id", "screen_name"]
        assert re.fullmatch("1001-[A-Za-z0-9]{40}", made["oauth_token"])
        assert re.fullmatch("[A-Za-z0-9]+", made["oauth_token_secret"])
        assert (made["user_id"], made["screen_name"]) == (str(ALICE.id), "alice")

    async def test_a_request_token_is_answered_in_the_recorded_order(self, logins: Logins) -> None:
        answer = await ask(logins)
        assert list(members(answer)) == ["oauth_token", "oauth_token_secret", "oauth_callback_confirmed"]
        assert members(answer)["oauth_callback_confirmed"] == "true"
        assert re.fullmatch(
            rb"oauth_token=[A-Za-z0-9]{42}&oauth_token_secret=[A-Za-z0-9]{45}&oauth_callback_confirmed=true",
            answer.body,
        )

    async def test_parameters_in_a_form(self, logins: Logins) -> None:
        form: Pairs = [("x_auth_access_type", "read")]
        request = signed(ASK, logins.signing(place="BODY", callback=CALLBACK), method="POST", form=form)
        login = await logins.steps.pending(keys_of(await ask(logins, request)).token)
        assert (login.callback, login.access.value) == (CALLBACK, "read")

    async def test_the_pin(self, logins: Logins) -> None:
        keys = keys_of(await ask(logins, logins.asking(None)))
        approval = await logins.steps.approve(keys.token, ALICE.id)
        made = await exchange(logins, logins.exchanging(keys, approval.pin))
        assert members(made)["screen_name"] == "alice"

    async def test_token_and_verifier_may_be_left_unsigned_where_xs_samples_leave_them(self, logins: Logins) -> None:
        keys = keys_of(await ask(logins))
        made = await exchange(logins, signed_by_app_alone(logins, keys, await logins.agree(keys)))
        assert members(made)["user_id"] == "1001"

    @pytest.mark.parametrize("request_", ["ask", "exchange"])
    async def test_nobody_keeps_a_copy(self, logins: Logins, request_: str) -> None:
        keys = keys_of(await ask(logins))
        last = logins.asking() if request_ == "ask" else logins.exchanging(keys, await logins.agree(keys))
        good, bad = await ask(logins, last), await ask(logins, last)
        assert (good.status, bad.status) == (200, 401)
        assert all("no-store" in answer.headers["cache-control"] for answer in (good, bad))


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "wrong-secret": ({"consumer_secret": "wrong"}, 401, '{"errors":[{"code":32,'),
    "unknown-app": ({"consumer_key": "nobodys"}, 401, '{"errors":[{"code":32,'),
    "unknown-token": ({"token": "nobodys"}, 401, '{"errors":[{"code":32,'),
    "plaintext": ({"method": "PLAINTEXT"}, 401, '{"errors":[{"code":32,'),
    "too-old": ({"timestamp_s": 1_000_000_000}, 401, '{"errors":[{"code":135,'),
}


class TestRefusals:
    @pytest.mark.parametrize(("change", "status", "start"), REFUSED.values(), ids=list(REFUSED))
    async def test_of_a_signature(self, logins: Logins, change: dict[str, Any], status: int, start: str) -> None:
        for answer in (
            await ask(logins, logins.asking(**change)),
            await ask(logins, logins.exchanging(None, "v", **change)),
        ):
            assert answer.status == status
            assert answer.body.decode().startswith(start)
            assert answer.headers["content-type"] == "application/json;charset=utf-8"
            assert answer.headers["www-authenticate"].startswith("OAuth realm=")

    async def test_could_not_authenticate_is_as_recorded(self, logins: Logins, recorded: Recorded) -> None:
        message = recorded.message("Could not authenticate you.", "## I.")
        answer = await ask(logins, logins.asking(consumer_secret="wrong"))
        assert answer.json == {"errors": [{"code": 32, "message": message}]}

    async def test_a_second_arrival(self, logins: Logins) -> None:
        request = logins.asking()
        assert [(await ask(logins, request)).status for _ in range(2)] == [200, 401]

    @pytest.mark.parametrize("path", ["/oauth/request_token", "/oauth/access_token"])
    @pytest.mark.parametrize(
        "headers", [{}, {"authorization": "Basic Y2s6Y3M="}, {"authorization": "Bearer alice"}], ids=ascii
    )
    async def test_without_any_signature(self, logins: Logins, path: str, headers: dict[str, str]) -> None:
        answer = await logins.service.call("POST", path, token=None, headers=headers)
        assert (answer.status, answer.json) == (400, {"errors": [{"message": "Bad Authentication data.", "code": 215}]})

    @pytest.mark.parametrize("authorization", ["OAuth ", "OAuth realm=,,,=%%%", 'OAuth oauth_consumer_key="x"'])
    async def test_of_what_cannot_be_read(self, logins: Logins, authorization: str) -> None:
        answer = await logins.service.call(
            "POST", "/oauth/request_token", token=None, headers={"authorization": authorization}
        )
        assert (answer.status, answer.json["errors"][0]["code"]) == (401, 32)

    @pytest.mark.parametrize("accept", [None, "*/*", "text/html,application/xml;q=0.9,*/*;q=0.8"], ids=ascii)
    async def test_a_callback_that_is_not_approved_in_xml(
        self, logins: Logins, accept: str | None, shared_wire: Any
    ) -> None:
        headers = {} if accept is None else {"accept": accept}
        answer = await ask(logins, logins.asking("https://evil.example"), **headers)
        assert answer.status == 403
        assert answer.headers["content-type"] == "application/xml;charset=utf-8"
        facts = (shared_wire / "oauth.md").read_text()
        assert answer.body.decode() in facts

    async def test_and_in_json_for_whoever_prefers_it(self, logins: Logins) -> None:
        answer = await ask(logins, logins.asking("https://evil.example"), accept="application/json")
        assert answer.status == 403
        [entry] = answer.json["errors"]
        assert entry["code"] == 415
        assert entry["message"].startswith(CALLBACK_REFUSED)

    async def test_an_app_whose_login_is_off(self, logins: Logins, recorded: Recorded) -> None:
        await logins.change(oauth1=False)
        answer = await ask(logins)
        message = recorded.message("Client is not permitted to perform this action.", "## I.")
        assert (answer.status, answer.json) == (403, {"errors": [{"code": 87, "message": message}]})

    async def test_an_unknown_access_type(self, logins: Logins) -> None:
        answer = await ask(logins, logins.asking(access="everything"))
        assert (answer.status, answer.json["errors"][0]["code"]) == (400, 215)

    @pytest.mark.parametrize("verifier", ["wrong", None], ids=["wrong", "missing"])
    async def test_a_verifier_in_the_words_that_clients_look_for(self, logins: Logins, verifier: str | None) -> None:
        keys = keys_of(await ask(logins))
        await logins.agree(keys)
        answer = await exchange(logins, logins.exchanging(keys, verifier))
        assert (answer.status, answer.body) == (
            401,
            b"Error processing your OAuth request: Invalid oauth_verifier parameter",
        )
        assert answer.headers["content-type"] == "text/html;charset=utf-8"

    async def test_no_token_in_the_words_that_clients_look_for(self, logins: Logins) -> None:
        answer = await exchange(logins, logins.exchanging(None, "v"))
        assert (answer.status, answer.body) == (401, b"Request token missing")

    async def test_a_request_token_that_is_too_old(self, logins: Logins) -> None:
        keys = keys_of(await ask(logins))
        verifier = await logins.agree(keys)
        logins.clock.advance(REQUEST_TOKEN_MS)
        answer = await exchange(logins, logins.exchanging(keys, verifier))
        assert (answer.status, answer.json["errors"][0]["code"]) == (401, 89)

    @pytest.mark.parametrize("method", [method for method in METHODS if method not in {"GET", "POST"}])
    async def test_other_methods(self, logins: Logins, method: Method) -> None:
        answer = await ask(logins, signed(ASK, logins.signing(), method=method))
        assert (answer.status, answer.headers["allow"]) == (405, "POST, GET")

    async def test_a_body_that_is_too_large(self, logins: Logins) -> None:
        answer = await ask(logins, replace(logins.asking(access="read"), form_body=b"x" * 70_000))
        assert answer.status == 413

    async def test_no_refusal_repeats_what_was_sent(self, logins: Logins) -> None:
        signing = Signing(consumer_key="A_KEY", token="A_TOKEN", callback="https://a.callback.example")
        answer = await ask(logins, signed(ASK, signing, method="POST"))
        assert answer.status == 401
        shown = json.dumps([answer.body.decode(), dict(answer.headers)])
        assert not any(text in shown for text in ("A_KEY", "A_TOKEN", "a.callback"))
