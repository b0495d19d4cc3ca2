"""What PostgreSQL stores in no text, a NUL or half a pair of UTF-16, wherever a text can come in.

It is refused, or left out where a text is cleaned; never a fault of ours, and never a database that cannot be reached.
"""

import base64
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from tacet.records.people import MAX_ID
from tacet.settings import SANDBOX
from tests.cast import ALICE, BOB, CALLBACK, CLIENT_SECRET, LOGIN_APP_ID, login_app, move_in
from tests.pages.browsing import Browser
from tests.pages.portal.desk import Desk
from tests.sandboxes import clean_environment
from tests.service import JSON, SECRET_KEY, Answer, Method, Service, opened

FORM = "application/x-www-form-urlencoded"

ODD = {
    "nul": "\0",
    "nul inside": "al\0ice",
    "nul at the end": "alice\0",
    "half a pair": "\ud800",
    "half a pair inside": "al\udfffice",
    "noncharacters": "\uffff\U0010ffff",
    "controls": "al\x01\x7f\x85ice",
    "no number that can be stored": str(MAX_ID + 1),
}


@pytest.fixture
async def service(migrated_address: str) -> AsyncIterator[Service]:
    async with opened(database=migrated_address, rate_limits=False, mode=SANDBOX) as made:
        await move_in(made.store, made.vault)
        await made.store.credentials.put_app(login_app(made.vault))
        yield made


@pytest.fixture
async def browser(service: Service) -> Browser:
    """Alice's, who is a developer."""
    made = Browser(service)
    await made.sign_in("alice")
    await Desk(service, made).sign_up()
    return made


def escaped(odd: str) -> str:
    """As it stands in an address or a form."""
    return quote(_octets(odd), safe="")


def _octets(odd: str) -> bytes:
    return odd.encode("utf-8", "surrogatepass")


def with_odd(fields: Mapping[str, str], name: str, odd: str) -> str:
    """A form in which one field is odd."""
    rest = urlencode({key: value for key, value in fields.items() if key != name})
    return f"{rest}&{name}={escaped(odd)}"


def is_refused(answer: Answer) -> bool:
    return 400 <= answer.status < 500


@pytest.mark.parametrize(
    "target",
    [
        "/2/users/{}",
        "/2/users?ids={}",
        "/2/users/by?usernames={}",
        "/2/users/by/username/{}",
        "/2/users/1001/muting?pagination_token={}",
        "/2/users/1001/timelines/reverse_chronological?pagination_token={}",
        "/2/users/1001/tweets?since_id={}",
        "/2/tweets?ids={}",
        "/2/dm_events?pagination_token={}",
        "/2/dm_conversations/with/{}/dm_events",
    ],
)
async def test_what_v2_is_asked_for(service: Service, target: str) -> None:
    for what, odd in ODD.items():
        answer = await service.get(target.format(escaped(odd)))
        # A number is somebody who is not there, or a page after the last one.
        assert is_refused(answer) or (odd.isdigit() and answer.status == 200), what


@pytest.mark.parametrize("name", ["text", "reply_settings"])
async def test_posts(service: Service, name: str) -> None:
    for what, odd in ODD.items():
        answer = await service.post_json("/2/tweets", {"text": "Hello", name: odd})
        if answer.status == 201:
            written = answer.json["data"]
            assert "\0" not in written["text"]
            assert (await service.get(f"/2/tweets/{written['id']}")).json["data"]["text"] == written["text"]
        else:
            assert is_refused(answer), what


async def test_messages(service: Service) -> None:
    target = f"/2/dm_conversations/with/{BOB.id}/messages"
    assert (await service.post_json(f"/2/users/{BOB.id}/following", {"target_user_id": "1001"}, "Bob_B")).status == 200
    for what, odd in ODD.items():
        answer = await service.post_json(target, {"text": odd})
        assert answer.status == 201 or is_refused(answer), what
    assert b"\\u0000" not in (await service.get("/2/dm_events")).body


