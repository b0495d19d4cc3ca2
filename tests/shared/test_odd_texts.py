"""What PostgreSQL stores in no text, a NUL or half a pair of UTF-16, wherever a text can come in.

It is refused, or left out where a text is cleaned; never a fault of ours, and never a database that cannot be reached.
"""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from tacet.records.people import MAX_ID
from tacet.settings import SANDBOX
from tests.cast import ALICE, BOB, CALLBACK, CLIENT_SECRET, LOGIN_APP_ID, OWN, login_app, move_in
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
    "noncharacter": "\uffff\U0010ffff",
    "control": "al\x01\x7f\x85ice",
    "large": str(MAX_ID + 1),
}

odd_texts = pytest.mark.parametrize("odd", ODD.values(), ids=ODD)


@pytest.fixture
async def service(migrated_address: str) -> AsyncIterator[Service]:
    async with opened(database=migrated_address, rate_limits=False, mode=SANDBOX) as made:
        await move_in(made.store, made.vault)
        await made.store.credentials.put_app(login_app(made.vault))
        yield made


def escaped(odd: str) -> str:
    """As it stands in an address or a form."""
    return quote(odd.encode("utf-8", "surrogatepass"), safe="")


def is_refused(answer: Answer) -> bool:
    return 400 <= answer.status < 500


async def send(service: Service, method: Method, target: str, form: str = "", token: str | None = "alice") -> Answer:
    headers = {"content-type": FORM} if form else {}
    return await service.call(method, target, token=token, headers=headers, body=form.encode())


@odd_texts
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
async def test_what_v2_is_asked_for(service: Service, target: str, odd: str) -> None:
    answer = await send(service, "GET", target.format(escaped(odd)))
    assert is_refused(answer) or answer.status == 200
    assert not any(known.username in answer.body.decode() for known in (ALICE, BOB)) or answer.status == 400


@odd_texts
@pytest.mark.parametrize("name", ["text", "reply_settings"])
async def test_posts(service: Service, odd: str, name: str) -> None:
    answer = await service.post_json("/2/tweets", {"text": "Hello", name: odd})
    if answer.status != 201:
        assert is_refused(answer)
        return
    text = answer.json["data"]["text"]
    assert (await service.get(f"/2/tweets/{answer.json['data']['id']}")).json["data"]["text"] == text
    assert "\0" not in text


@odd_texts
async def test_messages(service: Service, odd: str) -> None:
    target = f"/2/dm_conversations/with/{BOB.id}/messages"
    assert (await service.post_json(f"/2/users/{BOB.id}/following", {"target_user_id": "1001"}, "Bob_B")).status == 200
    answer = await service.post_json(target, {"text": odd})
    assert answer.status == 201 or is_refused(answer)
    assert b"\\u0000" not in (await service.get("/2/dm_events")).body


@odd_texts
@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/2/users/1001/muting", "target_user_id"),
        ("POST", "/2/users/1001/following", "target_user_id"),
        ("POST", "/2/users/1001/retweets", "tweet_id"),
    ],
)
async def test_whom_a_body_names(service: Service, odd: str, method: Method, path: str, name: str) -> None:
    body = json.dumps({name: odd}).encode()
    assert is_refused(await service.call(method, path, headers={"content-type": JSON}, body=body))


@odd_texts
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
async def test_what_v1_is_given(service: Service, odd: str, method: Method, path: str, name: str) -> None:
    target = f"/1.1/{path}.json?{name}={escaped(odd)}"
    by_bearer = await service.call(method, target, token="app-only")
    assert is_refused(by_bearer) or by_bearer.status == 200
    if odd.isascii():
        answer = await service.signed(method, target)
        assert is_refused(answer) or answer.json == []


@odd_texts
async def test_bearers(service: Service, odd: str) -> None:
    token = odd.encode("utf-8", "surrogatepass").decode("latin-1")
    assert (await service.get("/2/users/me", token)).status == 401
    assert (await service.call("GET", "/1.1/users/show.json?user_id=1001", token=token)).status == 401


