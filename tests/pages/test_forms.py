"""Forms of other sites, and forms that are none."""

from urllib.parse import urlencode

import pytest

from tacet.pages.forms import MAX_FIELDS, csrf_token
from tests.cast import ALICE
from tests.pages.browsing import ORIGIN, SESSION_COOKIE, Browser, Screen
from tests.service import HOST, Service, in_memory

SIGN_OUT_EVERYWHERE = "/account/sign-out-everywhere"


async def is_signed_in(browser: Browser) -> bool:
    return (await browser.get("/account")).status == 200


async def send(browser: Browser, token: str | None, headers: dict[str, str] | None = None) -> Screen:
    return await browser.post(SIGN_OUT_EVERYWHERE, {} if token is None else {"csrf": token}, headers)


async def token_of(browser: Browser) -> str:
    return (await browser.get(SIGN_OUT_EVERYWHERE)).csrf


class TestTokens:
    async def test_its_own_token_lets_a_form_pass(self, alice: Browser) -> None:
        assert (await send(alice, await token_of(alice))).status == 303
        assert not await is_signed_in(alice)

    @pytest.mark.parametrize("token", [None, "", "0" * 64, "☕"], ids=["missing", "empty", "wrong", "not-ascii"])
    async def test_a_wrong_token_changes_nothing(self, alice: Browser, token: str | None) -> None:
        screen = await send(alice, token)
        assert (screen.status, screen.heading) == (403, "This form is too old")
        assert await is_signed_in(alice)

    async def test_the_token_of_another_session_changes_nothing(self, alice: Browser, bob: Browser) -> None:
        assert (await send(alice, await token_of(bob))).status == 403
        assert await is_signed_in(alice)

    async def test_the_token_from_before_signing_in_changes_nothing(self, sandbox: Service) -> None:
        browser = Browser(sandbox)
        before = (await browser.get("/sign-in")).csrf
        await browser.sign_in(ALICE.username)
        assert (await send(browser, before)).status == 403
        assert await is_signed_in(browser)

    async def test_the_token_of_an_earlier_session_of_the_same_person_changes_nothing(self, alice: Browser) -> None:
        before = await token_of(alice)
        await alice.sign_in(ALICE.username, path="/sign-in?force=1")
        assert await token_of(alice) != before
        assert (await send(alice, before)).status == 403

    async def test_a_sign_in_needs_the_token_of_its_own_browser(self, sandbox: Service) -> None:
        attacker, victim = Browser(sandbox), Browser(sandbox)
        screen = await attacker.get("/sign-in")
        fields = {"csrf": screen.csrf, "next": "/", "username": "alice"}
        assert (await victim.post("/sign-in", fields)).status == 403
        assert (await attacker.post("/sign-in", fields)).status == 303

    async def test_the_token_does_not_tell_the_cookie(self, alice: Browser) -> None:
        screen = await alice.get("/account")
        cookie = alice.cookies[SESSION_COOKIE]
        assert screen.csrf == csrf_token(cookie)
        assert cookie not in screen.html


FOREIGN = {
    "another-site": {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"},
    "another-site-by-its-origin-alone": {"origin": "https://elsewhere.example", "sec-fetch-site": "none"},
    "another-port": {"origin": "http://127.0.0.1:3000", "sec-fetch-site": "none"},
    "a-name-that-begins-alike": {"origin": f"{ORIGIN}.elsewhere.example", "sec-fetch-site": "none"},
    "a-page-that-says-nothing": {"origin": "null"},
    "no-origin-at-all": {"origin": ""},
    "fetched-from-another-site": {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
    "fetched-from-another-port": {"origin": ORIGIN, "sec-fetch-site": "same-site"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN.keys())
async def test_a_form_of_another_site_changes_nothing_even_with_the_token(
    alice: Browser, headers: dict[str, str]
) -> None:
    screen = await send(alice, await token_of(alice), headers)
    assert (screen.status, screen.heading) == (403, "From another site")
    assert await is_signed_in(alice)


async def test_a_program_that_names_no_origin_passes_with_the_token(alice: Browser, sandbox: Service) -> None:
    token = await token_of(alice)
    headers = {
        "host": HOST,
        "cookie": f"{SESSION_COOKIE}={alice.cookies[SESSION_COOKIE]}",
        "content-type": "application/x-www-form-urlencoded",
    }
    body = urlencode({"csrf": token}).encode()
    answer = await sandbox.call("POST", SIGN_OUT_EVERYWHERE, token=None, headers=headers, body=body)
    assert answer.status == 303


class TestBehindAProxy:
    """The address in the browser is the public one, whatever the proxy makes of `Host`."""

    @pytest.mark.parametrize(
        ("origin", "status"),
        [
            pytest.param("https://tacet.example", 422, id="the-public-one"),
            pytest.param("http://tacet.example", 403, id="without-tls"),
            pytest.param("https://elsewhere.example", 403, id="another-site"),
            pytest.param(ORIGIN, 403, id="the-one-behind-the-proxy"),
        ],
    )
    async def test_only_forms_of_the_public_address_are_taken(self, origin: str, status: int) -> None:
        async with in_memory(public_url="https://tacet.example") as service:
            browser = Browser(service)
            token = (await browser.get("/sign-in")).csrf
            screen = await browser.post("/sign-in", {"csrf": token, "username": "nobody"}, {"origin": origin})
            assert screen.status == status


class TestBrokenForms:
    async def send(self, browser: Browser, body: bytes, kind: str = "application/x-www-form-urlencoded") -> Screen:
        headers = {"content-type": kind, "origin": ORIGIN}
        return Screen("/sign-in", await browser._send("POST", "/sign-in", headers, body))

    @pytest.mark.parametrize(
        "kind",
        ["", "application/json", "multipart/form-data; boundary=x", "text/plain"],
        ids=lambda kind: kind or "none",
    )
    async def test_what_is_no_form_is_refused(self, browser: Browser, kind: str) -> None:
        assert (await self.send(browser, b"{}", kind)).status == 415

    async def test_a_charset_beside_the_type_does_not_matter(self, browser: Browser) -> None:
        screen = await self.send(browser, b"a=b", "Application/X-WWW-Form-URLencoded; charset=utf-8")
        assert (screen.status, screen.heading) == (403, "This form is too old")

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"username=\xff", id="raw-octets"),
            pytest.param(b"username=%ff", id="escaped-octets-that-are-no-text"),
            pytest.param(b"&".join(b"a%d=b" % n for n in range(MAX_FIELDS + 1)), id="too-many-fields"),
        ],
    )
    async def test_a_form_that_no_browser_sends_is_refused(self, browser: Browser, body: bytes) -> None:
        screen = await self.send(browser, body)
        assert (screen.status, screen.heading) == (400, "A broken form")

    async def test_a_form_that_is_too_large_is_refused(self, browser: Browser) -> None:
        screen = await self.send(browser, b"username=" + b"a" * 65_536)
        assert (screen.status, screen.heading) == (413, "Too much")

    async def test_a_large_form_in_small_pieces_is_refused_just_as_well(self, service: Service) -> None:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = await service.call("POST", "/sign-in", token=None, headers=headers, body=[b"a" * 10_000] * 7)
        assert answer.status == 413

    @pytest.mark.parametrize("query", ["next=%ff", "&".join(f"a{n}=b" for n in range(MAX_FIELDS + 1))])
    async def test_a_broken_query_gets_a_page(self, browser: Browser, query: str) -> None:
        screen = await browser.get(f"/sign-in?{query}")
        assert (screen.status, screen.heading) == (400, "A broken address")
