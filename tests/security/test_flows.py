"""What RFC 9700 wants of an authorization server as a whole: flows that are not there, and no way around the others."""

import base64
import logging
from collections.abc import Mapping
from urllib.parse import urlencode

import pytest

from tacet.identity.signin.passwords import Passwords
from tacet.settings import SANDBOX
from tests.cast import ALICE, BOB, CALLBACK, CLIENT_SECRET, login_app
from tests.pages.browsing import Browser, Screen
from tests.service import HOST, Answer, Method, Service, exchange, in_memory

PASSWORD = "walnut ferry hollow nine"
SAID = "between the two of us"
YEAR_MS = 365 * 24 * 3_600_000

ASKED = {
    "response_type": "code",
    "redirect_uri": CALLBACK,
    "scope": "tweet.read users.read offline.access",
    "state": "a-state",
    "code_challenge": "a-challenge",
    "code_challenge_method": "plain",
}


async def asking(service: Service, **changed: str | None) -> Screen:
    """What Alice sees when an App asks her so; None leaves a parameter out."""
    app = login_app(service.vault)
    await service.store.credentials.put_app(app)
    await Passwords(service.store.accounts, service.clock).set(ALICE.id, PASSWORD, username=ALICE.username)
    browser = Browser(service)
    await browser.sign_in(ALICE.username, PASSWORD)
    asked: Mapping[str, str | None] = {**ASKED, "client_id": app.client_id, **changed}
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    return await browser.get(f"/i/oauth2/authorize?{query}")


async def test_the_plain_question_is_shown(service: Service) -> None:
    assert (await asking(service)).status == 200


@pytest.mark.parametrize("response_type", ["token", "id_token", "code token", "code id_token", "none", "CODE"])
async def test_no_flow_but_the_code_is_there(service: Service, response_type: str) -> None:
    shown = await asking(service, response_type=response_type)
    assert (shown.status, "location" in shown.headers) == (400, False)


@pytest.mark.parametrize("left_out", ["code_challenge", "redirect_uri", "client_id"])
async def test_there_is_no_login_without_a_challenge_or_a_place_to_return_to(service: Service, left_out: str) -> None:
    shown = await asking(service, **{left_out: None})
    assert (shown.status, "location" in shown.headers) == (400, False)


ELSEWHERE = {
    "a longer path": f"{CALLBACK}/more",
    "a slash at the end": f"{CALLBACK}/",
    "a query": f"{CALLBACK}?a=1",
    "a fragment": f"{CALLBACK}#a",
    "a path that comes back": f"{CALLBACK}/../callback",
    "another case": CALLBACK.upper(),
    "http": CALLBACK.replace("https", "http"),
    "a port": CALLBACK.replace("client.example", "client.example:443"),
    "a name before it": CALLBACK.replace("client.example", "www.client.example"),
    "a name behind it": CALLBACK.replace("client.example", "client.example.evil.example"),
    "somebody before it": CALLBACK.replace("client.example", "client.example@evil.example"),
    "a backslash": CALLBACK.replace("client.example/", "client.example\\@evil.example/"),
    "escapes": CALLBACK.replace("callback", "%63allback"),
    "a blank behind it": f"{CALLBACK} ",
    "another scheme": "javascript:alert(1)",
    "nothing but a path": "/callback",
}


@pytest.mark.parametrize("redirect_uri", ELSEWHERE.values(), ids=ELSEWHERE)
async def test_nothing_but_the_very_callback_is_gone_to(service: Service, redirect_uri: str) -> None:
    shown = await asking(service, redirect_uri=redirect_uri)
    assert (shown.status, "location" in shown.headers) == (400, False)
    assert [link for link in shown.links if "client.example" in link or "evil" in link] == []


@pytest.mark.parametrize("wrong", [{"scope": "no.such"}, {"state": "x" * 501}, {"code_challenge_method": "S512"}])
async def test_no_mistake_sends_the_browser_to_the_app(service: Service, wrong: dict[str, str]) -> None:
    shown = await asking(service, **wrong)
    assert (shown.status, "location" in shown.headers) == (400, False)


