from dataclasses import replace
from typing import Any

import pytest

from tacet.identity.signin.passwords import Passwords
from tacet.identity.vault import Vault
from tacet.limits.failures import FAILURES, Kind
from tacet.records.consents import Grant, GrantKind
from tacet.records.credentials import Access, Token, TokenKind
from tests.cast import ALICE, BOB, LOGIN_APP_ID, NOW_MS, login_app
from tests.pages.browsing import SESSION_COOKIE, Browser, Screen
from tests.service import Service

REVOKE = f"/account/apps/{LOGIN_APP_ID}/revoke"
EVERYWHERE = "/account/sign-out-everywhere"
BETTER = "copper violin under seven hats"


async def connect(
    service: Service,
    user_id: int,
    text: str,
    kind: GrantKind = GrantKind.OAUTH2,
    scopes: str = "tweet.read users.read mute.read",
    access: Access | None = None,
) -> None:
    """Let somebody agree to the App, which gets a working token."""
    grant_id = sum(text.encode())
    token = Token(
        Vault.digest(text),
        TokenKind.OAUTH2_USER,
        LOGIN_APP_ID,
        user_id,
        scopes,
        created_at_ms=NOW_MS,
        grant_id=grant_id,
        access=access,
    )
    await service.store.consents.add_grant(Grant(grant_id, kind, LOGIN_APP_ID, user_id, scopes, NOW_MS), [token])


class TestConnectedApps:
    async def test_without_any_the_page_says_so(self, alice: Browser) -> None:
        screen = await alice.get("/account")
        assert screen.heading == ALICE.name
        assert "No App is connected" in screen.text

    async def test_each_says_what_it_can_do_and_since_when(self, sandbox: Service, alice: Browser) -> None:
        await connect(sandbox, ALICE.id, "one")
        screen = await alice.get("/account")
        for words in (f"App {LOGIN_APP_ID}", "7 May 2022", "See whom you mute"):
            assert words in screen.text
        assert REVOKE in screen.links
        assert "No App is connected" not in screen.text

    async def test_one_of_oauth1_says_what_its_access_level_allows(self, sandbox: Service, alice: Browser) -> None:
        await connect(sandbox, ALICE.id, "one", GrantKind.OAUTH1, "")
        assert "Follow, mute and block people for you, and undo it" in (await alice.get("/account")).text

    async def test_one_of_oauth1_says_no_more_than_was_agreed_to(self, sandbox: Service, alice: Browser) -> None:
        """The App may do more, but asked this person for less (`x_auth_access_type=read`)."""
        await connect(sandbox, ALICE.id, "one", GrantKind.OAUTH1, "", Access.READ)
        for path in ("/account", REVOKE):
            text = (await alice.get(path)).text
            assert "See whom you follow, mute and block" in text
            assert "Follow, mute and block people for you" not in text

    async def test_nobody_sees_those_of_others(self, sandbox: Service, alice: Browser, bob: Browser) -> None:
        await connect(sandbox, ALICE.id, "one")
        assert "No App is connected" in (await bob.get("/account")).text

    async def test_a_hostile_name_is_text(self, sandbox: Service, alice: Browser) -> None:
        await sandbox.store.credentials.put_app(replace(login_app(sandbox.vault), name="<script>alert(1)</script>"))
        await connect(sandbox, ALICE.id, "one")
        for path in ("/account", REVOKE):
            screen = await alice.get(path)
            assert "<script>alert(1)</script>" in screen.text
            assert "script" not in {tag for tag, _ in screen.tags}


class TestRevoking:
    async def ask(self, browser: Browser) -> Screen:
        return await browser.get(REVOKE)

    async def test_it_is_asked_once_more_and_then_the_token_is_dead_at_once(
        self, sandbox: Service, alice: Browser
    ) -> None:
        await connect(sandbox, ALICE.id, "one")
        assert (await sandbox.get("/2/users/me", "one")).status == 200
        asked = await self.ask(alice)
        assert asked.heading == f"Disconnect App {LOGIN_APP_ID}?"
        assert "See whom you mute" in asked.text
        assert (await sandbox.get("/2/users/me", "one")).status == 200
        done = await alice.submit(asked, asked.form(REVOKE), follow=True)
        assert "The App was disconnected." in done.text
        assert "No App is connected" in done.text
        assert (await sandbox.get("/2/users/me", "one")).status == 401

    async def test_what_others_agreed_to_stays(self, sandbox: Service, alice: Browser) -> None:
        await connect(sandbox, ALICE.id, "one")
        await connect(sandbox, BOB.id, "two")
        asked = await self.ask(alice)
        await alice.submit(asked, asked.form(REVOKE))
        assert (await sandbox.get("/2/users/me", "two")).status == 200

    async def test_an_app_that_one_never_let_in_is_not_there(self, sandbox: Service, bob: Browser) -> None:
        await connect(sandbox, ALICE.id, "one")
        assert (await self.ask(bob)).status == 404

    async def test_without_a_token_nothing_is_revoked(self, sandbox: Service, alice: Browser) -> None:
        await connect(sandbox, ALICE.id, "one")
        assert (await alice.post(REVOKE, {})).status == 403
        assert (await sandbox.get("/2/users/me", "one")).status == 200

    async def test_sending_it_twice_is_no_mistake(self, sandbox: Service, alice: Browser) -> None:
        await connect(sandbox, ALICE.id, "one")
        asked = await self.ask(alice)
        for _ in range(2):
            assert (await alice.submit(asked, asked.form(REVOKE))).location == "/account?done=revoked"

    async def test_an_address_cannot_make_the_page_say_anything(self, alice: Browser) -> None:
        screen = await alice.get("/account?done=Your+account+is+closed")
        assert "closed" not in screen.text


