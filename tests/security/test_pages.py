"""What holds for every page there is, found by its route: headers, cookies, forms, and what is in the HTML."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tacet.records.relations import MAX_POSITION, Kind
from tests.cast import ALICE, BOB, CAROL
from tests.pages.browsing import Browser, Screen
from tests.security.conftest import Toured
from tests.service import Service, in_memory

API = "/2/users/me"
OLDER_API = "/1.1/account/verify_credentials.json"

HTTPS = "https://tacet.example"

OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
"""How addresses begin that lead elsewhere."""


def routes(service: Service) -> Mapping[str, Any]:
    """Every page by the template of its path."""
    router: Any = service.tacet.application
    pages = router._rest.default._rest.made._otherwise.made.default
    return {route.path: route.endpoint._page for route in pages.routes}


async def paths(toured: Toured) -> list[str]:
    """The path of every page, of Alice's App and Project where one is asked for."""
    accounts = toured.service.store.accounts
    found = {
        "{app_id}": str((await accounts.apps(ALICE.id))[0].id),
        "{project_id}": str((await accounts.projects(ALICE.id))[0].id),
        "{rest:path}": "no/such/page",
        "{file}": "no-such-file.css",
    }
    filled = []
    for template in routes(toured.service):
        path = template
        for name, value in found.items():
            path = path.replace(name, value)
        assert "{" not in path, path
        filled.append(path)
    return filled


async def alice(toured: Toured) -> Browser:
    """Her browser; she is signed in, and mutes Carol."""
    assert (await toured.service.mute(ALICE, CAROL.id)).status == 200
    browser = Browser(toured.service)
    signed_in = await browser.sign_in(ALICE.username, toured.tour.password)
    assert signed_in.status == 303
    return browser


@pytest.fixture
async def screens(toured: Toured) -> Sequence[Screen]:
    """Every page as nobody and as Alice sees it, and what comes back of a form that is not ours."""
    nobody, signed_in = Browser(toured.service), await alice(toured)
    shown = []
    for path in await paths(toured):
        for browser in (nobody, signed_in):
            shown += [await browser.get(path), await browser.post(path, {"csrf": "0" * 64})]
            shown.append(await browser.get(path, method="DELETE"))
    shown.append(await toured.tour.consent())
    return shown


async def test_there_are_pages_of_every_kind(toured: Toured) -> None:
    found = routes(toured.service)
    assert len(found) > 20
    assert {"/", "/sign-in", "/account", "/portal", "/i/oauth2/authorize", "/oauth/authorize"} <= set(found)
    assert {"/timeline", "/muted", "/muted/mute", "/muted/unmute", "/muted/undo"} <= set(found)


async def test_every_page_has_a_strict_policy(screens: Sequence[Screen]) -> None:
    for screen in screens:
        policy = screen.headers["content-security-policy"]
        parts = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
        assert parts["default-src"] == parts["frame-ancestors"] == parts["base-uri"] == "'none'", screen.path
        assert {parts["style-src"], parts["img-src"]} == {"'self'"}, screen.path
        assert "script-src" not in parts
        assert not re.search(r"unsafe|\*(?!( |$|;))|data:|blob:", policy.replace(":*", "")), policy
        assert parts["form-action"].split()[0] == "'self'"


async def test_no_page_can_be_framed_kept_or_read_as_something_else(screens: Sequence[Screen]) -> None:
    for screen in screens:
        assert screen.headers["x-frame-options"] == "DENY", screen.path
        assert screen.headers["x-content-type-options"] == "nosniff"
        assert screen.headers["cache-control"] == "no-store"
        assert screen.headers["referrer-policy"] == "same-origin"
        assert screen.headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in screen.headers
        if screen.answer.body:
            assert screen.headers["content-type"] == "text/html; charset=utf-8"


async def test_no_page_has_script_inline_style_or_anything_from_elsewhere(screens: Sequence[Screen]) -> None:
    for screen in screens:
        for tag, attributes in screen.tags:
            assert tag not in {"script", "iframe", "object", "embed", "base", "style"}, screen.path
            assert [name for name in attributes if name.startswith("on") or name in {"style", "srcset"}] == []
            for name in ("src", "action", "formaction", "data", "poster"):
                assert not OUTSIDE.match(attributes.get(name, "")), (screen.path, attributes)
            if tag == "link":
                assert not OUTSIDE.match(attributes.get("href", "")), (screen.path, attributes)
            if attributes.get("target") == "_blank" and OUTSIDE.match(attributes.get("href", "")):
                assert "noopener" in attributes["rel"]