@pytest.mark.parametrize(
    ("path", "name"), [("muting", "target_user_id"), ("following", "target_user_id"), ("retweets", "tweet_id")]
)
async def test_whom_a_body_names(service: Service, path: str, name: str) -> None:
    for what, odd in ODD.items():
        body = json.dumps({name: odd}).encode()
        target = f"/2/users/{ALICE.id}/{path}"
        assert is_refused(await service.call("POST", target, headers={"content-type": JSON}, body=body)), what


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "users/show", "screen_name"),
        ("GET", "users/show", "user_id"),
        ("GET", "users/lookup", "screen_name"),
        ("GET", "mutes/users/ids", "cursor"),
        ("POST", "mutes/users/create", "screen_name"),
        ("POST", "mutes/users/destroy", "screen_name"),
        ("POST", "blocks/create", "screen_name"),
        ("GET", "friendships/show", "target_screen_name"),
        ("GET", "friendships/lookup", "screen_name"),
    ],
)
async def test_what_v1_is_given(service: Service, method: Method, path: str, name: str) -> None:
    for what, odd in ODD.items():
        target = f"/1.1/{path}.json?{name}={escaped(odd)}"
        assert is_refused(await service.call(method, target, token="app-only")), what
        # What is no UTF-8 cannot be signed.
        if odd.isprintable() or odd.isascii():
            answer = await service.signed(method, target)
            assert is_refused(answer) or answer.body == b"[]" or answer.json["ids"] == [], what


async def test_bearers(service: Service) -> None:
    for what, odd in ODD.items():
        token = _octets(odd).decode("latin-1")
        assert (await service.get("/2/users/me", token)).status == 401, what
        assert (await service.get("/1.1/users/show.json?user_id=1001", token)).status == 401, what