class TestSigningOutEverywhere:
    async def test_every_browser_of_this_person_is_signed_out_and_nobody_elses(
        self, sandbox: Service, alice: Browser, bob: Browser
    ) -> None:
        second = Browser(sandbox)
        await second.sign_in("alice")
        asked = await alice.get(EVERYWHERE)
        done = await alice.submit(asked, asked.form(EVERYWHERE), follow=True)
        assert "You are signed out." in done.text
        assert [(await each.get("/account")).status for each in (alice, second, bob)] == [303, 303, 200]

    async def test_apps_stay_connected(self, sandbox: Service, alice: Browser) -> None:
        await connect(sandbox, ALICE.id, "one")
        asked = await alice.get(EVERYWHERE)
        await alice.submit(asked, asked.form(EVERYWHERE))
        assert (await sandbox.get("/2/users/me", "one")).status == 200


class TestPassword:
    @pytest.fixture
    async def owner(self, service: Service, browser: Browser, password: str) -> Browser:
        """Alice's browser, on the platform."""
        await browser.sign_in("alice", password)
        return browser

    async def change(self, browser: Browser, current: str, new: str, again: str | None = None) -> Screen:
        screen = await browser.get("/account/password")
        typed = {"current": current, "new": new, "again": new if again is None else again}
        return await browser.submit(screen, screen.form("/account/password"), typed)

    async def test_the_new_one_counts_from_then_on(self, service: Service, owner: Browser, password: str) -> None:
        done = await owner.follow(await self.change(owner, password, BETTER))
        assert "Your password was changed." in done.text
        passwords = Passwords(service.store.accounts, service.clock)
        assert await passwords.check(ALICE.id, BETTER)
        assert not await passwords.check(ALICE.id, password)

    async def test_other_browsers_are_signed_out_and_this_one_gets_a_new_session(
        self, service: Service, owner: Browser, password: str
    ) -> None:
        second, stolen = Browser(service), Browser(service)
        await second.sign_in("alice", password)
        stolen.cookies = dict(owner.cookies)
        await self.change(owner, password, BETTER)
        assert owner.cookies[SESSION_COOKIE] != stolen.cookies[SESSION_COOKIE]
        assert [(await each.get("/account")).status for each in (owner, second, stolen)] == [200, 303, 303]

    @pytest.mark.parametrize(
        ("current", "new", "again", "wrong"),
        [
            pytest.param("not my password", BETTER, BETTER, "current", id="wrong-current"),
            pytest.param("", BETTER, BETTER, "current", id="no-current"),
            pytest.param(None, BETTER, f"{BETTER} ", "again", id="mistyped"),
            pytest.param(None, "short", "short", "new", id="too-short"),
            pytest.param(None, "passwordpassword", "passwordpassword", "new", id="easy-to-guess"),
            pytest.param(None, "", "", "new", id="empty"),
        ],
    )
    async def test_a_mistake_is_told_beside_its_field_and_changes_nothing(
        self, service: Service, owner: Browser, password: str, current: str | None, new: str, again: str, wrong: str
    ) -> None:
        screen = await self.change(owner, password if current is None else current, new, again)
        assert screen.status == 422
        invalid = [given["name"] for _, given in screen.tags if given.get("aria-invalid") == "true"]
        assert invalid == [wrong]
        assert dict(screen.form("/account/password").fields)["new"] == ""
        assert await Passwords(service.store.accounts, service.clock).check(ALICE.id, password)
        assert (await owner.get("/account")).status == 200

    @pytest.mark.parametrize("moment", ["put_password", "put_session"])
    async def test_somebody_who_knows_the_old_one_cannot_undo_a_change_that_overtakes_theirs(
        self, service: Service, owner: Browser, password: str, monkeypatch: pytest.MonkeyPatch, moment: str
    ) -> None:
        accounts, theirs = service.store.accounts, Passwords(service.store.accounts, service.clock)
        write = getattr(accounts, moment)

        async def write_late(*given: Any) -> Any:
            monkeypatch.setattr(accounts, moment, write)
            service.clock.advance(1)
            await theirs.set(ALICE.id, "from the one at the desk", username=ALICE.username)
            return await write(*given)

        monkeypatch.setattr(accounts, moment, write_late)
        screen = await self.change(owner, password, BETTER)
        assert screen.status == 422
        assert "This is not your password." in screen.text
        assert await theirs.check(ALICE.id, "from the one at the desk")
        assert await accounts.end_sessions(ALICE.id) == 0

    async def test_whoever_sits_at_an_open_browser_cannot_guess_on(self, owner: Browser, password: str) -> None:
        for _ in range(FAILURES[Kind.SIGN_IN].count):
            assert (await self.change(owner, "wrong guess", BETTER)).status == 422
        assert (await self.change(owner, password, BETTER)).status == 429

    async def test_a_sandbox_has_no_passwords(self, alice: Browser) -> None:
        assert "/account/password" not in (await alice.get("/account")).links
        assert (await alice.get("/account/password")).status == 404

    async def test_it_is_reached_from_the_account(self, owner: Browser) -> None:
        assert "/account/password" in (await owner.get("/account")).links
