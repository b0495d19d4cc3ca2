import re
from dataclasses import replace
from urllib.parse import quote

import pytest

from tacet.identity.oauth1.logins import REQUEST_TOKEN_MS
from tests.cast import ALICE, BOB, CALLBACK
from tests.identity.oauth1.logins import Keys, Logins
from tests.pages.browsing import Browser, Screen, query_of
from tests.pages.conftest import signed_in
from tests.service import Service

ASKS, SIGNS_IN, SIGNS_IN_TOO = "/oauth/authorize", "/oauth/authenticate", "/i/oauth/authenticate"
PATHS = [ASKS, SIGNS_IN, SIGNS_IN_TOO]
ALLOW, DENY = ("decision", "allow"), ("decision", "deny")


@pytest.fixture
async def logins(sandbox: Service) -> Logins:
    opened = Logins(sandbox)
    await opened.move_in()
    return opened


@pytest.fixture
async def keys(logins: Logins) -> Keys:
    return await logins.ask()


def link(keys: Keys, path: str = ASKS, more: str = "") -> str:
    return f"{path}?oauth_token={keys.token}{more}"


async def decide(browser: Browser, screen: Screen, press: tuple[str, str]) -> Screen:
    return await browser.submit(screen, screen.form(ASKS, "oauth_token"), press=press)


async def granted_before(logins: Logins, access: str | None = None) -> None:
    await logins.login(access=access)


class TestAsking:
    @pytest.mark.parametrize("path", PATHS)
    async def test_a_person_is_asked_in_words(self, alice: Browser, logins: Logins, keys: Keys, path: str) -> None:
        screen = await alice.get(link(keys, path))
        assert screen.status == 200
        assert logins.app.name in screen.heading
        assert "mute" in screen.text
        assert "client.example" in screen.text
        assert screen.form(ASKS, "oauth_token").buttons == [ALLOW, DENY]

    async def test_what_it_says_follows_what_is_asked_for(self, alice: Browser, logins: Logins) -> None:
        reads = await alice.get(link(await logins.ask(access="read")))
        writes = await alice.get(link(await logins.ask()))
        line = "Follow, mute and block people for you, and undo it"
        assert [line in screen.text for screen in (reads, writes)] == [False, True]

    async def test_the_policy_lets_the_form_lead_to_the_app_and_no_further(
        self, alice: Browser, logins: Logins, keys: Keys
    ) -> None:
        policy = (await alice.get(link(keys))).headers["content-security-policy"]
        assert "form-action 'self' https:" in policy
        by_pin = (await alice.get(link(await logins.ask("oob")))).headers["content-security-policy"]
        assert by_pin.endswith("form-action 'self'")

    async def test_looking_changes_nothing(self, alice: Browser, logins: Logins, keys: Keys) -> None:
        before = await logins.stored(keys)
        for path in PATHS:
            for method in ("GET", "HEAD"):
                assert (await alice.get(link(keys, path), method=method)).status == 200
        assert await logins.stored(keys) == before

    async def test_further_parameters_of_the_protocol_are_ignored(self, alice: Browser, keys: Keys) -> None:
        more = "&oauth_token_secret=x&oauth_callback_confirmed=true&oauth_callback=https%3A%2F%2Fevil.example"
        screen = await alice.get(link(keys, more=more))
        assert (screen.status, "evil.example" in screen.html) == (200, False)

    @pytest.mark.parametrize("path", PATHS)
    async def test_the_secret_of_the_request_token_is_nowhere(self, alice: Browser, keys: Keys, path: str) -> None:
        assert keys.secret not in (await alice.get(link(keys, path))).html


