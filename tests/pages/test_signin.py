from urllib.parse import urlencode

import pytest

from tacet.app import Tacet
from tacet.identity.signin.passwords import WAITING_S, Passwords, PasswordsBusy
from tacet.identity.signin.sessions import Sessions
from tacet.limits.failures import FAILURES, Kind
from tacet.records.people import Person, State
from tacet.settings import SANDBOX
from tests.cast import ALICE, BOB, CAROL, DEACTIVATED, SUSPENDED
from tests.pages.browsing import SESSION_COOKIE, VISIT_COOKIE, Browser, Screen
from tests.pages.test_onward import NOT_OURS, OURS
from tests.service import Service, in_memory, settings

MISMATCH = "This username and password do not belong together."


async def who(browser: Browser) -> str:
    """Whose account the browser shows; empty for nobody's."""
    screen = await browser.get("/account")
    return screen.heading if screen.status == 200 else ""


class TestByPassword:
    async def test_the_right_password_signs_in(self, browser: Browser, password: str) -> None:
        screen = await browser.sign_in("alice", password)
        assert (screen.status, screen.location) == (303, "/")
        assert await who(browser) == ALICE.name

    @pytest.mark.parametrize("name", ["Alice", "@alice", " alice "])
    async def test_a_username_may_be_written_as_people_do(self, browser: Browser, password: str, name: str) -> None:
        await browser.sign_in(name, password)
        assert await who(browser) == ALICE.name

    @pytest.mark.parametrize(
        ("name", "typed"),
        [
            pytest.param("alice", "walnut ferry hollow ten", id="wrong-password"),
            pytest.param("alice", "walnut ferry hollow nine ", id="one-blank-more"),
            pytest.param("alice", "x" * 5_000, id="endless-password"),
            pytest.param("Bob_B", "walnut ferry hollow nine", id="nobody-gave-a-password"),
            pytest.param("nobody", "walnut ferry hollow nine", id="unknown-person"),
            pytest.param("gone", "walnut ferry hollow nine", id="suspended-person"),
            pytest.param("left", "walnut ferry hollow nine", id="deactivated-person"),
            pytest.param("☕", "walnut ferry hollow nine", id="no-username"),
        ],
    )
    async def test_every_other_answer_is_the_same(
        self, service: Service, browser: Browser, password: str, name: str, typed: str
    ) -> None:
        for person in (SUSPENDED, DEACTIVATED):
            await Passwords(service.store.accounts, service.clock).set(person.id, password, username=person.username)
        reference = await Browser(service).sign_in("alice", "wrong")
        screen = await browser.sign_in(name, typed)
        assert (screen.status, await who(browser)) == (422, "")
        assert _without(screen, name) == _without(reference, "alice")
        assert MISMATCH in screen.text

    async def test_the_same_work_is_done_for_nobody_as_for_somebody(
        self, browser: Browser, password: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[tuple[int | None, str]] = []

        async def matching(_: Passwords, person_id: int | None, plain: str) -> None:
            asked.append((person_id, plain))

        monkeypatch.setattr(Passwords, "matching", matching)
        for name in ("alice", "nobody", ""):
            await browser.sign_in(name, "typed")
        assert asked == [(ALICE.id, "typed"), (None, "typed"), (None, "typed")]

    async def test_a_password_that_is_changed_while_it_is_looked_at_signs_nobody_in(
        self, service: Service, browser: Browser, password: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A change ends the sessions that are there; this one comes after it."""
        start = Sessions.start

        async def start_late(sessions: Sessions, user_id: int) -> str:
            service.clock.advance(1)
            passwords = Passwords(service.store.accounts, service.clock)
            await passwords.set(ALICE.id, "another ferry and nine", username=ALICE.username)
            return await start(sessions, user_id)

        monkeypatch.setattr(Sessions, "start", start_late)
        screen = await browser.sign_in("alice", password)
        assert (screen.status, await who(browser)) == (422, "")
        assert MISMATCH in screen.text
        assert await service.store.accounts.end_sessions(ALICE.id) == 0

    async def test_the_password_is_never_shown_again_and_the_username_is(self, browser: Browser) -> None:
        screen = await browser.sign_in("alice", "my wrong secret")
        form = dict(screen.form("/sign-in").fields)
        assert (form["username"], form["password"]) == ("alice", "")
        assert "my wrong secret" not in screen.html

    async def test_after_too_many_wrong_ones_even_the_right_one_has_to_wait(
        self, service: Service, browser: Browser, password: str
    ) -> None:
        limit = FAILURES[Kind.SIGN_IN]
        for _ in range(limit.count):
            assert (await browser.sign_in("alice", "wrong")).status == 422
        screen = await browser.sign_in("alice", password)
        assert (screen.status, screen.heading) == (429, "Too many attempts")
        assert screen.headers["retry-after"] == str(limit.window_s)
        assert await who(browser) == ""
        service.clock.advance(limit.window_s * 1000)
        await browser.sign_in("alice", password)
        assert await who(browser) == ALICE.name

    async def test_a_new_password_lets_its_person_in_again_and_nobody_else(
        self, service: Service, browser: Browser, password: str
    ) -> None:
        for _ in range(FAILURES[Kind.SIGN_IN].count + 1):
            await browser.sign_in("alice", "wrong")
            await browser.sign_in("nobody", "wrong")
        service.clock.advance(1)
        # As `tacet people password` does it, in another process.
        better = "copper violin under seven hats"
        await Passwords(service.store.accounts, service.clock).set(ALICE.id, better, username=ALICE.username)
        assert (await browser.sign_in("nobody", "wrong")).status == 429
        await browser.sign_in("alice", better)
        assert await who(browser) == ALICE.name

    async def test_who_has_to_wait_is_told_how_long_and_comes_back_to_where_they_were(
        self, service: Service, browser: Browser
    ) -> None:
        for _ in range(FAILURES[Kind.SIGN_IN].count):
            await browser.sign_in("alice", "wrong", path="/sign-in?next=%2Faccount%2Fpassword")
        service.clock.advance(3 * 60_000 + 20_000)
        screen = await browser.sign_in("alice", "wrong", path="/sign-in?next=%2Faccount%2Fpassword")
        assert screen.headers["retry-after"] == str(700)
        assert "Try again in 12 minutes." in screen.text
        assert "/sign-in?next=%2Faccount%2Fpassword" in screen.links

    async def test_unknown_people_wait_just_as_long(self, browser: Browser) -> None:
        for _ in range(FAILURES[Kind.SIGN_IN].count):
            await browser.sign_in("nobody", "wrong")
        assert (await browser.sign_in("nobody", "wrong")).status == 429

    async def test_a_right_one_counts_for_nothing(self, service: Service, password: str) -> None:
        for _ in range(FAILURES[Kind.SIGN_IN].count + 1):
            assert (await Browser(service).sign_in("alice", password)).status == 303

    async def test_where_too_many_wait_it_is_not_now_and_counts_for_nothing(
        self, browser: Browser, password: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def matching(*_: object) -> None:
            raise PasswordsBusy

        with monkeypatch.context() as patch:
            patch.setattr(Passwords, "matching", matching)
            for _ in range(FAILURES[Kind.SIGN_IN].count + 1):
                screen = await browser.sign_in("alice", password)
                assert (screen.status, screen.heading) == (503, "Not now")
                assert screen.headers["retry-after"] == str(WAITING_S)
        assert (await browser.sign_in("alice", password)).status == 303

    async def test_browsers_are_told_which_field_is_which(self, browser: Browser) -> None:
        fields = {given["name"]: given for tag, given in (await browser.get("/sign-in")).tags if "name" in given}
        assert fields["username"]["autocomplete"] == "username"
        assert (fields["password"]["autocomplete"], fields["password"]["type"]) == ("current-password", "password")

    async def test_an_error_is_announced_and_belongs_to_its_field(self, browser: Browser) -> None:
        tags = (await browser.sign_in("alice", "wrong")).tags
        password = next(given for _, given in tags if given.get("name") == "password")
        error = next(given for _, given in tags if given.get("id") == password["aria-describedby"])
        assert (password["aria-invalid"], error["role"]) == ("true", "alert")


def _without(screen: Screen, name: str) -> str:
    """A page without what differs for every browser and every name."""
    return screen.html.replace(screen.csrf, "").replace(f'value="{name}"', "")


class TestByChoice:
    async def test_everybody_active_among_the_first_is_offered_and_one_click_is_enough(self, sandbox: Service) -> None:
        browser = Browser(sandbox)
        screen = await browser.get("/sign-in")
        form = screen.forms[0]
        offered = [value for _, value in form.buttons]
        assert offered[:3] == ["alice", "Bob_B", "carol"]
        assert not {"gone", "left"} & set(offered)
        await browser.submit(screen, form, press=("username", "carol"))
        assert await who(browser) == CAROL.name

    async def test_anybody_else_is_found_by_username(self, sandbox: Service) -> None:
        await sandbox.put(Person(77_777, "far_away", "Far Away"))
        browser = Browser(sandbox)
        await browser.sign_in("@Far_Away")
        assert await who(browser) == "Far Away"

    @pytest.mark.parametrize("name", ["gone", "left", "nobody", "<b>", ""])
    async def test_nobody_else_is(self, sandbox: Service, name: str) -> None:
        browser = Browser(sandbox)
        screen = await browser.sign_in(name)
        assert (screen.status, await who(browser)) == (422, "")
        assert "<b>" not in screen.html

    async def test_whoever_is_expected_stands_first(self, sandbox: Service) -> None:
        screen = await Browser(sandbox).get("/sign-in?screen_name=CAROL")
        assert screen.forms[0].buttons[0] == ("username", "carol")
        assert dict(screen.form("/sign-in", "username").fields)["username"] == "CAROL"

    async def test_the_people_of_the_sandbox_may_be_named(self, sandbox: Service) -> None:
        tacet = Tacet(
            settings(mode=SANDBOX), sandbox.store, sandbox.vault, sandbox.clock, residents=[CAROL.id, SUSPENDED.id, 5]
        )
        screen = await Browser(Service(tacet, sandbox.store, sandbox.vault, sandbox.clock)).get("/sign-in")
        assert screen.forms[0].buttons == [("username", "carol")]

    async def test_an_empty_sandbox_still_has_a_page(self, monkeypatch: pytest.MonkeyPatch, sandbox: Service) -> None:
        await sandbox.put(*[Person(each.id, each.username, "x", State.SUSPENDED) for each in await _everybody(sandbox)])
        screen = await Browser(sandbox).get("/sign-in")
        assert (screen.status, len(screen.forms)) == (200, 1)

    async def test_on_a_platform_nobody_gets_in_by_choice(self, browser: Browser) -> None:
        screen = await browser.get("/sign-in")
        sent = await browser.post("/sign-in", {"csrf": screen.csrf, "username": "alice"})
        assert (sent.status, await who(browser)) == (422, "")


async def _everybody(sandbox: Service) -> list[Person]:
    return await sandbox.tacet.people.first(100)


class TestSessions:
    async def test_signing_in_makes_a_new_session_whatever_was_there_before(self, sandbox: Service) -> None:
        browser = Browser(sandbox)
        planted = "p" * 43
        browser.cookies = {SESSION_COOKIE: planted}
        await browser.sign_in("alice")
        assert browser.cookies[SESSION_COOKIE] != planted
        other = Browser(sandbox)
        other.cookies = {SESSION_COOKIE: planted}
        assert await who(other) == ""

    async def test_the_cookie_from_before_signing_in_is_dropped(self, sandbox: Service) -> None:
        browser = Browser(sandbox)
        await browser.get("/sign-in")
        assert set(browser.cookies) == {VISIT_COOKIE}
        await browser.sign_in("alice")
        assert set(browser.cookies) == {SESSION_COOKIE}

    async def test_signing_in_again_ends_the_session_of_this_browser(self, sandbox: Service, alice: Browser) -> None:
        stolen = Browser(sandbox)
        stolen.cookies = dict(alice.cookies)
        await alice.sign_in("Bob_B", path="/sign-in?force=1")
        assert await who(alice) == BOB.name
        assert await who(stolen) == ""

    async def test_other_browsers_of_the_same_person_stay_signed_in(self, sandbox: Service, alice: Browser) -> None:
        second = Browser(sandbox)
        await second.sign_in("alice")
        assert await who(alice) == await who(second) == ALICE.name

    async def test_behind_tls_the_session_never_goes_over_anything_else(self) -> None:
        async with in_memory(mode=SANDBOX, public_url="https://tacet.example") as made:
            screen = await Browser(made, "https://tacet.example").sign_in("alice")
        session, visit = screen.answer.cookies
        assert session.startswith("__Host-tacet_session=")
        assert session.endswith("; HttpOnly; Path=/; SameSite=lax; Secure")
        assert visit.startswith('__Host-tacet_visit=""; ')

    async def test_no_address_and_no_page_holds_the_cookie(self, alice: Browser) -> None:
        cookie = alice.cookies[SESSION_COOKIE]
        for path in ("/", "/account", "/account/sign-out-everywhere"):
            screen = await alice.get(path)
            assert cookie not in screen.html
            assert cookie not in str(screen.headers)


class TestOnward:
    @pytest.mark.parametrize("path", [OURS["page"], OURS["with-a-query"]])
    async def test_whoever_signed_in_comes_back_even_after_a_mistake(self, sandbox: Service, path: str) -> None:
        browser = Browser(sandbox)
        asked = await browser.get(f"/sign-in?{_query(next=path)}")
        wrong = await browser.submit(asked, asked.form("/sign-in", "username"), {"username": "nobody"})
        done = await browser.submit(wrong, wrong.form("/sign-in", "username"), {"username": "alice"})
        assert done.location == path

    @pytest.mark.parametrize(
        "name", ["address", "no-scheme", "backslash-after-slash", "line-feed-at-the-end", "script"]
    )
    async def test_nobody_is_sent_to_another_site(self, sandbox: Service, name: str) -> None:
        browser, path = Browser(sandbox), NOT_OURS[name]
        asked = await browser.get(f"/sign-in?{_query(next=path)}")
        assert dict(asked.forms[0].fields)["next"] == "/"
        fields = {"csrf": asked.csrf, "username": "alice", "next": path}
        assert (await browser.post("/sign-in", fields)).location == "/"
        assert (await browser.get(f"/sign-in?{_query(next=path)}")).location == "/"

    async def test_whoever_is_signed_in_goes_on_at_once(self, alice: Browser) -> None:
        assert (await alice.get("/sign-in?next=%2Faccount")).location == "/account"

    @pytest.mark.parametrize("value", ["1", "", "true"])
    async def test_unless_somebody_asks_for_it(self, alice: Browser, value: str) -> None:
        assert (await alice.get(f"/sign-in?force={value}&next=%2Faccount")).status == 200


def _query(**parameters: str) -> str:
    return urlencode(parameters)


class TestSignOut:
    async def test_it_ends_the_session_and_says_so(self, sandbox: Service, alice: Browser) -> None:
        stolen = Browser(sandbox)
        stolen.cookies = dict(alice.cookies)
        page = await alice.get("/account")
        done = await alice.submit(page, page.form("/sign-out"), follow=True)
        assert "You are signed out." in done.text
        assert SESSION_COOKIE not in alice.cookies
        assert await who(stolen) == ""

    async def test_a_link_alone_signs_nobody_out(self, alice: Browser) -> None:
        screen = await alice.get("/sign-out")
        assert screen.heading == "Sign out?"
        assert await who(alice) == ALICE.name

    async def test_another_site_signs_nobody_out(self, alice: Browser) -> None:
        screen = await alice.post("/sign-out", {}, {"origin": "https://elsewhere.example"})
        assert screen.status == 403
        assert await who(alice) == ALICE.name

    async def test_a_form_from_before_is_asked_again_and_changes_nothing(self, alice: Browser) -> None:
        screen = await alice.post("/sign-out", {"csrf": "0" * 64})
        assert screen.location == "/sign-out"
        assert await who(alice) == ALICE.name

    async def test_whoever_is_signed_out_already_is_not_bothered(self, browser: Browser) -> None:
        assert (await browser.get("/sign-out")).location == "/"
        assert (await browser.post("/sign-out", {}, {})).location == "/sign-out"