@pytest.mark.parametrize(
    "path", ["/oauth/request_token", "/oauth/access_token", "/1.1/account/verify_credentials.json"]
)
async def test_what_is_signed(service: Service, path: str) -> None:
    given = {
        "oauth_consumer_key": f"consumer-{LOGIN_APP_ID}",
        "oauth_nonce": "nonce",
        "oauth_signature": "c2lnbmF0dXJl",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(service.clock.now_ms() // 1000),
        "oauth_token": "1001-2001",
        "oauth_verifier": "1234567",
        "oauth_callback": CALLBACK,
    }
    method: Method = "GET" if path.startswith("/1.1") else "POST"
    for name in given:
        for what, odd in ODD.items():
            pairs = {key: quote(value, safe="") for key, value in given.items()} | {name: escaped(odd)}
            authorization = "OAuth " + ", ".join(f'{key}="{value}"' for key, value in pairs.items())
            answer = await service.call(method, path, token=None, headers={"authorization": authorization})
            assert is_refused(answer), (name, what)


@pytest.mark.parametrize("path", ["/2/oauth2/token", "/2/oauth2/revoke", "/oauth2/token", "/oauth2/invalidate_token"])
@pytest.mark.parametrize("grant_type", ["authorization_code", "refresh_token", "client_credentials"])
async def test_what_clients_ask_tokens_with(service: Service, path: str, grant_type: str) -> None:
    client_id = login_app(service.vault).client_id
    given = {
        "client_id": client_id,
        "grant_type": grant_type,
        "code": "code",
        "redirect_uri": CALLBACK,
        "code_verifier": "v" * 43,
        "refresh_token": "refresh",
        "token": "token",
        "access_token": "access",
    }
    for name in given:
        for what, odd in ODD.items():
            for basic in (f"{client_id}:{CLIENT_SECRET}", f"{odd}:{odd}"):
                credentials = base64.b64encode(_octets(basic)).decode()
                headers = {"content-type": FORM, "authorization": f"Basic {credentials}"}
                body = with_odd(given, name, odd).encode()
                answer = await service.call("POST", path, token=None, headers=headers, body=body)
                assert is_refused(answer), (name, what)


@pytest.mark.parametrize(
    "path",
    [
        "/i/oauth2/authorize?response_type=code&client_id={}",
        "/i/oauth2/authorize?response_type=code&client_id=LOGIN&redirect_uri={}",
        "/i/oauth2/authorize?response_type=code&client_id=LOGIN&redirect_uri=BACK&scope=users.read&state={}"
        "&code_challenge=plain-challenge-that-is-long-enough-for-anybody&code_challenge_method=plain",
        "/oauth/authorize?oauth_token={}",
        "/oauth/authenticate?oauth_token={}&screen_name={}",
        "/muted?q={}",
        "/muted?from={}",
        "/muted?unmuted={}&at={}&proof={}",
        "/timeline?older={}",
        "/sign-in?force=1&next={}&screen_name={}",
        "/account?done={}",
        "/portal/apps/new?project={}",
    ],
)
async def test_addresses_of_pages(service: Service, browser: Browser, path: str) -> None:
    client_id = login_app(service.vault).client_id
    filled = path.replace("LOGIN", client_id).replace("BACK", quote(CALLBACK, safe=""))
    for what, odd in ODD.items():
        assert (await browser.get(filled.replace("{}", escaped(odd)))).status < 500, what


FORMS = {
    "sign-in": ("/sign-in", {"username": "alice", "next": "/"}),
    "mute": ("/muted", {"username": "bob", "back": "/muted"}),
    "unmute": ("/muted/unmute", {"target_id": "1002", "back": "/muted"}),
    "undo": ("/muted/undo", {"target_id": "1002", "at": "2", "back": "/muted"}),
    "sign-up": ("/portal/sign-up", {"use_case": "A quieter timeline", "agreed": "on"}),
    "project": ("/portal/projects/new", {"name": "Evenings", "description": "Quiet ones"}),
    "app": ("/portal/apps/new", {"name": "App", "description": "", "project": "new", "project_name": "Evenings"}),
    "authentication": (
        "/portal/apps/{}/authentication",
        {"oauth2": "on", "access": "read", "client_type": "public", "callbacks": CALLBACK, "website": ""},
    ),
}


@pytest.mark.parametrize(("path", "fields"), FORMS.values(), ids=FORMS)
async def test_forms_of_pages(service: Service, browser: Browser, path: str, fields: dict[str, str]) -> None:
    app_id = await Desk(service, browser).app()
    for name in fields:
        for what, odd in ODD.items():
            if path == "/sign-in":
                await browser.sign_in("alice", path="/sign-in?force=1")
            form = f"csrf={(await browser.get('/portal/projects/new')).csrf}&{with_odd(fields, name, odd)}"
            assert (await _post(service, browser, path.format(app_id), form)).status < 500, (name, what)
    kept = [await service.store.accounts.projects(ALICE.id), await service.store.accounts.apps(ALICE.id)]
    assert "\\x00" not in repr(kept)


async def _post(service: Service, browser: Browser, path: str, form: str) -> Answer:
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = {"content-type": FORM, "origin": browser.origin, "sec-fetch-site": "same-origin", "cookie": cookies}
    return await service.call("POST", path, token=None, headers=headers, body=form.encode())


async def test_cookies(service: Service) -> None:
    for what, odd in ODD.items():
        text = _octets((odd * 43)[:43]).decode("latin-1")
        for name in ("tacet_session_8080", "tacet_visit_8080"):
            answer = await service.call("GET", "/account", token=None, headers={"cookie": f"{name}={text}"})
            assert answer.status == 303, what


def test_rows_of_imports(migrated_address: str, tmp_path: Path) -> None:
    """Where a text is stored as it is the row is rejected; the others are imported."""
    person = {"id": "1", "username": "one", "name": "One"}
    post = {"type": "post", "id": "7", "author_id": "2", "text": "a", "created_at_ms": 1}
    rows = [
        {**person, "name": "O\0ne"},
        {**person, "username": "on\0e"},
        {**person, "description": "a\0b"},
        {**person, "affiliation": {"description": "a\0b"}},
        {**person, "name": "O\ud800ne"},
        {**person, "affiliation": {"url": "\ud800"}},
        {**post, "text": "a\0b"},
        {**post, "source": "\0"},
        {**post, "withheld": {"scope": "a\0b"}},
        {"id": "2", "username": "two", "name": "Two"},
    ]
    file = tmp_path / "people.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    done = _tacet(migrated_address, "people", "import", str(file))
    assert "database" not in done.stderr
    assert "Traceback" not in done.stderr
    assert "rejected" in done.stderr + done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["app", "create", "--name", "a\udcffb"],
        ["app", "create", "--name", "App", "--callback", "https://example.com/\udcff"],
        ["app", "create", "--name", "App", "--website", "https://example.com/\udcff"],
        ["app", "list", "--owner", "@\udcff"],
        ["people", "password", "@\udcff"],
        ["token", "create", "--app", "1", "--app-only", "--scope", "\udcff"],
        ["token", "revoke", "\udcff"],
    ],
    ids=lambda arguments: " ".join(arguments).encode("ascii", "backslashreplace").decode(),
)
def test_arguments_of_commands(migrated_address: str, arguments: list[str]) -> None:
    """What a shell passes on that is no text in the terminal's encoding."""
    done = _tacet(migrated_address, *arguments)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "the database" not in done.stderr


def _tacet(address: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**clean_environment(), "TACET_DATABASE": address, "TACET_SECRET_KEY": SECRET_KEY}
    command = [sys.executable, "-m", "tacet.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, input="")