@odd_texts
@pytest.mark.parametrize("name", ["oauth_consumer_key", "oauth_token", "oauth_verifier", "oauth_callback", "oauth_nonce"])
@pytest.mark.parametrize("path", ["/oauth/request_token", "/oauth/access_token", "/1.1/account/verify_credentials.json"])
async def test_what_is_signed(service: Service, odd: str, name: str, path: str) -> None:
    given = {
        "oauth_consumer_key": f"consumer-{LOGIN_APP_ID}",
        "oauth_nonce": "nonce",
        "oauth_signature": "c2lnbmF0dXJl",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(service.clock.now_ms() // 1000),
        "oauth_token": "1001-2001",
    }
    pairs = {key: quote(value, safe="") for key, value in given.items()} | {name: escaped(odd)}
    authorization = "OAuth " + ", ".join(f'{key}="{value}"' for key, value in pairs.items())
    method: Method = "GET" if path.startswith("/1.1") else "POST"
    assert is_refused(await service.call(method, path, token=None, headers={"authorization": authorization}))


@odd_texts
@pytest.mark.parametrize("path", ["/2/oauth2/token", "/2/oauth2/revoke", "/oauth2/token", "/oauth2/invalidate_token"])
@pytest.mark.parametrize("name", ["client_id", "code", "redirect_uri", "code_verifier", "refresh_token", "token"])
async def test_what_clients_ask_tokens_with(service: Service, odd: str, path: str, name: str) -> None:
    client_id = login_app(service.vault).client_id
    for grant_type in ("authorization_code", "refresh_token", "client_credentials"):
        given = {"grant_type": grant_type, "code": "c", "redirect_uri": CALLBACK, "code_verifier": "v" * 43}
        given |= {"refresh_token": "r", "token": "t"}
        form = f"{urlencode({key: value for key, value in given.items() if key != name})}&{name}={escaped(odd)}"
        for basic in (f"{client_id}:{CLIENT_SECRET}", f"{odd}:{odd}"):
            authorization = _basic(basic)
            headers = {"content-type": FORM, **authorization}
            answer = await service.call("POST", path, token=None, headers=headers, body=form.encode())
            assert is_refused(answer), (grant_type, answer.status)


def _basic(text: str) -> dict[str, str]:
    import base64

    return {"authorization": f"Basic {base64.b64encode(text.encode('utf-8', 'surrogatepass')).decode()}"}


@odd_texts
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
        "/sign-in?next={}&screen_name={}",
        "/account?done={}",
        "/portal/apps/new?project={}",
    ],
)
async def test_addresses_of_pages(service: Service, odd: str, path: str) -> None:
    browser = Browser(service)
    await browser.sign_in("alice")
    await Desk(service, browser).sign_up()
    client_id = login_app(service.vault).client_id
    filled = path.replace("LOGIN", client_id).replace("BACK", quote(CALLBACK, safe="")).replace("{}", escaped(odd))
    assert (await browser.get(filled)).status < 500


FORMS = {
    "sign-in": ("/sign-in", {"username": "alice", "next": "/"}),
    "mute": ("/muted", {"username": "bob", "back": "/muted"}),
    "unmute": ("/muted/unmute", {"target_id": "1002", "back": "/muted"}),
    "undo": ("/muted/undo", {"target_id": "1002", "at": "2", "back": "/muted"}),
    "sign-up": ("/portal/sign-up", {"use_case": "A quieter timeline", "agreed": "on"}),
    "project": ("/portal/projects/new", {"name": "Evenings", "description": "Quiet ones"}),
    "app": ("/portal/apps/new", {"name": "App", "description": "", "project": "new", "project_name": "Evenings"}),
}