class TestAnswering:
    async def test_yes_leads_to_the_app_with_a_verifier(self, alice: Browser, logins: Logins, keys: Keys) -> None:
        screen = await decide(alice, await alice.get(link(keys)), ALLOW)
        assert screen.status == 303
        assert screen.location.startswith(f"{CALLBACK}?oauth_token={keys.token}&oauth_verifier=")
        made = await logins.exchange(keys, query_of(screen.location)["oauth_verifier"])
        assert (made.user_id, await logins.call(made)) == (ALICE.id, 200)

    async def test_the_callbacks_own_query_stays(self, alice: Browser, logins: Logins) -> None:
        callback = "https://client.example/?a=1&b=%20"
        await logins.change(callbacks=(callback,))
        screen = await decide(alice, await alice.get(link(await logins.ask(callback))), ALLOW)
        assert screen.location.startswith(f"{callback}&oauth_token=")

    async def test_no_leads_to_the_app_with_the_token_that_was_denied(
        self, alice: Browser, logins: Logins, keys: Keys
    ) -> None:
        screen = await decide(alice, await alice.get(link(keys)), DENY)
        assert (screen.status, screen.location) == (303, f"{CALLBACK}?denied={keys.token}")
        assert await logins.stored(keys) is None

    async def test_a_pin_is_shown_once_and_works_once(self, alice: Browser, logins: Logins) -> None:
        keys = await logins.ask("oob")
        asked = await alice.get(link(keys))
        screen = await decide(alice, asked, ALLOW)
        assert screen.status == 200
        [pin] = re.findall(r"\b[1-9][0-9]{6}\b", screen.text)
        assert "no-store" in screen.headers["cache-control"]
        again = await decide(alice, asked, ALLOW)
        assert (again.status, pin in again.html) == (400, False)
        assert (await logins.exchange(keys, pin)).screen_name == "alice"

    async def test_no_without_a_callback_says_that_nothing_was_given(self, alice: Browser, logins: Logins) -> None:
        keys = await logins.ask("oob")
        screen = await decide(alice, await alice.get(link(keys)), DENY)
        assert (screen.status, screen.heading) == (200, "Nothing was given")
        assert await logins.stored(keys) is None

    @pytest.mark.parametrize("decision", ["", "ALLOW", "yes"], ids=ascii)
    async def test_what_is_not_a_yes_is_a_no(self, alice: Browser, logins: Logins, keys: Keys, decision: str) -> None:
        csrf = (await alice.get(link(keys))).csrf
        screen = await alice.post(ASKS, {"csrf": csrf, "oauth_token": keys.token, "decision": decision})
        assert screen.location == f"{CALLBACK}?denied={keys.token}"

    @pytest.mark.parametrize("path", [SIGNS_IN, SIGNS_IN_TOO])
    async def test_only_one_path_takes_answers(self, alice: Browser, logins: Logins, keys: Keys, path: str) -> None:
        csrf = (await alice.get(link(keys))).csrf
        screen = await alice.post(path, {"csrf": csrf, "oauth_token": keys.token, "decision": "allow"})
        assert screen.status == 405
        assert (await logins.steps.pending(keys.token)).app == logins.app


class TestForgery:
    async def test_without_the_pages_own_token_nothing_is_agreed_to(
        self, alice: Browser, logins: Logins, keys: Keys
    ) -> None:
        for csrf in ("", "x" * 64):
            screen = await alice.post(ASKS, {"csrf": csrf, "oauth_token": keys.token, "decision": "allow"})
            # The page is shown again instead.
            assert (screen.status, screen.location) == (303, link(keys))
        assert (await logins.steps.pending(keys.token)).app == logins.app

    async def test_nor_from_another_site(self, alice: Browser, logins: Logins, keys: Keys) -> None:
        csrf = (await alice.get(link(keys))).csrf
        fields = {"csrf": csrf, "oauth_token": keys.token, "decision": "allow"}
        screen = await alice.post(ASKS, fields, {"origin": "https://evil.example", "sec-fetch-site": "cross-site"})
        assert screen.status == 403
        assert (await logins.steps.pending(keys.token)).app == logins.app

    async def test_a_form_that_is_too_old_lets_nobody_through_unasked(
        self, sandbox: Service, alice: Browser, logins: Logins
    ) -> None:
        """Whoever pressed Cancel is asked again, also where they let the App in before."""
        await granted_before(logins)
        keys = await logins.ask("oob")
        asked = await alice.get(link(keys, SIGNS_IN))
        await alice.sign_in(BOB.username, path="/sign-in?force=1")
        screen = await alice.follow(await decide(alice, asked, DENY))
        assert (screen.status, screen.form(ASKS, "oauth_token").buttons) == (200, [ALLOW, DENY])
        assert (await logins.steps.pending(keys.token)).app == logins.app


