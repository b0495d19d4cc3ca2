import logging

import pytest

from tacet.identity.signin.sessions import IDLE_MS, SESSION_MS
from tacet.records.people import MAX_ID, Person, State
from tacet.store.base import StoreBusy, StoreError
from tests.cast import ALICE, APP_ID, BOB
from tests.pages.browsing import SESSION_COOKIE, VISIT_COOKIE, Browser, query_of
from tests.service import Service, in_memory

OPEN = ["/", "/sign-in", "/i/oauth2/authorize", "/sign-in/nothing"]
CLOSED = [
    "/account",
    f"/account/apps/{APP_ID}/revoke",
    "/account/sign-out-everywhere",
    "/account/password",
    "/muted",
    "/timeline",
]
MINUTE_MS = 60_000


class TestHeaders:
    @pytest.mark.parametrize("path", [*OPEN, *CLOSED])
    async def test_every_answer_keeps_a_page_to_itself(self, browser: Browser, path: str) -> None:
        headers = (await browser.get(path)).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        policy = headers["content-security-policy"]
        assert {"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(policy.split("; "))
        assert "unsafe" not in policy
        assert "script-src" not in policy

    @pytest.mark.parametrize("path", [*OPEN, *CLOSED])
    async def test_head_gets_the_headers_alone(self, service: Service, path: str) -> None:
        head = await Browser(service).get(path, method="HEAD")
        page = await Browser(service).get(path)
        assert head.answer.body == b""
        assert (head.status, head.headers["content-length"]) == (page.status, page.headers["content-length"])

    async def test_the_date_is_the_clock_s(self, browser: Browser) -> None:
        assert (await browser.get("/")).headers["date"] == "Sat, 07 May 2022 13:20:56 GMT"

    @pytest.mark.parametrize("path", OPEN)
    async def test_no_page_has_scripts_or_styles_in_it_or_names_another_site(self, browser: Browser, path: str) -> None:
        for tag, given in (await browser.get(path)).tags:
            assert tag not in {"script", "style", "iframe", "object", "base"}
            assert not {name for name in given if name.startswith("on") or name == "style"}
            for name in ("src", "href", "action"):
                assert given.get(name, "/").startswith(("/", "#"))


class TestPlaces:
    @pytest.mark.parametrize(
        "path",
        [
            "/account/",
            "/account/nothing",
            "/muted/nothing",
            "/timeline/",
            "/portal/",
            "/portal/a/b/c",
            "/sign-in/x",
            "/sign-out/",
            "/i/x",
            "/assets/x/y",
            "/account/apps//revoke",
        ],
    )
    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
    async def test_an_unknown_place_among_the_pages_is_a_page(self, browser: Browser, path: str, method: str) -> None:
        screen = await browser.get(path, method=method)
        assert (screen.status, screen.heading) == (404, "Nothing here")

    @pytest.mark.parametrize(
        "path", ["/nothing", "/2/nothing", "/oauth/nothing", "/accounts", "/account%0A", "/index.html"]
    )
    async def test_an_unknown_place_anywhere_else_is_json(self, browser: Browser, path: str) -> None:
        screen = await browser.get(path)
        assert screen.status == 404
        assert "json" in screen.headers["content-type"]

    @pytest.mark.parametrize(
        "number",
        [str(MAX_ID + 1), "9" * 5_000, "0x10", "-1", "\u0661\u0662", "1.0", "%20"],
        ids=["past-the-largest", "thousands-of-digits", "hexadecimal", "negative", "arabic", "fraction", "blank"],
    )
    async def test_what_is_no_id_is_nowhere(self, alice: Browser, number: str) -> None:
        screen = await alice.get(f"/account/apps/{number}/revoke")
        assert (screen.status, screen.heading) == (404, "Nothing here")

    @pytest.mark.parametrize(
        ("method", "path", "allow"),
        [
            pytest.param("PUT", "/sign-in", "GET, POST, HEAD", id="put"),
            pytest.param("OPTIONS", "/sign-in", "GET, POST, HEAD", id="options"),
            pytest.param("BREW", "/sign-in", "GET, POST, HEAD", id="unheard-of"),
            pytest.param("POST", "/", "GET, HEAD", id="post-to-a-page-without-a-form"),
            pytest.param("B" * 5_000, "/", "GET, HEAD", id="endless"),
        ],
    )
    async def test_another_method_gets_a_page_that_says_which_there_are(
        self, browser: Browser, method: str, path: str, allow: str
    ) -> None:
        screen = await browser.get(path, method=method)
        assert (screen.status, screen.headers["allow"]) == (405, allow)
        assert len(screen.html) < 5_000


class TestSigningInFirst:
    @pytest.mark.parametrize("path", ["/account", f"/account/apps/{APP_ID}/revoke?x=1&y=%2F", "/portal"])
    async def test_a_page_about_an_account_asks_to_sign_in_and_comes_back(self, browser: Browser, path: str) -> None:
        screen = await browser.get(path)
        assert screen.status == 303
        assert screen.location.startswith("/sign-in?")
        assert query_of(screen.location) == {"next": path}

    async def test_a_form_of_a_session_that_has_ended_leads_to_the_sign_in_and_changes_nothing(
        self, sandbox: Service, alice: Browser
    ) -> None:
        token = (await alice.get("/account")).csrf
        sandbox.clock.advance(IDLE_MS)
        screen = await alice.post("/account/sign-out-everywhere?x=1", {"csrf": token})
        assert screen.location == "/sign-in?next=%2Faccount%2Fsign-out-everywhere"


class TestSessions:
    async def test_one_ends_when_it_is_not_used(self, sandbox: Service, alice: Browser) -> None:
        sandbox.clock.advance(IDLE_MS - 1)
        assert (await alice.get("/account")).status == 200
        sandbox.clock.advance(IDLE_MS)
        assert (await alice.get("/account")).status == 303

    async def test_one_ends_after_a_while_although_it_is_used(self, sandbox: Service, alice: Browser) -> None:
        step_ms = IDLE_MS - MINUTE_MS
        for _ in range(SESSION_MS // step_ms):
            sandbox.clock.advance(step_ms)
            assert (await alice.get("/account")).status == 200
        sandbox.clock.advance(SESSION_MS % step_ms)
        assert (await alice.get("/account")).status == 303

    async def test_the_cookie_of_an_ended_session_is_dropped(self, sandbox: Service, alice: Browser) -> None:
        sandbox.clock.advance(IDLE_MS)
        await alice.get("/")
        assert set(alice.cookies) == {VISIT_COOKIE}

    @pytest.mark.parametrize("state", [State.SUSPENDED, State.DEACTIVATED], ids=lambda state: state.name.lower())
    async def test_whoever_is_suspended_is_signed_out_and_stays_so(
        self, sandbox: Service, alice: Browser, state: State
    ) -> None:
        person = await sandbox.tacet.people.one(ALICE.id)
        assert person is not None
        kept = dict(alice.cookies)
        await sandbox.put(_in_state(state))
        assert (await alice.get("/account")).status == 303
        await sandbox.put(person)
        alice.cookies = kept
        assert (await alice.get("/account")).status == 303

    @pytest.mark.parametrize("text", ["", "x", "a" * 43, "☕" * 43, '"; drop', "a" * 4_000])
    async def test_a_made_up_cookie_is_nobody(self, browser: Browser, text: str) -> None:
        browser.cookies = {SESSION_COOKIE: text.encode().decode("latin-1")}
        assert (await browser.get("/account")).status == 303

    async def test_one_browser_is_not_the_other(self, alice: Browser, bob: Browser) -> None:
        assert f"@{ALICE.username}" in (await alice.get("/account")).text
        assert f"@{BOB.username}" in (await bob.get("/account")).text


class TestVisitors:
    async def test_a_visitor_keeps_one_cookie(self, browser: Browser) -> None:
        await browser.get("/")
        first = browser.cookies[VISIT_COOKIE]
        screen = await browser.get("/sign-in")
        assert screen.answer.cookies == []
        assert browser.cookies == {VISIT_COOKIE: first}

    async def test_a_cookie_of_another_length_is_replaced(self, browser: Browser) -> None:
        browser.cookies = {VISIT_COOKIE: "x"}
        await browser.get("/")
        assert len(browser.cookies[VISIT_COOKIE]) == 43

    async def test_cookies_are_out_of_reach_for_scripts_and_other_sites(self, browser: Browser) -> None:
        (line,) = (await browser.get("/")).answer.cookies
        assert line.partition("; ")[2] == "HttpOnly; Path=/; SameSite=lax"

    async def test_behind_tls_they_never_go_over_anything_else(self) -> None:
        async with in_memory(public_url="https://tacet.example") as service:
            (line,) = (await Browser(service, "https://tacet.example").get("/")).answer.cookies
        name, _, flags = line.partition("=")
        assert name == "__Host-tacet_visit"
        assert flags.partition("; ")[2] == "HttpOnly; Path=/; SameSite=lax; Secure"


class TestTrouble:
    @pytest.fixture
    def failing(self, monkeypatch: pytest.MonkeyPatch, sandbox: Service, request: pytest.FixtureRequest) -> Browser:
        """A browser of a service whose database fails with the test's error."""

        async def fail(*_: object) -> None:
            raise request.param

        monkeypatch.setattr(sandbox.store.accounts, "session", fail)
        browser = Browser(sandbox)
        browser.cookies = {SESSION_COOKIE: "a" * 43}
        return browser

    @pytest.mark.parametrize("failing", [StoreBusy("the queue"), StoreError("the secret disk")], indirect=True)
    async def test_a_database_that_fails_gets_a_page_that_asks_to_wait(
        self, failing: Browser, caplog: pytest.LogCaptureFixture
    ) -> None:
        screen = await failing.get("/account")
        assert (screen.status, screen.heading, screen.headers["retry-after"]) == (503, "Not now", "1")
        assert "secret disk" not in screen.html
        assert [record.levelno for record in caplog.records] == [logging.ERROR]

    @pytest.mark.parametrize("failing", [StoreError("the disk is full")], indirect=True)
    async def test_a_failure_that_repeats_is_logged_at_once_and_then_once_a_second(
        self, failing: Browser, sandbox: Service, caplog: pytest.LogCaptureFixture
    ) -> None:
        for later_ms in (0, 0, 1_000):
            sandbox.clock.advance(later_ms)
            assert (await failing.get("/account")).status == 503
        line = "/account failed: the disk is full"
        assert caplog.messages == [line, f"{line} (1 more like it within 1.0 s)"]

    @pytest.mark.parametrize("failing", [ZeroDivisionError("the secret reason")], indirect=True)
    async def test_a_bug_gets_a_page_that_does_not_tell_and_a_log_that_does(
        self, failing: Browser, caplog: pytest.LogCaptureFixture
    ) -> None:
        screen = await failing.get("/account")
        assert (screen.status, screen.heading) == (500, "Something broke")
        assert "secret reason" not in screen.html
        assert "secret reason" in caplog.text

    @pytest.mark.parametrize("failing", [StoreError("down")], indirect=True)
    async def test_trouble_signs_nobody_out(self, failing: Browser) -> None:
        await failing.get("/account")
        assert failing.cookies[SESSION_COOKIE] == "a" * 43


def _in_state(state: State) -> Person:
    return Person(ALICE.id, ALICE.username, ALICE.name, state)
