from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from tacet.identity.signin.sessions import IDLE_MS
from tacet.identity.vault import Vault
from tacet.pages.asking import returns_to
from tacet.pages.consent import PATHS
from tacet.store.base import StoreBusy
from tests.cast import ALICE, BOB, CALLBACK, LOGIN_APP_ID, login_app
from tests.identity.meanwhile import meanwhile
from tests.pages.browsing import Browser, Screen, query_of
from tests.service import Service

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
PATH = PATHS[0]
ALLOW, DENY = ("decision", "allow"), ("decision", "deny")


@pytest.fixture
def asked(sandbox: Service) -> Mapping[str, str]:
    """What a well-behaved App asks for."""
    return {
        "response_type": "code",
        "client_id": login_app(sandbox.vault).client_id,
        "redirect_uri": CALLBACK,
        "scope": "mute.read users.read offline.access",
        "state": "a state & more",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }


def address(asked: Mapping[str, str], path: str = PATH, **changed: str) -> str:
    return f"{path}?{urlencode({**asked, **changed})}"


async def decide(browser: Browser, asked: Mapping[str, str], decision: tuple[str, str]) -> Screen:
    screen = await browser.get(address(asked))
    return await browser.submit(screen, screen.form(PATH), press=decision)


class TestAsking:
    @pytest.mark.parametrize("path", PATHS)
    async def test_the_page_says_who_asks_for_what_and_of_whom(
        self, alice: Browser, asked: Mapping[str, str], path: str
    ) -> None:
        screen = await alice.get(address(asked, path))
        assert (screen.status, screen.heading) == (200, f"App {LOGIN_APP_ID} asks to use your account")
        for words in ("See whom you mute", "Stay connected until you revoke it", "Post for you", "@alice"):
            assert words in screen.text
        assert "client.example" in screen.text
        assert screen.form(path).buttons == [ALLOW, DENY]

    async def test_the_form_may_lead_to_the_app_and_nowhere_else_without_tls(
        self, sandbox: Service, alice: Browser, asked: Mapping[str, str]
    ) -> None:
        local = "http://127.0.0.1:3000/callback"
        await sandbox.store.credentials.put_app(login_app(sandbox.vault, callbacks=(CALLBACK, local)))
        policies = [
            (await alice.get(address(asked, redirect_uri=uri))).headers["content-security-policy"]
            for uri in (CALLBACK, local)
        ]
        assert [policy.rpartition("; ")[2] for policy in policies] == [
            "form-action 'self' https:",
            "form-action 'self' https: http://127.0.0.1:* http://localhost:*",
        ]

    async def test_what_an_app_says_of_itself_is_text(
        self, sandbox: Service, alice: Browser, asked: Mapping[str, str]
    ) -> None:
        hostile = replace(
            login_app(sandbox.vault, website='https://client.example/"><script>'),
            name="<script>alert(1)</script>",
            description="<img src=x onerror=alert(1)>",
        )
        await sandbox.store.credentials.put_app(hostile)
        screen = await alice.get(address(asked, state='"><script>'))
        assert screen.heading == "<script>alert(1)</script> asks to use your account"
        assert not {"script"} & {tag for tag, _ in screen.tags}
        assert "onerror" not in {name for _, given in screen.tags for name in given}
        assert dict(screen.form(PATH).fields)["state"] == '"><script>'

    @pytest.mark.parametrize(
        ("website", "linked"),
        [
            pytest.param("https://client.example/about", True, id="https"),
            pytest.param("http://client.example/", True, id="http"),
            pytest.param("", False, id="none"),
            pytest.param("javascript:alert(1)", False, id="script"),
            pytest.param("JavaScript://client.example/%0Aalert(1)", False, id="script-like-an-address"),
            pytest.param("data:text/html,x", False, id="data"),
            pytest.param("//client.example/", False, id="no-scheme"),
            pytest.param("https://[", False, id="broken"),
        ],
    )
    async def test_only_an_address_of_the_web_becomes_a_link(
        self, sandbox: Service, alice: Browser, asked: Mapping[str, str], website: str, linked: bool
    ) -> None:
        await sandbox.store.credentials.put_app(login_app(sandbox.vault, website=website))
        tags = (await alice.get(address(asked))).tags
        links = [given for tag, given in tags if tag == "a" and not given["href"].startswith(("/", "#"))]
        assert [link["href"] for link in links] == ([website] if linked else [])
        assert all({"noopener", "noreferrer"} <= set(link["rel"].split()) for link in links)

    async def test_the_developer_is_named_where_there_is_one(
        self, sandbox: Service, alice: Browser, asked: Mapping[str, str]
    ) -> None:
        assert "Made by" not in (await alice.get(address(asked))).text
        await sandbox.store.credentials.put_app(replace(login_app(sandbox.vault), owner_id=BOB.id))
        assert f"Made by @{BOB.username}" in (await alice.get(address(asked))).text

    async def test_somebody_else_can_sign_in_and_comes_back(self, alice: Browser, asked: Mapping[str, str]) -> None:
        screen = await alice.get(address(asked))
        other = next(link for link in screen.links if link.startswith("/sign-in?force=1"))
        back = (await alice.sign_in("Bob_B", path=other)).location
        assert query_of(back) == dict(asked)
        assert f"@{BOB.username}" in (await alice.get(back)).text


