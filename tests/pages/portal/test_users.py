from dataclasses import replace
from urllib.parse import quote

import pytest

from tacet.pages.portal.users import USERS_A_PAGE
from tacet.records.consents import Grant, GrantKind
from tacet.records.credentials import Access, Token, TokenKind
from tests.cast import BOB, NOW_MS, SUSPENDED, UNKNOWN_ID
from tests.pages.portal.desk import Desk


async def let_in(
    desk: Desk, app_id: int, user_id: int, scopes: str = "tweet.read users.read", access: Access | None = None
) -> None:
    """Somebody's consent, and a bearer named after them."""
    oauth1 = not scopes
    kind = GrantKind.OAUTH1 if oauth1 else GrantKind.OAUTH2
    grant = Grant(app_id + user_id, kind, app_id, user_id, scopes, NOW_MS)
    token_kind = TokenKind.OAUTH1_USER if oauth1 else TokenKind.OAUTH2_USER
    digest = desk.service.vault.digest(f"token-{user_id}")
    token = Token(digest, token_kind, app_id, user_id, scopes, b"", NOW_MS, grant_id=grant.id, access=access)
    await desk.service.store.consents.add_grant(grant, [token])


@pytest.fixture
async def app_id(desk: Desk) -> int:
    return await desk.app(str(await desk.project()))


async def test_without_users_the_page_says_so(desk: Desk, app_id: int) -> None:
    assert "Nobody yet" in (await desk.get(f"/portal/apps/{app_id}/users")).text


async def test_users_are_shown_with_what_they_granted_and_since_when(desk: Desk, app_id: int) -> None:
    await let_in(desk, app_id, BOB.id)
    await let_in(desk, app_id, SUSPENDED.id, scopes="")
    await let_in(desk, app_id, UNKNOWN_ID)
    text = (await desk.get(f"/portal/apps/{app_id}/users")).text
    assert "Bob @Bob_B Since 7 May 2022 tweet.read users.read" in text
    assert "Gone @gone Since 7 May 2022 OAuth 1.0a" in text
    assert f"Somebody who is gone {UNKNOWN_ID}" in text


@pytest.mark.parametrize(
    ("agreed", "may", "shown"),
    [
        pytest.param(None, Access.READ, "Read", id="as-much-as-the-app-may"),
        pytest.param(Access.READ, Access.READ_WRITE, "Read", id="less"),
        pytest.param(Access.READ_WRITE_MESSAGES, Access.READ_WRITE, "Read and write", id="more-than-it-still-may"),
    ],
)
async def test_of_oauth1_the_lesser_of_what_was_granted_and_what_the_app_may_is_shown(
    desk: Desk, app_id: int, agreed: Access | None, may: Access, shown: str
) -> None:
    credentials = desk.service.store.credentials
    app = await credentials.app(app_id)
    assert app is not None
    await credentials.put_app(replace(app, access=may))
    await let_in(desk, app_id, BOB.id, scopes="", access=agreed)
    screen = await desk.get(f"/portal/apps/{app_id}/users")
    assert f"<li>OAuth 1.0a: {shown}</li>" in screen.html


async def test_a_name_that_reverses_its_line_leaves_the_username_as_it_is(desk: Desk, app_id: int) -> None:
    await let_in(desk, app_id, BOB.id)
    html = (await desk.get(f"/portal/apps/{app_id}/users")).html
    assert html.count("Bob</bdi>") == html.count(">Bob<") == 3


async def test_ones_own_access_token_is_no_user(desk: Desk, app_id: int) -> None:
    await desk.key(app_id, "renew-own-token")
    assert "Nobody yet" in (await desk.get(f"/portal/apps/{app_id}/users")).text


async def test_consent_is_revoked_at_once_and_for_nobody_else(desk: Desk, app_id: int) -> None:
    await let_in(desk, app_id, BOB.id)
    await let_in(desk, app_id, SUSPENDED.id)
    assert (await desk.service.get("/2/users/me", f"token-{BOB.id}")).status == 200
    screen = await desk.send(f"/portal/apps/{app_id}/users", user_id=str(BOB.id))
    assert "They are disconnected" in screen.text
    assert "@Bob_B" not in screen.text
    assert "@gone" in screen.text
    assert (await desk.service.get("/2/users/me", f"token-{BOB.id}")).status == 401


async def test_revoking_asks_first_without_a_script(desk: Desk, app_id: int) -> None:
    await let_in(desk, app_id, BOB.id)
    html = (await desk.get(f"/portal/apps/{app_id}/users")).html
    assert html.index("<details") < html.index('name="user_id"') < html.index("</details>")


async def test_revoking_through_an_app_of_somebody_elses_does_nothing(desk: Desk, other: Desk, app_id: int) -> None:
    await let_in(desk, app_id, BOB.id)
    csrf = (await other.get("/portal")).csrf
    screen = await other.browser.post(f"/portal/apps/{app_id}/users", {"csrf": csrf, "user_id": str(BOB.id)})
    assert screen.status == 404
    assert (await desk.service.get("/2/users/me", f"token-{BOB.id}")).status == 200


async def test_many_users_come_in_pages(desk: Desk, app_id: int) -> None:
    crowd = await desk.service.crowd(2 * USERS_A_PAGE + 1)
    for person in crowd:
        await let_in(desk, app_id, person.id)
    path, seen = f"/portal/apps/{app_id}/users", []
    for count in (USERS_A_PAGE, USERS_A_PAGE, 1):
        screen = await desk.get(path)
        found = [value for form in screen.forms for name, value in form.buttons if name == "user_id"]
        assert len(found) == count
        seen += found
        path = next((link for link in screen.links if "after=" in link), "")
    assert path == ""
    assert seen == [str(person.id) for person in crowd]


async def test_a_page_past_the_end_leads_back(desk: Desk, app_id: int) -> None:
    await let_in(desk, app_id, BOB.id)
    screen = await desk.get(f"/portal/apps/{app_id}/users?after={BOB.id}")
    assert "That was everybody." in screen.text
    assert f"/portal/apps/{app_id}/users" in screen.links


@pytest.mark.parametrize("after", ["x", "-1", "9" * 19, "9" * 400, "²"])
async def test_a_place_in_the_list_that_is_none_is_not_there(desk: Desk, app_id: int, after: str) -> None:
    assert (await desk.get(f"/portal/apps/{app_id}/users?after={quote(after)}")).status == 404