@odd_texts
@pytest.mark.parametrize(("path", "fields"), FORMS.values(), ids=FORMS)
async def test_forms_of_pages(service: Service, odd: str, path: str, fields: dict[str, str]) -> None:
    browser = Browser(service)
    await browser.sign_in("alice")
    await Desk(service, browser).sign_up()
    csrf = (await browser.get("/portal/projects/new")).csrf
    for name in fields:
        rest = urlencode({key: value for key, value in fields.items() if key != name})
        answer = await _post(service, browser, path, f"csrf={csrf}&{rest}&{name}={escaped(odd)}")
        assert answer.status < 500, name
    projects = await service.store.accounts.projects(ALICE.id)
    apps = await service.store.accounts.apps(ALICE.id)
    assert not any("\0" in f"{each.name}{each.description}" for each in (*projects, *apps))


@odd_texts
async def test_authentication_settings(service: Service, odd: str) -> None:
    browser = Browser(service)
    await browser.sign_in("alice")
    desk = Desk(service, browser)
    await desk.sign_up()
    app_id = await desk.app()
    csrf = (await browser.get("/portal/projects/new")).csrf
    fields = {"oauth2": "on", "access": "read", "client_type": "public", "callbacks": CALLBACK, "website": ""}
    for name in fields:
        rest = urlencode({key: value for key, value in fields.items() if key != name})
        form = f"csrf={csrf}&{rest}&{name}={escaped(odd)}"
        assert (await _post(service, browser, f"/portal/apps/{app_id}/authentication", form)).status < 500, name
    assert "\0" not in repr((await desk.stored(app_id)).authentication)


async def _post(service: Service, browser: Browser, path: str, form: str) -> Answer:
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = {"content-type": FORM, "origin": browser.origin, "sec-fetch-site": "same-origin", "cookie": cookies}
    return await service.call("POST", path, token=None, headers=headers, body=form.encode())


@odd_texts
async def test_cookies(service: Service, odd: str) -> None:
    text = (odd * 43)[:43].encode("utf-8", "surrogatepass").decode("latin-1")
    for name in ("tacet_session_8080", "tacet_visit_8080"):
        answer = await service.call("GET", "/account", token=None, headers={"cookie": f"{name}={text}"})
        assert answer.status == 303


ROWS = {
    "name": {"id": "1", "username": "one", "name": "O\0ne"},
    "username": {"id": "1", "username": "on\0e", "name": "One"},
    "bio": {"id": "1", "username": "one", "name": "One", "description": "a\0b"},
    "badge": {"id": "1", "username": "one", "name": "One", "affiliation": {"description": "a\0b"}},
    "half a pair": {"id": "1", "username": "one", "name": "O\ud800ne"},
    "half a pair in a badge": {"id": "1", "username": "one", "name": "One", "affiliation": {"url": "\ud800"}},
    "post": {"type": "post", "id": "7", "author_id": "2", "text": "a\0b", "created_at_ms": 1},
    "source of a post": {"type": "post", "id": "7", "author_id": "2", "text": "a", "created_at_ms": 1, "source": "\0"},
    "place of a post": {
        "type": "post", "id": "7", "author_id": "2", "text": "a", "created_at_ms": 1, "withheld": {"scope": "a\0b"},
    },
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_rows_of_imports(migrated_address: str, tmp_path: Path, row: dict[str, object]) -> None:
    """The row is rejected, or what is odd in it is kept in a form that can be stored; the one after it is imported."""
    file = tmp_path / "people.jsonl"
    file.write_text(f"{json.dumps(row)}\n" + '{"id": "2", "username": "two", "name": "Two"}\n')
    done = _tacet(migrated_address, "people", "import", str(file))
    assert done.returncode in {0, 1}, done.stderr
    assert "database" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["app", "create", "--name", "a\udcffb"],
        ["app", "create", "--name", "App", "--callback", "https://example.com/\udcff"],
        ["app", "create", "--name", "App", "--website", "https://example.com/\udcff"],
        ["app", "create", "--name", "App", "--owner", "@\udcff"],
        ["app", "list", "--owner", "@\udcff"],
        ["people", "password", "@\udcff"],
        ["token", "create", "--app", "1", "--user", "@\udcff"],
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


def test_the_post_that_is_looked_for_is_there() -> None:
    """So that an answer without it says something."""
    assert OWN.author_id == ALICE.id