class TestSigningInFirst:
    async def test_whoever_signs_in_comes_back_to_the_same_question(
        self, sandbox: Service, asked: Mapping[str, str]
    ) -> None:
        browser = Browser(sandbox)
        sent = await browser.get(address(asked))
        done = await browser.sign_in("alice", path=sent.location)
        screen = await browser.get(done.location)
        assert "asks to use your account" in screen.heading
        assert query_of(screen.path) == dict(asked)

    async def test_a_mistake_of_the_app_is_told_before_anybody_signs_in(
        self, sandbox: Service, asked: Mapping[str, str]
    ) -> None:
        screen = await Browser(sandbox).get(address(asked, redirect_uri="https://elsewhere.example/"))
        assert screen.status == 400

    async def test_whoever_took_too_long_signs_in_and_is_asked_again(
        self, sandbox: Service, alice: Browser, asked: Mapping[str, str]
    ) -> None:
        screen = await alice.get(address(asked))
        sandbox.clock.advance(IDLE_MS)
        sent = await alice.submit(screen, screen.form(PATH), press=ALLOW)
        assert query_of(sent.location) == dict(asked)
        again = await alice.follow(sent)
        assert again.path.startswith("/sign-in?")
        back = query_of(again.path)["next"]
        assert query_of(back) == dict(asked)
        assert "decision" not in back

    async def test_a_page_shown_to_somebody_else_is_shown_again_and_nobody_agreed(
        self, sandbox: Service, alice: Browser, asked: Mapping[str, str]
    ) -> None:
        screen = await alice.get(address(asked))
        await alice.sign_in("Bob_B", path="/sign-in?force=1")
        sent = await alice.submit(screen, screen.form(PATH), press=ALLOW)
        assert sent.location.startswith(f"{PATH}?")
        assert f"@{BOB.username}" in (await alice.follow(sent)).text

    async def test_nobody_agrees_signed_out_even_with_a_token(self, sandbox: Service, asked: Mapping[str, str]) -> None:
        browser = Browser(sandbox)
        token = (await browser.get("/sign-in")).csrf
        for decision in ("allow", "deny"):
            sent = await browser.post(PATH, {**asked, "csrf": token, "decision": decision})
            assert sent.location.startswith(f"{PATH}?")