async def test_every_form_that_changes_something_has_a_token(screens: Sequence[Screen]) -> None:
    forms = [form for screen in screens for form in screen.forms]
    assert len(forms) > 20
    for form in forms:
        assert form.method.lower() == "post" or not form.buttons
        if form.method.lower() == "post":
            assert len(dict(form.fields)["csrf"]) == 64


EVIL = {"name": "Evil", "decision": "allow", "username": BOB.username, "target_id": str(CAROL.id), "at": "2"}
"""What would let an App in, make one, mute Bob, or unmute Carol."""

FOREIGN: dict[str, Mapping[str, str]] = {
    "another origin": {"origin": "https://evil.example"},
    "no origin that says so": {"origin": "null"},
    "another site": {"sec-fetch-site": "cross-site"},
    "a neighbour": {"sec-fetch-site": "same-site"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
async def test_no_form_is_taken_from_elsewhere_even_with_the_right_token(
    toured: Toured, headers: Mapping[str, str]
) -> None:
    browser = await alice(toured)
    csrf = (await browser.get("/account")).csrf
    before = await state(toured)
    taken = []
    for path in await paths(toured):
        sent = await browser.post(path, {"csrf": csrf, **EVIL}, headers)
        assert sent.status in {403, 404, 405}, path
        taken.append(sent.status)
    assert taken.count(403) > 10
    assert await state(toured) == before


TOKENS = {"none": None, "made up": "0" * 64, "of another session": "another"}


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
async def test_no_form_is_taken_without_the_token_of_the_session(toured: Toured, token: str | None) -> None:
    browser, other = await alice(toured), await alice(toured)
    if token == "another":
        token = (await other.get("/account")).csrf
    before = await state(toured)
    for path, page in zip(await paths(toured), routes(toured.service).values(), strict=True):
        if page.post is None:
            continue
        sent = await browser.post(path, {**EVIL, **({"csrf": token} if token else {})})
        # A form that can be shown again is; the others are refused.
        assert sent.status == (303 if page.resumes else 403), path
    assert await state(toured) == before


async def state(toured: Toured) -> object:
    """What forms could change."""
    store, now_ms = toured.service.store, toured.service.clock.now_ms()
    return (
        await store.relations.older(Kind.MUTE, ALICE.id, MAX_POSITION, 100, now_ms),
        await store.accounts.apps(ALICE.id),
        await store.accounts.projects(ALICE.id),
        await store.accounts.password(ALICE.id),
        await store.consents.connections_of_user(ALICE.id, 100, 0),
    )


async def test_behind_tls_cookies_are_bound_to_it(toured: Toured) -> None:
    async with in_memory(public_url=HTTPS, mode="sandbox") as service:
        browser = Browser(service, HTTPS)
        lines = [*(await browser.get("/sign-in")).answer.cookies, *(await browser.sign_in(BOB.username)).answer.cookies]
        assert len(lines) >= 3
        for line in lines:
            name, *attributes = [part.strip() for part in line.split(";")]
            assert name.startswith("__Host-tacet_")
            assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(attributes)
            assert not [each for each in attributes if each.lower().startswith("domain")]
        shown = await browser.get("/account")
        assert shown.status == 200
        assert shown.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


async def test_cookies_are_out_of_reach_of_scripts_and_other_sites(toured: Toured) -> None:
    browser = Browser(toured.service)
    lines = [*(await browser.get("/sign-in")).answer.cookies]
    lines += (await browser.sign_in(ALICE.username, toured.tour.password)).answer.cookies
    assert len(lines) >= 3
    for line in lines:
        assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in line.split(";")}
        assert "max-age" not in line.lower() or "max-age=0" in line.lower()


async def test_no_cookie_opens_the_api(toured: Toured) -> None:
    """Or another site could call it in a browser's name."""
    browser = await alice(toured)
    assert (await browser.get(API)).status == 401
    assert (await browser.get(OLDER_API)).status == 400
    assert (await browser.post("/1.1/mutes/users/create.json", EVIL)).status == 400


async def test_the_api_cannot_be_framed_kept_or_read_as_something_else(toured: Toured) -> None:
    for target in (API, "/2/openapi.json", "/2/oauth2/token", OLDER_API, "/1.1/no/such/path", "/no/such/path"):
        answer = await toured.service.get(target, None)
        assert answer.headers["x-content-type-options"] == "nosniff", target
        assert answer.headers["content-type"].partition(";")[0].endswith("json"), target
        assert "access-control-allow-origin" not in answer.headers
        assert "set-cookie" not in answer.headers