class TestBeingLetThrough:
    @pytest.mark.parametrize("path", [SIGNS_IN, SIGNS_IN_TOO])
    async def test_who_let_the_app_in_before_is_not_asked_again(
        self, alice: Browser, logins: Logins, keys: Keys, path: str
    ) -> None:
        await granted_before(logins)
        screen = await alice.get(link(keys, path))
        assert screen.status == 303
        assert screen.location.startswith(f"{CALLBACK}?oauth_token={keys.token}&oauth_verifier=")
        assert (await logins.exchange(keys, query_of(screen.location)["oauth_verifier"])).user_id == ALICE.id

    async def test_the_other_page_always_asks(self, alice: Browser, logins: Logins, keys: Keys) -> None:
        await granted_before(logins)
        assert (await alice.get(link(keys))).status == 200

    async def test_a_pin_always_asks(self, alice: Browser, logins: Logins) -> None:
        await granted_before(logins)
        assert (await alice.get(link(await logins.ask("oob"), SIGNS_IN))).status == 200

    async def test_more_than_before_is_asked_for(self, alice: Browser, logins: Logins, keys: Keys) -> None:
        await granted_before(logins, "read")
        assert (await alice.get(link(keys, SIGNS_IN))).status == 200
        less = await logins.ask(access="read")
        assert (await alice.get(link(less, SIGNS_IN))).status == 303

    async def test_another_person_or_another_app_is_asked_for(
        self, alice: Browser, bob: Browser, logins: Logins, keys: Keys
    ) -> None:
        await granted_before(logins)
        assert (await bob.get(link(keys, SIGNS_IN))).status == 200
        other = await logins.ask(app=logins.other)
        assert (await alice.get(link(other, SIGNS_IN))).status == 200

    async def test_what_was_taken_back_is_asked_for(self, alice: Browser, logins: Logins, keys: Keys) -> None:
        await granted_before(logins)
        await logins.store.consents.revoke_connection(logins.app.id, ALICE.id, logins.clock.now_ms())
        assert (await alice.get(link(keys, SIGNS_IN))).status == 200

    async def test_forcing_a_sign_in_asks(self, alice: Browser, logins: Logins, keys: Keys) -> None:
        await granted_before(logins)
        screen = await alice.get(link(keys, SIGNS_IN, "&force_login=true"))
        # Signed in at the moment that the App asked: that is fresh enough, and still a question.
        assert (screen.status, screen.form(ASKS, "oauth_token").buttons) == (200, [ALLOW, DENY])

    async def test_it_is_good_once(self, alice: Browser, logins: Logins, keys: Keys) -> None:
        await granted_before(logins)
        first, second = await alice.get(link(keys, SIGNS_IN)), await alice.get(link(keys, SIGNS_IN))
        assert (first.status, second.status) == (303, 400)

    async def test_asking_for_headers_only_changes_nothing(self, alice: Browser, logins: Logins, keys: Keys) -> None:
        await granted_before(logins)
        assert (await alice.get(link(keys, SIGNS_IN), method="HEAD")).status == 200
        assert (await logins.steps.pending(keys.token)).app == logins.app