GRANTS = {
    "password": {"grant_type": "password", "username": "alice", "password": PASSWORD},
    "client credentials": {"grant_type": "client_credentials"},
    "implicit": {"grant_type": "implicit"},
    "device": {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": "x"},
    "assertion": {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "x.y.z"},
}


@pytest.mark.parametrize("fields", GRANTS.values(), ids=GRANTS)
async def test_the_token_endpoint_knows_two_grants_only(service: Service, fields: dict[str, str]) -> None:
    await asking(service)
    answer = await post(service, "/2/oauth2/token", fields)
    assert (answer.status, answer.json["error"]) == (400, "unsupported_grant_type")


async def test_a_confidential_app_gets_nothing_without_its_secret(service: Service) -> None:
    await asking(service)
    given = {"grant_type": "authorization_code", "code": "x", "redirect_uri": CALLBACK, "code_verifier": "x"}
    client_id = login_app(service.vault).client_id
    for more in ({"client_id": client_id}, {"client_id": client_id, "client_secret": CLIENT_SECRET}):
        answer = await post(service, "/2/oauth2/token", {**given, **more}, basic=False)
        assert (answer.status, answer.json["error"]) == (401, "unauthorized_client")


@pytest.mark.parametrize("path", ["/2/oauth2/token", "/2/oauth2/revoke", "/i/oauth2/authorize", "/2/oauth2/authorize"])
async def test_no_other_site_may_read_an_answer(service: Service, path: str) -> None:
    sent = {"host": HOST, "origin": "https://evil.example", "access-control-request-method": "POST"}
    methods: list[Method] = ["OPTIONS", "GET", "POST"]
    for method in methods:
        answer = await exchange(service.tacet, method, path, sent, [b""])
        assert [name for name in answer.headers if name.startswith("access-control-")] == []


async def test_a_token_in_the_address_is_none(service: Service) -> None:
    for name in ("access_token", "oauth_token", "bearer", "token"):
        assert (await service.get(f"/2/users/me?{name}=alice", None)).status == 401


async def test_what_speaks_for_an_app_is_nobodys_account(service: Service) -> None:
    """Or an App that is called like somebody could be taken for them (RFC 9700 section 4.15)."""
    for target in ("/2/users/me", f"/2/users/{ALICE.id}/muting"):
        assert (await service.get(target, "app-only")).status == 403


async def test_no_mute_is_logged(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for answer in (
            await service.mute(ALICE, BOB.id),
            await service.page(ALICE),
            await service.unmute(ALICE, BOB.id),
            await service.signed("POST", f"/1.1/mutes/users/create.json?user_id={BOB.id}"),
            await service.signed("GET", "/1.1/mutes/users/list.json"),
            await service.get(f"/2/users/{ALICE.id}/timelines/reverse_chronological"),
            await service.signed("POST", f"/1.1/mutes/users/destroy.json?screen_name={BOB.username}"),
        ):
            assert answer.status == 200
    assert told(caplog) == []


async def test_no_mute_on_a_page_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with in_memory(mode=SANDBOX) as service:
        browser = Browser(service)
        await browser.sign_in(ALICE.username)
        caplog.clear()
        with caplog.at_level(logging.DEBUG):
            fields = {"csrf": (await browser.get("/muted")).csrf, "username": BOB.username, "target_id": str(BOB.id)}
            for action in ("mute", "unmute", "mute"):
                changed = await browser.post(f"/muted/{action}", fields)
                assert changed.status == 303
                assert (await browser.get(changed.location)).status == 200
            assert (await browser.get(f"/muted?q={BOB.username}")).status == 200
            assert (await browser.get("/timeline")).status == 200
    assert told(caplog) == []


async def test_no_message_is_logged(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    target = {"target_user_id": str(ALICE.id)}
    conversation = f"/2/dm_conversations/with/{BOB.id}"
    with caplog.at_level(logging.DEBUG):
        for answer in (
            await service.post_json(f"/2/users/{BOB.id}/following", target, BOB.username),
            await service.post_json(f"{conversation}/messages", {"text": SAID}),
            await service.get("/2/dm_events"),
            await service.get(f"{conversation}/dm_events"),
        ):
            assert answer.status in (200, 201)
        refused = await service.post_json(f"{conversation}/messages", {"text": SAID, "attachments": [SAID]})
    assert refused.status == 400
    assert [line for line in told(caplog) if SAID in line or str(BOB.id) in line] == []


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the service logged; the tests' own client of OAuth 1.0a tells what it signs."""
    return [record.getMessage() for record in caplog.records if not record.name.startswith("oauthlib")]


async def test_a_password_does_not_age() -> None:
    async with in_memory() as service:
        passwords = Passwords(service.store.accounts, service.clock)
        await passwords.set(ALICE.id, PASSWORD, username=ALICE.username)
        service.clock.advance(10 * YEAR_MS)
        assert (await Browser(service).sign_in(ALICE.username, PASSWORD)).status == 303


async def post(service: Service, target: str, fields: Mapping[str, str], basic: bool = True) -> Answer:
    """A request of the App's at an endpoint for clients."""
    pair = f"{login_app(service.vault).client_id}:{CLIENT_SECRET}"
    headers = {"host": HOST, "content-type": "application/x-www-form-urlencoded"}
    if basic:
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return await exchange(service.tacet, "POST", target, headers, [urlencode(fields).encode()])