class TestDeciding:
    async def test_allowing_takes_a_code_and_the_state_to_the_app(
        self, sandbox: Service, alice: Browser, asked: Mapping[str, str]
    ) -> None:
        sent = await decide(alice, asked, ALLOW)
        assert sent.status == 303
        assert sent.location.startswith(f"{CALLBACK}?")
        answer = query_of(sent.location)
        assert answer["state"] == asked["state"]
        code = await sandbox.store.consents.code(Vault.digest(answer["code"]))
        assert code is not None
        assert (code.user_id, code.app_id, code.scopes) == (ALICE.id, LOGIN_APP_ID, asked["scope"])
        assert (code.redirect_uri, code.challenge) == (CALLBACK, CHALLENGE)

    async def test_cancelling_tells_the_app_and_gives_it_nothing(
        self, alice: Browser, asked: Mapping[str, str]
    ) -> None:
        sent = await decide(alice, asked, DENY)
        assert query_of(sent.location) == {"error": "access_denied", "state": asked["state"]}

    async def test_without_a_pressed_button_nobody_agreed(self, alice: Browser, asked: Mapping[str, str]) -> None:
        screen = await alice.get(address(asked))
        sent = await alice.submit(screen, screen.form(PATH))
        assert query_of(sent.location)["error"] == "access_denied"

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            pytest.param("redirect_uri", "https://elsewhere.example/", id="another-callback"),
            pytest.param("redirect_uri", f"{CALLBACK}/", id="one-character-more"),
            pytest.param("client_id", "bm9ib2R5", id="unknown-app"),
            pytest.param("scope", "mute.read everything", id="unknown-scope"),
            pytest.param("response_type", "token", id="another-response"),
            pytest.param("code_challenge", "", id="no-challenge"),
        ],
    )
    @pytest.mark.parametrize("decision", ["allow", "deny"])
    async def test_hidden_fields_are_checked_like_the_question_itself(
        self, alice: Browser, asked: Mapping[str, str], name: str, value: str, decision: str
    ) -> None:
        token = (await alice.get("/account")).csrf
        sent = await alice.post(PATH, {**asked, name: value, "csrf": token, "decision": decision})
        assert (sent.status, sent.heading) == (400, "This login link does not work")
        assert "location" not in sent.headers

    async def test_another_site_cannot_decide(self, alice: Browser, asked: Mapping[str, str]) -> None:
        fields = {**asked, "csrf": (await alice.get("/account")).csrf, "decision": "allow"}
        sent = await alice.post(PATH, fields, {"origin": "https://elsewhere.example"})
        assert sent.status == 403

    async def test_a_forged_token_decides_nothing(self, alice: Browser, asked: Mapping[str, str]) -> None:
        sent = await alice.post(PATH, {**asked, "csrf": "0" * 64, "decision": "allow"})
        assert sent.location.startswith(f"{PATH}?")
        assert "code=" not in sent.location.replace("response_type=code", "").replace("code_challenge", "")

    async def test_a_full_queue_gives_no_code(
        self, sandbox: Service, alice: Browser, asked: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def full(_: object) -> None:
            raise StoreBusy("full")

        monkeypatch.setattr(sandbox.store.consents, "put_code", full)
        assert (await decide(alice, asked, ALLOW)).status == 503


class TestMistakesOfApps:
    """Each names a cause and a remedy, and sends nobody anywhere."""

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            pytest.param({"client_id": "nobody"}, "No App has the client ID", id="unknown-app"),
            pytest.param({"redirect_uri": "https://elsewhere.example/"}, "none of the callback URLs", id="callback"),
            pytest.param({"scope": "<script>"}, "There is no scope “<script>”", id="scope"),
            pytest.param({"state": "s" * 501}, "501 characters", id="long-state"),
            pytest.param({"code_challenge_method": "none"}, "no code_challenge_method", id="method"),
        ],
    )
    async def test_a_mistake_gets_a_page(
        self, alice: Browser, asked: Mapping[str, str], changed: Mapping[str, str], said: str
    ) -> None:
        screen = await alice.get(address(asked, **changed))
        assert (screen.status, screen.heading) == (400, "This login link does not work")
        assert said in screen.text
        assert "location" not in screen.headers
        assert "script" not in {tag for tag, _ in screen.tags}

    async def test_a_parameter_that_comes_twice_gets_a_page(self, alice: Browser, asked: Mapping[str, str]) -> None:
        screen = await alice.get(f"{address(asked)}&redirect_uri=https%3A%2F%2Felsewhere.example%2F")
        assert screen.status == 400
        assert "more than once" in screen.text


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("https://client.example/callback?x=1", "client.example", id="web"),
        pytest.param("http://127.0.0.1:3000/callback", "127.0.0.1:3000", id="port"),
        pytest.param(
            "https://friend.example@elsewhere.example/", "elsewhere.example", id="user-that-looks-like-a-host"
        ),
        pytest.param("com.example.app:/callback", "com.example.app:", id="app-on-a-phone"),
    ],
)
def test_where_one_returns_to_is_told_without_tricks(url: str, words: str) -> None:
    assert returns_to(url) == words


class TestHelpForDevelopers:
    @pytest.fixture
    async def owned(self, sandbox: Service, asked: Mapping[str, str]) -> str:
        """Where alice, whose App it is, changes its settings."""
        await sandbox.store.credentials.put_app(replace(login_app(sandbox.vault), owner_id=ALICE.id))
        return f"/portal/apps/{LOGIN_APP_ID}/authentication"

    async def test_a_callback_that_is_nearly_right_is_set_beside_the_right_one(
        self, alice: Browser, asked: Mapping[str, str]
    ) -> None:
        screen = await alice.get(address(asked, redirect_uri=f"{CALLBACK}/"))
        assert f"The nearest is “{CALLBACK}”; its path is" in screen.text

    async def test_the_apps_own_developer_is_led_to_its_settings_and_nobody_else(
        self, alice: Browser, bob: Browser, browser: Browser, asked: Mapping[str, str], owned: str
    ) -> None:
        wrong = address(asked, redirect_uri=f"{CALLBACK}/")
        assert owned in (await alice.get(wrong)).links
        assert owned not in (await bob.get(wrong)).links
        assert owned not in (await browser.get(wrong)).links

    async def test_settings_are_not_offered_where_they_would_not_help(
        self, alice: Browser, asked: Mapping[str, str], owned: str
    ) -> None:
        assert owned not in (await alice.get(address(asked, scope="nothing"))).links


async def test_an_app_that_is_deleted_as_somebody_agrees_gets_nothing(
    sandbox: Service, alice: Browser, asked: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    screen, store = await alice.get(address(asked)), sandbox.store
    meanwhile(monkeypatch, store.credentials, "app_by_client_id", lambda: store.accounts.delete_app(LOGIN_APP_ID))
    answer = await alice.submit(screen, screen.form(PATH), press=ALLOW)
    assert (answer.status, answer.heading) == (400, "This login link does not work")
    assert f"No App has the client ID “{asked['client_id']}”." in answer.text