class TestSigningIn:
    @pytest.mark.parametrize("path", PATHS)
    async def test_who_is_signed_out_signs_in_and_comes_back(
        self, sandbox: Service, logins: Logins, keys: Keys, path: str
    ) -> None:
        browser = Browser(sandbox)
        sent = await browser.get(link(keys, path))
        assert (sent.status, query_of(sent.location)) == (303, {"next": link(keys, path)})
        back = await browser.follow(await browser.sign_in(ALICE.username, path=sent.location))
        assert (back.path, back.status) == (link(keys, path), 200)
        assert back.form(ASKS, "oauth_token").buttons == [ALLOW, DENY]

    async def test_by_password_with_the_username_filled_in(self, service: Service, password: str) -> None:
        logins, browser = Logins(service), Browser(service)
        await logins.move_in()
        keys = await logins.ask()
        asked = await browser.get(link(keys, more="&screen_name=alice"), follow=True)
        form = asked.form("/sign-in", "username")
        assert ("username", "alice") in form.fields
        back = await browser.submit(asked, form, follow=True, password=password)
        assert (back.status, logins.app.name in back.heading) == (200, True)

    async def test_a_name_of_any_characters_stays_a_name(self, sandbox: Service, keys: Keys) -> None:
        name = "a&next=//evil.example#☕ "
        sent = await Browser(sandbox).get(link(keys, more=f"&screen_name={quote(name)}"))
        assert query_of(sent.location) == {"next": link(keys), "screen_name": name}

    async def test_forcing_asks_whoever_is_signed_in_to_sign_in_again(
        self, sandbox: Service, alice: Browser, logins: Logins
    ) -> None:
        logins.clock.advance(60_000)
        keys = await logins.ask()
        forced = link(keys, more="&force_login=true")
        sent = await alice.get(forced)
        assert (sent.status, query_of(sent.location)) == (303, {"force": "1", "next": forced})
        back = await alice.follow(await alice.sign_in(BOB.username, path=sent.location))
        assert (back.status, f"@{BOB.username}" in back.text) == (200, True)
        yes = await decide(alice, back, ALLOW)
        assert (await logins.exchange(keys, query_of(yes.location)["oauth_verifier"])).user_id == BOB.id

    @pytest.mark.parametrize("value", ["false", "", "0"], ids=ascii)
    async def test_not_forcing_does_not(self, alice: Browser, logins: Logins, value: str) -> None:
        logins.clock.advance(60_000)
        assert (await alice.get(link(await logins.ask(), more=f"&force_login={value}"))).status == 200

    async def test_an_answer_of_somebody_signed_out_is_none(
        self, sandbox: Service, alice: Browser, logins: Logins, keys: Keys
    ) -> None:
        stranger = Browser(sandbox)
        csrf = (await stranger.get("/sign-in")).csrf
        screen = await stranger.post(ASKS, {"csrf": csrf, "oauth_token": keys.token, "decision": "allow"})
        assert (screen.status, screen.location) == (303, link(keys))
        assert (await logins.steps.pending(keys.token)).app == logins.app


class TestLinksThatAreNoGood:
    @pytest.mark.parametrize("path", PATHS)
    @pytest.mark.parametrize(
        "query",
        ["", "?oauth_token=", "?oauth_token=nobodys", "?oauth_token=%00", f"?oauth_token={'t' * 3_000}"],
        ids=lambda query: query[:25],
    )
    async def test_one_without_a_request_token_says_so_before_anybody_signs_in(
        self, sandbox: Service, path: str, query: str
    ) -> None:
        screen = await Browser(sandbox).get(path + query)
        assert (screen.status, screen.heading) == (400, "This sign-in cannot go on")
        assert "sign in from there again" in screen.text

    async def test_one_that_is_too_old(self, alice: Browser, logins: Logins, keys: Keys) -> None:
        asked = await alice.get(link(keys))
        logins.clock.advance(REQUEST_TOKEN_MS)
        for screen in (await alice.get(link(keys)), await decide(alice, asked, ALLOW)):
            assert (screen.status, "15 minutes" in screen.text) == (400, True)

    @pytest.mark.parametrize("press", [ALLOW, DENY], ids=["agreed", "denied"])
    async def test_one_that_was_answered(self, alice: Browser, keys: Keys, press: tuple[str, str]) -> None:
        asked = await alice.get(link(keys))
        await decide(alice, asked, press)
        for screen in (
            await alice.get(link(keys)),
            await decide(alice, asked, ALLOW),
            await decide(alice, asked, DENY),
        ):
            assert screen.status == 400

    async def test_one_of_an_app_whose_login_is_off(self, alice: Browser, logins: Logins, keys: Keys) -> None:
        await logins.change(oauth1=False)
        screen = await alice.get(link(keys))
        assert (screen.status, logins.app.name in screen.text) == (400, True)

    async def test_an_app_with_any_name_and_callback_breaks_no_page(self, sandbox: Service, logins: Logins) -> None:
        nasty = '"><script>alert(1)</script>'
        await logins.put(replace(logins.app, name=nasty, description=nasty))
        browser = await signed_in(sandbox, ALICE.username)
        for keys in (await logins.ask(), await logins.ask("oob")):
            asked = await browser.get(link(keys))
            answered = await decide(browser, asked, ALLOW)
            assert "<script>" not in asked.html + answered.html
